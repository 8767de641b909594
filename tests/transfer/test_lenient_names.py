"""Rows, pictures and images of a task that are called otherwise: joined where it is not a guess, and said."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from openimages_io.format.issues import Severity
from openimages_io.format.names import split_ending
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
from openimages_io.transfer.pictures.storing import digest_of
from openimages_io.transfer.report import Report
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
    assert (refused.committed, found(refused)) == (False, ["ambiguous-image", "ambiguous-image"])
    for _ in range(2):  # nor does its picture make the task's image the same the next time
        bring_in(source, missing_images=Missing.CREATE, on_error=OnError.SKIP)
        assert (boxed(), pictured()["0001"]) == (["cam2/0001"], False)


@pytest.mark.parametrize(
    ("names", "row", "paths", "broken"),
    [
        (["x/a"], "a", ["x/a.jpg", "y/a.jpg"], ["y/a.jpg"]),
        (["x/a"], "a", ["y/a.jpg"], []),
        (["a"], "cam1/a", ["cam1/a.jpg", "a.jpg"], []),
        (["a.png"], "a", ["a.jpg"], []),
        (["a"], "v/x/a", ["x/a.jpg", "a.jpg"], []),
    ],
)
@pytest.mark.parametrize("policy", [Missing.ERROR, Missing.SKIP])
def test_a_row_that_fits_a_picture_of_no_image_too_meets_none(
    names: list[str], row: str, paths: list[str], broken: list[str], policy: Missing, tmp_path: Path
) -> None:
    """The other picture of its archive may be what it is of, though the task doesn't have it, or could not read it."""
    task_of(names)
    source = archive(tmp_path / "in", [row], [f"images/train/{path}" for path in paths])
    for path in broken:
        (source / "images" / "train" / path).write_bytes(picture()[:90])
    result = bring_in(source, missing_images=policy, on_error=OnError.SKIP)
    assert result.report.of("boxes").skipped == {"bad": 1}
    assert "ambiguous-image" in found(result)
    assert boxed() == []


def test_what_an_import_that_creates_has_doubted_is_no_match_the_next_time(tmp_path: Path) -> None:
    source = archive(tmp_path / "in", ["a", "b"], [f"images/train/{path}.jpg" for path in ("x/a", "y/a", "x/b")])
    (source / "images" / "train" / "y" / "a.jpg").write_bytes(picture()[:90])
    for _ in range(3):
        result = bring_in(source, on_error=OnError.SKIP)
        assert result.report.of("boxes").skipped == {"bad": 1}
        assert (boxed(), sorted(pictured())) == (["b"], ["b", "x/a"])


@pytest.mark.parametrize("policy", [Missing.ERROR, Missing.SKIP])
def test_a_row_of_another_picture_than_the_image_has_meets_none(policy: Missing, tmp_path: Path) -> None:
    bring_in(archive(tmp_path / "in", ["a"], ["images/train/a.jpg"]))
    source = archive(tmp_path / "two", ["Cat/a"], ["images/train/b.jpg", "images/train/Cat/a.jpg"])
    result = bring_in(source, missing_images=policy, on_error=OnError.SKIP)
    (issue,) = [issue for issue in result.report.issues() if issue.code == "ambiguous-image"]
    assert (issue.value, issue.params["form"]) == ("Cat/a", "taken")
    assert result.report.of("boxes").skipped == {"bad": 1}
    names_alone = bring_in(source, missing_images=policy, pictures=False)
    assert names_alone.report.of("boxes").unchanged == 1


def test_the_same_picture_in_another_folder_is_the_images(tmp_path: Path) -> None:
    bring_in(archive(tmp_path / "in", ["a"], ["images/train/a.jpg"]))
    source = archive(tmp_path / "two", ["Cat/a"], ["images/train/Cat/a.jpg"])
    assert bring_in(source).report.of("boxes").unchanged == 1


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


def export_of(task: Task, folder: Path, **options: Any) -> tuple[list[str], Report]:
    """The pictures of an export, and its report."""
    report = Exporter(task, folder, ExportOptions(**options)).run().report
    paths = [path for path in (folder / "images").rglob("*") if path.is_file()]
    return sorted(path.relative_to(folder / "images").as_posix() for path in paths), report


