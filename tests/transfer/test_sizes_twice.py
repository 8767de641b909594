"""A second import changes nothing of what images.meta has said: of which image a line is, only the archive decides.

The first import makes images and the second finds them, with other options where none were chosen; and the search for
names that are not exact is begun by rows that the one knows and the other doesn't.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from openimages_io.models import Image, Task
from openimages_io.transfer.options import Match, Missing, OnError
from tests.transfer.datasets import (
    BOX,
    CLASSES,
    bring_in,
    documented,
    pack_tar,
    pack_zip,
    picture,
    told,
    totals,
    write,
)

pytestmark = pytest.mark.django_db

Sizes = Mapping[tuple[str, str], tuple[int, int] | None]
"""Width and height by subset and ImageID."""

SKIP: dict[str, Any] = {"on_error": OnError.SKIP, "missing_labels": Missing.SKIP}


def listed(*places: tuple[str, str]) -> list[str]:
    return [f"{name},{subset},,,,,,,,,," for subset, name in places]


def boxes(*names: str, label: str = "/m/01yrx") -> list[str]:
    return [BOX.replace("a,", f"{name},", 1).replace("/m/01yrx", label) for name in names]


def files(**tables: str | list[str]) -> dict[str, str | bytes]:
    return documented(**({"classes": CLASSES} | tables))


def sizes() -> Sizes:
    return {
        (image.subset, image.name): (image.width, image.height) if image.width and image.height else None
        for image in Image.objects.order_by("pk")
    }


def twice(source: Path, **options: Any) -> Sizes:
    """What two imports come to, of which the second changes nothing."""
    first = bring_in(source, **options)
    assert (first.committed, first.changed) == (True, True), told(first.report)
    before = sizes()
    again = bring_in(source, **options)
    assert (again.committed, again.changed, sizes()) == (True, False, before), told(again.report)
    return before


A, X = ("train", "a"), ("train", "x/a")


@pytest.mark.parametrize(
    ("archive", "options", "expected"),
    [
        pytest.param(
            {"images": listed(("other", "a")), "sizes": "# subset: train\na 10 20\n"},
            {},
            {("other", "a"): None},
            id="a line of another subset",
        ),
        pytest.param(
            {"images": listed(("other", "a")), "sizes": "# subset: train\na 10 20\n"},
            {"match": Match.EXACT},
            {("other", "a"): None},
            id="a line of another subset, exact names",
        ),
        pytest.param(
            {"images": listed(A, ("other", "a")), "sizes": "a 10 20\n# subset: train\na 30 40\n"},
            {},
            {A: (40, 30), ("other", "a"): (20, 10)},
            id="a line of no subset before that of the subset",
        ),
        pytest.param(
            {"images": listed(A), "sizes": "# subset: train\na 30 40\n# subset: other\na 1 2\n"},
            {},
            {A: (40, 30)},
            id="a line of another subset after that of the subset",
        ),
        pytest.param(
            {"images": listed(A), "sizes": "a.jpg 10 20\n", "boxes": boxes("x/a", label="/m/no")},
            SKIP,
            {A: (20, 10)},
            id="a row of an unknown label begins the search",
        ),
        pytest.param(
            {"images": listed(A), "sizes": "x/a 10 20\n", "boxes": boxes("x/a", label="/m/no")},
            SKIP,
            {A: (20, 10)},
            id="the line is called as a row of an unknown label",
        ),
        pytest.param(
            {"images": listed(A), "sizes": "x/a 10 20\n", "boxes": boxes("x/a")},
            {},
            {A: None, X: (20, 10)},
            id="a later row makes the very image",
        ),
        pytest.param(
            {"images": listed(A, ("train", "y/a")), "sizes": "x/a 10 20\n", "boxes": boxes("x/a", label="/m/no")},
            SKIP,
            {A: (20, 10), ("train", "y/a"): None},
            id="folders disagree",
        ),
        pytest.param(
            {"images": listed(A, X), "sizes": "y/x/a 10 20\n", "boxes": boxes("y/x/a", label="/m/no")},
            SKIP,
            {A: None, X: None},
            id="two images fit",
        ),
        pytest.param(
            {"images": listed(A), "sizes": "x/a 10 20\ny/a 30 40\n", "boxes": boxes("x/a", label="/m/no")},
            SKIP,
            {A: None},
            id="two lines fit",
        ),
        pytest.param(
            {"images": listed(A), "sizes": "x/a 10 20\na 30 40\n", "boxes": boxes("x/a", label="/m/no")},
            SKIP,
            {A: (40, 30)},
            id="a line is exactly of the image",
        ),
        pytest.param(
            {"images": listed(A), "sizes": "a.jpg 10 20\n", "boxes": boxes("x/a", label="/m/no")},
            SKIP | {"match": Match.EXACT},
            {A: None},
            id="exact names",
        ),
    ],
)
def test_without_pictures(archive: Any, options: Any, expected: Sizes, tmp_path: Path) -> None:
    assert twice(write(tmp_path / "in", files(**archive)), **options) == expected


PICTURED: dict[str, str | bytes] = {"images/train/a.jpg": picture(), "images/train/b.jpg": picture(color="blue")}


@pytest.mark.parametrize("pictures", [True, False])
@pytest.mark.parametrize("name", ["a.jpg", "x/a"])
def test_an_image_that_is_made_before_the_search_begins(name: str, pictures: bool, tmp_path: Path) -> None:
    """The list makes `a`, whose name is exact; then the row `y/b` begins the search."""
    tables: dict[str, str | list[str]] = {"images": listed(A), "boxes": boxes("y/b"), "sizes": f"{name} 10 20\n"}
    source = write(tmp_path / "in", files(**tables) | PICTURED)
    assert twice(source, pictures=pictures)[A] == (20, 10)


@pytest.mark.parametrize("pictures", [True, False])
def test_an_image_that_only_a_picture_makes(pictures: bool, tmp_path: Path) -> None:
    source = write(tmp_path / "in", files(images=listed(("train", "b")), sizes="x/a 10 20\n") | PICTURED)
    assert twice(source, pictures=pictures).get(A) == ((20, 10) if pictures else None)


def test_a_line_whose_name_is_not_exact_is_compared_with_the_picture(tmp_path: Path) -> None:
    source = write(tmp_path / "in", files(images=listed(A), sizes="x/a 11 21\n") | PICTURED)
    assert twice(source)[A] == (20, 10)
    report = bring_in(source).report
    assert [issue.code for issue in report.issues()] == ["size-differs"], told(report)
    assert totals(report)["image sizes"] == {"read": 1, "skipped": {"other-size": 1}}


@pytest.mark.parametrize("pack", [None, pack_zip, pack_tar])
@pytest.mark.parametrize("backwards", [True, False])
def test_whatever_packs_it_and_in_whatever_order(pack: Any, backwards: bool, tmp_path: Path) -> None:
    tables: dict[str, str | list[str]] = {
        "images": listed(A, ("other", "c")),
        "sizes": "x/a 10 20\n# subset: train\nc 30 40\n",
    }
    content = files(**tables, boxes=boxes("y/b")) | PICTURED
    folder = write(tmp_path / "in", dict(reversed(list(content.items()))) if backwards else content)
    source = pack(tmp_path / "in.zip", folder) if pack else folder
    assert twice(source) == {A: (20, 10), ("other", "c"): None, ("train", "b"): (20, 10)}


def test_an_image_that_the_archive_does_not_name_has_no_line_but_of_its_very_name(tmp_path: Path) -> None:
    """Two archives may well call different images `0001`."""
    task = Task.objects.create(name="t")
    Image.objects.bulk_create([Image(task=task, subset="train", name=name) for name in ("0001", "0002")])
    tables: dict[str, str | list[str]] = {"images": listed(A), "sizes": "cam/0001 10 20\n0002 30 40\na.jpg 50 60\n"}
    source = write(tmp_path / "in", files(**tables))
    for missing in (Missing.CREATE, Missing.SKIP):
        bring_in(source, missing_images=missing, missing_labels=Missing.CREATE)
        assert sizes() == {("train", "0001"): None, ("train", "0002"): (40, 30), A: (60, 50)}
