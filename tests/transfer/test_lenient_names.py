"""Rows, pictures and images of a task that are called otherwise: joined where it is no guess, and said."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from openimages_io.models import Image, Shape, Task
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Result
from openimages_io.transfer.options import (
    ExportOptions,
    ImportOptions,
    LayoutName,
    Match,
    Missing,
    OnError,
    as_json,
    from_json,
)
from tests.transfer.datasets import (
    BOXES_HEADER,
    CLASSES,
    bring_in,
    csv_text,
    documented,
    image_names,
    picture,
    told,
    write,
)

pytestmark = pytest.mark.django_db

BOXES = "annotations/train-annotations-bbox.csv"
COLORS = ("red", "green", "blue", "white", "black", "yellow")


def archive(
    folder: Path, rows: Iterable[str], pictures: Iterable[str] = (), boxes: str = BOXES, **others: str | list[str]
) -> Path:
    """Boxes of images of these names, pictures of different colours, and other tables."""
    lines = [f"{row},,/m/01yrx,1,0.1,0.5,0.2,0.6,0,0,0,0,0" for row in rows]
    files: dict[str, str | bytes] = {
        "annotations/class-descriptions.csv": CLASSES,
        boxes: csv_text(BOXES_HEADER, *lines),
        **documented(**others),
    }
    files |= {path: picture(color=COLORS[number % 6]) for number, path in enumerate(pictures)}
    return write(folder, files)


def task_of(names: Iterable[str], subset: str = "train") -> Task:
    task = Task.objects.create(name="t")
    task.labels.create(name="/m/01yrx", display_name="Cat", position=0, is_listed=True)
    Image.objects.bulk_create([Image(task=task, subset=subset, name=name) for name in names])
    return task


def found(result: Result) -> list[str]:
    return sorted(issue.code for issue in result.report.issues())


def boxed() -> list[str]:
    """The images of the boxes."""
    return sorted(Shape.objects.values_list("image__name", flat=True))


def pictured() -> dict[str, bool]:
    """Every image, and whether it has a picture."""
    return {image.name: bool(image.file) for image in Image.objects.order_by("name")}


@pytest.mark.parametrize(
    ("row", "path", "name", "code"),
    [
        ("a", "images/train/a.jpg", "a", ""),
        ("a.jpg", "images/train/a.jpg", "a", "matched-extension"),
        ("a.JPG", "images/train/a.jpg", "a", "matched-extension"),
        ("a", "images/train/a.JPG", "a", ""),
        ("a", "images/train/Cat/a.jpg", "a", "matched-suffix"),
        ("a.jpg", "images/train/Cat/a.jpg", "a", "matched-suffix"),
        ("Cat/a", "images/train/Cat/a.jpg", "Cat/a", ""),
        ("data/Cat/a.jpg", "images/train/Cat/a.jpg", "Cat/a", "matched-suffix"),
        ("a", "images/a.jpg", "a", ""),
    ],
)
def test_a_row_and_a_picture_are_one_image(row: str, path: str, name: str, code: str, tmp_path: Path) -> None:
    result = bring_in(archive(tmp_path / "in", [row], [path]))

    assert result.committed, told(result.report)
    assert image_names() == [("train", name)]
    assert (pictured(), boxed()) == ({name: True}, [name])
    assert found(result) == [code] * bool(code)
    again = bring_in(tmp_path / "in")
    assert (again.committed, again.changed, boxed()) == (True, False, [name]), told(again.report)
    created = bring_in(tmp_path / "in", missing_images=Missing.CREATE)
    assert (created.committed, created.changed, image_names()) == (True, False, [("train", name)])


def test_a_hundred_class_folders_make_no_image_twice(tmp_path: Path) -> None:
    names = [f"{number:04}" for number in range(100)]
    source = archive(tmp_path / "in", names, [f"images/train/Class {int(name) % 7}/{name}.jpg" for name in names])
    (issue,) = bring_in(source).report.issues()
    assert Image.objects.exclude(file="").count() == Image.objects.count() == 100
    assert str(issue) == (
        "100 names were matched by the end of a path, such as “0000” with “images/train/Class 0/0000.jpg”"
    )


def test_exact_switches_it_off(tmp_path: Path) -> None:
    bring_in(archive(tmp_path / "in", ["a"], ["images/train/Cat/a.jpg"]), match=Match.EXACT)
    assert pictured() == {"Cat/a": True, "a": False}


@pytest.mark.parametrize(
    ("rows", "paths", "values"),
    [
        (["a"], ["images/train/Cat/a.jpg", "images/train/Dog/a.jpg"], ["a"]),
        (["cam1/0001", "cam2/0001"], ["images/train/0001.jpg"], ["cam1/0001", "cam2/0001"]),
        (["a.png", "a.gif"], ["images/train/Cat/a.bmp", "images/train/Dog/a.png", "images/train/Fox/a.png"], ["a.png"]),
    ],
)
def test_what_fits_several_is_an_issue(rows: list[str], paths: list[str], values: list[str], tmp_path: Path) -> None:
    source = archive(tmp_path / "in", rows, paths)
    result = bring_in(source)
    assert not result.committed
    issues = [issue for issue in result.report.issues() if issue.code == "ambiguous-image"]
    assert [issue.value for issue in issues] == values, told(result.report)
    assert all(issue.line and paths[-1] in issue.reason for issue in issues), told(result.report)
    skipped = bring_in(source, on_error=OnError.SKIP)
    assert skipped.committed
    assert not set(boxed()) & set(values)


def test_equal_bytes_in_two_folders_are_one_image(tmp_path: Path) -> None:
    folder = archive(tmp_path / "in", ["a"], ["images/train/Cat/a.jpg"])
    copy = folder / "images/train/Dog/a.jpg"
    copy.parent.mkdir()
    copy.write_bytes((folder / "images/train/Cat/a.jpg").read_bytes())
    result = bring_in(folder)
    assert (found(result), pictured(), boxed()) == (["matched-suffix", "same-picture"], {"a": True}, ["a"])
    assert result.report.of("pictures").skipped == {"same-picture": 1}
    again = bring_in(folder)
    assert (again.committed, again.changed, pictured()) == (True, False, {"a": True}), told(again.report)


def test_what_an_export_has_named_exactly_stays_two_images(tmp_path: Path) -> None:
    """Without a picture, `a` looks like `cam/a.jpg`; but that is the picture of `cam/a`."""
    names, paths = ["a", "cam/a", "b", "b.jpg"], ["images/train/cam/a.jpg", "images/train/b.jpg"]
    rows = [f"{name},train" + "," * 10 for name in names]
    folder = archive(tmp_path / "in", names, paths, images=rows)
    result = bring_in(folder)
    assert (found(result), pictured()) == ([], {"a": False, "cam/a": True, "b": True, "b.jpg": False})


@pytest.mark.parametrize(
    ("names", "rows", "code"),
    [
        (["img_1.PNG"], ["img_1"], "matched-extension"),
        (["img_1"], ["img_1.png"], "matched-extension"),
        (["cam1/img_1"], ["img_1.png"], "matched-suffix"),
        (["a", "b/a"], ["r/a", "r/b/a"], "matched-root"),
    ],
)
@pytest.mark.parametrize("policy", [Missing.ERROR, Missing.SKIP])
def test_rows_and_images_of_the_task(
    names: list[str], rows: list[str], code: str, policy: Missing, tmp_path: Path
) -> None:
    task_of(names)
    result = bring_in(archive(tmp_path / "in", rows), missing_images=policy)
    assert (found(result), boxed(), len(image_names())) == ([code], sorted(names), len(names))


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        (["cam1/0001"], ["cam2/0001"]),
        (["0001"], ["cam1/0001", "cam2/0001"]),
        (["0001"], ["0001", "cam2/0001"]),
        (["a.jpg"], ["a.png"]),
        (["a.jpg", "a.png"], ["a"]),
        (["Cat"], ["cat"]),
    ],
)
@pytest.mark.parametrize("policy", [Missing.ERROR, Missing.SKIP])
def test_no_annotation_meets_an_image_by_a_guess(
    names: list[str], rows: list[str], policy: Missing, tmp_path: Path
) -> None:
    task_of(names)
    for order in (rows, rows[::-1]):
        source = archive(tmp_path / "in", order)
        bring_in(source, missing_images=policy)
        bring_in(source, missing_images=policy, on_error=OnError.SKIP)
        assert boxed() == sorted(set(names) & set(rows))


def test_created_images_are_never_matched_with_those_of_the_task(tmp_path: Path) -> None:
    task_of(["0001"])
    result = bring_in(archive(tmp_path / "in", ["cam2/0001"]), missing_images=Missing.CREATE)
    assert (result.committed, boxed(), len(image_names())) == (True, ["cam2/0001"], 2)

    source = archive(tmp_path / "two", ["cam3/0001"], ["images/train/0001.jpg"])
    refused = bring_in(source, missing_images=Missing.CREATE)
    assert (refused.committed, found(refused)) == (False, ["ambiguous-image"])


def test_another_picture_is_not_taken_by_a_lenient_match(tmp_path: Path) -> None:
    bring_in(archive(tmp_path / "in", ["a"], ["images/train/a.jpg"]))
    before = Image.objects.get().file_digest
    write(tmp_path / "two", {"images/train/Cat/a.jpg": picture(color="blue")})
    result = bring_in(tmp_path / "two")
    assert result.committed
    assert Image.objects.get().file_digest == before
    assert result.report.of("pictures").skipped == {"other-picture": 1}
    (first, second) = sorted(result.report.issues(), key=lambda issue: issue.code)
    assert first.code == "matched-suffix"
    assert (second.code, second.file) == ("picture-not-taken", "images/train/Cat/a.jpg")
    write(tmp_path / "three", {"images/train/a.jpg": picture(color="blue")})
    bring_in(tmp_path / "three")
    assert Image.objects.get().file_digest != before


def test_a_picture_goes_to_the_image_that_lacks_one(tmp_path: Path) -> None:
    task_of(["a.PNG", "x/b"])
    result = bring_in(write(tmp_path / "in", {f"images/train/{path}": picture() for path in ("a.png", "b.jpg")}))
    assert result.committed, told(result.report)
    assert (pictured(), Image.objects.filter(width=20).count()) == ({"a.PNG": True, "x/b": True}, 2)


def test_rows_and_pictures_of_different_folders_do_not_meet_in_one_image(tmp_path: Path) -> None:
    task_of(["0001"])
    result = bring_in(archive(tmp_path / "in", ["cam1/0001"], ["images/train/cam2/0001.jpg"]))
    assert not result.committed
    assert found(result) == ["ambiguous-image", "ambiguous-image"]


def test_rows_without_a_subset_find_the_one_picture(tmp_path: Path) -> None:
    result = bring_in(archive(tmp_path / "in", ["a"], ["images/train/a.jpg"], boxes="annotations/annotations-bbox.csv"))
    assert (found(result), image_names(), pictured()) == (["matched-subset"], [("train", "a")], {"a": True})


def test_sizes_follow(tmp_path: Path) -> None:
    folder = archive(tmp_path / "in", ["a.jpg"], ["images/train/Cat/a.jpg"], sizes="a.jpg 10 20\n")
    result = bring_in(folder)
    image = Image.objects.get()
    assert (image.name, image.width, image.height, found(result)) == ("a", 20, 10, ["matched-suffix"])


def test_the_second_round_trip_is_exact(tmp_path: Path) -> None:
    rows = ["a.jpg", "b", "x/c.jpg", "d.jpg"]
    pictures = ["images/train/a.jpg", "images/train/Cat/b.jpg", "images/train/x/c.jpg"]
    bring_in(archive(tmp_path / "in", rows, pictures), "one")
    Exporter(Task.objects.get(name="one"), tmp_path / "one").run()
    bring_in(tmp_path / "one", "two")
    Exporter(Task.objects.get(name="two"), tmp_path / "two").run()
    assert sorted(image_names("one")) == sorted(image_names("two"))
    assert sorted(name for _, name in image_names("one")) == ["a", "b", "d.jpg", "x/c"]
    files = [
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "one", tmp_path / "two")
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["img_1.PNG"], ["img_1.PNG"]),
        (["a.jpg"], ["a.jpg.png"]),
        (["a", "a.png"], ["a.png", "a.png.png"]),
    ],
)
def test_the_extension_is_not_written_twice(names: list[str], files: list[str], tmp_path: Path) -> None:
    task = task_of(names)
    data = write(
        tmp_path / "in",
        {
            f"images/train/{name}.png": picture(color=color, kind="PNG")
            for name, color in zip(names, COLORS, strict=False)
        },
    )
    bring_in(data)
    digests = dict(task.images.values_list("name", "file_digest"))

    Exporter(task, tmp_path / "out").run()

    assert sorted(path.name for path in (tmp_path / "out/images/train").iterdir()) == files
    assert bring_in(tmp_path / "out").changed is False
    bring_in(tmp_path / "out", "other")
    assert set(Image.objects.filter(task__name="other").values_list("file_digest", flat=True)) == set(digests.values())
    if len(names) > 1:
        assert dict(Image.objects.filter(task__name="other").values_list("name", "file_digest")) == digests


def test_datumaro_knows_pictures_by_the_id_and_an_extension(tmp_path: Path) -> None:
    task = task_of(["a.png"])
    bring_in(write(tmp_path / "in", {"images/train/a.png.png": picture(kind="PNG")}))
    Exporter(task, tmp_path / "out", ExportOptions(layout=LayoutName.DATUMARO)).run()
    assert [path.name for path in (tmp_path / "out/images/train").iterdir()] == ["a.png.png"]


def test_jobs_from_before_there_was_a_choice_load() -> None:
    options = as_json(ImportOptions())
    assert options.pop("match") == "lenient"
    assert from_json(ImportOptions, options) == ImportOptions()


@pytest.mark.parametrize(
    ("boxes", "path", "name", "expected"),
    [
        ("sub-train-annotations-bbox.csv", "train/a.jpg", ("sub-train", "a"), ["matched-folder"]),
        ("csv_folder/train-annotations-bbox.csv", "Dataset/train/Cat/a.jpg", ("train", "a"), ["matched-suffix"]),
        (
            "OID/csv_folder/train-annotations-bbox.csv",
            "OID/Dataset/train/Cat/a.jpg",
            ("train", "a"),
            ["matched-suffix"],
        ),
        ("train-annotations-bbox.csv", "train/data/a.jpg", ("train", "a"), ["matched-suffix"]),
        ("train-annotations-bbox.csv", "data/a.jpg", ("train", "a"), []),
        ("data-annotations-bbox.csv", "data/a.jpg", ("data", "a"), []),
        ("train-annotations-bbox.csv", "train/a.JPG", ("train", "a"), []),
    ],
)
def test_where_tools_put_pictures(
    boxes: str, path: str, name: tuple[str, str], expected: list[str], tmp_path: Path
) -> None:
    top = "OID/" if boxes.startswith("OID/") else ""
    line = "a,,/m/01yrx,1,0.1,0.5,0.2,0.6,0,0,0,0,0"
    files = {f"{top}class-descriptions.csv": CLASSES, boxes: csv_text(BOXES_HEADER, line), path: picture()}
    result = bring_in(write(tmp_path / "in", files))
    assert image_names() == [name], told(result.report)
    assert (pictured(), boxed(), found(result)) == ({"a": True}, ["a"], expected)
    again = bring_in(tmp_path / "in")
    assert (again.committed, again.changed) == (True, False)


@pytest.mark.parametrize(
    "files",
    [
        ["sub-train-annotations-bbox.csv", "train-annotations-bbox.csv"],
        ["sub-train-annotations-bbox.csv", "my-train-annotations-bbox.csv"],
        ["untrain-annotations-bbox.csv"],
        ["sub-train-annotations-bbox.csv", "annotations-bbox.csv"],
    ],
)
def test_subsets_are_joined_only_where_no_other_may_be_meant(files: list[str], tmp_path: Path) -> None:
    rows = csv_text(BOXES_HEADER, "a,,/m/01yrx,1,0.1,0.5,0.2,0.6,0,0,0,0,0")
    result = bring_in(write(tmp_path / "in", dict.fromkeys(files, rows) | {"train/b.jpg": picture()}))
    assert ("train", "b") in image_names()
    assert "matched-folder" not in found(result)


@pytest.mark.parametrize("name", ["a", "a.jpg", "Cat/a", "Cat/a.jpg"])
def test_images_meta_may_have_either_name_and_claims_no_image(name: str, tmp_path: Path) -> None:
    folder = archive(tmp_path / "in", ["a"], ["images/train/Cat/a.jpg"], sizes=f"{name} 10 20\n")
    result = bring_in(folder)
    assert (pictured(), boxed()) == ({"a": True}, ["a"])
    assert result.report.of("image sizes").skipped == {}, told(result.report)


def test_images_meta_of_two_subsets(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        f"annotations/{subset}-annotations-bbox.csv": csv_text(
            BOXES_HEADER, "a.jpg,,/m/01yrx,1,0.1,0.5,0.2,0.6,0,0,0,0,0"
        )
        for subset in ("train", "val")
    }
    pictures: dict[str, str | bytes] = {"images/train/a.jpg": picture(), "images/val/a.jpg": picture(color="blue")}
    result = bring_in(write(tmp_path / "in", files | pictures | {"annotations/images.meta": "a.jpg 10 20\n"}))
    assert image_names() == [("train", "a"), ("val", "a")]
    assert result.report.of("image sizes").skipped == {}, told(result.report)