def with_pictures(folder: Path, names: Iterable[str]) -> Task:
    """A task of these images, each with a box and a picture of its own; the names begin with their subsets."""
    task = Task.objects.create(name="t")
    label = task.labels.create(name="/m/01yrx", display_name="Cat", position=0, is_listed=True)
    for number, place in enumerate(names):
        subset, _, name = place.partition(":")
        ending = split_ending(name)[1] or ".jpg"
        data = picture(width=20 + number, kind="PNG" if ending == ".png" else "JPEG")
        write(folder, {f"images/{subset}/{name}{ending}": data})
        image = task.images.create(subset=subset, name=name)
        Shape.objects.create(
            task=task, image=image, label=label, kind="rectangle", x_min=0, x_max=0.01 * number + 0.1, y_min=0, y_max=1
        )
        assert bring_in(folder).committed
    assert not task.images.filter(file="").exists()
    return task


def boxes_on_pictures(task: str) -> list[tuple[float | None, str]]:
    """Each box with the bytes of its picture."""
    return list(Shape.objects.filter(task__name=task).values_list("x_max", "image__file_digest").order_by("x_max"))


@pytest.mark.parametrize(
    ("names", "files", "codes"),
    [
        (["train:a.png"], ["train/a.png"], ["extension-left-out"]),
        (["train:a.PNG", "train:x/b.png"], ["train/a.png", "train/x/b.png"], ["extension-left-out"]),
        (["train:a.png", "val:a.png"], ["train/a.png", "val/a.png"], ["extension-left-out", "shared-image-id"]),
        (["train:a.png", "train:a"], ["train/a.jpg", "train/a.png.png"], ["extension-twice"]),
        (["train:a.png", "val:a"], ["train/a.png.png", "val/a.jpg"], ["extension-twice"]),
        (["train:a.png", "train:a.jpg"], ["train/a.jpg.jpg", "train/a.png.png"], ["extension-twice"]),
        (["train:a", "train:x/a"], ["train/a.jpg", "train/x/a.jpg"], []),
    ],
)
def test_datumaro_knows_pictures_by_the_id_and_one_extension(
    names: list[str], files: list[str], codes: list[str], tmp_path: Path
) -> None:
    task = with_pictures(tmp_path / "in", names)
    before = boxes_on_pictures("t")

    written, report = export_of(task, tmp_path / "out", layout=LayoutName.DATUMARO)

    assert ([name.lower() for name in written], sorted(issue.code for issue in report.issues())) == (files, codes)
    same = bring_in(tmp_path / "out")
    assert (same.committed, same.changed) == (True, False), told(same.report)
    new = bring_in(tmp_path / "out", "new")
    assert (new.committed, boxes_on_pictures("new")) == (True, before), told(new.report)
    if "extension-left-out" not in codes:
        assert sorted(image_names("new")) == sorted(image_names("t"))
    Exporter(Task.objects.get(name="new"), tmp_path / "two", ExportOptions(layout=LayoutName.DATUMARO)).run()
    third = bring_in(tmp_path / "two", "third")
    assert (sorted(image_names("third")), boxes_on_pictures("third")) == (sorted(image_names("new")), before)
    assert not [issue for issue in third.report.issues() if issue.severity is not Severity.NOTE]


@pytest.mark.parametrize("pictures", [True, False])
def test_an_extension_is_left_out_with_and_without_pictures(tmp_path: Path, *, pictures: bool) -> None:
    task = with_pictures(tmp_path / "in", ["train:a.png"])
    export_of(task, tmp_path / "out", layout=LayoutName.DATUMARO, pictures=pictures)
    rows = (tmp_path / "out/annotations/train-annotations-bbox.csv").read_text().splitlines()
    assert [row.partition(",")[0] for row in rows[1:]] == ["a"]


@pytest.mark.parametrize(
    ("layout", "path"), [(LayoutName.DATUMARO, "train/a.png.png"), (LayoutName.DOCUMENTED, "train/a.png")]
)
@pytest.mark.parametrize("match", Match)
@pytest.mark.parametrize("policy", Missing)
def test_a_chosen_subset_does_not_take_the_name_of_another_subsets_image(
    layout: LayoutName, path: str, match: Match, policy: Missing, tmp_path: Path
) -> None:
    """Else its boxes, or its picture, would be found to be those of `a` in `val` when they come back."""
    task = with_pictures(tmp_path / "in", ["train:a.png", "val:a"])
    before = boxes_on_pictures("t")
    written, _ = export_of(task, tmp_path / "out", layout=layout, subsets=frozenset({"train"}))
    assert written == [path]
    again = bring_in(tmp_path / "out", match=match, missing_images=policy)
    assert (again.committed, again.changed, boxes_on_pictures("t")) == (True, False, before), told(again.report)


