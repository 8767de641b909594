"""Every fault of a PNG, a picture or their names is one issue with its place, and nothing is written."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image as Pillow
from pytest_django import Settings

from openimages_io.format.issues import Severity
from openimages_io.transfer.options import MasksAs, OnError
from tests.transfer import datasets
from tests.transfer.archives import (
    BOXES,
    CAR_MASK,
    CAT_MASK,
    IMAGES,
    MASKS,
    PICTURE_A,
    PICTURE_B,
    Change,
    cell,
    changed,
    errors,
    everything,
    file,
    gone,
    good,
    load,
    more,
    picture,
    png,
    told,
    warnings,
    write,
    zipped,
)

pytestmark = pytest.mark.django_db

NAME = CAT_MASK.rpartition("/")[2]


def sized(width: int, height: int) -> bytes:
    """A PNG that says it is as large as this, and isn't."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    data = png(4, 4)
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


BAD_MASKS = [
    ("missing", gone(CAT_MASK), "is not among the mask files"),
    ("empty", file(CAT_MASK, b""), "is empty (0 bytes)"),
    ("text", file(CAT_MASK, "mask"), "is not a PNG"),
    ("JPEG", file(CAT_MASK, picture(8, 6, "JPEG")), "is not a PNG"),
    ("cut off in its header", file(CAT_MASK, png(8, 6)[:20]), "is truncated"),
    ("cut off in its data", file(CAT_MASK, png(8, 6)[:-16]), "is truncated"),
    ("cut off before its end", file(CAT_MASK, png(8, 6)[:-5]), "is truncated"),
    ("damaged", file(CAT_MASK, png(8, 6).replace(b"x\x9c", b"x\x9d")),
     "is damaged: the checksum of its IDAT chunk is wrong"),
    ("100,000 x 100,000", file(CAT_MASK, sized(100_000, 100_000)),
     "is 100000 x 100000 pixels, more than the limit of 64,000,000 (MAX_MASK_PIXELS)"),
    ("0 x 4", file(CAT_MASK, sized(0, 4)), "is 0 x 4 pixels, which is not a valid size"),
]  # fmt: skip


@pytest.mark.parametrize("masks_as", MasksAs)
@pytest.mark.parametrize(("change", "reason"), [pytest.param(*case[1:], id=case[0]) for case in BAD_MASKS])
def test_a_bad_mask(change: Change, reason: str, masks_as: MasksAs, tmp_path: Path) -> None:
    before = everything()
    archive = write(tmp_path / "bad", changed(change))
    result = load(archive, masks_as=masks_as)
    assert errors(result) == [f'{MASKS}:2: MaskPath: "{NAME}" {reason}']
    assert everything() == before
    result = load(archive, masks_as=masks_as, on_error=OnError.SKIP)
    assert errors(result) == [f'{MASKS}:2: MaskPath: "{NAME}" {reason}']
    assert [row[4] for row in everything()["Mask"]] == ["b-c-d-2_m0k4j_0b0b0b0b.png"]
    assert result.report.totals["masks"].skipped == {"bad": 1}


def test_a_mask_whose_pixels_do_not_fill_it(tmp_path: Path) -> None:
    result = load(write(tmp_path / "bad", changed(file(CAT_MASK, sized(4, 5)))))
    (told_error,) = errors(result)
    assert told_error.startswith(f'{MASKS}:2: MaskPath: "{NAME}" ')
    assert not result.committed


def test_the_limit_of_pixels_is_a_setting(tmp_path: Path, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"MAX_MASK_PIXELS": 47}
    result = load(write(tmp_path / "bad", good()))
    assert errors(result) == [
        f'{MASKS}:2: MaskPath: "{NAME}" is 8 x 6 pixels, more than the limit of 47 (MAX_MASK_PIXELS)'
    ]


