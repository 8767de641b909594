"""The declarations themselves, and the rule across a box's cells."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openimages_io.format import tables
from openimages_io.format.flag_names import FLAGS
from openimages_io.format.issues import Issue, Severity
from openimages_io.format.tables import BoxRule, Table

RULE = BoxRule("XMin", "XMax", "YMin", "YMax")
Box = tuple[float | None, float | None, float | None, float | None]


def columns_of(boxes: Sequence[Box]) -> dict[str, list[float | None]]:
    return {name: [box[index] for box in boxes] for index, name in enumerate(RULE.names)}


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table.title)
def test_names_and_aliases_are_unique(table: Table) -> None:
    columns = (*table.columns, *table.extra)
    names = [name for column in columns for name in (column.name, *column.aliases)]
    assert len({name.casefold() for name in names}) == len(names) == len(table.by_name)
    assert all(table.by_name[name.casefold()].name == name for name in (column.name for column in columns))


@pytest.mark.parametrize(
    ("table", "required"),
    [
        (tables.IMAGES, {"ImageID"}),
        (tables.CLASSES, {"LabelName"}),
        (tables.LABELS, {"ImageID", "LabelName"}),
        (tables.BOXES, {"ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax"}),
        (tables.SEGMENTATIONS, {"MaskPath", "ImageID", "LabelName"}),
    ],
    ids=lambda value: value.title if isinstance(value, Table) else "",
)
def test_only_what_nothing_can_do_without_is_required(table: Table, required: set[str]) -> None:
    assert {column.name for column in table.columns if column.required} == required
    assert not any(column.required for column in table.extra)


def test_columns_stand_in_the_order_of_the_official_files() -> None:
    names = {table.title: ",".join(column.name for column in table.columns) for table in tables.TABLES}
    assert names == {
        "Image list": "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,"
        "OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation",
        "Class list": "LabelName,DisplayName",
        "Image-level labels": "ImageID,Source,LabelName,Confidence",
        "Boxes": "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,"
        "IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside",
        "Segmentation masks": "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks",
    }


def test_clicks_are_four_x_then_four_y() -> None:
    xs, ys = tables.CLICK_COLUMNS[:4], tables.CLICK_COLUMNS[4:]
    assert xs == ("XClick1X", "XClick2X", "XClick3X", "XClick4X")
    assert ys == ("XClick1Y", "XClick2Y", "XClick3Y", "XClick4Y")
    assert [column.name for column in tables.BOXES.extra] == [*tables.CLICK_COLUMNS, *tables.PERSON_ATTRIBUTES]


def test_every_flag_is_a_column() -> None:
    assert set(FLAGS) <= {column.name for column in tables.BOXES.columns}


@pytest.mark.parametrize("table", [tables.BOXES, tables.SEGMENTATIONS], ids=lambda table: table.title)
def test_a_box_rule_names_columns_of_its_table(table: Table) -> None:
    assert table.box is not None
    assert set(table.box.names) <= {column.name for column in table.columns}


@pytest.mark.parametrize(
    ("box", "faults"),
    [
        ((0.1, 0.2, 0.3, 0.4), []),
        ((0.0, 1.0, 0.0, 1.0), []),
        ((None, None, None, None), []),
        ((0.2, 0.1, 0.3, 0.4), [("inside-out", "XMax", "is below XMin, which is 0.2", Severity.ERROR)]),
        ((0.1, 0.2, 0.4, 0.3), [("inside-out", "YMax", "is below YMin, which is 0.4", Severity.ERROR)]),
        ((0.1, 0.1, 0.3, 0.4), [("empty-box", "XMax", "equals XMin: the box is empty", Severity.WARNING)]),
        ((0.1, 0.2, 0.3, 0.3), [("empty-box", "YMax", "equals YMin: the box is empty", Severity.WARNING)]),
        (
            (0.2, 0.1, 0.3, 0.3),
            [
                ("inside-out", "XMax", "is below XMin, which is 0.2", Severity.ERROR),
                ("empty-box", "YMax", "equals YMin: the box is empty", Severity.WARNING),
            ],
        ),
        (
            (0.1, None, None, 0.4),
            [("half-a-box", "XMax", "is empty, but a row has all of XMin, XMax, YMin, YMax or none", Severity.ERROR)],
        ),
    ],
)
def test_faults_of_a_box(box: Box, faults: list[tuple[str, str, str, Severity]]) -> None:
    found = RULE.faults(columns_of([box]), 0)
    issues = [Issue(code=fault.code, column=fault.column, params=fault.params) for fault in found]
    assert [(issue.code, issue.column, issue.reason, issue.severity) for issue in issues] == faults


coordinates = st.none() | st.sampled_from([0.0, 0.25, 0.5, 1.0])
boxes = st.tuples(coordinates, coordinates, coordinates, coordinates)


@given(st.lists(boxes | st.just((None, None, None, None)) | st.just((0.0, 0.5, 0.0, 0.5)), max_size=4))
@example([(None, 0.5, 0.0, 0.5), (0.0, None, 0.0, 0.5), (0.0, 0.5, None, 0.5), (0.0, 0.5, 0.0, None)])
@example([(None, None, None, None), (0.0, 0.5, 0.0, 0.5)])
@example([(None, None, None, None)])
@example([])
def test_the_quick_look_agrees_with_the_long_one(rows: list[Box]) -> None:
    values = columns_of(rows)
    assert RULE.holds(values) is not any(RULE.faults(values, index) for index in range(len(rows)))