def test_a_picture_in_the_folder_of_a_subset_goes_before_one_in_none(tmp_path: Path) -> None:
    """The first in the order of paths was counted as added, and no picture was stored."""
    source = archive(tmp_path / "in", ["a"], ["images/a.jpg", "images/train/a.png"])
    result = bring_in(source, match=Match.EXACT, on_error=OnError.SKIP)
    assert (found(result), result.report.of("pictures").added) == (["two-pictures"], 1)
    assert Image.objects.get().file_digest == digest_of((source / "images/train/a.png").read_bytes())
    (source / "images/train/a.png").write_bytes(b"x")
    bring_in(source, "other", match=Match.EXACT, on_error=OnError.SKIP)
    image = Image.objects.get(task__name="other")
    assert image.file_digest == digest_of((source / "images/a.jpg").read_bytes())


def test_a_look_at_file_names_is_no_find_in_another_subset(tmp_path: Path) -> None:
    task_of(["a.jpg"], "val").images.create(subset="train", name="a")
    result = bring_in(write(tmp_path / "in", {"images/train/a.jpg": picture()}))
    assert (found(result), Image.objects.exclude(file="").get().subset) == ([], "train")


@pytest.mark.parametrize("match", Match)
def test_a_file_name_is_of_no_image_in_another_subset(match: Match, tmp_path: Path) -> None:
    """A row of no subset makes `a.jpg` in `default`; the next import must not give it the picture of `a` in `train`."""
    boxes = "annotations/annotations-bbox.csv"
    source = archive(
        tmp_path / "in", ["a.jpg"], ["images/train/b.jpg", "images/val/a.jpg", "images/train/a.jpg"], boxes
    )
    options: dict[str, Any] = {"missing_images": Missing.CREATE, "on_error": OnError.SKIP, "match": match}
    assert bring_in(source, **options).committed
    before = pictured()
    again = bring_in(source, **options)
    assert (again.committed, again.changed, pictured()) == (True, False, before), told(again.report)


def test_a_file_name_in_the_subset_is_nearer_than_an_image_id_elsewhere(tmp_path: Path) -> None:
    with_pictures(tmp_path / "in", ["train:a.png", "val:a"])
    before = boxes_on_pictures("t")
    with Image.objects.get(subset="train").file.open() as file:
        data = file.read()
    again = bring_in(write(tmp_path / "out", {"images/train/a.png": data}))
    assert (again.committed, again.changed, boxes_on_pictures("t")) == (True, False, before), told(again.report)


def test_a_left_out_extension_is_an_error_where_names_must_be_exact(tmp_path: Path) -> None:
    task = with_pictures(tmp_path / "in", ["train:a.png"])
    export_of(task, tmp_path / "out", layout=LayoutName.DATUMARO)
    exact = bring_in(tmp_path / "out", match=Match.EXACT)
    assert not exact.committed
    assert {"unknown-image", "images-not-found"} <= set(found(exact))
    created = bring_in(tmp_path / "out", missing_images=Missing.CREATE)
    assert "images-look-alike" in found(created)


@pytest.mark.parametrize("layout", LayoutName)
@pytest.mark.parametrize("names", [["train:a.jpg"], ["train:a.jpg", "train:a"], ["train:x/a.png", "val:x/a"]])
def test_exact_names_come_back_exactly(layout: LayoutName, names: list[str], tmp_path: Path) -> None:
    task = with_pictures(tmp_path / "in", names)
    _, report = export_of(task, tmp_path / "out", layout=layout)
    left_out = "extension-left-out" in {issue.code for issue in report.issues()}
    new = bring_in(tmp_path / "out", "new", match=Match.EXACT)
    assert (new.committed, boxes_on_pictures("new")) == (True, boxes_on_pictures("t")), told(new.report)
    assert left_out or sorted(image_names("new")) == sorted(image_names("t"))
    same = bring_in(tmp_path / "out", match=Match.EXACT)
    assert (same.committed, same.changed) == (not left_out, False), told(same.report)


def test_an_exact_name_with_an_extension_of_its_own_keeps_its_picture(tmp_path: Path) -> None:
    """Both `a.jpg` and `a.jpg.jpg` are there: the latter is the picture of `a.jpg`."""
    folder = archive(tmp_path / "in", ["a.jpg"], ["images/train/a.jpg", "images/train/a.jpg.jpg"])
    bring_in(folder, match=Match.EXACT)
    assert pictured() == {"a": True, "a.jpg": True}
    assert Image.objects.get(name="a.jpg").file_digest == digest_of((folder / "images/train/a.jpg.jpg").read_bytes())


