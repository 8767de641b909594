"""Two image lists that come to the same image, though their files say different subsets: the first row alone holds."""

from pathlib import Path
from typing import Any

import pytest

from openimages_io.models import Image, Task
from openimages_io.transfer.options import Missing, OnError
from tests.transfer.datasets import IMAGES_HEADER, bring_in, codes, csv_text, told, totals, write

pytestmark = pytest.mark.django_db

TRAIN, VAL = "train-image_ids_and_rotation.csv", "val-image_ids_and_rotation.csv"


def row(author: str, subset: str = "train") -> str:
    return f"a,{subset},,,,,{author},,,,,"


def lists(train: str, val: str) -> dict[str, str]:
    return {f"annotations/{TRAIN}": csv_text(IMAGES_HEADER, train), f"annotations/{VAL}": csv_text(IMAGES_HEADER, val)}


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("author", ["Ann", "Bob", ""])
@pytest.mark.parametrize("missing", [Missing.CREATE, Missing.SKIP])
def test_a_row_says_the_subset_of_another_list(author: str, missing: Any, is_there: bool, tmp_path: Path) -> None:
    """What one list said, the other took back, and the second import the other way round."""
    files = lists(row("Ann"), row(author))
    _import_again_and_again(files, missing, is_there=is_there, folder=tmp_path, says_something=bool(author))


@pytest.mark.parametrize("subset", ["val", "nowhere"])
def test_an_image_of_another_subset(subset: str, tmp_path: Path) -> None:
    """The task has `a` in `train` alone, so rows of other subsets are of that."""
    _import_again_and_again(lists(row("Ann"), row("Bob", subset)), Missing.SKIP, is_there=True, folder=tmp_path)


def _import_again_and_again(
    files: dict[str, str], missing: Missing, *, is_there: bool, folder: Path, says_something: bool = True
) -> None:
    task = Task.objects.create(name="t")
    if is_there:
        Image.objects.create(task=task, subset="train", name="a", author="Zoe")
    for number in range(3):
        result = bring_in(write(folder / "in", files), missing_images=missing, on_error=OnError.SKIP)
        assert (result.committed, result.changed) == (True, number == 0 and (is_there or missing is Missing.CREATE))
        if is_there or missing is Missing.CREATE:
            assert Image.objects.get().author == "Ann", told(result.report)
            assert codes(result.report).count("image-twice") == says_something
            assert totals(result.report)["images"]["skipped"] == {"bad" if says_something else "in-earlier-file": 1}
