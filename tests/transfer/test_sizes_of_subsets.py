"""Of which image the sizes in images.meta are, where an ImageID stands in several subsets."""

from pathlib import Path

import pytest

from openimages_io.models import Image, Task
from openimages_io.transfer.options import Missing
from tests.transfer.datasets import bring_in, documented, totals, write

pytestmark = pytest.mark.django_db

SIZES = "# subset: train\nshared 20 34\n# subset: val\nshared 26 34\n# subset: test\nshared 27 34\n"
IMAGES = ["shared,train,,,,,,,,,,"]


def height() -> int | None:
    return Image.objects.get(name="shared").height


def test_sizes_of_subsets_that_were_not_chosen_are_of_no_image(tmp_path: Path) -> None:
    source = write(tmp_path / "in", documented(sizes=SIZES, images=IMAGES))
    for changed in (True, False):
        result = bring_in(source, subsets=frozenset({"train"}))
        assert (result.committed, result.changed, height()) == (True, changed, 20)
        assert totals(result.report)["image sizes"]["skipped"] == {"subset-not-chosen": 2}


def test_what_is_said_of_other_subsets_is_not_of_the_image(tmp_path: Path) -> None:
    """A comment is written where images of one name differ in size, so another subset's size is hardly its."""
    Image.objects.create(task=Task.objects.create(name="t"), subset="train", name="shared")
    source = write(tmp_path / "in", documented(sizes=SIZES))
    for said, expected in ((SIZES, 20), (SIZES.replace("train\nshared", "train\nother"), 20), (SIZES, 20)):
        write(source, documented(sizes=said))
        result = bring_in(source, missing_images=Missing.SKIP)
        assert (result.committed, height()) == (True, expected)
        skipped = 2 if said == SIZES else 3
        assert totals(result.report)["image sizes"]["skipped"] == {"unknown-image": skipped}


def test_an_image_without_a_size_takes_none_of_another_subset(tmp_path: Path) -> None:
    Image.objects.create(task=Task.objects.create(name="t"), subset="train", name="shared")
    source = write(tmp_path / "in", documented(sizes=SIZES.replace("train", "more")))
    for missing in Missing:
        result = bring_in(source, missing_images=missing)
        assert (result.committed, result.changed, height()) == (True, False, None)
        assert totals(result.report)["image sizes"]["skipped"] == {"unknown-image": 3}
