"""What goes in comes out: the promises of an import and an export together."""

import csv
import json
import random
import shlex
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.extra.numpy import arrays

from openimages_io.format.layouts import misread
from openimages_io.format.limits import Limits
from openimages_io.format.masks import decode, encode
from openimages_io.format.names import DATUMARO
from openimages_io.geometry import fill_polygon
from openimages_io.models import Image, Label, Mask, Shape, ShapeKind, Task
from openimages_io.transfer.exporter import Exporter, ExportResult
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.options import ExportOptions, ImportOptions, LabelNames, LayoutName, MasksAs
from tests.transfer import generated

pytestmark = pytest.mark.django_db

NUMBERS = {"OriginalSize", "Confidence", "PredictedIoU"}


def value(column: str, cell: str) -> object:
    """What a cell means."""
    if column in NUMBERS or (column.startswith(("X", "Y", "Box")) and column != "BoxID"):
        return (1.0 if column == "Confidence" else None) if cell == "" else float(cell)
    if column == "Rotation":
        return None if cell in {"", "nan"} else float(cell)
    return cell or "-1" if column.startswith("Is") else cell


def table(path: Path) -> tuple[list[str], list[dict[str, object]]]:
    """The columns of a CSV file, and its rows as values; of the class list, which has no header, as they stand."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    if path.name.startswith("class-"):  # where there is no display name, the LabelName is written twice
        columns, rows = ["LabelName", "DisplayName"], [[name, display or name] for name, display in rows]
    else:
        columns = rows.pop(0)
    names = [{"IsDepictionOf": "IsDepiction", "IsInsideOf": "IsInside"}.get(name, name) for name in columns]
    return names, [{name: value(name, cell) for name, cell in zip(names, row, strict=True)} for row in rows]


def sizes(path: Path) -> list[tuple[str, ...]]:
    """The lines of images.meta, each with the subset that was named last."""
    found, subset = [], ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("# subset: "):
            subset = shlex.split(line[len("# subset: ") :])[0]
        elif words := shlex.split(line, comments=True):
            found.append((subset, *words))
    return found


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files(folder)}


def brought_in(source: Path, task: str, options: ImportOptions | None = None) -> Result:
    result = Importer(source, task, options).run()
    assert result.committed, [str(issue) for issue in result.report.issues()]
    return result


def export(task: Task, dest: Path, options: ExportOptions | None = None) -> ExportResult:
    result = Exporter(task, dest, options).run()
    for kind, totals in result.report.totals.items():
        assert totals.read == totals.written + sum(totals.skipped.values()), kind
    return result


def unpacked(archive: Path) -> Path:
    folder = archive.with_suffix("")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


def compare(before: Path, after: Path) -> None:
    """Every cell equal as a value, rows in the same order; masks, pictures, hierarchy and sizes equal."""
    assert files(after) == files(before)
    for name in files(before):
        old, new = before / name, after / name
        if name.endswith("hierarchy.json"):
            assert json.loads(new.read_bytes()) == json.loads(old.read_bytes())
        elif name.endswith("images.meta"):
            assert sorted(sizes(new)) == sorted(sizes(old))
        elif name.endswith(".csv"):
            columns, rows = table(old)
            new_columns, new_rows = table(new)
            assert set(columns) <= set(new_columns), name
            assert [{column: row[column] for column in columns} for row in new_rows] == rows, name
        else:
            assert new.read_bytes() == old.read_bytes(), name


@pytest.fixture(scope="module")
def data_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated") / "set"
    generated.write_data_set(folder)
    return folder


# Promise 1: import and export


@pytest.mark.long
@pytest.mark.parametrize("packed", [False, True])
def test_every_cell_comes_out_as_it_came_in(data_set: Path, tmp_path: Path, packed: bool) -> None:
    source = Path(shutil.make_archive(str(tmp_path / "set"), "zip", data_set)) if packed else data_set

    report = brought_in(source, "t").report
    assert report.errors == 0
    result = export(Task.objects.get(), tmp_path / "out.zip")

    assert result.report.errors == 0
    compare(data_set, unpacked(tmp_path / "out.zip"))


def test_the_data_set_has_what_it_should(data_set: Path) -> None:
    """A test of the test: the traps are in the files."""
    names = files(data_set)
    text = "".join((data_set / name).read_bytes().decode() for name in names if name.endswith(".csv"))
    assert len([name for name in names if name.startswith("masks/")]) > 30
    for trap in (
        ",-1,",
        "three\r\nlines",
        "XClick1X",
        "AgePresentation",
        ",machine,",
        "Страница",
        "b/0/d/2",
        '5"" disk',
    ):
        assert trap in text, trap


def test_the_real_files_come_out_as_they_came_in(shared: Path, tmp_path: Path) -> None:
    source = tmp_path / "in"
    annotations = source / "annotations"
    annotations.mkdir(parents=True)
    heads = shared / "heads"
    tree = (shared / "bbox_labels_600_hierarchy.json").read_bytes()
    (annotations / "bbox_labels_600_hierarchy.json").write_bytes(tree)
    shutil.copy(shared / "class-descriptions-boxable.csv", annotations / "class-descriptions.csv")
    boxes, tags = annotations / "train-annotations-bbox.csv", annotations / "train-annotations-human-imagelabels.csv"
    shutil.copy(heads / "oidv6-train-annotations-bbox.csv", boxes)
    shutil.copy(heads / "train-annotations-human-imagelabels-boxable.csv", tags)
    shutil.copy(heads / "train-annotations-object-segmentation.csv", annotations)
    columns, rows = table(heads / "train-images-boxable-with-rotation.csv")
    named = {row["ImageID"] for row in rows}
    for name in (boxes, tags, annotations / "train-annotations-object-segmentation.csv"):
        for row in table(name)[1]:
            if row["ImageID"] not in named:
                named.add(row["ImageID"])
                rows.append({"ImageID": row["ImageID"], "Subset": "train"})
    cells = [[("" if row.get(column) is None else row[column]) for column in columns] for row in rows]
    for row_ in cells:
        row_[columns.index("OriginalSize")] = str(row_[columns.index("OriginalSize")]).removesuffix(".0")
    generated.write_csv(annotations / "train-image_ids_and_rotation.csv", columns, cells)
    _add_taxis(shared, source)

    brought_in(source, "t")
    export(Task.objects.get(), tmp_path / "out.zip")

    out = unpacked(tmp_path / "out.zip")
    (source / "annotations" / "test-annotations-bbox.csv").write_text(",".join(generated.BOX_COLUMNS) + "\n")
    labels = source / "annotations" / "test-annotations-human-imagelabels.csv"
    labels.write_text(",".join(generated.LABEL_COLUMNS) + "\n")
    (out / "annotations" / "images.meta").unlink()  # our pictures tell what no official file does
    compare(source, out)
    written = (out / "annotations" / "bbox_labels_600_hierarchy.json").read_bytes()
    assert written == json.dumps(json.loads(tree), indent=4).encode()


def _add_taxis(shared: Path, source: Path) -> None:
    """The real masks and pictures, with rows that are made for them."""
    shutil.copytree(shared / "taxi", source, dirs_exist_ok=True)
    annotations = source / "annotations"
    images = sorted(path.stem for path in (source / "images" / "test").iterdir())
    rows = [[image, "test", *[""] * 10] for image in images]
    generated.write_csv(annotations / "test-image_ids_and_rotation.csv", generated.IMAGE_COLUMNS, rows)
    masks = []
    for path in sorted((source / "masks" / "test").iterdir()):
        image, _, box_id = path.stem.split("_")
        masks.append([path.name, image, "/m/0pg52", box_id, "0.1", "0.900000", "0.25", "0.75", "", ""])
    generated.write_csv(annotations / "test-annotations-object-segmentation.csv", generated.MASK_COLUMNS, masks)


@pytest.mark.thorough
def test_the_whole_class_list_comes_out_as_it_came_in(shared: Path, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    shutil.copy(shared / "oidv6-class-descriptions.csv", source)

    brought_in(source, "t")
    export(Task.objects.get(), tmp_path / "out")

    with (source / "oidv6-class-descriptions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert table(tmp_path / "out" / "annotations" / "class-descriptions.csv")[1] == [
        {"LabelName": name, "DisplayName": display} for name, display in rows
    ]


# Promise 2: export, import, export


@pytest.mark.long
@pytest.mark.parametrize("ending", [".zip", ""])
@pytest.mark.parametrize("layout", LayoutName)
@pytest.mark.parametrize("label_names", LabelNames)
def test_an_export_of_its_import_is_the_same_bytes(
    tmp_path: Path, ending: str, layout: LayoutName, label_names: LabelNames
) -> None:
    options = ExportOptions(layout=layout, label_names=label_names)
    first, second = tmp_path / f"first{ending}", tmp_path / f"second{ending}"
    task = generated.make_task()

    export(task, first, options)
    brought_in(first, "again")
    export(Task.objects.get(name="again"), second, options)

    same_bytes(first, second)


def same_bytes(first: Path, second: Path) -> None:
    if first.is_dir():
        assert contents(first) == contents(second)
        return
    one, two = contents(unpacked(first)), contents(unpacked(second))
    for name in one:
        assert two.get(name) == one[name], name
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("layout", LayoutName)
def test_the_data_set_s_second_export_is_the_same_bytes(data_set: Path, tmp_path: Path, layout: LayoutName) -> None:
    options = ExportOptions(layout=layout)
    if layout is LayoutName.DATUMARO:  # in whose names some subsets look like others, which is told
        chosen = frozenset(subset for subset in generated.SUBSETS if not misread(subset, DATUMARO))
        assert len(chosen) == len(generated.SUBSETS) - 2
        options = ExportOptions(layout=layout, subsets=chosen)
    brought_in(data_set, "one")
    export(Task.objects.get(name="one"), tmp_path / "first.zip", options)
    brought_in(tmp_path / "first.zip", "two")
    export(Task.objects.get(name="two"), tmp_path / "second.zip", options)

    same_bytes(tmp_path / "first.zip", tmp_path / "second.zip")


@pytest.mark.long
def test_two_exports_of_one_task_are_the_same_bytes(tmp_path: Path) -> None:
    task = generated.make_task()
    export(task, tmp_path / "first.zip")
    export(task, tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def bare_task(**labels: bool) -> Task:
    task = Task.objects.create(name="bare")
    for position, (name, listed) in enumerate(labels.items()):
        Label.objects.create(task=task, name=name, position=position, is_listed=listed)
    return task


@pytest.mark.parametrize(
    "make",
    [
        bare_task,
        lambda: bare_task(cat=True),
        lambda: bare_task(cat=True, root=False),
        lambda: bare_task(cat=True, root=False, other=False),
        lambda: bare_task(**{"/m/0bl9f": True}),
        lambda: bare_task(**{"/m/0bl9f": False, "cat": True}),
        lambda: bare_task(LabelName=True, cat=True),
    ],
)
def test_a_task_of_labels_alone_survives(tmp_path: Path, make: Callable[[], Task]) -> None:
    export(make(), tmp_path / "first.zip")
    brought_in(tmp_path / "first.zip", "again")
    export(Task.objects.get(name="again"), tmp_path / "second.zip")
    same_bytes(tmp_path / "first.zip", tmp_path / "second.zip")


# Promise 4: polygon, mask, traced polygon, mask


def test_a_polygon_with_holes_and_parts_keeps_its_pixels(tmp_path: Path) -> None:
    task = Task.objects.create(name="t")
    label = Label.objects.create(task=task, name="cat")
    image = Image.objects.create(task=task, subset="train", name="a", width=97, height=61)
    rings = [generated.SQUARE, generated.HOLE, generated.PART]
    whole = {"x_min": 0.1, "x_max": 0.95, "y_min": 0.1, "y_max": 0.95}
    Shape.objects.create(task=task, image=image, label=label, kind="polygon", points=rings, **whole)

    export(task, tmp_path / "first.zip")
    brought_in(tmp_path / "first.zip", "traced", ImportOptions(masks_as=MasksAs.POLYGONS))
    traced = Shape.objects.get(task__name="traced")
    export(Task.objects.get(name="traced"), tmp_path / "second.zip")

    assert traced.kind == ShapeKind.POLYGON
    assert traced.points is not None
    assert np.array_equal(fill_polygon(traced.points, 97, 61), fill_polygon(rings, 97, 61))
    same_bytes(tmp_path / "first.zip", tmp_path / "second.zip")


@pytest.mark.long
class TestRandomMasks(TestCase):
    """Each example in a transaction of its own."""

    @settings(max_examples=15)
    @given(arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))).filter(lambda mask: bool(mask.any())))
    def test_a_random_mask_that_is_traced_keeps_its_pixels(self, mask: Any) -> None:
        with TemporaryDirectory() as folder:
            task = Task.objects.create(name="t")
            label = Label.objects.create(task=task, name="cat")
            image = Image.objects.create(task=task, subset="train", name="a", width=5, height=7)
            shape = Shape.objects.create(task=task, image=image, label=label, kind="mask")
            Mask.objects.create(shape=shape, png=encode(mask), width=mask.shape[1], height=mask.shape[0])
            export(task, Path(folder) / "first")
            brought_in(Path(folder) / "first", "traced", ImportOptions(masks_as=MasksAs.POLYGONS))
            traced = Task.objects.get(name="traced")
            assert traced.shapes.get().kind == ShapeKind.POLYGON
            export(traced, Path(folder) / "second")

            (path,) = (Path(folder) / "second" / "masks" / "train").iterdir()
            assert np.array_equal(decode(path.read_bytes(), Limits()), mask)
            task.delete()
            traced.delete()


def test_the_generator_writes_numbers_in_many_notations() -> None:
    chance = random.Random(1)
    texts = [generated.fraction(chance, chance.random()) for _ in range(200)]
    assert all(0 <= float(text) <= 1 for text in texts)
    for start in ("+", ".", " "):
        assert any(text.startswith(start) for text in texts)
    for sign in ("e-", "E-"):
        assert any(sign in text for text in texts)
