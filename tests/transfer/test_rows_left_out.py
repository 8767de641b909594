"""A row that is left out for its label, because that was chosen, says nothing of its image: it is no error if unknown.

An import into a new task makes no image for such a row; the next one, which makes none at all, was refused for it.
"""

from pathlib import Path
from typing import Any

import pytest

from openimages_io.models import Task
from openimages_io.transfer.options import Missing
from tests.transfer.datasets import BOX, CLASSES, bring_in, codes, documented, image_names, told, totals, write

pytestmark = pytest.mark.django_db

OTHER = BOX.replace("a,", "b,", 1).replace("/m/01yrx", "/m/no")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"labels": frozenset({"/m/01yrx"})}, "label-not-chosen"),
        ({"labels": frozenset({"/m/01yrx"}), "missing_labels": Missing.CREATE}, "label-not-chosen"),
        ({"missing_labels": Missing.SKIP}, "unknown-label"),
    ],
)
@pytest.mark.parametrize("unknown", [None, Missing.ERROR, Missing.SKIP, Missing.CREATE])
@pytest.mark.parametrize("kind", ["boxes", "labels", "masks"])
def test_its_image_is_no_error(kind: str, unknown: Any, options: Any, reason: str, tmp_path: Path) -> None:
    task = Task.objects.create(name="t")
    task.labels.create(name="/m/01yrx", display_name="Cat", position=0, is_listed=True)
    task.images.create(subset="train", name="a")
    rows = {
        "boxes": OTHER,
        "labels": "b,verification,/m/no,1",
        "masks": "b_aaaaaaaa.png,b,/m/no,aaaaaaaa,0.1,0.5,0.2,0.6,0.9,",
    }
    files = documented(**{"boxes": [BOX]} | {kind: ([BOX] if kind == "boxes" else []) + [rows[kind]]})
    for number in range(2):
        result = bring_in(write(tmp_path / "in", files), missing_images=unknown, **options)
        assert (result.committed, result.changed) == (True, number == 0), told(result.report)
        assert not {"unknown-image", "images-not-found"} & set(codes(result.report))
        name = {"boxes": "boxes", "labels": "human labels", "masks": "masks"}[kind]
        assert totals(result.report)[name]["skipped"] == {reason: 1}
        assert image_names() == [("train", "a")]


def test_a_second_import_with_usual_options(tmp_path: Path) -> None:
    source = write(tmp_path / "in", documented(classes=CLASSES, boxes=[BOX, OTHER]))
    for number in range(2):
        result = bring_in(source, missing_labels=Missing.SKIP)
        assert (result.committed, result.changed) == (True, number == 0), told(result.report)


def test_where_the_label_is_an_error_so_is_the_image(tmp_path: Path) -> None:
    """All that is wrong is said at once."""
    Task.objects.create(name="t")
    result = bring_in(write(tmp_path / "in", documented(boxes=[OTHER])))
    assert codes(result.report) == ["unknown-label", "unknown-image"]
