"""A mask that stays where its box is replaced, or the other way round: the archive's pair is a pair again."""

from pathlib import Path

import pytest

from openimages_io.models import Shape
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ImportOptions, MasksAs, Mode, OnError
from tests.transfer.datasets import BOX, CLASSES, Files, documented, pixels, png, told, write

pytestmark = pytest.mark.django_db

MASK = "a_aaaaaaaa.png,a,/m/01yrx,aaaaaaaa,0.1,0.5,0.2,0.6,0.9,"
OTHER = "a_bbbbbbbb.png,a,/m/0k4j,bbbbbbbb,,,,,0.9,"
BAD = "a_cccccccc.png,a,/m/0k4j,cccccccc,,,,,0.9,"
PNGS: dict[str, str | bytes] = {
    "masks/train/a_aaaaaaaa.png": png(),
    "masks/train/a_bbbbbbbb.png": png(pixels(9, 7)),
    "masks/train/a_cccccccc.png": b"no picture",
}


def archive(box_id: str, *, bad_mask: bool, bad_box: bool) -> Files:
    boxes = [BOX, BOX.replace("0.5", "0.7")] + [BOX.replace("0.5", "1.5")] * bad_box
    masks = [MASK.replace(",aaaaaaaa,", f",{box_id},"), OTHER] + [BAD] * bad_mask
    return documented(classes=CLASSES, boxes=boxes, masks=masks) | PNGS


def pairs() -> list[list[tuple[str, float | None]]]:
    """The shapes of each group, and those that have none one by one."""
    found: dict[object, list[tuple[str, float | None]]] = {}
    for shape in Shape.objects.order_by("kind", "x_max"):
        found.setdefault(shape.group or f"alone {shape.pk}", []).append((shape.kind, shape.x_max))
    return sorted(found.values(), key=repr)


@pytest.mark.parametrize("box_id", ["aaaaaaaa", "00000001"])
@pytest.mark.parametrize("masks_as", list(MasksAs))
@pytest.mark.parametrize(("bad_mask", "bad_box"), [(False, False), (True, False), (False, True), (True, True)])
def test_replaced_again_and_again(
    box_id: str, masks_as: MasksAs, bad_mask: bool, bad_box: bool, tmp_path: Path
) -> None:
    """A BoxID such as `00000001` names no mask, for Datumaro counts them anew in each archive."""
    options = ImportOptions(mode=Mode.REPLACE, on_error=OnError.SKIP, masks_as=masks_as)
    source = write(tmp_path / "in", archive(box_id, bad_mask=bad_mask, bad_box=bad_box))
    assert Importer(source, "t", options).run().committed
    before = pairs()
    assert [len(pair) for pair in before if len(pair) > 1] == [2]
    for number in range(2):
        result = Importer(source, "t", options).run()
        assert result.committed, told(result.report)
        assert pairs() == before, number
