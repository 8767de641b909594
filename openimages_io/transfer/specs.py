"""Values from files to attributes of shapes, as the specs of their labels allow."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from openimages_io.format.issues import Params
from openimages_io.format.writing import number
from openimages_io.models import AttributeSpec, InputType
from openimages_io.models.rules import ALWAYS_KEPT, COLUMN_ATTRIBUTES
from openimages_io.models.values import LARGEST_POSITION
from openimages_io.transfer.options import MissingAttributes
from openimages_io.transfer.plan import Plan

NEW_SPECS: Final[Mapping[str, tuple[InputType, list[Any]]]] = {
    "score": (InputType.NUMBER, [0, 1]),
    "occluded": (InputType.CHECKBOX, []),
    "truncated": (InputType.CHECKBOX, []),
    "is_group_of": (InputType.CHECKBOX, []),
    "is_depiction": (InputType.CHECKBOX, []),
    "is_inside": (InputType.CHECKBOX, []),
    "GenderPresentation": (InputType.TEXT, []),
    "AgePresentation": (InputType.TEXT, []),
    "box_id": (InputType.TEXT, []),
    "predicted_iou": (InputType.NUMBER, []),
}
"""The input type and the values of a spec that an import makes."""

KEPT_WITHOUT_SPEC: Final = COLUMN_ATTRIBUTES | ALWAYS_KEPT
"""Attributes that are kept whether or not the label has a spec for them: two are columns of a shape, and the BoxID says
which mask it is rather than how it is."""


def is_new(spec: AttributeSpec) -> bool:
    """Whether a spec is just as an import would make it."""
    given = spec.input_type, spec.values
    return given == NEW_SPECS.get(spec.name) and spec.mutable and spec.default_value is None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of the attributes of a row."""

    values: dict[str, Any]
    """As stored."""
    dropped: tuple[str, ...] = ()
    """Names whose values the label has no spec for."""
    faults: tuple[tuple[str, str, Params], ...] = ()
    """Name and value as text of values that cannot be stored, and why, as parameters of `bad-attribute`."""


class SpecIndex:
    """The attribute specs of a task's labels, and the policy for values that have none."""

    def __init__(self, policy: MissingAttributes | None, specs: Iterable[AttributeSpec] = ()) -> None:
        self.policy = policy
        self.specs: dict[tuple[int, str], AttributeSpec] = {(spec.label_id, spec.name): spec for spec in specs}
        self._strict: dict[str, dict[int, AttributeSpec]] = {}
        """Specs that may refuse a score or a flag that is right in the file, by name and label."""
        for spec in self.specs.values():
            if spec.name in KEPT_WITHOUT_SPEC and spec.input_type != InputType.TEXT and not _is_usual(spec):
                self._strict.setdefault(spec.name, {})[spec.label_id] = spec
        self._labels: defaultdict[str, set[int]] = defaultdict(set)
        """Those that have a spec, by its name."""
        for label, name in self.specs:
            self._labels[name].add(label)
        self.made: list[AttributeSpec] = []
        """New ones, which `plan` takes at the end."""

    @classmethod
    def of_task(cls, task_id: int | None, policy: MissingAttributes | None, using: str) -> "SpecIndex":
        """The specs of a task that is there; none for one that is not."""
        if task_id is None:
            return cls(policy)
        return cls(policy, AttributeSpec.objects.using(using).filter(label__task_id=task_id))

    def refusals(self, labels: Sequence[int], values: Sequence[Any], name: str) -> dict[int, Params]:
        """The rows, by index, whose value of an attribute with a column of its own breaks the label's spec, and why."""
        strict = self._strict.get(name)
        if not strict or strict.keys().isdisjoint(labels):
            return {}
        found: dict[int, Params] = {}
        for index, (label, value) in enumerate(zip(labels, values, strict=True)):
            if label in strict and value is not None:
                reason = _refusal(value, strict[label])
                if reason:
                    found[index] = reason
        return found

    def need_where(self, labels: Sequence[int], values: Sequence[object], name: str) -> None:
        """Sees to it that labels with a value have a spec for an attribute that is kept in any case."""
        if self.policy is not MissingAttributes.CREATE:
            return
        without = set(labels) - self._labels[name]
        if without:
            with_value = {label for label, value in zip(labels, values, strict=True) if value is not None}
            for label in sorted(with_value & without):
                self._make(label, name)

    def fit(self, label: int, values: Mapping[str, Any]) -> Outcome:
        """Fits the values of a row, without those that are None, to the label's specs."""
        kept: dict[str, Any] = {}
        dropped: list[str] = []
        faults: list[tuple[str, str, Params]] = []
        for name, value in values.items():
            if value is None or value == "":
                continue
            spec = self.specs.get((label, name))
            if spec is None and self.policy is MissingAttributes.CREATE:
                spec = self._make(label, name)
            if spec is None:
                if name in KEPT_WITHOUT_SPEC:
                    kept[name] = value
                elif self.policy is MissingAttributes.DROP:
                    dropped.append(name)
                else:
                    faults.append((name, _as_text(value), {"form": "no-spec"}))
                continue
            reason = _refusal(value, spec)
            if reason:
                faults.append((name, _as_text(value), reason))
            else:
                kept[name] = _convert(value, spec)
        return Outcome(kept, tuple(dropped), tuple(faults))

    def plan(self, plan: Plan) -> None:
        """Plans the new specs, behind those that their labels have, in the order of `NEW_SPECS`."""
        made = {id(spec) for spec in self.made}
        ends = Counter[int]()
        for spec in self.specs.values():
            if id(spec) not in made:
                ends[spec.label_id] = max(ends[spec.label_id], spec.position + 1)
        order = {name: place for place, name in enumerate(NEW_SPECS)}
        for spec in sorted(self.made, key=lambda spec: order[spec.name]):
            spec.position = min(ends[spec.label_id], LARGEST_POSITION)
            ends[spec.label_id] += 1
        columns: dict[str, Sequence[Any]] = {
            "label_id": [spec.label_id for spec in self.made],
            "name": [spec.name for spec in self.made],
            "input_type": [InputType(spec.input_type).value for spec in self.made],
            "values": [json.dumps(spec.values) for spec in self.made],
            "mutable": [spec.mutable for spec in self.made],
            "position": [spec.position for spec in self.made],
        }
        plan.insert(AttributeSpec, columns)

    def _make(self, label: int, name: str) -> AttributeSpec:
        input_type, values = NEW_SPECS[name]
        spec = AttributeSpec(label_id=label, name=name, input_type=input_type, values=list(values))
        self.specs[label, name] = spec
        self._labels[name].add(label)
        self.made.append(spec)
        return spec


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return number(value) if isinstance(value, float) else str(value)


def _is_usual(spec: AttributeSpec) -> bool:
    return (spec.input_type, spec.values) == NEW_SPECS[spec.name]


def _refusal(value: Any, spec: AttributeSpec) -> Params:
    """Why a spec refuses a value, as parameters of `bad-attribute`; empty if it does not."""
    fault = spec.fault_of(_convert(value, spec))
    return {} if fault is None else {"fault": fault.as_param()}


def _convert(value: Any, spec: AttributeSpec) -> Any:
    if spec.input_type in {InputType.TEXT, InputType.RADIO, InputType.SELECT}:
        value = _as_text(value)
    elif spec.input_type == InputType.NUMBER and isinstance(value, bool):
        value = int(value)
    elif spec.input_type == InputType.NUMBER and isinstance(value, str):
        value = _number_or_text(value)
    return value


def _number_or_text(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value
