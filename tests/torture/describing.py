"""A task as lines of text, one for each thing in it, so that two states can be compared as people compare texts."""

import hashlib
import io
from collections.abc import Iterator
from typing import Any

from PIL import Image as Pillow

from openimages_io.models import Shape, Task

_IMAGE = [
    "width",
    "height",
    "rotation",
    "file_suffix",
    "original_url",
    "original_landing_url",
    "license",
    "author_profile_url",
    "author",
    "title",
    "original_size",
    "original_md5",
    "thumbnail_300k_url",
]
_KINDS = ("tag", "rectangle", "mask", "polygon", "ellipse")
_SHAPE = ["source", "score", "occluded", "points", "clicks", "rotation"]


def describe(task: Task) -> list[str]:
    """Every label, edge, spec, image and shape of a task with all its values, but no keys, times and file names."""
    return [line.rstrip() for line in (*_labels(task), *_images(task), *_shapes(task))]


def _pixels(data: bytes) -> str:
    """One word for the pixels: how they are packed is the business of whatever zlib is there."""
    with Pillow.open(io.BytesIO(data)) as picture:
        return hashlib.sha256(repr(picture.size).encode() + picture.convert("RGB").tobytes()).hexdigest()[:8]


def _values(row: Any, names: list[str]) -> str:
    given = ((name, getattr(row, name)) for name in names)
    return " ".join(f"{name}={value!r}" for name, value in given if value not in (None, "", {}))


def _labels(task: Task) -> Iterator[str]:
    for label in task.labels.order_by("position", "pk"):
        yield f"label {label.name} {_values(label, ['display_name', 'color', 'is_listed'])}"
        for spec in label.attribute_specs.order_by("name"):
            yield f"spec {label.name}.{spec.name} {_values(spec, ['input_type', 'default_value', 'values'])}"
    for label in task.labels.order_by("position", "pk"):
        for edge in label.child_edges.order_by("position", "pk"):
            yield f"edge {label.name} > {edge.child.name} ({edge.kind})"


def _images(task: Task) -> Iterator[str]:
    for image in task.images.order_by("pk"):
        content = ""
        if image.file:
            with image.file.open() as file:
                content = f"picture={_pixels(file.read())}"
        yield f"image {image} {_values(image, _IMAGE)} {content}"


def _shapes(task: Task) -> Iterator[str]:
    rows = Shape.objects.filter(task=task).select_related("image", "label", "mask").order_by("image", "pk")
    groups: dict[int, dict[int, int]] = {}
    for shape in sorted(rows, key=lambda shape: (shape.image_id, _KINDS.index(shape.kind))):
        box = (shape.x_min, shape.x_max, shape.y_min, shape.y_max)
        parts = [f"{shape.kind} {shape.image} {shape.label.name}"]
        parts += ["box=" + ",".join(map(repr, box))] * (None not in box)
        if shape.group is not None:
            of_image = groups.setdefault(shape.image_id, {})
            parts.append(f"group={of_image.setdefault(shape.group, len(of_image) + 1)}")
        parts.append(_values(shape, _SHAPE))
        parts += [f"{name}={value!r}" for name, value in sorted(shape.all_attributes.items())]
        if hasattr(shape, "mask"):
            png = bytes(shape.mask.png)
            parts.append(_values(shape.mask, ["path", "clicks", "width", "height"]))
            parts.append(f"png={_pixels(png)}" if png else "no png")
        yield " ".join(filter(None, parts))
