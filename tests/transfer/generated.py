"""A small data set with everything that the format can say, and a task with everything that only we can say."""

import csv
import io
import json
import random
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from numpy.typing import NDArray
from PIL import Image as Pillow

from openimages_io.format.masks import encode
from openimages_io.format.tables import BOXES, CLICK_COLUMNS, IMAGES, LABELS, PERSON_ATTRIBUTES, SEGMENTATIONS
from openimages_io.format.writing import names_of
from openimages_io.models import AttributeSpec, EdgeKind, HierarchyEdge, Image, InputType, Label, Mask, Shape, Task

SUBSETS = ("train", "val", "oidv7-val", "my set, ünï #1", "a-annotations-bbox", "annotations", "train-masks-0")
"""Hostile but legal: others have been taken apart at their dashes, spaces and prefixes."""
IMAGE_IDS = ("000a1b2c3d4e5f60", "b/c/d/2", "photo 'one' #2", "Страница 3", "shared", "a.b", "empty")
SHARED = "shared"
"""An ImageID that stands in every subset, with another size in each."""
CLASSES = (
    ("/m/01yrx", "Cat"),
    ("/m/0k4j", 'Café table, "round"'),
    ("a, b", "Cat"),
    ('5" disk', "嵐"),
    ("/m/0/../x", ""),
    ("plain name", "plain name"),
    ("/m/0cmf2", "Wing"),
)
ROOT = "/m/0bl9f"
IMAGE_COLUMNS = names_of(IMAGES)
LABEL_COLUMNS = names_of(LABELS)
BOX_COLUMNS = names_of(BOXES)
MASK_COLUMNS = names_of(SEGMENTATIONS)
PERSON_COLUMNS = PERSON_ATTRIBUTES
TITLES = ("", 'A "quoted" title', "two\nlines", "three\r\nlines, and a comma", "ünï – 題", " spaces ", "'")


def hierarchy() -> dict[str, Any]:
    """A class both subcategory and part, with three parents, and its subtree repeated below each."""
    disk = {"LabelName": '5" disk', "Part": [{"LabelName": "/m/0cmf2"}]}
    table = {"LabelName": "/m/0k4j", "Part": [disk], "Subcategory": [{"LabelName": "a, b"}]}
    return {
        "LabelName": ROOT,
        "Subcategory": [{"LabelName": "/m/01yrx", "Subcategory": [table, disk], "Part": [disk]}, table],
    }


def write_data_set(folder: Path) -> None:
    """Writes the data set, the same at every call."""
    chance = random.Random(4)
    annotations = folder / "annotations"
    annotations.mkdir(parents=True)
    write_csv(annotations / "class-descriptions.csv", None, CLASSES)
    (annotations / "bbox_labels_600_hierarchy.json").write_text(json.dumps(hierarchy(), indent=4), "utf-8")
    sizes = []
    for number, subset in enumerate(SUBSETS):
        ids = [image_id if image_id == SHARED else f"{image_id}{number}" for image_id in IMAGE_IDS]
        ids[1] = f"b/{number}/d/2"
        sizes += [f"# subset: {shlex.quote(subset)}"]
        known = [(image_id, 20 + number, 30 + place) for place, image_id in enumerate(ids) if place != 2]
        sizes += [f"{shlex.quote(image_id)} {height} {width}" for image_id, height, width in known]
        write_csv(annotations / f"{subset}-image_ids_and_rotation.csv", IMAGE_COLUMNS, _image_rows(chance, subset, ids))
        used = ids[:-1]
        tags = _tag_rows(chance, used, ("verification", "crowdsource-verification", ""))
        write_csv(annotations / f"{subset}-annotations-human-imagelabels.csv", LABEL_COLUMNS, tags)
        if number % 2:
            machine = _tag_rows(chance, used, ("machine",))
            write_csv(annotations / f"{subset}-annotations-machine-imagelabels.csv", LABEL_COLUMNS, machine)
        boxes = list(_box_rows(chance, used))
        extra = (CLICK_COLUMNS, PERSON_COLUMNS, (), CLICK_COLUMNS + PERSON_COLUMNS)[number % 4]
        rows = [[*row, *(_extra_cell(chance, column) for column in extra)] for row in boxes]
        write_csv(annotations / f"{subset}-annotations-bbox.csv", [*BOX_COLUMNS, *extra], rows)
        _write_masks(chance, folder, subset, used, boxes, with_files=subset != "val")
        _write_pictures(folder, subset, known)
    (annotations / "images.meta").write_text("\n".join(sizes) + "\n", "utf-8")


