"""Our rows, described as `datumaro_side.py` describes what Datumaro sees."""

import base64
import re
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from openimages_io import geometry
from openimages_io.format.limits import Limits
from openimages_io.format.masks import decode
from openimages_io.models import Image, Shape, ShapeKind, Task

FLAGS = ("truncated", "is_group_of", "is_depiction", "is_inside")
FLOAT32 = 1e-4
"""Pixels. Datumaro keeps coordinates as float32, rounded to 0.01 of them."""

Pixels = NDArray[np.bool_]


def described(task: Task, *, by_display_name: bool = False) -> dict[str, Any]:
    """The items of a task by subset and ImageID: tags that no machine made, boxes, and masks of whatever shape."""
    items: dict[str, Any] = defaultdict(dict)
    for image in Image.objects.filter(task=task).order_by("pk"):
        rows = list(image.shapes.select_related("label", "mask").order_by("pk"))
        names = {row.pk: row.label.display_name if by_display_name else row.label.name for row in rows}
        items[image.subset][image.name] = {
            "size": [image.height, image.width] if image.height else None,
            "tags": [
                [names[row.pk], score(row)] for row in rows if row.kind == ShapeKind.TAG and row.source != "machine"
            ],
            "boxes": [box(row, names[row.pk]) for row in rows if is_box(row)],
            "masks": masks(rows, names, image),
        }
    return dict(items)


def is_box(row: Shape) -> bool:
    return row.kind == ShapeKind.RECTANGLE and not row.rotation


def score(row: Shape) -> float:
    return 1 if row.score is None else row.score


def box(row: Shape, label: str) -> dict[str, Any]:
    flags = {name: row.all_attributes[name] for name in FLAGS if name in row.all_attributes}
    if row.occluded is not None:
        flags["occluded"] = row.occluded
    fractions = [row.x_min, row.x_max, row.y_min, row.y_max]
    return {"label": label, "score": score(row), "fractions": fractions, "flags": flags, "group": row.group}


def masks(rows: list[Shape], names: dict[int, str], image: Image) -> list[dict[str, Any]]:
    found = []
    drawn: set[tuple[int, int]] = set()
    for row in rows:
        if row.kind == ShapeKind.TAG or is_box(row):
            continue
        if row.kind == ShapeKind.MASK:
            pixels = decode(bytes(row.mask.png), Limits())
        else:
            if row.group is not None and (row.label_id, row.group) in drawn:
                continue
            drawn.add((row.label_id, row.group or -row.pk))
            together = [row] if row.group is None else [r for r in rows if r.group == row.group and r.points]
            pixels = np.logical_or.reduce([draw(part, image) for part in together])
        found.append(
            {
                "label": names[row.pk],
                "box_id": row.attributes.get("box_id"),
                "predicted_iou": row.attributes.get("predicted_iou"),
                "pixels": pixels,
                "group": row.group if row.kind == ShapeKind.MASK else None,
            }
        )
    return found


def draw(row: Shape, image: Image) -> Pixels:
    assert image.width is not None
    assert image.height is not None
    size = image.width, image.height
    if row.kind == ShapeKind.POLYGON:
        assert row.points is not None
        return geometry.fill_polygon(row.points, *size)
    if row.kind == ShapeKind.ELLIPSE:
        assert row.points is not None
        return geometry.fill_ellipse(row.points, row.rotation or 0, *size)
    assert row.x_min is not None
    assert row.x_max is not None
    assert row.y_min is not None
    assert row.y_max is not None
    return geometry.fill_rectangle(row.x_min, row.x_max, row.y_min, row.y_max, row.rotation or 0, *size)


def unpacked(mask: dict[str, Any]) -> Pixels:
    """The pixels of a mask that Datumaro described."""
    height, width = mask["shape"]
    bits = np.frombuffer(base64.b64decode(mask["bits"]), dtype=np.uint8)
    return np.unpackbits(bits, count=height * width).reshape(height, width).astype(bool)


def as_opencv_scales(pixels: Pixels, height: int, width: int) -> Pixels:
    """A mask at another size by INTER_NEAREST of OpenCV: each new pixel takes the pixel under its upper left corner."""
    rows = [min(int(y * (1 / (height / pixels.shape[0]))), pixels.shape[0] - 1) for y in range(height)]
    columns = [min(int(x * (1 / (width / pixels.shape[1]))), pixels.shape[1] - 1) for x in range(width)]
    return pixels[np.ix_(rows, columns)]


def compare(ours: dict[str, Any], theirs: dict[str, Any], *, centred: bool = False) -> None:
    """Asserts that rows and items say the same. `centred`: masks were scaled by us, so that Datumaro need not."""
    assert {subset: list(items) for subset, items in theirs.items()} == {
        subset: list(items) for subset, items in ours.items()
    }
    for subset, items in ours.items():
        for name, item in items.items():
            other = theirs[subset][name]
            place = f"{subset}/{name}"
            assert other["tags"] == item["tags"], place
            _compare_boxes(item, other, place)
            _compare_masks(item, other, place, centred)


def _compare_boxes(item: dict[str, Any], other: dict[str, Any], place: str) -> None:
    assert len(other["boxes"]) == len(item["boxes"]), place
    for ours, theirs in zip(item["boxes"], other["boxes"], strict=True):
        assert {key: theirs[key] for key in ("label", "score", "flags")} == {
            key: ours[key] for key in ("label", "score", "flags")
        }, place
        height, width = item["size"]
        pixels = [
            fraction * side for fraction, side in zip(ours["fractions"], (width, width, height, height), strict=True)
        ]
        assert theirs["pixels"] == pytest.approx(pixels, abs=0.005 + FLOAT32), place


def _compare_masks(item: dict[str, Any], other: dict[str, Any], place: str, centred: bool) -> None:
    assert len(other["masks"]) == len(item["masks"]), place
    for ours, theirs in zip(item["masks"], other["masks"], strict=True):
        assert theirs["label"] == ours["label"], place
        assert theirs["predicted_iou"] == ours["predicted_iou"], place
        if ours["box_id"]:
            assert theirs["box_id"] == ours["box_id"], place
        else:
            assert re.fullmatch("[0-9a-f]{8}", theirs["box_id"]), place
        assert _box_of(theirs, other) == _box_of(ours, item), place
        height, width = item["size"]
        pixels = ours["pixels"]
        scaled = geometry.resize_nearest(pixels, width, height) if centred else as_opencv_scales(pixels, height, width)
        assert np.array_equal(unpacked(theirs), scaled), place


def _box_of(mask: dict[str, Any], item: dict[str, Any]) -> int | None:
    """The place of a mask's box among the boxes of its item; of equal boxes that of the first.

    Of two equal boxes Datumaro gives the mask to the last, and we to the first that has none.
    """
    if not mask["group"]:
        return None
    places = [(box["label"], box.get("pixels") or box["fractions"]) for box in item["boxes"]]
    of_mask = [place for box, place in zip(item["boxes"], places, strict=True) if box["group"] == mask["group"]]
    return places.index(of_mask[0])