def test_the_masks_of_an_archive_may_unpack_to_so_many_times_its_size(tmp_path: Path, settings: Settings) -> None:
    archive = write(tmp_path / "bad", good())
    settings.OPENIMAGES_IO = {"MAX_MASK_RATIO": 1, "MASK_FREE_BYTES": 100}
    assert load(archive, "small").committed
    bomb = changed(file(CAT_MASK, sized(8000, 8000)), file(CAR_MASK, sized(8000, 8000)))
    packed = datasets.pack_zip(tmp_path / "bad.zip", write(tmp_path / "bomb", bomb))
    settings.OPENIMAGES_IO = {"MAX_MASK_RATIO": 1, "MASK_FREE_BYTES": 10_000_000}
    first, second = errors(load(packed, "large"))
    assert "ends before its last row" in first
    assert second.endswith(
        "is not unpacked: with it the masks unpack to more than 10,000,000 bytes, 1 times the size of the archive "
        "(MAX_MASK_RATIO, MASK_FREE_BYTES)"
    )


def test_no_mask_at_hand_is_one_warning(tmp_path: Path) -> None:
    result = load(write(tmp_path / "good", changed(gone(CAT_MASK, CAR_MASK))))
    assert result.committed
    assert warnings(result) == [f"{MASKS}: There are no mask files; 2 masks have no PNG"]


def test_two_masks_of_one_name(tmp_path: Path) -> None:
    again = f"masks/train/more/{NAME}"
    result = load(write(tmp_path / "bad", changed(file(again, png(8, 6)))))
    reason = f'is the name of a second mask in the subset "train"; the first is "{CAT_MASK}"'
    assert errors(result) == [f'{again}: "{NAME}" {reason}']
    assert not result.committed


def test_a_damaged_zip_of_masks_is_one_issue(tmp_path: Path) -> None:
    shard = "train-masks-a.zip"
    rows = more(MASKS, "a_m01yrx_0c0c0c0c.png,a,/m/01yrx,0c0c0c0c,,,,,,\n")
    files = changed(gone(CAT_MASK, CAR_MASK), file(shard, b"PK\x03\x04 and then nothing"), rows)
    for on_error in OnError:
        result = load(write(tmp_path / on_error, files), on_error=on_error)
        (issue,) = [issue for issue in result.report.issues() if issue.severity is Severity.ERROR]
        assert shard in str(issue)
        assert result.refused


def drawn(width: int, height: int, kind: str) -> bytes:
    target = io.BytesIO()
    Pillow.effect_noise((width, height), 90).save(target, kind)
    return target.getvalue()


PICTURES = [
    ("empty", file(PICTURE_A, b""), "is empty (0 bytes)"),
    ("text", file(PICTURE_A, "cat"), "is not a picture that can be read"),
    ("cut off", file(PICTURE_A, picture(8, 6)[:20]), "is not a picture that can be read"),
    ("cut off in its pixels", file(PICTURE_A, drawn(200, 100, "PNG")[:100]), "is truncated"),
    ("without its last bytes", file(PICTURE_A, drawn(200, 100, "JPEG")[:-2]), "is truncated: it has no end (EOI)"),
    ("too large", file(PICTURE_A, sized(30_000, 30_000)), "has more pixels than any picture should have"),
]


@pytest.mark.parametrize(("change", "reason"), [pytest.param(*case[1:], id=case[0]) for case in PICTURES])
def test_a_bad_picture(change: Change, reason: str, tmp_path: Path) -> None:
    before = everything()
    archive = write(tmp_path / "bad", changed(change))
    result = load(archive)
    assert errors(result) == [f'{PICTURE_A}: "a.png" {reason}']
    assert everything() == before
    result = load(archive, on_error=OnError.SKIP)
    assert errors(result) == [f'{PICTURE_A}: "a.png" {reason}']
    totals = result.report.totals["pictures"]
    assert (totals.read, totals.added, totals.skipped) == (2, 1, {"bad": 1})
    assert [bool(row[4]) for row in everything()["Image"]] == [False, True]


def test_a_bad_picture_makes_no_image(tmp_path: Path) -> None:
    archive = write(tmp_path / "bad", changed(file("images/train/stray.jpg", b"no picture")))
    for dry_run in True, False:
        result = load(archive, on_error=OnError.SKIP, dry_run=dry_run)
        assert result.report.totals["images"].added == 2
    assert [row[3] for row in everything()["Image"]] == ["a", "b/c/d/2"]