def write_csv(path: Path, columns: Sequence[str] | None, rows: Iterable[Sequence[object]]) -> None:
    """Writes a table, with a header if columns are given."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([columns] if columns else [])
        writer.writerows(rows)


def _image_rows(chance: random.Random, subset: str, ids: Sequence[str]) -> Iterator[list[str]]:
    for image_id, title in zip(ids, TITLES, strict=True):
        url = f"https://example.com/{chance.randrange(10**6)}"
        size = chance.choice(["", "0", "4405052", "007"])
        rotation = chance.choice(["", "nan", "0.0", "90", "270.0", "-45.5"])
        md5 = chance.choice(["", "KFukvivpCM5QXl5SqKe41g=="])
        yield [image_id, subset, url, f"{url}/land", "CC, BY", "", "Ünï, “A”", title, size, md5, "", rotation]


def _tag_rows(chance: random.Random, ids: Sequence[str], sources: Sequence[str]) -> Iterator[list[str]]:
    for image_id in ids:
        for label, _ in chance.sample(CLASSES, 3):
            yield [image_id, chance.choice(sources), label, chance.choice(["0", "1", "0.7", "1.0", "5e-1", ".5", ""])]


def fraction(chance: random.Random, value: float) -> str:
    """A number in one of many notations."""
    form = chance.choice(["{:.6f}", "{:.9f}", "{!r}", "{:e}", "{:E}", "+{:.4f}", "{:.17g}", " {:.3f}", "{:.2g}"])
    text = form.format(value)
    return text.removeprefix("0") if chance.random() < 0.1 and text.startswith("0.") else text


def _box(chance: random.Random) -> list[str]:
    x, y = sorted(chance.uniform(0.01, 0.99) for _ in "ab"), sorted(chance.uniform(0.01, 0.99) for _ in "ab")
    (x_min, x_max), (y_min, y_max) = x, y
    x_max, y_max = min(x_max + 0.05, 1), min(y_max + 0.05, 1)
    return [fraction(chance, value) for value in (x_min, x_max, y_min, y_max)]


def _box_rows(chance: random.Random, ids: Sequence[str]) -> Iterator[list[str]]:
    for image_id in ids:
        row: list[str] = []
        for _ in range(4):
            label = chance.choice(CLASSES)[0]
            flags = [chance.choice(["0", "1", "-1", ""]) for _ in range(5)]
            source = chance.choice(["xclick", "activemil", ""])
            row = [image_id, source, label, chance.choice(["1", "0.25", "1e-3"]), *_box(chance), *flags]
            yield row
        yield row  # an equal box
    yield [ids[0], "xclick", CLASSES[0][0], "1", "0", "1", "0.0", "1.000", "0", "0", "0", "0", "0"]
    yield [ids[0], "xclick", CLASSES[0][0], "1", "2e-06", "0.4345020000000001", "0.1", "0.1", "0", "0", "0", "0", "0"]


def _extra_cell(chance: random.Random, column: str) -> str:
    if column == "GenderPresentation":
        return chance.choice(["Predominantly Feminine", "Unknown", ""])
    if column == "AgePresentation":
        return chance.choice(["Young", "Middle, “or” older", ""])
    return chance.choice(["-1", "", fraction(chance, chance.random())])


def _write_masks(
    chance: random.Random, folder: Path, subset: str, ids: Sequence[str], boxes: list[list[str]], *, with_files: bool
) -> None:
    masks = folder / "masks" / subset
    rows: list[list[str]] = []
    for number, box in enumerate(boxes[::3]):
        image_id, label = box[0], box[2]
        name = f"{number:02}_{'嵐' if number % 5 == 0 else 'x'}_{number:08x}.{'PNG' if number == 3 else 'png'}"
        cells = box[4:8] if number % 4 else ["", "", "", ""]
        iou = chance.choice(["", "0.86864", "1", "0.5000"])
        clicks = chance.choice(["", "0.95498 0.65197 1;0.89370 0.56579 0"])
        rows.append([name, image_id, label, chance.choice(["", f"{number:08x}"]), *cells, iou, clicks])
    rows.append([rows[-1][0], ids[0], "a, b", "deadbeef", "", "", "", "", "", ""])  # two rows, one file
    write_csv(folder / "annotations" / f"{subset}-annotations-object-segmentation.csv", MASK_COLUMNS, rows)
    if with_files:
        masks.mkdir(parents=True)
        for number, name in enumerate(dict.fromkeys(row[0] for row in rows)):
            (masks / name).write_bytes(png_of_some_kind(chance, number))


def pixels(chance: random.Random, width: int, height: int) -> NDArray[np.bool_]:
    """A blob with a hole."""
    mask = np.zeros((height, width), dtype=bool)
    x, y = chance.randrange(width - 5), chance.randrange(height - 5)
    mask[y : y + 5, x : x + 5] = True
    mask[y + 2, x + 2] = False
    return mask


def png_of_some_kind(chance: random.Random, number: int) -> bytes:
    """A mask as different tools write it, of a size that is not its image's."""
    mask = pixels(chance, 41 + number, 27)
    if number % 4 == 0:
        return encode(mask)
    grey = Pillow.fromarray(mask.astype(np.uint8) * (1 if number % 4 == 1 else 255))
    picture = grey.convert("RGB") if number % 4 == 3 else grey
    with io.BytesIO() as buffer:
        picture.save(buffer, "PNG", compress_level=number % 10)
        return buffer.getvalue()


