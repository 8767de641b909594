"""Box files to rectangles."""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from openimages_io.format.flag_names import FLAGS as FLAGS_OF_FILES
from openimages_io.format.layouts import Kind, Source
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.format.tables import BOXES, CLICK_COLUMNS, PERSON_ATTRIBUTES
from openimages_io.models import Shape, ShapeKind
from openimages_io.models.flags import FLAGS
from openimages_io.transfer.masks.mask_boxes import BoxMatcher, box_matcher
from openimages_io.transfer.merging import StoredShape, StoredShapes, columns_of
from openimages_io.transfer.repeated_rows import SeenRows
from openimages_io.transfer.report import Totals
from openimages_io.transfer.resolving import Resolved, fitting, resolve
from openimages_io.transfer.run import Run
from openimages_io.transfer.specs import Outcome
from openimages_io.transfer.tags.importing import new_score

_COORDINATES: Final = ("XMin", "XMax", "YMin", "YMax")
_FLAGS: Final = {column: name for column, name in FLAGS_OF_FILES.items() if name in FLAGS}
"""Columns whose true and false are columns of a shape, and other values attributes of the same name."""
_ATTRIBUTES: Final = {**_FLAGS, **{column: column for column in PERSON_ATTRIBUTES}}
"""Columns that become attributes, and their names."""
_COLUMNS: Final = {"Confidence": "score", "IsOccluded": "occluded"}
"""Columns that are columns of a shape, too, and the names that they have as attributes."""
_UPDATED: Final = ("source", "score", "occluded", "clicks", "group", "attributes", *FLAGS)
_COMPARED: Final = ("Confidence", *PERSON_ATTRIBUTES)
"""Columns in which overlapping files may differ; flags do so from version to version."""

_Fitted = tuple[Outcome, dict[str, Any]]
"""What becomes of the attributes of a row, and the columns that they are stored in."""


def read_boxes(run: Run) -> None:
    """Reads every box file; boxes that a mask claims are joined with it."""
    sources = run.sources(Kind.BOXES)
    if not sources:
        return
    stored = StoredShapes(run, ShapeKind.RECTANGLE) if run.merges else None
    reader = _BoxReader(run, box_matcher(run), stored)
    with SeenRows(run, sources) as overlap:
        for source in sources:
            reader.read(source, overlap)
            overlap.next_file()
    if reader.rounded:
        run.issue("coordinates-kept", count=reader.rounded)