@pytest.mark.parametrize("policy", Missing)
@pytest.mark.parametrize("match", Match)
@pytest.mark.parametrize(
    ("rows", "expected"),
    [(["a.jpg"], {"a": False, "a.jpg": True}), (["a.jpg", "a"], {"a": True, "a.jpg": False})],
)
def test_a_picture_is_of_the_image_that_the_rows_mean(
    rows: list[str], expected: dict[str, bool], policy: Missing, match: Match, tmp_path: Path
) -> None:
    """The task has both `a` and `a.jpg`; a picture `a.jpg` may be either's."""
    task_of(["a", "a.jpg"])
    source = archive(tmp_path / "in", rows, ["images/train/a.jpg"])
    for changes in (True, False):
        result = bring_in(source, missing_images=policy, match=match)
        assert (result.committed, result.changed, pictured()) == (True, changes, expected), told(result.report)


@pytest.mark.parametrize("match", Match)
def test_created_images_take_the_picture_of_an_exact_row(match: Match, tmp_path: Path) -> None:
    task_of(["a.jpg"])
    source = archive(tmp_path / "in", ["a.jpg"], ["images/train/a.jpg"])
    result = bring_in(source, missing_images=Missing.CREATE, match=match)
    assert (result.committed, pictured()) == (True, {"a.jpg": True}), told(result.report)


@pytest.mark.parametrize(
    ("names", "rows", "boxes"),
    [
        (["job/cam1/1.jpg"], ["cam1/1"], ["job/cam1/1.jpg"]),
        (["job/cam1/1.jpg"], ["cam2/1"], []),
        (["job/cam1/1.jpg", "job/cam2/1.jpg"], ["cam1/1", "cam2/1"], ["job/cam1/1.jpg", "job/cam2/1.jpg"]),
        (["job/cam1/1.jpg", "job/cam2/1.jpg"], ["1"], []),
        (["job/cam1/1.jpg", "job/cam2/1.jpg"], ["cam1/1", "cam3/1"], ["job/cam1/1.jpg"]),
        (["cam1/1"], ["job/cam1/1.jpg"], ["cam1/1"]),
        (["cam1/1"], ["job/cam2/1.jpg"], []),
        (["cam1/1"], ["job1/cam1/1.jpg", "job2/cam1/1.jpg"], []),
        (["cam1/1.PNG"], ["job/cam1/1"], ["cam1/1.PNG"]),
        (["1.jpg"], ["cam1/1", "cam2/1"], []),
    ],
)
@pytest.mark.parametrize("policy", [Missing.ERROR, Missing.SKIP])
def test_cvat_leaves_out_the_extension_and_a_folder(
    names: list[str], rows: list[str], boxes: list[str], policy: Missing, tmp_path: Path
) -> None:
    task_of(names)
    source = archive(tmp_path / "in", rows)
    whole = bring_in(source, missing_images=policy)
    if policy is Missing.ERROR:
        assert whole.committed is (len(boxes) == len(rows)), told(whole.report)
    bring_in(source, missing_images=policy, on_error=OnError.SKIP)
    assert (boxed(), len(image_names())) == (boxes, len(names))


@pytest.mark.parametrize("pictures", [True, False])
@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize(
    ("row", "path"),
    [
        ("a", "Cat/a.jpg"),
        ("a.jpg", "Cat/a.jpg"),
        ("data/Cat/a.jpg", "Cat/a.jpg"),
        ("data/Cat/a", "Cat/a.jpg"),
        ("a.jpg", "a.jpg"),
    ],
)
def test_a_second_import_that_creates_changes_nothing(
    row: str, path: str, tmp_path: Path, *, pictures: bool, is_whole: bool
) -> None:
    """Also where the picture that showed what is of one image was not stored."""
    source = archive(tmp_path / "in", [row], [f"images/train/{path}"])
    whole = (source / "images/train" / path).read_bytes()
    if not is_whole:
        (source / "images/train" / path).write_bytes(whole[:100])
    options: dict[str, Any] = {"missing_images": Missing.CREATE, "on_error": OnError.SKIP}
    for changes in (True, False, False):
        result = bring_in(source, pictures=pictures, **options)
        assert (result.committed, result.changed, len(image_names())) == (True, changes, 1), told(result.report)
        assert "ambiguous-image" not in found(result)
    (source / "images/train" / path).write_bytes(whole)
    bring_in(source, **options)
    assert (list(pictured().values()), len(boxed())) == ([True], 1)


