"""What a change of many images would do, found out without doing it: by image, by annotation, with what would be left.

The plan is of one moment. Its version is that of all that would be written, so that what was confirmed and what is done
are the same, or nothing is done; a change of something else in the task, or on the same image, does not matter.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, cast

from django.db.models import Q

from openimages_io.annotations.bulk.changes import Change, Delete, Duplicates, Move, Relabel
from openimages_io.annotations.bulk.plan import Plan
from openimages_io.annotations.bulk.taking import COLUMNS, TEXT, TakenAttributes
from openimages_io.annotations.bulk.twins import images_with, of_label, twins
from openimages_io.annotations.errors import InvalidData
from openimages_io.annotations.transactions import conflict_if_forbidden
from openimages_io.error_codes import FaultCode
from openimages_io.format.issues import Issue
from openimages_io.format.names import unsafe_word
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.models import Image, Label, Shape, ShapeKind, Task
from openimages_io.models.chosen_images import ChosenImages, FoundImages
from openimages_io.models.image_filters import ShapeFilter, shapes_asked
from openimages_io.models.kinds import Presence
from openimages_io.models.shape import MACHINE
from openimages_io.text import quote_text
from openimages_io.transfer.report import Report
from openimages_io.transfer.rows_of_others import find_others, issues_of_others

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from openimages_io.models import Shape

Progress = Callable[[str, int, int], None]

PHASE: Final = "look"
_PAGE: Final = 2000
_BATCH: Final = 500
_IMAGES: Final = 200
_BOXED: Final = {
    ShapeKind.RECTANGLE: "boxes",
    ShapeKind.MASK: "masks",
    ShapeKind.POLYGON: "polygons",
    ShapeKind.ELLIPSE: "ellipses",
}


def make_plan(
    task: Task,
    change: Change,
    chosen: ChosenImages,
    using: str,
    progress: Progress | None = None,
    *,
    most: int | None = None,
) -> Plan:
    """Finds out what the change would do now; writes nothing. `progress` takes a phase, rows so far, and all.

    Of annotations whose images have some of the new label, at most some `most` are compared with these, which takes
    twenty times what the others take; the rest is left undecided. Raises `InvalidData` for images or labels that are
    not the task's, and for a subset that no archive could have, and `Conflict` where rows of other apps forbid that
    annotations are deleted.
    """
    planner = _Planner(task, change, chosen, using, progress, most)
    match change:
        case Move():
            planner.move(change)
        case Relabel():
            planner.relabel(change)
        case Delete():
            planner.delete(change)
    planner.find_others()
    return planner.plan


def is_beyond(task: Task, change: Change, chosen: ChosenImages, using: str, limit: int) -> bool:
    """Whether a change is about more rows than so many; of very many no more are read."""
    images = chosen.found(task.pk, using)
    if isinstance(change, Move):
        return images.count() > limit
    return _affected(change, images).values("pk")[: limit + 1].count() > limit


def _affected(change: Relabel | Delete, images: FoundImages, *, are_few: bool = False) -> "QuerySet[Shape]":
    """The annotations of the label on these images; of few images they are not to be looked up by their label."""
    asked = shapes_asked(images.using, **cast("ShapeFilter", {"presence": Presence.ANY, **change.asked}))
    shapes = images.shapes().filter(of_label(change.label, images.using) if are_few else Q(label=change.label))
    return shapes.none() if asked is None else shapes.filter(asked)


class _Planner:
    def __init__(
        self,
        task: Task,
        change: Change,
        chosen: ChosenImages,
        using: str,
        progress: Progress | None,
        most: int | None,
    ) -> None:
        self.task, self.using, self.progress, self.most = task, using, progress, most
        self.images = chosen.found(task.pk, using)
        if chosen.keys and (unknown_keys := set(chosen.keys).difference(self.images.keys or ())):
            unknown = ", ".join(str(key) for key in chosen.keys if key in unknown_keys)
            said = f"The task does not have these images, or no longer: {unknown}."
            raise InvalidData.of("images", said, FaultCode.DOES_NOT_EXIST)
        self.plan = Plan(change, self._names(change), self.images.count(), Report())
        self.duplicates = change.duplicates if isinstance(change, Relabel) else Duplicates.KEEP
        self._staying: list[tuple[int, dict[str, Any]]] = []

    def _names(self, change: Change) -> dict[str, str]:
        if isinstance(change, Move):
            check_subset(change.subset)
            return {"subset": change.subset}
        names = {"label": str(self._label(change.label, "label"))}
        if isinstance(change, Relabel):
            if change.new_label == change.label:
                raise InvalidData.of("new_label", "They have this label already.", FaultCode.REPEATED)
            names["new_label"] = str(self._label(change.new_label, "new_label"))
        return names

    def _label(self, key: int, path: str) -> Label:
        found = Label.objects.using(self.using).filter(task=self.task.pk, pk=key).first()
        if found is None:
            raise InvalidData.of(path, f"The task has no label {key}.", FaultCode.UNKNOWN_LABEL)
        return found

    def move(self, change: Move) -> None:
        """Images whose name the subset has stay; of two that would have one name there, both do."""
        plan, totals = self.plan, self.plan.report.of("images")
        rows = list(self.images.images().order_by("pk").values_list("pk", "subset", "name"))
        totals.read = len(rows)
        moving: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for key, subset, name in rows:
            if subset == change.subset:
                totals.unchanged += 1
            else:
                moving[name].append((key, subset))
        there = Image.objects.using(self.using).filter(task=self.task.pk, subset=change.subset).order_by()
        taken = moving.keys() & set(there.values_list("name", flat=True).iterator(chunk_size=_PAGE))
        for name, images in moving.items():
            form = "taken" if name in taken else "shared" if len(images) > 1 else ""
            if not form:
                plan.changed.append(images[0][0])
                continue
            totals.skipped[SkipReason.NAME_TAKEN if form == "taken" else SkipReason.NAME_SHARED] += len(images)
            for _key, subset in images:
                params = {"form": form, "subset": change.subset}
                plan.report(Issue(code="image-stays", params=params, value=f"{subset}/{name}"))
        plan.changed = array("q", sorted(plan.changed))
        plan.touched.update(plan.changed)
        totals.updated = len(plan.changed)

    def delete(self, change: Delete) -> None:
        """Annotations as they come."""
        affected = _affected(change, self.images)
        for key, image, kind, source in self._pages(affected, "pk", "image", "kind", "source"):
            totals = self.plan.report.of(_kind_of_rows(kind, source))
            totals.read += 1
            totals.removed += 1
            self.plan.deleted.append(key)
            self.plan.touched.add(image)
            self.plan.kinds.add(kind)

    def relabel(self, change: Relabel) -> None:
        """Those that the new label takes, but for those that their image has already."""
        plan, takes = self.plan, TakenAttributes(change, self.using)
        with_twins = images_with(self.task.pk, change.new_label, self.using)
        affected = _affected(change, self.images).annotate(text=TEXT)
        columns = ("pk", "image", "kind", "source", *COLUMNS, "text")
        both: Counter[int] = Counter()
        for row in self._pages(affected, *columns):
            plan.asked.append(row[0])
            if row[1] in with_twins:
                both[row[1]] += 1
            else:
                self._relabel(takes, row)
        ordered = self._compared(both)
        for start in range(0, len(ordered), _IMAGES):
            images = FoundImages(self.task.pk, self.using, ordered[start : start + _IMAGES])
            there = _affected(change, images, are_few=True)
            met = twins(there, change.new_label, images)
            for row in there.annotate(text=TEXT).order_by("pk").values_list(*columns):
                self._relabel(takes, row, met.get(row[0], ""))
        plan.changed, plan.deleted = (array("q", sorted(keys)) for keys in (plan.changed, plan.deleted))
        if plan.changed:
            plan.new_specs = takes.missing
        self._name_images()

    def _compared(self, both: "Counter[int]") -> "array[int]":
        """The images whose annotations are compared, in order; those of the others are left undecided."""
        compared, rows = array("q"), 0
        for image, number in sorted(both.items()):
            if self.most is not None and rows >= self.most:
                self.plan.undecided += number
            else:
                compared.append(image)
                rows += number
        return compared

    def find_others(self) -> None:
        """Finds and reports the rows of other apps that go with what is deleted. Raises `Conflict`."""
        with conflict_if_forbidden():
            find_others(self.plan.others, self.plan.deleted, self.using)
        for issue in issues_of_others(self.plan.others):
            self.plan.report(issue)

    def _relabel(self, takes: TakenAttributes, row: tuple[Any, ...], twin: str = "") -> None:
        totals = self.plan.report.of(_kind_of_rows(*row[2:4]))
        totals.read += 1
        if twin == "same" and self.duplicates is Duplicates.DELETE:
            self._touches(row)
            self.plan.deleted.append(row[0])
            totals.removed += 1
        elif twin:
            totals.skipped[SkipReason.SAME_THERE if twin == "same" else SkipReason.OTHER_THERE] += 1
            self._stays(row, form=twin)
        elif (fault := takes.fault_of(row[4:])) is not None:
            totals.skipped[SkipReason.ATTRIBUTES_REFUSED] += 1
            self._stays(row, form="attributes", attribute=fault[0], fault=fault[1])
        else:
            self._touches(row)
            self.plan.changed.append(row[0])
            totals.updated += 1

    def _touches(self, row: tuple[Any, ...]) -> None:
        self.plan.touched.add(row[1])
        self.plan.kinds.add(row[2])

    def _stays(self, row: tuple[Any, ...], **params: Any) -> None:
        self._staying.append((row[1], {**params, "kind": str(row[2]), "shape": row[0]}))
        if len(self._staying) >= _BATCH:
            self._name_images()

    def _name_images(self) -> None:
        """Reports what stays, each with its image's name."""
        images = Image.objects.using(self.using).in_bulk({image for image, _ in self._staying})
        for image, params in self._staying:
            said = {**params, "label": self.plan.names["new_label"]}
            self.plan.report(Issue(code="annotation-stays", params=said, value=str(images.get(image, image))))
        self._staying.clear()

    def _pages(self, affected: "QuerySet[Any]", *columns: str) -> Iterator[tuple[Any, ...]]:
        """The rows in the order of keys, while progress is told."""
        total = 0 if self.progress is None else affected.count()
        rows = affected.order_by("pk").values_list(*columns).iterator(chunk_size=_PAGE)
        for done, row in enumerate(rows, 1):
            yield row
            if self.progress is not None and done % _PAGE == 0:
                self.progress(PHASE, done, total)


def check_subset(subset: str) -> None:
    """Raises `InvalidData` for a subset that could not be the name of a folder."""
    if why := unsafe_word(subset):
        raise InvalidData.of("subset", f"{quote_text(subset)}: as a subset's name it {why}.", FaultCode.BAD_SUBSET)


def _kind_of_rows(kind: str, source: str) -> str:
    if kind == ShapeKind.TAG:
        return "machine labels" if source == MACHINE else "human labels"
    return _BOXED[ShapeKind(kind)]
