"""`python -m docs.draw_overview`: imports the example data set, and draws its rows on its pictures for the README."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.core.management import call_command
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

if TYPE_CHECKING:
    from openimages_io.models import Image, Shape

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "images" / "overview.png"

_COLUMNS, _CELL, _GAP, _LINE = 4, (300, 200), 8, 30
_FINE = 2
"""Drawn so many times as large, then scaled down, for smooth lines."""
_PAPER, _INK = "#ffffff", "#333333"
_COLOURS = 256


def draw(images: list["Image"]) -> Pillow.Image:
    """A sheet of the images, each with its shapes and a line of text below: its ImageID and its image-level labels."""
    rows = -(-len(images) // _COLUMNS)
    width, height = _CELL[0] + _GAP, _CELL[1] + _LINE + _GAP
    sheet = Pillow.new("RGB", (_COLUMNS * width + _GAP, rows * height + _GAP), _PAPER)
    for number, image in enumerate(images):
        row, column = divmod(number, _COLUMNS)
        left, top = _GAP + column * width, _GAP + row * height
        picture = _annotated(image)
        sheet.paste(picture, (left + (_CELL[0] - picture.width) // 2, top + (_CELL[1] - picture.height) // 2))
        ImageDraw.Draw(sheet).text((left, top + _CELL[1] + 3), _said_of(image), _INK, ImageFont.load_default(11))
    return sheet


def _annotated(image: "Image") -> Pillow.Image:
    from openimages_io.models import ShapeKind  # noqa: PLC0415  (needs the app registry)

    with image.file.open("rb") as file:
        picture = Pillow.open(file).convert("RGB")
    scale = min(_CELL[0] / picture.width, _CELL[1] / picture.height)
    small = round(picture.width * scale), round(picture.height * scale)
    large = (small[0] * _FINE, small[1] * _FINE)
    picture = picture.resize(large, Pillow.Resampling.LANCZOS)
    shapes = list(image.shapes.exclude(kind=ShapeKind.TAG).select_related("label", "mask"))
    for shape in shapes:
        if shape.kind == ShapeKind.MASK:
            _tint(picture, shape)
    for shape in shapes:
        if shape.kind == ShapeKind.RECTANGLE:
            _box(picture, shape)
    return picture.resize(small, Pillow.Resampling.LANCZOS)


def _tint(picture: Pillow.Image, shape: "Shape") -> None:
    import numpy as np  # noqa: PLC0415

    from openimages_io import geometry  # noqa: PLC0415
    from openimages_io.conf import limits  # noqa: PLC0415  (needs the settings)
    from openimages_io.format.masks import decode  # noqa: PLC0415

    pixels = geometry.resize_nearest(decode(bytes(shape.mask.png), limits()), *picture.size)
    mask = Pillow.fromarray(pixels.astype(np.uint8) * 130)
    picture.paste(Pillow.new("RGB", picture.size, shape.label.color), (0, 0), mask)
    for ring in geometry.trace(pixels):
        corners = [(ring[i] * picture.width, ring[i + 1] * picture.height) for i in range(0, len(ring), 2)]
        ImageDraw.Draw(picture).line([*corners, corners[0]], shape.label.color, _FINE)


def _box(picture: Pillow.Image, shape: "Shape") -> None:
    assert shape.x_min is not None
    assert shape.x_max is not None
    assert shape.y_min is not None
    assert shape.y_max is not None
    left, right = shape.x_min * (picture.width - 1), shape.x_max * (picture.width - 1)
    top, bottom = shape.y_min * (picture.height - 1), shape.y_max * (picture.height - 1)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((left, top, right, bottom), outline=shape.label.color, width=2 * _FINE)
    font = ImageFont.load_default(10 * _FINE)
    name = str(shape.label)
    tag = pen.textbbox((0, 0), name, font)
    above = max(0.0, top - tag[3] - 2 * _FINE)
    pen.rectangle((left, above, left + tag[2] + 4 * _FINE, above + tag[3] + 2 * _FINE), fill=shape.label.color)
    pen.text((left + 2 * _FINE, above), name, _PAPER, font)


def _said_of(image: "Image") -> str:
    tags = image.shapes.human_tags().select_related("label")
    words = [f"{'no ' if tag.score == 0 else ''}{str(tag.label).lower()}" for tag in tags]
    return f"{image.subset}/{image.name}\n{', '.join(words)}"


def main() -> None:
    """Draws the sheet from a database that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="openimages-overview-") as media:
        os.environ |= {"DATABASE_URL": "sqlite://:memory:", "MEDIA_ROOT": media}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
        django.setup()
        from openimages_io.models import Task  # noqa: PLC0415  (needs the app registry)

        call_command("migrate", verbosity=0)
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
            call_command("import_openimages", ROOT / "fixtures" / "scenes", task="scenes", stdout=nowhere)
        sheet = draw(list(Task.objects.get(name="scenes").images.all()))
    TARGET.parent.mkdir(exist_ok=True)
    sheet.quantize(_COLOURS, dither=Pillow.Dither.NONE).save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
