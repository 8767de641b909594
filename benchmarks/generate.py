"""`python -m benchmarks.generate FOLDER`: writes a data set of any size, shaped like the official validation split.

The same arguments make the same annotations everywhere; the packing of PNG files is Pillow's. It depends on nothing
of the app, and has the file names that both Datumaro and we read.
"""

import argparse
import base64
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SUBSET = "validation"
CLASSES = 601
SIZES = ((1024, 683), (1024, 768), (683, 1024), (768, 1024), (1024, 681), (1024, 1024), (1024, 576))
"""Width and height in pixels of most official pictures."""
IMAGE_COLUMNS = (
    "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,"
    "OriginalSize,OriginalMD5,Thumbnail300KURL,Rotation\n"
)
LABEL_COLUMNS = "ImageID,Source,LabelName,Confidence\n"
BOX_COLUMNS = (
    "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n"
)
MASK_COLUMNS = "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks\n"
ROOT_CLASS = "/m/0bl9f"
UNKNOWN = 0.01
"""The share of flags that are -1."""

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Rng = np.random.Generator


def generate(folder: Path, *, images: int, boxes: int, labels: int, masks: int) -> None:
    """Writes the data set; a folder that is there already is complete and is left as it is."""
    if folder.exists():
        return
    made = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(made, ignore_errors=True)
    annotations = made / "annotations"
    annotations.mkdir(parents=True)
    rng = np.random.default_rng(1)
    names = _class_names(rng)
    _write(annotations / "class-descriptions.csv", "", (f"{n},Class {i:03}\n" for i, n in enumerate(names)))
    (annotations / "bbox_labels_600_hierarchy.json").write_text(json.dumps(_hierarchy(rng, names)))
    ids = [hashlib.blake2b(str(number).encode(), digest_size=8).hexdigest() for number in range(images)]
    sizes = [SIZES[kind] for kind in rng.integers(0, len(SIZES), images)]
    lines = (f"{name} {height} {width}\n" for name, (width, height) in zip(ids, sizes, strict=True))
    _write(annotations / "images.meta", "# <image name> <height> <width>\n\n", lines)
    _write(annotations / f"{SUBSET}-images-with-rotation.csv", IMAGE_COLUMNS, _image_rows(ids))
    if labels:
        path = annotations / f"{SUBSET}-annotations-human-imagelabels.csv"
        _write(path, LABEL_COLUMNS, _label_rows(rng, ids, names, labels))
    if boxes:
        of_image = np.repeat(np.arange(images), _spread(rng, boxes, images, 1.2))
        of_class = rng.choice(CLASSES, boxes, p=_popularity())
        corners = _corners(rng, boxes)
        path = annotations / f"{SUBSET}-annotations-bbox.csv"
        _write(path, BOX_COLUMNS, _box_rows(rng, ids, names, of_image, of_class, corners))
        if masks:
            chosen = np.sort(rng.choice(boxes, masks, replace=False))
            rows = _write_masks(rng, made, ids, sizes, names, of_image[chosen], of_class[chosen], corners[chosen])
            _write(annotations / f"{SUBSET}-annotations-object-segmentation.csv", MASK_COLUMNS, rows)
    made.rename(folder)


def _class_names(rng: Rng) -> list[str]:
    letters = "0123456789bcdfghjklmnpqrstvwxyz_"
    names: dict[str, None] = {}
    while len(names) < CLASSES:
        names["/m/0" + "".join(letters[i] for i in rng.integers(0, len(letters), rng.integers(4, 7)))] = None
    return list(names)


def _hierarchy(rng: Rng, names: list[str]) -> dict[str, object]:
    """A tree of subcategories and a few parts below a root that the class list does not have."""
    nodes: list[dict[str, list[object] | str]] = [{"LabelName": name} for name in names]
    top: list[object] = list(nodes[:40])
    for number, node in enumerate(nodes[40:], 40):
        parent = nodes[int(rng.integers(0, number if number % 2 else 40))]
        children = parent.setdefault("Part" if rng.random() < 0.08 else "Subcategory", [])
        assert isinstance(children, list)
        children.append(node)
    return {"LabelName": ROOT_CLASS, "Subcategory": top}


def _image_rows(ids: list[str]) -> Iterator[str]:
    rotations = ("0.0", "90.0", "180.0", "270.0", "")
    for number, name in enumerate(ids):
        md5 = base64.b64encode(hashlib.blake2b(name.encode(), digest_size=16).digest()).decode()
        title = f'"Title {number}, ""quoted"" café"' if number % 10 == 0 else f"Title {number}"
        yield (
            f"{name},{SUBSET},https://farm1.example.com/{number % 9000}/{name[:10]}_o.jpg,"
            f"https://www.example.com/photos/u/{number},https://creativecommons.org/licenses/by/2.0/,"
            f"https://www.example.com/people/u{number % 5000}/,Author {number % 5000},{title},"
            f"{100_000 + number * 37 % 5_000_000},{md5},https://c1.example.com/{name}_z.jpg,"
            f"{rotations[0 if number % 20 else number // 20 % 5]}\n"
        )