@pytest.mark.parametrize("policy", Missing)
@pytest.mark.parametrize("copy", ["Cat/a.jpg", "x/Cat/a.jpg"])
def test_a_copy_beside_the_picture_is_the_same_image(policy: Missing, copy: str, tmp_path: Path) -> None:
    task_of(["a"])
    source = archive(tmp_path / "in", ["a"], ["images/train/a.jpg"])
    target = source / "images/train" / copy
    target.parent.mkdir(parents=True)
    target.write_bytes((source / "images/train/a.jpg").read_bytes())
    for changes in (True, False):
        result = bring_in(source, missing_images=policy)
        assert (result.committed, result.changed, pictured()) == (True, changes, {"a": True}), told(result.report)
        assert found(result) == ["same-picture"]
    target.write_bytes(picture(color="blue"))
    other = bring_in(source, missing_images=policy)
    assert other.committed is (policy is not Missing.ERROR)
    assert len(image_names()) == 1 + (policy is Missing.CREATE)


def test_copies_that_rows_name_are_images_of_their_own(tmp_path: Path) -> None:
    source = archive(tmp_path / "in", ["a", "Cat/a"], ["images/train/a.jpg"])
    (source / "images/train/Cat").mkdir()
    (source / "images/train/Cat/a.jpg").write_bytes((source / "images/train/a.jpg").read_bytes())
    bring_in(source)
    assert (pictured(), boxed()) == ({"Cat/a": True, "a": True}, ["Cat/a", "a"])


def test_equal_bytes_in_folders_that_disagree_are_two_images(tmp_path: Path) -> None:
    """Two cameras may see the same black, and what one saw is not what the other did."""
    source = archive(tmp_path / "in", ["cam1/a"], ["images/train/cam1/a.jpg"])
    (source / "images/train/cam2").mkdir()
    (source / "images/train/cam2/a.jpg").write_bytes((source / "images/train/cam1/a.jpg").read_bytes())
    bring_in(source)
    assert pictured() == {"cam1/a": True, "cam2/a": True}


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


# An ImageID of the task in another subset than the one that is said


def test_new_images_are_not_sought_in_another_subset(tmp_path: Path) -> None:
    """The picture was that of `a.JPG`, and with the next import of `a` in `val`, which the first one had made."""
    task_of(["a.JPG"])
    source = archive(tmp_path / "in", ["a.JPG"], ["images/train/a.jpg"])
    (source / BOXES.replace("train", "val")).write_text((source / BOXES).read_text().replace("a.JPG", "a"))
    first = bring_in(source, missing_images=Missing.CREATE)
    before = pictured()
    assert (found(first), before) == (["images-look-alike", "matched-extension"], {"a": False, "a.JPG": True})
    again = bring_in(source, missing_images=Missing.CREATE)
    assert (again.committed, again.changed, pictured()) == (True, False, before), told(again.report)


@pytest.mark.parametrize("match", Match)
def test_where_images_are_created_those_of_other_subsets_are_others(match: Match, tmp_path: Path) -> None:
    task_of(["a"], "val")
    source = archive(tmp_path / "in", ["a"], ["images/train/a.jpg"])
    (said,) = told(bring_in(source, missing_images=Missing.CREATE, match=match).report)
    assert said.startswith("warning: images-look-alike: 1 new image")
    assert said.endswith("“a” looks like the task's “val/a” but for the subset (1 such)")
    assert [*Shape.objects.values_list("image__subset", flat=True)] == ["train"]
    assert Image.objects.exclude(file="").get().subset == "train"


@pytest.mark.parametrize("policy", [Missing.ERROR, Missing.SKIP])
def test_a_name_without_its_extension_is_nearer_than_an_image_id_in_another_subset(
    policy: Missing, tmp_path: Path
) -> None:
    task_of(["a.jpg"]).images.create(subset="val", name="a")
    result = bring_in(archive(tmp_path / "in", ["a"], ["images/train/a.JPG"]), missing_images=policy)
    assert result.committed, told(result.report)
    assert [*Shape.objects.values_list("image__subset", flat=True)] == ["train"]
    assert Image.objects.exclude(file="").get().subset == "train"


