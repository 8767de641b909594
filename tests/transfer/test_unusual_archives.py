"""What looks odd and is right: the rows are those of the plain archive."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from openimages_io.format.issues import Severity
from openimages_io.format.limits import Limits
from openimages_io.format.masks import decode
from openimages_io.models import Image, Shape
from openimages_io.transfer.options import Missing
from tests.transfer.archives import (
    BOXES,
    CAT_MASK,
    CLASSES,
    HIERARCHY,
    HUMAN,
    IMAGES,
    MACHINE,
    MASKS,
    PICTURE_A,
    PICTURE_B,
    SIZES,
    Change,
    Files,
    cell,
    changed,
    contents,
    encoded,
    errors,
    everything,
    file,
    gone,
    good,
    load,
    more,
    no_column,
    replaced,
    saved,
    tarred,
    told,
    warnings,
    write,
    zipped,
)

pytestmark = pytest.mark.django_db

TABLES = (CLASSES, IMAGES, HUMAN, MACHINE, BOXES, MASKS)
ALL_TEXTS = (*TABLES, SIZES, HIERARCHY)
PLAIN = "plain"


@pytest.fixture
def plain(tmp_path: Path) -> dict[str, Any]:
    """What the plain archive comes to, in a task of its own."""
    load(write(tmp_path / "plain", good()), PLAIN)
    return contents(PLAIN)


def everywhere(change_text: Any, *paths: str) -> Change:
    return lambda files: files | {path: change_text(files[path]) for path in paths}


ODD: list[tuple[str, tuple[Change, ...]]] = [
    ("BOM", tuple(encoded(path, "utf-8-sig") for path in ALL_TEXTS)),
    ("CRLF", (everywhere(lambda text: text.replace("\n", "\r\n"), *ALL_TEXTS),)),
    ("lone CR", (everywhere(lambda text: text.replace("\n", "\r"), *ALL_TEXTS),)),
    ("blank lines", (everywhere(lambda text: "\n" + text.replace("\n", "\n\n") + "\r\n\n", *TABLES, SIZES),)),
    ("no line end at the end", (everywhere(lambda text: text.rstrip("\n"), *ALL_TEXTS),)),
    ("commas at the ends of rows", (everywhere(lambda text: text.replace("\n", ",\n"), *TABLES),)),
    ("commas at the ends of rows, and rows of commas",
     (everywhere(lambda text: ",,,,\n" + text.replace("\n", ",,\n,,,,\n"), *TABLES),)),
    ("BOM and CRLF", (everywhere(lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(), *ALL_TEXTS),)),
    ("spaces in headers", tuple(
        replaced(path, head, " " + head.replace(",", " , ") + "\t")
        for path in (IMAGES, HUMAN, MACHINE, BOXES, MASKS) for head in [str(good()[path]).split("\n")[0]])),
    ("headers in another case", tuple(
        replaced(path, head, head.upper())
        for path in (IMAGES, HUMAN, MACHINE, BOXES, MASKS) for head in [str(good()[path]).split("\n")[0]])),
    ("class list with header", (lambda files: files | {CLASSES: "LabelName,DisplayName\n" + str(files[CLASSES])},)),
    ("columns in another order", (
        file(HUMAN, "Confidence,LabelName,ImageID,Source\n1,/m/01yrx,a,verification\n0,/m/0bt9lr,a,verification\n"),)),
    ("quoted cells", (replaced(HUMAN, "a,verification", '"a","verification"'),)),
    ("numbers in other words", (
        replaced(BOXES, "1,0.25,0.75,0.1,0.9", "1.0,2.5e-1,.75,0.10,9E-1"), replaced(BOXES, ",0,0.5,", ",-0,0.5,"))),
    ("an unknown column", (
        everywhere(lambda text: text.replace("\n", ",x\n"), HUMAN),)),
    ("display names for LabelNames", (replaced(BOXES, "/m/01yrx", "Cat"), replaced(MASKS, "/m/0k4j", "Car"))),
    ("aliases of columns", (
        replaced(BOXES, "IsDepiction", "IsDepictionOf"), replaced(BOXES, "IsInside", "IsInsideOf"))),
    ("comments among the sizes", (file(SIZES, "# id height width\n\n'a' 6 8 # cat\n  b/c/d/2   3\t4\n"),)),
    ("one enclosing folder", (lambda files: {f"export/{path}": data for path, data in files.items()},)),
    ("a hierarchy in several lines", (file(HIERARCHY, str(good()[HIERARCHY]).replace(" ", "\n    ")),)),
]  # fmt: skip


@pytest.mark.parametrize("changes", [pytest.param(case[1], id=case[0]) for case in ODD])
def test_odd_and_right(changes: tuple[Change, ...], plain: dict[str, Any], tmp_path: Path) -> None:
    result = load(write(tmp_path / "odd", changed(*changes)))
    assert errors(result) == []
    assert contents() == plain


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_packed(name: str, plain: dict[str, Any], tmp_path: Path) -> None:
    pack = zipped if name.endswith("zip") else tarred
    assert errors(load(pack(tmp_path / name, good()))) == []
    assert contents() == plain


def test_a_header_alone_is_no_rows(tmp_path: Path) -> None:
    heads: Files = {path: str(good()[path]).split("\n")[0] for path in (IMAGES, HUMAN, MACHINE, BOXES, MASKS)}
    result = load(write(tmp_path / "a", good() | heads))
    assert errors(result) == []
    assert result.report.totals["boxes"].read == 0
    assert [row[3] for row in everything()["Image"]] == ["a", "b/c/d/2"]  # the pictures
    assert everything()["Shape"] == []


def test_an_unknown_column_is_one_warning(tmp_path: Path) -> None:
    result = load(write(tmp_path / "a", changed(replaced(BOXES, "IsInside", "IsUpsideDown"))))
    assert warnings(result) == [f'{BOXES}:1: "IsUpsideDown" is not a column that this file can have, and is not read']
    assert result.committed


def _palette(mask: Any) -> Pillow.Image:
    image = Pillow.fromarray(mask.astype(np.uint8) * 5)
    image.putpalette([255, 255, 255] + [0, 0, 0] * 255)
    return image


KINDS: dict[str, Callable[[Any], Pillow.Image]] = {
    "0 and 1": lambda mask: Pillow.fromarray(mask.astype(np.uint8)),
    "0 and 255": lambda mask: Pillow.fromarray(mask.astype(np.uint8) * 255),
    "RGB": lambda mask: Pillow.fromarray(np.stack([mask * 0, mask * 7, mask * 0], axis=2).astype(np.uint8)),
    "RGBA": lambda mask: Pillow.fromarray(
        np.stack([mask, mask, mask, np.ones_like(mask) * 255], axis=2).astype(np.uint8)
    ),
    "16-bit": lambda mask: Pillow.fromarray(mask.astype(np.uint16) * 256),
    "palette": _palette,
    "1-bit": Pillow.fromarray,
    "grey and alpha": lambda mask: Pillow.fromarray(mask.astype(np.uint8)).convert("LA"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_masks_of_any_kind(kind: str, tmp_path: Path) -> None:
    pixels = np.zeros((6, 8), dtype=np.bool_)
    pixels[2:5, 1:4] = True
    data = saved(KINDS[kind](pixels))
    result = load(write(tmp_path / "a", changed(file(CAT_MASK, data))))
    assert errors(result) == []
    mask = Shape.objects.get(attributes__box_id="0a0a0a0a").mask
    assert bytes(mask.png) == data
    assert (mask.width, mask.height) == (8, 6)
    assert (decode(bytes(mask.png), Limits()) == pixels).all()


def test_folders_in_an_image_id(tmp_path: Path) -> None:
    load(write(tmp_path / "a", good()))
    image = Image.objects.get(name="b/c/d/2")
    assert (image.width, image.height, image.file_suffix, image.author) == (4, 3, ".png", "Özil")
    with image.file.open() as stored:
        assert stored.read() == good()[PICTURE_B]
    assert sorted(image.shapes.values_list("kind", flat=True)) == ["mask", "rectangle", "tag"]


def test_an_empty_box_is_a_warning(tmp_path: Path) -> None:
    result = load(write(tmp_path / "a", changed(cell(BOXES, 2, "XMax", "0.25"))))
    assert warnings(result) == [f'{BOXES}:2: XMax: "0.25" equals XMin: the box is empty']
    assert result.committed


PARTS: list[tuple[str, tuple[Change, ...]]] = [
    ("boxes alone", (lambda files: {"train-annotations-bbox.csv": files[BOXES]},)),
    ("no class list", (gone(CLASSES, HIERARCHY),)),
    ("no image list", (gone(IMAGES),)),
    ("no pictures", (gone(PICTURE_A, PICTURE_B),)),
    ("no sizes", (gone(SIZES),)),
    ("tags alone", (lambda files: {HUMAN: files[HUMAN]},)),
    ("pictures alone", (lambda files: {PICTURE_A: files[PICTURE_A]},)),
    ("only what is required", (
        no_column(BOXES, "Source", "Confidence", "IsOccluded", "IsTruncated", "IsGroupOf", "IsDepiction", "IsInside"),
        no_column(MASKS, "BoxID", "BoxXMin", "BoxXMax", "BoxYMin", "BoxYMax", "PredictedIoU", "Clicks"),
        no_column(HUMAN, "Source", "Confidence"), file(IMAGES, "ImageID\na\nb/c/d/2\n"),
        file(CLASSES, "/m/01yrx\n/m/0bt9lr\n/m/0k4j\n/m/083wq\n"))),
]  # fmt: skip


@pytest.mark.parametrize("changes", [pytest.param(case[1], id=case[0]) for case in PARTS])
def test_parts_that_are_missing(changes: tuple[Change, ...], tmp_path: Path) -> None:
    files: Files = changed(*changes)
    result = load(write(tmp_path / "a", files))
    assert errors(result) == []
    assert warnings(result) == []
    state = everything()
    kinds = [row[4] for row in state["Shape"]]
    assert kinds.count("rectangle") == 2 * any("bbox.csv" in path for path in files)
    assert kinds.count("tag") == 2 * (HUMAN in files) + (MACHINE in files)
    assert kinds.count("mask") == 2 * (MASKS in files)
    assert len(state["Image"]) == (1 if set(files) <= {HUMAN, PICTURE_A} else 2)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Missing.ERROR, [f'{BOXES}:4: LabelName: "/m/9" is not a label of the task',
                         f'{BOXES}:5: ImageID: "zebra" is not an image of the task']),
        (Missing.SKIP, []),
        (Missing.CREATE, []),
    ],
)  # fmt: skip
def test_unknown_labels_and_images(policy: Missing, expected: list[str], tmp_path: Path) -> None:
    load(write(tmp_path / "good", good()))
    strange = more(BOXES, "a,,/m/9,1,0,1,0,1,0,0,0,0,0\nzebra,,/m/01yrx,1,0,1,0,1,0,0,0,0,0\n")
    result = load(write(tmp_path / "a", changed(strange)), missing_images=policy, missing_labels=policy)
    assert errors(result) == expected
    assert told(result, Severity.WARNING) == []
    totals = result.report.totals["boxes"]
    assert totals.read == 4
    assert totals.added == 2 * (policy is Missing.CREATE)
    if policy is Missing.SKIP:
        assert totals.skipped == {"unknown-label": 1, "unknown-image": 1}
    names = [row[3] for row in everything()["Image"]]
    assert names == ["a", "b/c/d/2"] + ["zebra"] * (policy is Missing.CREATE)