class _BoxReader:
    def __init__(self, run: Run, claims: BoxMatcher, stored: StoredShapes | None) -> None:
        self.run, self.claims, self.stored = run, claims, stored
        self.totals: Totals = run.report.of("boxes")
        self.rounded = 0
        """Rows that met a box whose coordinates are not quite theirs."""
        self._outcomes: dict[tuple[str, ...], dict[tuple[Any, ...], _Fitted]] = {}
        """What becomes of each combination of a label and its attributes, of which there are few, by columns."""
        self._texts: dict[str, str] = {}

    def read(self, source: Source, overlap: SeenRows) -> None:
        for chunk in self.run.chunks(source, BOXES, self.totals):
            rows = resolve(self.run, source, chunk, self.totals)
            rows = overlap.without_repeats(source, rows, partial(_rounded_places, rows), _COMPARED, self.totals)
            for column, name in _COLUMNS.items():
                rows = fitting(self.run, source, rows, column, name, self.totals)
            rows, outcomes = self._fit(source, rows)
            if rows:
                self._take(rows, outcomes)

    def _fit(self, source: Source, rows: Resolved) -> tuple[Resolved, list[_Fitted]]:
        """What becomes of the attributes of each row; rows whose values break a spec are left out."""
        columns = tuple(column for column in _ATTRIBUTES if column in rows.chunk.values)
        combinations = list(zip(rows.labels, *(rows.chunk.values[column] for column in columns), strict=True))
        known = self._outcomes.setdefault(columns, {})
        special = False
        for combination in set(combinations):
            if combination not in known:
                values = dict(zip((_ATTRIBUTES[c] for c in columns), combination[1:], strict=True))
                outcome = self.run.specs.fit(combination[0], values)
                known[combination] = outcome, self._columns(outcome)
            outcome = known[combination][0]
            special = special or bool(outcome.dropped or outcome.faults)
        outcomes = list(map(known.__getitem__, combinations))
        self._need_specs(rows)
        return self._sort_out(source, rows, outcomes) if special else (rows, outcomes)

    def _columns(self, outcome: Outcome) -> dict[str, Any]:
        columns = columns_of(outcome.values)
        text = columns["attributes"]
        return columns | {"attributes": self._texts.setdefault(text, text)}

    def _need_specs(self, rows: Resolved) -> None:
        for column, name in _COLUMNS.items():
            if column in rows.chunk.values:
                self.run.specs.need_where(rows.labels, rows.chunk.values[column], name)

    def _sort_out(self, source: Source, rows: Resolved, outcomes: list[_Fitted]) -> tuple[Resolved, list[_Fitted]]:
        keep = []
        for line, (outcome, _) in zip(rows.chunk.lines, outcomes, strict=True):
            report_attributes(self.run, outcome, source.path, line)
            keep.append(not outcome.faults)
        if all(keep):
            return rows, outcomes
        names = rows.chunk.values["ImageID"]
        self.run.skip(source, self.totals, [name for name, kept in zip(names, keep, strict=True) if not kept])
        return rows.where(keep), [outcome for outcome, kept in zip(outcomes, keep, strict=True) if kept]

    def _take(self, rows: Resolved, outcomes: list[_Fitted]) -> None:
        clicks = _clicks(rows)
        groups: Sequence[int | None] | None = None
        self.claims.take_stored_masks(rows.images)
        if self.stored is not None:
            new, groups = self._merge(rows, outcomes, clicks, self.stored)
            if not all(new):
                rows = rows.where(new)
                outcomes = [outcome for outcome, is_new in zip(outcomes, new, strict=True) if is_new]
                groups = [group for group, is_new in zip(groups, new, strict=True) if is_new]
                clicks = [c for c, is_new in zip(clicks, new, strict=True) if is_new] if clicks else None
        elif not self.claims.images.isdisjoint(rows.images):
            boxes = zip(*(rows.chunk.values[c] for c in _COORDINATES), strict=True)
            groups = [
                self.claims.group_of(image, label, [box], None)
                for image, label, box in zip(rows.images, rows.labels, boxes, strict=True)
            ]
        self.totals.added += len(rows)
        if rows:
            self.run.plan.touch(rows.images)
            self._insert(rows, outcomes, clicks, groups)
        self.claims.flush()

    def _insert(
        self,
        rows: Resolved,
        outcomes: list[_Fitted],
        clicks: list[str | None] | None,
        groups: Sequence[int | None] | None,
    ) -> None:
        chunk = rows.chunk
        columns: dict[str, Sequence[Any]] = {
            "image_id": rows.images,
            "label_id": rows.labels,
            "x_min": chunk.values["XMin"],
            "x_max": chunk.values["XMax"],
            "y_min": chunk.values["YMin"],
            "y_max": chunk.values["YMax"],
            "attributes": [stored["attributes"] for _, stored in outcomes],
        }
        for column, name in _FLAGS.items():
            if column in chunk.values:
                columns[name] = [stored[name] for _, stored in outcomes]
        if "Confidence" in chunk.values:
            columns["score"] = chunk.values["Confidence"]
        if "Source" in chunk.values:
            columns["source"] = chunk.values["Source"]
        if "IsOccluded" in chunk.values:
            columns["occluded"] = chunk.values["IsOccluded"]
        if clicks is not None:
            columns["clicks"] = clicks
        if groups is not None:
            columns["group"] = groups
        self.run.plan.insert(Shape, columns, {"kind": ShapeKind.RECTANGLE.value})

    def _merge(
        self,
        rows: Resolved,
        outcomes: list[_Fitted],
        clicks: list[str | None] | None,
        stored: StoredShapes,
    ) -> tuple[list[bool], list[int | None]]:
        """Brings boxes that are there up to date; tells which rows are new, and each row's group."""
        new: list[bool] = []
        groups: list[int | None] = []
        updates: list[tuple[Any, ...]] = []
        chunk = rows.chunk
        boxes = list(zip(*(chunk.values[c] for c in _COORDINATES), strict=True))
        meetings = stored.meet_boxes(list(rows.places()), boxes)
        for index, (image, label, box, met) in enumerate(zip(rows.images, rows.labels, boxes, meetings, strict=True)):
            group = self.claims.group_of(image, label, [box, met.box] if met else [box], met.group if met else None)
            new.append(met is None)
            groups.append(group)
            if met is None:
                continue
            self.rounded += met.box != box
            update = _updated(
                met,
                source=chunk.get_one("Source", index) or "",
                score=chunk.get_one("Confidence", index),
                occluded=chunk.get_one("IsOccluded", index),
                attributes=outcomes[index][0].values,
                clicks=clicks[index] if clicks else None,
                group=group,
            )
            if update is None:
                self.totals.unchanged += 1
            else:
                self.totals.updated += 1
                self.run.plan.touch([image])
                updates.append((met.key, *update))
        if updates:
            keys, *columns = zip(*updates, strict=True)
            self.run.plan.update(Shape, keys, dict(zip(_UPDATED, columns, strict=True)))
        return new, groups


def _updated(
    met: StoredShape,
    *,
    source: str,
    score: float | None,
    occluded: bool | None,
    attributes: dict[str, Any],
    clicks: str | None,
    group: int | None,
) -> tuple[Any, ...] | None:
    """The columns of a stored box after a row met it, None if nothing changes. What a row doesn't say stays."""
    merged = met.attributes | attributes
    after = (
        source or met.source,
        new_score(met.score, score),
        met.occluded if occluded is None else occluded,
        _merged_clicks(met.clicks, clicks),
        group,
    )
    if after == (met.source, met.score, met.occluded, met.clicks, met.group) and merged == met.attributes:
        return None
    return (*after, *columns_of(merged).values())


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


def report_attributes(run: Run, outcome: Outcome, file: str, line: int) -> None:
    """Counts attributes that were dropped, and makes issues of those that cannot be."""
    if outcome.dropped:
        totals = run.report.of("attributes")
        totals.read += len(outcome.dropped)
        totals.skipped.update(map(SkipReason.NO_SUCH_SPEC.of, outcome.dropped))
    for name, value, reason in outcome.faults:
        run.issue("bad-attribute", reason, file=file, line=line, column=name, value=value)


def _rounded_places(rows: Resolved) -> Iterable[object]:
    coordinates = ([round(value, 6) for value in rows.chunk.values[column]] for column in _COORDINATES)
    return zip(rows.images, rows.labels, *coordinates, strict=True)


def _clicks(rows: Resolved) -> list[str | None] | None:
    """The extreme clicks as JSON, `[[x, y], …]`; None for a row that has none, and None if no row of the file has."""
    if not any(column in rows.chunk.values for column in CLICK_COLUMNS):
        return None
    columns = [rows.chunk.get(column) for column in CLICK_COLUMNS]
    made: list[str | None] = []
    for cells in zip(*columns, strict=True):
        points = list(zip(cells[:4], cells[4:], strict=True))
        made.append(None if set(cells) == {None} else json.dumps(points))
    return made