def picture(color: tuple[int, int, int], size: tuple[int, int], kind: str = "JPEG") -> bytes:
    """A picture of one colour."""
    with io.BytesIO() as buffer:
        Pillow.new("RGB", size, color).save(buffer, kind)
        return buffer.getvalue()


def _write_pictures(folder: Path, subset: str, sizes: Sequence[tuple[str, int, int]]) -> None:
    for number, (image_id, height, width) in enumerate(sizes[:3]):
        suffix, kind = ((".jpg", "JPEG"), (".JPG", "JPEG"), (".png", "PNG"))[number]
        path = folder / "images" / subset / f"{image_id}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture((number * 80, len(subset), 9), (width, height), kind))


SQUARE = [0.1, 0.1, 0.6, 0.1, 0.6, 0.7, 0.1, 0.7]
HOLE = [0.2, 0.2, 0.4, 0.2, 0.4, 0.4, 0.2, 0.4]
PART = [0.7, 0.7, 0.95, 0.7, 0.8, 0.95]


def make_task(name: str = "made") -> Task:
    """A task made row by row, with what no archive has: polygons, ellipses, turned boxes, groups, own specs."""
    task = Task.objects.create(name=name)
    labels = {
        key: Label.objects.create(task=task, name=key, display_name=display, position=position, is_listed=listed)
        for position, (key, display, listed) in enumerate(
            [
                ("/m/z", "Zebra", True),
                ("unlisted in use", "", False),
                ("/m/a", "", True),
                ("top", "Top", True),
                ("other top", "Other, top", True),
                ("unlisted", "", False),
            ]
        )
    }
    for parent, child, kind in (
        ("top", "/m/z", EdgeKind.SUBCATEGORY),
        ("top", "/m/a", EdgeKind.PART),
        ("other top", "/m/a", EdgeKind.PART),
        ("other top", "/m/a", EdgeKind.SUBCATEGORY),
    ):
        HierarchyEdge.objects.create(parent=labels[parent], child=labels[child], kind=kind)
    images = [  # the subsets' images in turn
        Image.objects.create(
            task=task,
            subset=("train", "val", "ünï")[number % 3],
            name=f"b/image {number}",
            width=None if number == 5 else 60 + number,
            height=None if number == 5 else 40,
        )
        for number in range(7)
    ]
    images[3].file.save("three.png", ContentFile(picture((1, 2, 3), (63, 40), "PNG")))
    _make_specs(labels)
    for image in images[:-1]:  # the last has nothing
        _make_shapes(task, image, labels, sized=image.width is not None)
    return task


def _make_specs(labels: dict[str, Label]) -> None:
    for label in labels.values():
        for name, input_type, values in (
            ("truncated", InputType.TEXT, []),
            ("is_group_of", InputType.SELECT, ["yes", "no"]),
            ("is_depiction", InputType.RADIO, ["true", "false"]),
            ("is_inside", InputType.NUMBER, [0, 1, 1]),
            ("AgePresentation", InputType.SELECT, ["Young", "Older"]),
            ("predicted_iou", InputType.TEXT, []),
        ):
            AttributeSpec.objects.create(label=label, name=name, input_type=input_type, values=values)


def _make_shapes(task: Task, image: Image, labels: dict[str, Label], *, sized: bool) -> None:
    z, a, bare = labels["/m/z"], labels["/m/a"], labels["unlisted in use"]
    box = {"x_min": 0.1, "x_max": 0.6, "y_min": 0.1, "y_max": 1 / 3}
    whole = {"x_min": 0.0, "x_max": 1.0, "y_min": 0.0, "y_max": 1.0}

    def add(kind: str, label: Label, **values: Any) -> Shape:
        return Shape.objects.create(task=task, image=image, label=label, kind=kind, **values)

    add("tag", a, score=0.3, source="machine")
    add("tag", bare, score=0)
    add("rectangle", z, **box, attributes={"truncated": "true", "is_group_of": "no", "is_inside": 1})
    add("rectangle", a, **box, occluded=True, score=0.125, attributes={"is_depiction": "false"})
    if image.subset == "val":
        add(
            "rectangle",
            a,
            **box,
            attributes={"AgePresentation": "Young"},
            clicks=[[0.1, -1], [None, 0], [1, 1], [0, 0.5]],
        )
    if sized:
        group = image.pk
        add("polygon", z, **whole, points=[SQUARE, HOLE, PART])
        add("ellipse", z, **whole, points=[0.5, 0.5, 0.3, 0.2], rotation=30)
        add("rectangle", bare, **box, rotation=45)
        add("polygon", a, **box, points=[SQUARE], group=group)
        add("polygon", z, **box, points=[HOLE], group=group)
        add("polygon", a, **whole, points=[PART], group=group)
    for path, png in (
        ("", encode(pixels(random.Random(image.pk), 33, 21))),
        ("kept (1).png", encode(np.eye(9, dtype=bool))),
    ):
        shape = add("mask", z, group=image.pk, attributes={"predicted_iou": "0.25"} if path else {})
        Mask.objects.create(shape=shape, png=png, width=33, height=21, path=path and f"{image.pk} {path}")
