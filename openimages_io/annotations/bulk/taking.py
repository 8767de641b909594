"""Which attributes the new label of an annotation takes, by its specs."""

import json
from functools import lru_cache
from typing import Any, Final

from django.db.models import TextField
from django.db.models.functions import Cast

from openimages_io.annotations.bulk.changes import NewLabelSpecs, Relabel
from openimages_io.models import AttributeSpec, Shape
from openimages_io.models.flags import FLAGS
from openimages_io.models.rules import COLUMN_ATTRIBUTES, attribute_faults

TEXT: Final = Cast("attributes", TextField())
"""The attributes that are no columns, as JSON: most shapes have none, and equal texts need to be judged once."""
COLUMNS: Final = ("score", "occluded", *FLAGS)
_KNOWN: Final = 4096
_SAID: Final = ("name", "input_type", "mutable", "default_value", "values", "position")


class TakenAttributes:
    """The specs that the new label has, or will have."""

    def __init__(self, change: Relabel, using: str) -> None:
        specs = AttributeSpec.objects.using(using)
        has = {spec.name: spec for spec in specs.filter(label=change.new_label)}
        last = max((spec.position for spec in has.values()), default=-1)
        lacks = [spec for spec in specs.filter(label=change.label).order_by("position", "pk") if spec.name not in has]
        self.missing = [
            AttributeSpec(
                label_id=change.new_label,
                **{**{name: getattr(spec, name) for name in _SAID}, "position": last + place},
            )
            for place, spec in enumerate(lacks, 1)
            if change.missing_specs is NewLabelSpecs.CREATE
        ]
        """Those that the new label is given, not saved yet."""
        self._specs = has | {spec.name: spec for spec in self.missing}
        self._judged = [name in self._specs or name not in COLUMN_ATTRIBUTES for name in COLUMNS]
        self._fault = lru_cache(_KNOWN)(self._found)

    def fault_of(self, said: tuple[Any, ...]) -> tuple[str, dict[str, Any]] | None:
        """The first attribute that the label does not take, and why; `said` are `COLUMNS`, then `TEXT`."""
        *columns, text = said
        judged = (value if is_judged else None for value, is_judged in zip(columns, self._judged, strict=True))
        return self._fault((*judged, text))

    def _found(self, said: tuple[Any, ...]) -> tuple[str, dict[str, Any]] | None:
        *columns, text = said
        shape = Shape(attributes=json.loads(text), **dict(zip(COLUMNS, columns, strict=True)))
        for fault in attribute_faults(shape, self._specs):
            return fault.path.removeprefix("attributes."), fault.as_param()
        return None
