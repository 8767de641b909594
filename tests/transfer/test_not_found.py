"""What rows name and a task doesn't have is summed up, with what it looks like."""

import unicodedata
from pathlib import Path

import pytest

from openimages_io.models import Task
from openimages_io.transfer.importer import Result
from openimages_io.transfer.options import Match, Missing
from tests.transfer.datasets import bring_in, documented, image_names, picture, write

pytestmark = pytest.mark.django_db

BOX = "{},,{},1,0.1,0.5,0.2,0.6,0,0,0,0,0"


def task_of(*names: str, label: tuple[str, str] = ("/m/01yrx", "Cat"), subset: str = "train") -> None:
    task = Task.objects.create(name="t")
    task.labels.create(name=label[0], display_name=label[1], position=0)
    for name in names:
        task.images.create(subset=subset, name=name)


def rows_of(folder: Path, *names: str, label: str = "/m/01yrx", classes: str = "/m/01yrx,Cat\n") -> Path:
    return write(folder, documented(classes=classes, boxes=[BOX.format(name, label) for name in names]))


def said(result: Result, code: str) -> list[str]:
    return [str(issue) for issue in result.report.issues() if issue.code == code]


@pytest.mark.parametrize(
    ("known", "row", "words"),
    [
        ("a.png", "a.jpg", "“a.jpg” looks like the task's “a.png” but for the extension (1 such)"),
        ("cam1/0001", "cam2/0001", "“cam2/0001” looks like the task's “cam1/0001” but for the folders (1 such)"),
        ("img", "IMG", "“IMG” looks like the task's “img” but for letter case (1 such)"),
        (
            unicodedata.normalize("NFC", "é"),
            unicodedata.normalize("NFD", "é"),
            "but for how its accents are composed (NFC or NFD) (1 such)",
        ),
    ],
)
def test_what_a_name_looks_like(known: str, row: str, words: str, tmp_path: Path) -> None:
    task_of(known)
    result = bring_in(rows_of(tmp_path / "in", row, row))
    (text,) = said(result, "images-not-found")
    assert text.startswith("2 rows name 1 image that the task doesn't have; ")
    assert text.endswith(words)
    assert len(said(result, "unknown-image")) == 2
    (skipped,) = said(bring_in(tmp_path / "in", missing_images=Missing.SKIP), "images-not-found")
    assert skipped == text


def test_exact_names_say_what_a_lenient_match_would_find(tmp_path: Path) -> None:
    task_of(*(f"img_{number:02}.PNG" for number in range(12)))
    source = rows_of(tmp_path / "in", *(f"img_{number:02}" for number in range(12)))
    assert said(bring_in(source, match=Match.EXACT), "images-not-found") == [
        (
            "12 rows name 12 images that the task doesn't have; “img_00” looks like the task's “img_00.PNG” but for "
            "the extension (12 such)"
        )
    ]


def test_what_looks_like_nothing_is_only_counted_where_it_is_much(tmp_path: Path) -> None:
    task_of("a")
    assert said(bring_in(rows_of(tmp_path / "in", "x")), "images-not-found") == []
    many = bring_in(rows_of(tmp_path / "many", *map(str, range(10))))
    assert said(many, "images-not-found") == ["10 rows name 10 images that the task doesn't have"]


def test_pictures_are_counted_too(tmp_path: Path) -> None:
    task_of("a")
    result = bring_in(write(tmp_path / "in", {"images/train/A.jpg": picture()}))
    assert said(result, "images-not-found") == [
        "1 picture of 1 image that the task doesn't have; “A” looks like the task's “a” but for letter case (1 such)"
    ]


def test_new_images_that_look_like_the_tasks(tmp_path: Path) -> None:
    task_of("a.PNG")
    result = bring_in(rows_of(tmp_path / "in", "a", "b"), missing_images=Missing.CREATE)
    assert said(result, "images-look-alike") == [
        (
            "1 new image has a name much like that of an image of the task; “a” looks like the task's “a.PNG” but for "
            "the extension (1 such)"
        )
    ]
    assert len(image_names()) == 3


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (("cat", ""), "“/m/01yrx” is called “Cat” in the class list, which looks like the task's “cat” (1 such)"),
        (("x", "CAT"), "“/m/01yrx” is called “Cat” in the class list, which looks like the task's “x” (1 such)"),
        (("/M/01YRX", ""), "“/m/01yrx” looks like the task's “/M/01YRX” but for letter case (1 such)"),
    ],
)
def test_labels(label: tuple[str, str], words: str, tmp_path: Path) -> None:
    task_of("a", label=label)
    result = bring_in(rows_of(tmp_path / "in", "a"))
    assert said(result, "labels-not-found") == [f"1 row names 1 label that the task doesn't have; {words}"]


def test_pictures_and_rows_that_have_nothing_to_do_with_each_other(tmp_path: Path) -> None:
    files = documented(boxes=[BOX.format(f"row{number:02}", "/m/01yrx") for number in range(12)])
    pictures: dict[str, str | bytes] = {f"images/train/picture{number:02}.jpg": picture() for number in range(11)}
    result = bring_in(write(tmp_path / "in", files | pictures))
    assert said(result, "pictures-without-rows") == [
        (
            "11 pictures that no row names, such as “images/train/picture00.jpg”, and 12 images of rows that no "
            "picture is of, such as “row00”"
        )
    ]
    some: dict[str, str | bytes] = {f"images/train/{name}.jpg": picture() for name in ("row00", "x")}
    assert said(bring_in(write(tmp_path / "some", files | some), "u"), "pictures-without-rows") == []
