"""Box files to rectangles."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, Final, NamedTuple

from openimages_io.format.coded import Coded
from openimages_io.format.layouts import Kind, Source
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.format.tables import BOXES, PERSON_ATTRIBUTES
from openimages_io.models import Shape, ShapeKind
from openimages_io.transfer.boxes.mapping import (
    ATTRIBUTES,
    COORDINATES,
    FIELDS,
    FLAGS,
    MAY_HAVE_SPECS,
    clicks_of,
)
from openimages_io.transfer.boxes.mapping import BOXES as BOX_GROUP
from openimages_io.transfer.boxes.merging import COLUMNS, BoxMerging
from openimages_io.transfer.counted import Counted
from openimages_io.transfer.masks.mask_boxes import BoxMatcher, box_matcher
from openimages_io.transfer.merging import RowMerger, columns_of
from openimages_io.transfer.repeated_rows import SeenRows
from openimages_io.transfer.report import Totals
from openimages_io.transfer.resolving import Resolved, fitting, resolve
from openimages_io.transfer.row_sorting import Row
from openimages_io.transfer.run import Run
from openimages_io.transfer.specs import Outcome

_COMPARED: Final = ("Confidence", *PERSON_ATTRIBUTES)
"""Columns in which overlapping files may differ; flags do so from version to version."""


class _Fitted(NamedTuple):
    """What becomes of the attributes of a row."""

    outcome: Outcome
    stored: dict[str, Any]
    """The columns that they are stored in."""
    is_special: bool
    """Whether anything is dropped or at fault."""
    is_as_given: bool
    """Whether flags are stored as the file has them, and there is nothing else."""


class _Outcomes(dict[tuple[Any, ...], _Fitted]):
    """What becomes of each combination of a label and its attributes, of which there are few, found when it is met."""

    def __init__(self, fit: Callable[[tuple[Any, ...]], _Fitted]) -> None:
        super().__init__()
        self._fit = fit

    def __missing__(self, combination: tuple[Any, ...]) -> _Fitted:
        fitted = self[combination] = self._fit(combination)
        return fitted


def read_boxes(run: Run) -> None:
    """Reads every box file; boxes that a mask claims are joined with it."""
    sources = run.sources(Kind.BOXES)
    if not sources:
        return
    reader = _BoxReader(run, box_matcher(run))
    with SeenRows(run, sources) as overlap:
        for source in sources:
            reader.read(source, overlap)
            overlap.next_file()


class _BoxReader:
    def __init__(self, run: Run, claims: BoxMatcher) -> None:
        self.run, self.claims = run, claims
        self.totals: Totals = run.report.of(BOX_GROUP.name)
        self.merging = BoxMerging(run, claims) if run.merges else None
        self._outcomes: dict[tuple[str, ...], _Outcomes] = {}
        """By columns."""
        self._texts: dict[str, str] = {}

    def read(self, source: Source, overlap: SeenRows) -> None:
        with ExitStack() as stack:
            merger = self.merging and stack.enter_context(
                RowMerger(self.merging.stored, self.merging.decide, self._insert_rows)
            )
            for rows, outcomes in self._chunks(source, overlap):
                if merger:
                    merger.take(self._rows(rows, outcomes))
                else:
                    self._take(rows, outcomes)
            if merger:
                merger.finish()

    def _chunks(self, source: Source, overlap: SeenRows) -> Iterator[tuple[Resolved, Coded]]:
        for chunk in self.run.chunks(source, BOXES, self.totals):
            rows = resolve(self.run, source, chunk, self.totals)
            rows = overlap.without_repeats(source, rows, partial(_rounded_places, rows), _COMPARED, self.totals)
            for column, name in MAY_HAVE_SPECS.items():
                rows = fitting(self.run, source, rows, column, name, self.totals)
            rows, outcomes = self._fit(source, rows)
            if rows:
                yield rows, outcomes

    def _fit(self, source: Source, rows: Resolved) -> tuple[Resolved, Coded]:
        """What becomes of the attributes of each row; rows whose values break a spec are left out."""
        columns = tuple(column for column in ATTRIBUTES if column in rows.chunk.values)
        combinations = Coded.together([Coded.of(rows.labels), *(rows.chunk.distinct(column) for column in columns)])
        if columns not in self._outcomes:
            self._outcomes[columns] = _Outcomes(partial(self._fit_one, columns))
        known = self._outcomes[columns]
        outcomes = Coded([known[combination] for combination in combinations.values], combinations.codes)
        self._need_specs(rows)
        is_special = any(fitted.is_special for fitted in outcomes.values)
        return self._sort_out(source, rows, outcomes) if is_special else (rows, outcomes)

    def _fit_one(self, columns: Sequence[str], combination: tuple[Any, ...]) -> _Fitted:
        values = dict(zip((ATTRIBUTES[column] for column in columns), combination[1:], strict=True))
        outcome = self.run.specs.fit(combination[0], values)
        stored = columns_of(outcome.values)
        stored["attributes"] = self._texts.setdefault(stored["attributes"], stored["attributes"])
        is_as_given = stored["attributes"] == "{}" and all(
            stored.get(name) is (None if value == "" else value) for name, value in values.items()
        )
        return _Fitted(outcome, stored, bool(outcome.dropped or outcome.faults), is_as_given)

    def _need_specs(self, rows: Resolved) -> None:
        for column, name in MAY_HAVE_SPECS.items():
            if column in rows.chunk.values:
                self.run.specs.need_where(rows.labels, rows.chunk.values[column], name)

    def _sort_out(self, source: Source, rows: Resolved, outcomes: Coded) -> tuple[Resolved, Coded]:
        keep = []
        for line, fitted in zip(rows.chunk.lines, outcomes.rows(), strict=True):
            report_attributes(self.run, fitted.outcome, source.path, line)
            keep.append(not fitted.outcome.faults)
        if all(keep):
            return rows, outcomes
        names = rows.chunk.values["ImageID"]
        self.run.skip(source, self.totals, [name for name, kept in zip(names, keep, strict=True) if not kept])
        return rows.where(keep), outcomes.where(index for index, kept in enumerate(keep) if kept)

    def _rows(self, rows: Resolved, outcomes: Coded) -> list[Row]:
        """The rows as tuples of `COLUMNS`."""
        chunk = rows.chunk
        places = zip(rows.images, rows.labels, *(chunk.values[column] for column in COORDINATES), strict=True)
        others = zip(*map(chunk.get, FIELDS), strict=True)
        clicks = clicks_of(rows.chunk) or [None] * len(rows)
        return [
            (*place, source or "", score, occluded, *fitted.stored.values(), click)
            for place, (source, score, occluded), fitted, click in zip(
                places, others, outcomes.rows(), clicks, strict=True
            )
        ]

    def _insert_rows(self, rows: Sequence[Row]) -> None:
        if rows:
            columns = dict(zip((*COLUMNS, "group"), zip(*rows, strict=True), strict=True))
            self.run.plan.count(Counted.ADDED, BOX_GROUP.name, columns["image_id"])
            self.run.plan.insert(Shape, columns, {"kind": ShapeKind.RECTANGLE.value})

    def _take(self, rows: Resolved, outcomes: Coded) -> None:
        clicks = clicks_of(rows.chunk)
        groups: Sequence[int | None] | None = None
        self.claims.take_stored_masks(rows.images)
        if not self.claims.images.isdisjoint(rows.images):
            boxes = zip(*(rows.chunk.values[c] for c in COORDINATES), strict=True)
            groups = [
                self.claims.group_of(image, label, [box], None)
                for image, label, box in zip(rows.images, rows.labels, boxes, strict=True)
            ]
        self.run.plan.count(Counted.ADDED, BOX_GROUP.name, rows.images)
        self._insert(rows, outcomes, clicks, groups)
        self.claims.flush()

    def _insert(
        self,
        rows: Resolved,
        outcomes: Coded,
        clicks: list[str | None] | None,
        groups: Sequence[int | None] | None,
    ) -> None:
        chunk = rows.chunk
        columns: dict[str, Sequence[Any]] = {
            "image_id": rows.images,
            "label_id": rows.labels,
            **{field: chunk.values[column] for column, field in COORDINATES.items()},
        }
        is_as_given = all(fitted.is_as_given for fitted in outcomes.values)
        columns["attributes"] = ["{}"] * len(rows) if is_as_given else _of_each(outcomes, "attributes")
        for column, name in FLAGS.items():
            if column in chunk.values:
                columns[name] = chunk.values[column] if is_as_given else _of_each(outcomes, name)
        columns |= {field: chunk.values[column] for column, field in FIELDS.items() if column in chunk.values}
        if clicks is not None:
            columns["clicks"] = clicks
        if groups is not None:
            columns["group"] = groups
        self.run.plan.insert(Shape, columns, {"kind": ShapeKind.RECTANGLE.value})


def _of_each(outcomes: Coded, name: str) -> list[Any]:
    """A column that is stored, of each row."""
    return outcomes.spread([fitted.stored[name] for fitted in outcomes.values])


def report_attributes(run: Run, outcome: Outcome, file: str, line: int) -> None:
    """Counts attributes that were dropped, and makes issues of those that cannot be."""
    if outcome.dropped:
        totals = run.report.of("attributes")
        totals.read += len(outcome.dropped)
        totals.skipped.update(map(SkipReason.NO_SUCH_SPEC.of, outcome.dropped))
    for name, value, params in outcome.faults:
        run.issue("bad-attribute", file=file, line=line, column=name, value=value, **params)


def _rounded_places(rows: Resolved) -> Iterable[object]:
    coordinates = ([round(value, 6) for value in rows.chunk.values[column]] for column in COORDINATES)
    return zip(rows.images, rows.labels, *coordinates, strict=True)
