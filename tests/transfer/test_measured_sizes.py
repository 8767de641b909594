"""A size that was measured from a picture holds against images.meta, which other tools write as they see it."""

from pathlib import Path
from typing import Any

import pytest

from openimages_io.models import Image
from openimages_io.transfer.importer import Result
from tests.format.test_orientation import HEIGHT, WIDTH, turned
from tests.transfer.datasets import bring_in, picture, write

pytestmark = pytest.mark.django_db
BOX = "ImageID,LabelName,XMin,XMax,YMin,YMax\na,l,0,0.5,0,0.5\n"


def brought(folder: Path, meta: str, **files: bytes) -> Result:
    pictures = {f"images/train/{name}.jpg": data for name, data in files.items()}
    return bring_in(write(folder, {"images.meta": meta, "train-annotations-bbox.csv": BOX, **pictures}))


def outcome(result: Result) -> tuple[list[str], dict[str, Any], tuple[int | None, int | None]]:
    image = Image.objects.get(name="a")
    totals = result.report.totals["image sizes"]
    counts = {name: value for name, value in totals.as_dict().items() if value}
    return [issue.code for issue in result.report.issues()], counts, (image.width, image.height)


SKIPPED = {"other-size": 1}


def test_the_first_import_and_all_that_follow(tmp_path: Path) -> None:
    result = brought(tmp_path / "1", "a 21 11\n", a=picture(20, 10))
    assert outcome(result) == (["size-differs"], {"read": 1, "skipped": SKIPPED}, (20, 10))
    result = brought(tmp_path / "2", "a 21 11\n", a=picture(20, 10))
    assert outcome(result) == (["size-differs"], {"read": 1, "skipped": SKIPPED}, (20, 10))
    result = brought(tmp_path / "3", "a 20 10\n")  # the height first: swapped, and the archive has no picture
    assert outcome(result) == (["size-differs"], {"read": 1, "skipped": SKIPPED}, (20, 10))
    assert str(next(result.report.issues())).endswith("images.meta says 10 x 20: width and height are swapped")
    assert not result.changed
    result = brought(tmp_path / "4", "a 10 20\n")
    assert outcome(result) == ([], {"read": 1, "unchanged": 1}, (20, 10))


def test_a_picture_that_comes_later_corrects_the_size(tmp_path: Path) -> None:
    assert outcome(brought(tmp_path / "1", "a 11 21\n")) == ([], {"read": 1, "added": 1}, (21, 11))
    assert outcome(brought(tmp_path / "2", "a 12 22\n")) == ([], {"read": 1, "updated": 1}, (22, 12))
    result = brought(tmp_path / "3", "a 12 22\n", a=picture(20, 10))
    assert outcome(result) == (["size-differs"], {"read": 1, "skipped": SKIPPED}, (20, 10))


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_size_that_is_swapped_by_exif_is_a_warning_of_its_own(tmp_path: Path, turn: int) -> None:
    result = brought(tmp_path, f"a {WIDTH} {HEIGHT}\n", a=turned(turn))
    code = "size-turned" if turn >= 5 else "size-differs"
    assert outcome(result) == ([code], {"read": 1, "skipped": SKIPPED}, (WIDTH, HEIGHT))
    if turn >= 5:
        assert f"its EXIF orientation ({turn}) asks" in str(next(result.report.issues()))
