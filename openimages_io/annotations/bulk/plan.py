"""What a change of many images would do, as it was found out, and the versions by which that is known again."""

import json
from array import array
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from openimages_io.annotations.bulk.changes import Change, as_json
from openimages_io.annotations.versions import Version
from openimages_io.models import AttributeSpec
from openimages_io.transfer.report import Report
from openimages_io.transfer.rows_of_others import Others

_ROUGH: Final = "asked"
"""The contents of a version that says only which annotations are asked for; no number."""


@dataclass(slots=True)
class Plan:
    """What is to be written, in the order of keys: 8 bytes a row."""

    change: Change
    names: dict[str, str]
    """The subset, or the labels, as sentences name them."""
    images: int
    """How many images were chosen."""
    report: Report
    """Totals by kind of rows, and everything that would be left as it is, with its image and why."""
    changed: "array[int]" = field(default_factory=lambda: array("q"))
    """Images that are moved, or annotations that are relabelled."""
    deleted: "array[int]" = field(default_factory=lambda: array("q"))
    touched: set[int] = field(default_factory=set)
    """Images of which annotations are changed or deleted, or which are moved themselves."""
    kinds: set[str] = field(default_factory=set)
    """The kinds of these annotations."""
    new_specs: list[AttributeSpec] = field(default_factory=list)
    """For the new label, not saved yet."""
    others: Others = field(default_factory=dict)
    """Rows of other apps that go with what is deleted."""
    asked: "array[int]" = field(default_factory=lambda: array("q"))
    """Annotations that are to be relabelled, whatever becomes of them."""
    undecided: int = 0
    """How many of these were not looked at: which of them stay is not known yet."""

    @property
    def rows(self) -> int:
        """How many rows would be written or deleted."""
        return len(self.changed) + len(self.deleted)

    @property
    def read(self) -> int:
        """How many rows the change is about, those that stay among them: of many a job makes it."""
        return sum(totals.read for totals in self.report.totals.values()) + self.undecided

    @property
    def version(self) -> Version:
        """What is to be done with which rows; its contents are their number. Rough, where some are undecided."""
        if self.undecided:
            return self.rough_version
        specs = [(spec.name, spec.input_type, spec.values) for spec in self.new_specs]
        others = {model._meta.label: sorted(map(str, keys)) for model, keys in self.others.items()}
        return Version(self._digest([specs, len(self.changed), others], self.changed, self.deleted), f"{self.rows:x}")

    @property
    def rough_version(self) -> Version:
        """Which annotations are to be relabelled, whether they can be or not."""
        return Version(self._digest([_ROUGH], self.asked), _ROUGH)

    def _digest(self, said: list[Any], *keys: "array[int]") -> str:
        digest = blake2b(json.dumps([as_json(self.change), *said], sort_keys=True).encode(), digest_size=8)
        for each in keys:
            digest.update(each.tobytes())
        return digest.hexdigest()
