"""Labels with their attribute specs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Max, Prefetch, RestrictedError

from openimages_io.annotations.errors import Conflict, InvalidData, NotThere
from openimages_io.annotations.transactions import changing_task
from openimages_io.annotations.versions import ANY, Expected, version_of_label
from openimages_io.error_codes import ErrorCode, FaultCode
from openimages_io.models import AttributeSpec, HierarchyEdge, Label, Shape, Task
from openimages_io.models.primary import primary
from openimages_io.models.values import LARGEST_POSITION


def details(using: str | None) -> "tuple[Prefetch[Any], ...]":
    """What is prefetched of labels, from the database that they were read from: specs and places in the hierarchy.

    A version is made of it, so it must not come from a replica that lags behind.
    """
    edges = HierarchyEdge.objects.using(using)
    specs = AttributeSpec.objects.using(using)
    return Prefetch("attribute_specs", specs), Prefetch("parent_edges", edges), Prefetch("child_edges", edges)


def next_position(task: Task) -> int:
    """The place behind the last label of the class list. Within the caller's transaction."""
    last = primary(Label).filter(task=task).aggregate(last=Max("position"))["last"]
    return 0 if last is None else min(last + 1, LARGEST_POSITION)


def create_label(task: Task, values: Mapping[str, Any], specs: Sequence[dict[str, Any]] | None = None) -> Label:
    """Makes a label of these values, last in the class list if they don't say its position, with these specs.

    Raises `InvalidData` if another label of the task has its LabelName, `NotThere` and `Conflict`.
    """
    with changing_task(task) as task:
        _check_name(task, None, values)
        position = {} if "position" in values else {"position": next_position(task)}
        label = Label.objects.create(task=task, **values, **position)
        if specs is not None:
            replace_specs(label, specs)
    return label


def change_label(
    label: Label, values: Mapping[str, Any], specs: Sequence[dict[str, Any]] | None = None, expected: Expected = ANY
) -> None:
    """Gives a label these values, and these specs if any are given.

    Raises as `create_label` does, and `ChangedMeanwhile`.
    """
    with changing_task(label.task) as task:
        label = _current(label)
        expected.check_edit(version_of_label(label))
        _check_name(task, label, values)
        if values:
            for name, value in values.items():
                setattr(label, name, value)
            label.save(update_fields=[*values])
        if specs is not None:
            replace_specs(label, specs)


def delete_label(label: Label, expected: Expected = ANY) -> None:
    """Deletes a label with its specs and its place in the hierarchy.

    Raises `Conflict` if a shape has it, `ChangedMeanwhile` and `NotThere`.
    """
    with changing_task(label.task):
        label = _current(label)
        expected.check_deletion(version_of_label(label))
        # Django would load all of them before it refuses.
        used = primary(Shape).filter(label=label).count()
        if used:
            noun = "shape has" if used == 1 else "shapes have"
            said = f"{used:,} {noun} this label; delete them or give them another one first."
            raise Conflict(said, ErrorCode.LABEL_IN_USE)
        try:
            label.delete()
        except RestrictedError:
            raise Conflict("Shapes have this label.", ErrorCode.LABEL_IN_USE) from None


def _current(label: Label) -> Label:
    labels = primary(Label)
    found = labels.filter(pk=label.pk).prefetch_related(*details(labels.db)).first()
    if found is None:
        raise NotThere("The label is no longer there.")
    return found


def _check_name(task: Task, label: Label | None, values: Mapping[str, Any]) -> None:
    others = primary(Label).filter(task=task, name=values["name"]) if "name" in values else Label.objects.none()
    if (others.exclude(pk=label.pk) if label else others).exists():
        raise InvalidData.of("name", "The task has a label with that name already.", FaultCode.UNIQUE)


def replace_specs(label: Label, wanted: Sequence[dict[str, Any]]) -> None:
    """Makes a label's attribute specs these, in this order; one that keeps its name keeps its key.

    Within the caller's transaction.
    """
    stored = {spec.name: spec for spec in primary(AttributeSpec).filter(label=label)}
    gone = [spec.pk for name, spec in stored.items() if name not in {given["name"] for given in wanted}]
    if gone:
        AttributeSpec.objects.filter(pk__in=gone).delete()
    changed: list[AttributeSpec] = []
    new: list[AttributeSpec] = []
    for position, values in enumerate(wanted):
        given = {**values, "position": position}
        spec = stored.get(given["name"])
        if spec is None:
            new.append(AttributeSpec(label=label, **given))
        elif any(not _same(getattr(spec, name), value) for name, value in given.items()):
            for name, value in given.items():
                setattr(spec, name, value)
            changed.append(spec)
    if changed:
        AttributeSpec.objects.bulk_update(changed, ["input_type", "mutable", "default_value", "values", "position"])
    if new:
        AttributeSpec.objects.bulk_create(new)


def _same(first: Any, second: Any) -> bool:
    """Whether two values are written alike: 1 and true are not."""
    return repr(first) == repr(second)