def test_the_end_of_a_path_and_an_image_id_in_another_subset_are_no_match(tmp_path: Path) -> None:
    task_of(["Cat/a"]).images.create(subset="val", name="a")
    result = bring_in(archive(tmp_path / "in", ["a"], ["images/train/a.jpg"]), on_error=OnError.SKIP)
    assert (found(result), Shape.objects.count()) == (["ambiguous-image", "ambiguous-image"], 0)
    assert "may be any of 2 images, such as “train/Cat/a”, “val/a”" in told(result.report)[0]
    assert not Image.objects.exclude(file="")


# What made a second import differ


def imported_twice(source: Path, **options: Any) -> tuple[Result, list[tuple[str, str]]]:
    """The first result, and the images with a picture, which a second import leaves as they are."""
    first = bring_in(source, missing_images=Missing.CREATE, on_error=OnError.SKIP, **options)
    before = boxes_on_pictures("t"), image_names()
    again = bring_in(source, missing_images=Missing.CREATE, on_error=OnError.SKIP, **options)
    now = boxes_on_pictures("t"), image_names()
    assert (again.committed, again.changed, now) == (True, False, before), told(again.report)
    return first, [(image.subset, image.name) for image in Image.objects.exclude(file="").order_by("subset", "name")]


def test_two_names_of_an_image_list_are_not_one_picture_s_in_another_folder(tmp_path: Path) -> None:
    """Both became its image, and the database refused the second."""
    task_of(["b"])
    source = archive(
        tmp_path / "in", [], ["images/train/a.jpg"], images=["x/a,train" + "," * 10, "x/a.jpg,train" + "," * 10]
    )
    result, pictures = imported_twice(source)
    assert found(result) == ["ambiguous-image", "ambiguous-image"]
    assert pictures == [("train", "a")]


def test_a_picture_in_no_subset_s_folder_is_that_of_the_rows_subset(tmp_path: Path) -> None:
    """It was sought in every subset, where `val` has an `a`, too."""
    task_of(["a"], "val")
    result, pictures = imported_twice(archive(tmp_path / "in", ["x/a"], ["images/a.jpg"]))
    assert found(result) == ["images-look-alike", "matched-suffix"]
    assert pictures == [("train", "a")]


def test_a_picture_that_is_called_as_an_image_is_no_new_image_s(tmp_path: Path) -> None:
    """A new image `a` had it, and with the next import `Cat/a`, too."""
    task_of(["Cat/a"])
    result, pictures = imported_twice(
        archive(tmp_path / "in", ["a", "b.jpg"], ["images/train/Cat/a.jpg", "images/train/b.jpg"])
    )
    assert found(result) == ["ambiguous-image", "ambiguous-image", "matched-extension"]
    assert (pictures, boxed()) == ([("train", "b")], ["b"])


def test_of_pictures_in_and_out_of_the_subset_s_folder_one_of_another_extension_is_none(tmp_path: Path) -> None:
    task_of(["b"])
    result, pictures = imported_twice(archive(tmp_path / "in", ["a.JPG"], ["images/train/a.png", "images/a.jpg"]))
    assert found(result) == ["matched-extension"]
    assert pictures == [("train", "a"), ("train", "a.JPG")]


@pytest.mark.parametrize("match", Match)
def test_a_row_of_no_subset_is_of_the_image_that_other_rows_name(match: Match, tmp_path: Path) -> None:
    """Each had an image of its own, and the next import could not tell which of them the row of no subset names."""
    source = archive(tmp_path / "in", ["a", "b"], boxes="annotations/annotations-bbox.csv")
    (source / BOXES).write_text((source / "annotations/annotations-bbox.csv").read_text().replace("b,", "c,"))
    result, _ = imported_twice(source, match=match)
    assert (found(result), image_names()) == ([], [("train", "a"), ("default", "b"), ("train", "c")])
    again = bring_in(source, missing_images=Missing.CREATE, match=match)
    assert (again.committed, again.changed) == (True, False), told(again.report)


def test_a_row_of_no_subset_that_several_have_is_an_issue(tmp_path: Path) -> None:
    source = archive(tmp_path / "in", ["a"], boxes="annotations/annotations-bbox.csv")
    for subset in ("train", "val"):
        (source / BOXES.replace("train", subset)).write_text((source / "annotations/annotations-bbox.csv").read_text())
    result, _ = imported_twice(source)
    assert (found(result), image_names()) == (["ambiguous-image"], [("train", "a"), ("val", "a")])
