"""A data set with what the format allows and Datumaro might trip over."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from openimages_io.format.masks import encode
from openimages_io.models import Image, Label, Shape, ShapeKind, Task

LABELS = {
    "/m/0cat": "Cat",
    "/m/0tbl": 'Café table, "round"',
    "/m/0whl": "Wheel",
    "/m/0car": "Car",
    "/m/0kyo": "京都 # 1",
    "/m/0non": "Never seen",
}
HIERARCHY = {
    "LabelName": "/m/0root",
    "Subcategory": [
        {"LabelName": "/m/0car", "Part": [{"LabelName": "/m/0whl"}]},
        {"LabelName": "/m/0cat", "Subcategory": [{"LabelName": "/m/0kyo"}]},
        {"LabelName": "/m/0tbl", "Subcategory": [{"LabelName": "/m/0kyo"}, {"LabelName": "/m/0whl"}]},
    ],
}
SIZES = {"0001aa": (160, 100), "b/c/d 2": (97, 131), "b-c": (1024, 683), "ünï": (641, 480), "empty": (33, 21)}
MASK_SCALES = (1.0, 1.6, 0.4, 1.37)
SUBSETS = ("train", "validation", "my_set")
IMAGE_COLUMNS = (
    "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,"
    "OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation"
)
TAG_COLUMNS = "ImageID,Source,LabelName,Confidence"
BOX_COLUMNS = (
    "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside,"
    "XClick1X,XClick2X,XClick3X,XClick4X,XClick1Y,XClick2Y,XClick3Y,XClick4Y"
)
MASK_COLUMNS = "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks"


def write_dataset(folder: Path, *, pictures: bool) -> Path:
    """Writes the data set in the documented layout; without pictures only images.meta tells sizes."""
    rng = np.random.default_rng(3)
    annotations = folder / "annotations"
    annotations.mkdir(parents=True)
    _write(annotations / "class-descriptions.csv", None, LABELS.items())
    (annotations / "bbox_labels_600_hierarchy.json").write_text(json.dumps(HIERARCHY))
    sizes = []
    for subset in SUBSETS:
        files: dict[str, list[tuple[object, ...]]] = {name: [] for name in ("image", "human", "machine", "box", "mask")}
        for number, (name, (width, height)) in enumerate(SIZES.items()):
            image = f"{name}-{subset}"
            sizes.append(f"'{image}' {height} {width}\n")
            url = f"https://example.com/{number}"
            files["image"].append(
                (image, subset, url, url, "CC", "", "Äda", 'A "title", quoted', 900 + number, "bWQ1", "", "90.0")
            )
            if pictures:
                path = folder / "images" / subset / f"{image}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Pillow.new("RGB", (width, height), (number * 40, 90, 120)).save(path)
            if name != "empty":
                _annotate(rng, folder / "masks" / subset, image, (width, height), files)
        _write(annotations / f"{subset}-image_ids_and_rotation.csv", IMAGE_COLUMNS, files["image"])
        _write(annotations / f"{subset}-annotations-human-imagelabels.csv", TAG_COLUMNS, files["human"])
        _write(annotations / f"{subset}-annotations-machine-imagelabels.csv", TAG_COLUMNS, files["machine"])
        _write(annotations / f"{subset}-annotations-bbox.csv", BOX_COLUMNS, files["box"])
        _write(annotations / f"{subset}-annotations-object-segmentation.csv", MASK_COLUMNS, files["mask"])
    (annotations / "images.meta").write_text("# <image name> <height> <width>\n\n" + "".join(sizes), encoding="utf-8")
    return folder


def _annotate(
    rng: np.random.Generator,
    folder: Path,
    image: str,
    size: tuple[int, int],
    files: dict[str, list[tuple[object, ...]]],
) -> None:
    names = list(LABELS)
    files["human"] += [
        (image, source, name, score)
        for name, score, source in zip(
            names, ("1", "0", "0.5"), ("verification", "crowdsource-verification", ""), strict=False
        )
    ]
    files["machine"].append((image, "machine", names[0], "0.7"))
    for number in range(6):
        label = names[number % 4]
        left, top = rng.uniform(0, 0.6, 2)
        box = [f"{value:.6f}" for value in (left, left + rng.uniform(0.05, 0.4), top, top + rng.uniform(0.05, 0.4))]
        flags = rng.integers(-1, 2, 5)
        score = ("1", "0.25", "0.123456")[number % 3]
        clicks = [f"{value:.5f}" for value in rng.uniform(0, 1, 8)] if number % 2 else [-1] * 8
        files["box"].append((image, "xclick", label, score, *box, *flags, *clicks))
        if number == 3:
            files["box"].append((image, "activemil", label, "1", *box, *[-1] * 5, *[-1] * 8))
        if number < len(MASK_SCALES):
            scale = MASK_SCALES[number]
            _mask(rng, folder, image, label, f"{rng.integers(2**28, 2**32):08x}", box, size, scale, files)
    for box_id in ("deadbeef", "cafe0001"):
        _mask(rng, folder, image, names[4], box_id, [""] * 4, size, 1.25, files)


def _mask(
    rng: np.random.Generator,
    folder: Path,
    image: str,
    label: str,
    box_id: str,
    box: list[str],
    size: tuple[int, int],
    scale: float,
    files: dict[str, list[tuple[object, ...]]],
) -> None:
    width, height = (max(1, round(side * scale)) for side in size)
    path = f"{image.replace('/', '-')}_{label.replace('/', '')}_{box_id}.png"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(encode(rng.random((height, width)) < 0.4))
    iou = "0.87654" if box[0] else ""
    files["mask"].append((path, image, label, box_id, *box, iou, "0.10000 0.20000 1;0.30000 0.40000 0"))


def _write(path: Path, columns: str | None, rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if columns:
            writer.writerow(columns.split(","))
        writer.writerows(rows)


DRAWN_OBJECTS = 4
"""How many `draw_shapes` adds to an image."""


def draw_shapes(task: Task) -> None:
    """Adds what the format knows as masks only: polygons, of which two are one object, an ellipse and a turned box."""
    label = Label.objects.get(task=task, name="/m/0cat")
    rings = [[0.1, 0.1, 0.9, 0.2, 0.5, 0.8], [0.4, 0.3, 0.6, 0.3, 0.5, 0.5]]
    for image in Image.objects.filter(task=task, subset="train", shapes__isnull=False).distinct():
        common = {"task": task, "image": image, "label": label}
        for part, group in ((rings, 7001), ([[0.0, 0.9, 0.2, 0.9, 0.1, 1.0]], 7001), ([rings[1]], None)):
            xs = [x for ring in part for x in ring[::2]]
            ys = [y for ring in part for y in ring[1::2]]
            box = {"x_min": min(xs), "x_max": max(xs), "y_min": min(ys), "y_max": max(ys)}
            Shape.objects.create(**common, **box, kind=ShapeKind.POLYGON, points=part, group=group)
        box = {"x_min": 0.2, "x_max": 0.8, "y_min": 0.3, "y_max": 0.7}
        Shape.objects.create(**common, **box, kind=ShapeKind.ELLIPSE, points=[0.5, 0.5, 0.3, 0.2], rotation=30.0)
        Shape.objects.create(**common, **box, kind=ShapeKind.RECTANGLE, rotation=15.0)