def test_bad_pictures_of_images_that_have_one_already(tmp_path: Path) -> None:
    load(write(tmp_path / "good", good()))
    before = everything()
    archive = write(tmp_path / "bad", changed(file(PICTURE_B, b"no picture")))
    assert not load(archive).committed
    assert everything() == before
    result = load(archive, on_error=OnError.SKIP)
    assert errors(result) == [f'{PICTURE_B}: "2.png" is not a picture that can be read']
    assert everything() == before


def test_two_pictures_of_one_image(tmp_path: Path) -> None:
    archive = write(tmp_path / "bad", changed(file("images/train/a.jpg", picture(8, 6, "JPEG"))))
    reason = 'is the ImageID of a second picture in the subset "train"; the first is "images/train/a.jpg"'
    result = load(archive)
    assert errors(result) == [f'{PICTURE_A}: "a" {reason}']
    assert not result.committed
    result = load(archive, on_error=OnError.SKIP)
    assert (result.report.totals["pictures"].read, result.report.totals["pictures"].skipped) == (3, {"bad": 1})
    assert [row[5] for row in everything()["Image"]] == [".jpg", ".png"]


def test_a_picture_whose_path_is_too_long_a_name(tmp_path: Path) -> None:
    image_id = f"{'y' * 200}/{'z' * 100}"
    path = f"images/train/{image_id}.jpg"
    archive = write(tmp_path / "bad", changed(file(path, picture(8, 6, "JPEG"))))
    (issue,) = load(archive).report.issues()
    assert (issue.file, issue.value) == (path, image_id)
    assert issue.reason == "as an ImageID has 301 characters, more than the 255 that it may have"
    result = load(archive, on_error=OnError.SKIP)
    assert (result.report.totals["pictures"].read, result.report.totals["pictures"].skipped) == (3, {"bad": 1})


def test_a_file_of_a_subset_with_too_long_a_name_is_refused_whole(tmp_path: Path) -> None:
    path = f"annotations/{'y' * 300}-annotations-bbox.csv"
    archive = zipped(tmp_path / "bad.zip", changed(file(path, str(good()[BOXES]))))
    for on_error in OnError:
        result = load(archive, on_error=on_error)
        (issue,) = [issue for issue in result.report.issues() if issue.severity is Severity.ERROR]
        assert (issue.code, issue.file) == ("bad-subset", path)
        assert result.refused


def test_a_picture_of_another_size_than_images_meta_says(tmp_path: Path) -> None:
    result = load(write(tmp_path / "good", changed(file(PICTURE_A, picture(9, 9)))))
    assert result.committed
    assert warnings(result) == [f'{PICTURE_A}: "a.png" is 9 x 9 pixels, which is used, but images.meta says 8 x 6']


def test_a_box_that_no_row_has_is_noted(tmp_path: Path) -> None:
    result = load(write(tmp_path / "good", changed(cell(MASKS, 2, "BoxXMin", "0.2"))))
    assert told(result, Severity.NOTE) == [
        "1 mask names a box that neither the archive nor the task has; such a mask is imported alone"
    ]


def test_a_bad_box_is_not_missed_by_its_mask_too(tmp_path: Path) -> None:
    result = load(write(tmp_path / "bad", changed(cell(BOXES, 2, "XMin", "x"))))
    assert told(result, Severity.NOTE) == []


def test_images_of_one_list_in_the_subset_of_another(tmp_path: Path) -> None:
    other = file("annotations/test-image_ids_and_rotation.csv", "ImageID,Subset\na,train\nc,test\n")
    result = load(write(tmp_path / "bad", changed(other)))  # whose own list says more of `a` than the one before
    assert errors(result) == [f'{IMAGES}:2: ImageID: "a" is in the image lists twice']
    assert result.refused
    result = load(write(tmp_path / "bad", changed(other)), on_error=OnError.SKIP)
    assert result.report.totals["images"].as_dict()["skipped"] == {"bad": 1}
    assert sorted(row[2:4] for row in everything()["Image"]) == [("test", "c"), ("train", "a"), ("train", "b/c/d/2")]