def _label_rows(rng: Rng, ids: list[str], names: list[str], labels: int) -> Iterator[str]:
    for number, (name, count) in enumerate(zip(ids, _spread(rng, labels, len(ids), 6.0), strict=True)):
        first, step = rng.integers(0, CLASSES, 2)
        for place in range(int(count)):
            source = "crowdsource-verification" if place % 7 == 3 else "verification"
            # 601 is prime, so that steps of one size meet no class twice.
            label = names[(int(first) + place * (1 + int(step) % (CLASSES - 1))) % CLASSES]
            yield f"{name},{source},{label},{int((place + number) % 3 > 0)}\n"


def _box_rows(
    rng: Rng, ids: list[str], names: list[str], of_image: Integers, of_class: Integers, corners: Floats
) -> Iterator[str]:
    likely = (0.55, 0.3, 0.06, 0.06, 0.002)
    for start in range(0, len(of_image), 100_000):
        part = slice(start, start + 100_000)
        rows = len(of_image[part])
        flags = np.where(rng.random((rows, 5)) < likely, 1, 0)
        flags[rng.random(rows) < UNKNOWN] = -1
        sources = rng.random(rows) < 0.1
        columns = of_image[part].tolist(), of_class[part].tolist(), sources.tolist(), corners[part], flags.tolist()
        for image, label, machine, box, cells in zip(*columns, strict=True):
            source = "activemil" if machine else "xclick"
            where = ",".join(map(_fraction, box.tolist()))
            yield f"{ids[image]},{source},{names[label]},1,{where},{','.join(map(str, cells))}\n"


def _write_masks(
    rng: Rng,
    folder: Path,
    ids: list[str],
    sizes: list[tuple[int, int]],
    names: list[str],
    of_image: Integers,
    of_class: Integers,
    corners: Floats,
) -> Iterator[str]:
    masks = folder / "masks" / SUBSET
    masks.mkdir(parents=True)
    columns = of_image.tolist(), of_class.tolist(), corners.tolist()
    for number, (image, label, box) in enumerate(zip(*columns, strict=True)):
        box_id = hashlib.blake2b(f"{image}/{number}".encode(), digest_size=4).hexdigest()
        path = f"{ids[image]}_{names[label].replace('/', '')}_{box_id}.png"
        _blob(rng, sizes[image], box).save(masks / path)
        points = rng.random((int(rng.integers(2, 8)), 2)).tolist()
        clicks = ";".join(f"{x:.5f} {y:.5f} {place % 2}" for place, (x, y) in enumerate(points))
        where = ",".join(f"{value:.6f}" for value in box)
        yield f"{path},{ids[image]},{names[label]},{box_id},{where},{0.7 + 0.3 * rng.random():.5f},{clicks}\n"


def _blob(rng: Rng, size: tuple[int, int], box: list[float]) -> Image.Image:
    """A wavy outline that fills the box (XMin, XMax, YMin, YMax), one in four with a hole."""
    (width, height), (x_min, x_max, y_min, y_max) = size, box
    x, y = (x_min + x_max) / 2 * width, (y_min + y_max) / 2 * height
    across, down = (x_max - x_min) / 2 * width, (y_max - y_min) / 2 * height
    angle = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    radius = np.ones_like(angle)
    for wave in range(2, 9):
        radius += rng.normal(0, 0.35 / wave) * np.cos(wave * angle + rng.uniform(0, 6.28))
    radius = np.clip(radius / radius.max(), 0.15, 1)
    outline = np.stack([x + across * radius * np.cos(angle), y + down * radius * np.sin(angle)], axis=1)
    mask = Image.new("1", size, 0)
    drawing = ImageDraw.Draw(mask)
    drawing.polygon(list(map(tuple, outline.tolist())), fill=1)
    if rng.random() < 0.25:
        drawing.ellipse([x - across * 0.15, y - down * 0.15, x + across * 0.15, y + down * 0.15], fill=0)
    return mask


def _spread(rng: Rng, total: int, images: int, evenness: float) -> Integers:
    """How many of `total` rows each image has."""
    weights = rng.gamma(evenness, size=images)
    return rng.multinomial(total, weights / weights.sum())


def _popularity() -> Floats:
    weights = 1 / np.arange(1, CLASSES + 1) ** 0.8
    shares: Floats = weights / weights.sum()
    return shares


def _corners(rng: Rng, boxes: int) -> Floats:
    """XMin, XMax, YMin, YMax with six digits, small boxes being the most."""
    place = rng.random((boxes, 2))
    side = 0.03 + 0.6 * rng.random((boxes, 2)) ** 2
    start = place * (1 - side)
    corners: Floats = np.round(np.stack([start, start + side], axis=2).reshape(boxes, 4), 6)
    return corners


def _fraction(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _write(path: Path, header: str, rows: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(header)
        file.writelines(rows)


def main() -> None:
    """Writes the data set that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=41_620)
    parser.add_argument("--boxes", type=int, default=303_980)
    parser.add_argument("--labels", type=int, default=595_339)
    parser.add_argument("--masks", type=int, default=0)
    chosen = parser.parse_args()
    generate(chosen.folder, images=chosen.images, boxes=chosen.boxes, labels=chosen.labels, masks=chosen.masks)


if __name__ == "__main__":
    main()
