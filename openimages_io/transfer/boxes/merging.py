"""Rows of box files that meet boxes of the task."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from openimages_io.models import Shape, ShapeKind
from openimages_io.models.flags import FLAGS
from openimages_io.transfer.boxes.mapping import BOXES, COORDINATES, FIELDS
from openimages_io.transfer.counted import Counted
from openimages_io.transfer.masks.mask_boxes import BoxMatcher
from openimages_io.transfer.merging import (
    FLAG_OF_COLUMN,
    StoredRows,
    columns_of,
    new_score,
    report_odd,
    stored_attributes,
)
from openimages_io.transfer.row_sorting import Row
from openimages_io.transfer.run import Run

COLUMNS: Final = (
    *("image_id", "label_id", *COORDINATES.values()),
    *(*FIELDS.values(), "attributes", *FLAGS, "clicks"),
)
"""What tells whether a row and a box of the task say the same."""
_PLACE: Final = slice(1, 6)
_BOX: Final = slice(2, 6)
_SAID: Final = slice(6, len(COLUMNS))
"""What a row may change of a box: its coordinates stay, because what comes back may be rounded."""
_ATTRIBUTES: Final = COLUMNS.index("attributes")
_UPDATED: Final = (*COLUMNS[_SAID], "group")
_KNOWN: Final = 4096
"""Pairs of what is stored and what a row says, for which it is known what comes of them."""


class BoxMerging:
    """Decides what becomes of the boxes that rows meet."""

    def __init__(self, run: Run, claims: BoxMatcher) -> None:
        self.run, self.claims = run, claims
        self.stored = StoredRows(run, ShapeKind.RECTANGLE, (*COLUMNS, "group"), _place, len(COLUMNS), _BOX)
        self._merged = lru_cache(_KNOWN)(_merged)

    def decide(self, rows: Sequence[Row], met: Sequence[Row | None]) -> list[Row | None]:
        """Brings boxes that are there up to date; for each row that is new it returns the group alone."""
        images = {row[0] for row in rows}
        self.claims.take_stored_masks(images)
        may_join = not self.claims.images.isdisjoint(images)
        new: list[Row | None] = [None] * len(rows)
        updates: list[Row] = []
        updated: list[int] = []
        unchanged: list[int] = []
        width = len(COLUMNS)
        for index, (row, box) in enumerate(zip(rows, met, strict=True)):
            if box is None:
                new[index] = (self._group(row, [row[_BOX]], None) if may_join else None,)
            elif (not may_join and box[:width] == row) or (update := self._update(row, box)) is None:
                unchanged.append(box[0])
            else:
                updates.append((box[-1], *update))
                updated.append(box[0])
        plan = self.run.plan
        plan.count(Counted.UNCHANGED, BOXES.name, unchanged)
        plan.count(Counted.UPDATED, BOXES.name, updated)
        if updates:
            keys, *columns = zip(*updates, strict=True)
            plan.update(Shape, keys, dict(zip(_UPDATED, columns, strict=True)), updated)
        self.claims.flush()
        return new

    def _group(self, row: Row, boxes: Sequence[Any], group: int | None) -> int | None:
        return self.claims.group_of(row[0], row[1], boxes, group)

    def _update(self, row: Row, box: Row) -> Row | None:
        """The columns of a stored box after a row met it, None if nothing changes."""
        *_, group, key = box
        report_odd(self.run, box[0], box[_ATTRIBUTES], key)
        if box[_BOX] != row[_BOX]:
            self.run.plan.count(Counted.ROUNDED, "", [box[0]])
        joined = self._group(row, [row[_BOX], box[_BOX]], group)
        changes, columns = self._merged(box[_SAID], row[_SAID])
        return (*columns, joined) if changes or joined != group else None


def _place(row: Row) -> Row:
    return row[_PLACE]


def _merged(stored: Row, given: Row) -> tuple[bool, Row]:
    """Whether a row changes a stored box, and its columns after that. What a row doesn't say stays."""
    source, score, occluded, text, *flags, clicks = stored
    before = stored_attributes(text, flags)
    values = before | stored_attributes(given[3], given[4:-1])
    after = (
        given[0] or source,
        new_score(score, given[1]),
        FLAG_OF_COLUMN[occluded] if given[2] is None else given[2],
        _merged_clicks(clicks, given[-1]),
    )
    changes = after != (source, score, occluded, clicks) or values != before
    return changes, (*after[:3], *columns_of(values).values(), after[3])


def _merged_clicks(stored: str | None, given: str | None) -> str | None:
    """The clicks after a merge: an empty cell leaves what is stored, if that are clicks."""
    if given is None:
        return stored
    before = json.loads(stored or "null")
    if not isinstance(before, list) or len(before) != 4 or not all(isinstance(b, list) and len(b) == 2 for b in before):
        return given
    after = [
        [b if g is None else g for b, g in zip(*points, strict=True)]
        for points in zip(before, json.loads(given), strict=True)
    ]
    return stored if after == before else json.dumps(after)
