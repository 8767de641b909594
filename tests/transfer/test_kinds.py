"""A kind of annotations is added by passing it: one that only this file knows goes in and comes out."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Q

from openimages_io.format import byte_columns, cells, known_files, writing
from openimages_io.format.tables import Column, Table
from openimages_io.models import Shape, ShapeKind, Task
from openimages_io.models.kinds import ROW_KINDS
from openimages_io.transfer.counted import Counted
from openimages_io.transfer.export_state import ExportState
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.groups import Group, Groups
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.kinds import BOXES, IMAGES, KINDS, LABELS, TAGS, Kind, rows_of
from openimages_io.transfer.options import ImportOptions, Mode
from openimages_io.transfer.resolving import resolve
from openimages_io.transfer.run import Run
from openimages_io.transfer.scanning import UNUSUAL, Columns, FileKind, write_files
from tests.transfer.archives import good, write

pytestmark = pytest.mark.django_db

Fields = dict[str, Any]
NUMBERS = ("CenterX", "CenterY", "RadiusX", "RadiusY")
OVALS = Table(
    title="Ovals",
    columns=(
        Column("ImageID", cells.IMAGE_ID, required=True),
        Column("LabelName", cells.LABEL_NAME, required=True),
        *(Column(name, cells.FRACTION, required=True) for name in NUMBERS),
    ),
)


def read_ovals(run: Run) -> None:
    totals = run.report.of("ovals")
    for source in run.sources("ovals"):
        for chunk in run.chunks(source, OVALS, totals):
            rows = resolve(run, source, chunk, totals)
            run.plan.count(Counted.ADDED, "ovals", rows.images)
            ovals = list(zip(*(rows.chunk.values[name] for name in NUMBERS), strict=True))
            columns: dict[str, Sequence[Any]] = {
                "image_id": rows.images,
                "label_id": rows.labels,
                "points": [json.dumps(oval) for oval in ovals],
                "x_min": [x - radius for x, _, radius, _ in ovals],
                "x_max": [x + radius for x, _, radius, _ in ovals],
                "y_min": [y - radius for _, y, _, radius in ovals],
                "y_max": [y + radius for _, y, _, radius in ovals],
            }
            run.plan.insert(Shape, columns, {"kind": ShapeKind.ELLIPSE.value})


def write_ovals(out: ExportState) -> None:
    def cells_of(_: str, columns: Columns) -> list[byte_columns.Cells]:
        points = [json.loads(text) if isinstance(text, str) else text for text in columns["points"]]
        return [
            byte_columns.of_keys(columns["image_id"], out.image_cells),
            out.label_column(columns["label_id"]),
            *(byte_columns.fractions([each[place] for each in points]) for place in range(4)),
        ]

    files = FileKind(
        name="ovals",
        columns=("image_id", "label_id", "points"),
        condition=Q(kind=ShapeKind.ELLIPSE),
        path="annotations/{}-ovals.csv".format,
        header=lambda _: writing.names_of(OVALS),
        cells=cells_of,
        always=False,
    )
    write_files(out, files)


MADE_UP = Kind(
    name="ovals",
    rows=("ovals",),
    columns={"ovals": OVALS},
    files=(known_files.Table(re.compile(r"(?:(.+)-)?ovals\.csv"), "ovals"),),
    groups=(Group(name="ovals", file="ovals", shapes=(ShapeKind.ELLIPSE,)),),
    read=read_ovals,
    write=write_ovals,
)
WITH_OVALS = (LABELS, IMAGES, TAGS, MADE_UP, BOXES)
PATH = "annotations/train-ovals.csv"
HEADER = "ImageID,LabelName,CenterX,CenterY,RadiusX,RadiusY\n"
ROWS = HEADER + "a,/m/01yrx,0.5,0.4,0.25,0.125\nb/c/d/2,/m/0k4j,0.3,0.7,0.1,0.2\n"


def test_a_made_up_kind_goes_in_and_comes_out_as_it_was(tmp_path: Path) -> None:
    result = Importer(write(tmp_path / "in", {**good(), PATH: ROWS}), "street", kinds=WITH_OVALS).run()
    assert result.committed
    totals = result.report.of("ovals")
    assert (totals.read, totals.added) == (2, 2)
    ovals = Shape.objects.filter(kind="ellipse").order_by("pk")
    assert [shape.points for shape in ovals] == [[0.5, 0.4, 0.25, 0.125], [0.3, 0.7, 0.1, 0.2]]
    assert [shape.image.name for shape in ovals] == ["a", "b/c/d/2"]
    # It is reported where it stands among the kinds, and what no kind reads is named.
    names = [name for name, _ in result.report.ordered_totals()]
    assert names.index("machine labels") < names.index("ovals") < names.index("boxes")
    unknown = {issue.file for issue in result.report.issues() if issue.code == "unknown-file"}
    assert any("segmentation" in path for path in unknown)
    assert not Shape.objects.filter(kind="mask").exists()

    exported = Exporter(Task.objects.get(), tmp_path / "out", kinds=WITH_OVALS).run().report.of("ovals")
    assert (exported.read, exported.written) == (2, 2)
    assert (tmp_path / "out" / PATH).read_text() == ROWS


def test_its_bad_rows_are_found_with_the_others(tmp_path: Path) -> None:
    bad = {**good(), PATH: f"{HEADER}a,/m/01yrx,0.5,0.4,9,0.125\na,/m/nothing,x,0.4,0.1,0.1\n"}
    result = Importer(write(tmp_path / "in", bad), "street", kinds=WITH_OVALS).run()
    found = [(issue.file, issue.line, issue.column) for issue in result.report.issues() if issue.severity == "error"]
    assert found == [(PATH, 2, "RadiusX"), (PATH, 3, "CenterX")]
    assert result.report.of("ovals").skipped == {"bad": 2}
    assert not Task.objects.exists()


def test_its_shapes_give_way_in_mode_replace_and_only_to_its_own_rows(tmp_path: Path) -> None:
    Importer(write(tmp_path / "in", {**good(), PATH: ROWS}), "street", kinds=WITH_OVALS).run()
    boxes = list(Shape.objects.filter(kind="rectangle").values_list("pk", flat=True))
    one = write(tmp_path / "one", {PATH: HEADER + "a,/m/01yrx,0.1,0.1,0.1,0.1\n"})
    result = Importer(one, "street", ImportOptions(mode=Mode.REPLACE), kinds=WITH_OVALS).run()
    assert result.committed
    assert result.report.of("ovals").removed == 1
    ovals = Shape.objects.filter(kind="ellipse").order_by("pk")
    assert [(shape.image.name, (shape.points or [0])[0]) for shape in ovals] == [("b/c/d/2", 0.3), ("a", 0.1)]
    assert list(Shape.objects.filter(kind="rectangle").values_list("pk", flat=True)) == boxes


def test_without_the_kind_its_file_is_unknown(tmp_path: Path) -> None:
    result = Importer(write(tmp_path / "in", {**good(), PATH: ROWS}), "street").run()
    assert [issue.file for issue in result.report.issues() if issue.code == "unknown-file"] == [PATH]
    assert not Shape.objects.filter(kind="ellipse").exists()


def test_reports_have_the_order_of_the_kinds() -> None:
    rows = rows_of(KINDS)
    assert rows == list(ROW_KINDS)[: len(rows)]


def test_every_shape_is_of_one_group() -> None:
    groups = Groups(group for kind in KINDS for group in kind.groups)
    for kind in ShapeKind:
        for source in ("", "verification", "machine"):
            (name,) = {groups.of_shape(kind, source)} - {None}
            assert name in rows_of(KINDS)


def test_every_file_that_is_known_is_read_by_one_kind() -> None:
    read = [files for kind in KINDS for files in kind.files]
    assert sorted(map(id, read)) == sorted(map(id, known_files.TABLES))


def test_every_shape_is_written_to_the_files_of_one_kind(tmp_path: Path) -> None:
    Importer(write(tmp_path / "in", good()), "street").run()
    box = Shape.objects.filter(kind="rectangle").first()
    assert box is not None
    oval: Fields = {"kind": "ellipse", "points": [0.5, 0.5, 0.1, 0.1]}
    polygon: Fields = {"kind": "polygon", "points": [[0.4, 0.4, 0.6, 0.4, 0.6, 0.6]]}
    sides: Fields = {"x_min": 0.4, "x_max": 0.6, "y_min": 0.4, "y_max": 0.6}
    boxes: list[Fields] = [{"kind": "rectangle", "rotation": rotation} for rotation in (0, 30)]
    for fields in (oval, polygon, *boxes):
        Shape.objects.create(task=box.task, image=box.image, label=box.label, **sides, **fields)
    of_kinds = [set(Shape.objects.filter(kind.written)) for kind in KINDS if kind.written is not None]
    assert sum(map(len, of_kinds)) == Shape.objects.count() == 11
    assert set.union(*of_kinds) == set(Shape.objects.all())
    assert [len(shapes) for shapes in of_kinds] == [3, 3, 5]


def test_shapes_of_the_rarer_kinds_are_unusual(tmp_path: Path) -> None:
    Importer(write(tmp_path / "in", good()), "street").run()
    box, tag = Shape.objects.filter(kind="rectangle")[0], Shape.objects.filter(kind="tag", source="verification")[0]
    usual: Fields = {"group": None, "clicks": None, "attributes": {}, "rotation": None, "source": "verification"}
    some: list[Fields] = [
        {"group": 7},
        {"clicks": [[0.1, 0.2]] * 4},
        {"attributes": {"AgePresentation": "Young"}},
        {"rotation": 30},
        {"source": "machine"},
        {"occluded": True},
        {"is_inside": False},
    ]
    seen = set()
    for shape in (box, tag):
        for fields in some:
            if shape is tag and fields.keys() & {"clicks", "rotation"}:
                continue
            row = Shape.objects.filter(pk=shape.pk)
            row.update(**usual | {"occluded": None, "is_inside": None} | fields)
            found = {condition for kind in KINDS for condition in kind.rare if row.filter(condition).exists()}
            assert not found or row.filter(UNUSUAL).exists(), (shape, fields)
            seen |= found
    assert seen == {condition for kind in KINDS for condition in kind.rare}
