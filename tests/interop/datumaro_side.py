"""Run by the Python that has Datumaro, never imported by ours.

`read FOLDER`                   prints what Datumaro sees in a data set, as JSON
`pass FOLDER DEST [--pictures]` reads a data set and writes it again
`make DEST [--pictures]`        writes a data set made with Datumaro's own classes, and prints what it was
"""

import base64
import importlib
import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np

# Datumaro is not there for the type checker.
annotation: Any = importlib.import_module("datumaro.components.annotation")
dataset: Any = importlib.import_module("datumaro.components.dataset")
base: Any = importlib.import_module("datumaro.components.dataset_base")
media: Any = importlib.import_module("datumaro.components.media")
images: Any = importlib.import_module("datumaro.util.image")

FORMAT = "open_images"
LABELS = ("cat", "Café table", "wheel", "car", "猫")
PARENTS = {"wheel": "car"}


def main(command: str, *args: str) -> None:
    """Does what the command line says."""
    logging.disable(logging.WARNING)
    folders = [Path(arg) for arg in args if not arg.startswith("--")]
    pictures = "--pictures" in args
    if command == "make":
        found = made()
        found.export(str(folders[0]), FORMAT, save_media=pictures)
    else:
        found = dataset.Dataset.import_from(str(folders[0]), FORMAT)
        if command == "pass":
            sized(found, folders[0]).export(str(folders[1]), FORMAT, save_media=pictures)
    sys.stdout.write(json.dumps(described(found)) + "\n")


def sized(found: Any, folder: Path) -> Any:
    """Gives items without a picture their size: without one Datumaro writes no box."""
    sizes = images.load_image_meta_file(str(folder / "annotations" / "images.meta"))
    for item in list(found):
        if item.media is None and item.id in sizes:
            absent = media.Image.from_file(path=f"{item.id}.jpg", size=sizes[item.id])
            found.put(item.wrap(media=absent))
    return found


def described(found: Any) -> dict[str, Any]:
    """Labels with their parents, and items by subset and id with their annotations in order."""
    categories = found.categories()[annotation.AnnotationType.label]
    names = [category.name for category in categories]
    items: dict[str, Any] = {}
    for item in found:
        items.setdefault(item.subset, {})[item.id] = {
            "size": list(item.media.size) if item.media and item.media.size else None,
            "tags": [[names[a.label], a.attributes.get("score", 1)] for a in of_type(item, "label")],
            "boxes": [box(a, names) for a in of_type(item, "bbox")],
            "masks": [mask(a, names) for a in of_type(item, "mask")],
        }
    return {"labels": {category.name: category.parent for category in categories}, "items": items}


def of_type(item: Any, name: str) -> list[Any]:
    """The item's annotations of one type."""
    return [a for a in item.annotations if a.type == annotation.AnnotationType[name]]


def box(a: Any, names: list[str]) -> dict[str, Any]:
    """A box in pixels, XMin, XMax, YMin, YMax as our columns stand."""
    flags = {name: value for name, value in a.attributes.items() if name != "score"}
    return {
        "label": names[a.label],
        "score": a.attributes.get("score", 1),
        "pixels": [a.x, a.x + a.w, a.y, a.y + a.h],
        "flags": flags,
        "group": a.group,
    }


def mask(a: Any, names: list[str]) -> dict[str, Any]:
    """A mask, its pixels packed to bits."""
    pixels = np.asarray(a.image, dtype=bool)
    return {
        "label": names[a.label],
        "box_id": a.attributes.get("box_id"),
        "predicted_iou": a.attributes.get("predicted_iou"),
        "shape": list(pixels.shape),
        "bits": base64.b64encode(np.packbits(pixels).tobytes()).decode(),
        "group": a.group,
    }


def made() -> Any:
    """Two subsets, folders in ids, names that are no MIDs, masks with and without boxes, every flag in every state."""
    rng = np.random.default_rng(7)
    labels = annotation.LabelCategories.from_iterable([(name, PARENTS.get(name, "")) for name in LABELS])
    items = []
    for number, name in enumerate(("a", "b/c/d/2", "with space", "c-3", "café", "empty")):
        height, width = 40 + 7 * number, 60 + 11 * number
        annotations = [] if name == "empty" else some_annotations(rng, height, width)
        picture = media.Image.from_numpy(rng.integers(0, 255, (height, width, 3)).astype(np.uint8), ext=".png")
        subset = "train" if number % 2 else "my_val"
        items.append(base.DatasetItem(id=name, subset=subset, media=picture, annotations=annotations))
    return dataset.Dataset.from_iterable(items, categories={annotation.AnnotationType.label: labels})


def some_annotations(rng: Any, height: int, width: int) -> list[Any]:
    """Tags of either score, boxes, masks joined with a box, and masks alone."""
    found = [annotation.Label(label, attributes={"score": score}) for label, score in ((0, 0), (1, 1), (3, 0.7))]
    for group in range(1, 4):
        x, y = rng.uniform(0, width / 2), rng.uniform(0, height / 2)
        flags = {} if group == 3 else {"occluded": group == 1, "is_group_of": True, "is_inside": False}
        given = {"score": round(float(rng.uniform()), 3), **flags}
        found.append(annotation.Bbox(x, y, width / 3, height / 3, label=group, group=group, attributes=given))
    for label, group in ((1, 1), (2, 2), (0, 0), (0, 0), (4, 0)):
        given = {"predicted_iou": 0.875} if group == 1 else {}
        pixels = rng.random((height, width)) < 0.3
        found.append(annotation.Mask(pixels, label=label, group=group, attributes=given))
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
