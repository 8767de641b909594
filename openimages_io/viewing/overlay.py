"""An image's annotations as an SVG to lay over the picture."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from openimages_io import conf, geometry
from openimages_io.format.masks import BadMask, decode
from openimages_io.format.writing import number
from openimages_io.models import Image, Label, Shape, ShapeKind
from openimages_io.transfer.masks.rasterize import Size, beside, box_of
from openimages_io.viewing.colors import color
from openimages_io.viewing.xml import attribute, short, text

FRAME: Final[Size] = (1024, 768)
"""The frame for the annotations of an image whose size nobody has said."""
_MASK_PIXELS: Final = 1_000_000
"""A larger mask is drawn from a smaller copy: no screen shows more."""
_CORNERS: Final = 40_000
_CHARACTERS: Final = 8_000_000
_FARTHEST: Final = 1e6
"""Images away from the picture; a turned ellipse may well be longer than it."""
_NO_POINTS: Final = "its points are too many, or cannot be drawn"
_TITLE: Final = 2_000
"""Characters of what is said of one shape."""


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much is drawn."""

    mask_pixels: int
    corners: int
    characters: int
    titles: bool
    stroke: float


_FULL: Final = _Detail(_MASK_PIXELS, _CORNERS, _CHARACTERS, titles=True, stroke=2)
_SMALL: Final = _Detail(256 * 256, 4_000, 100_000, titles=False, stroke=1.5)


class CannotDraw(Exception):
    """A shape that cannot be drawn. The message says why."""


def frame_of(image: Image, shapes: Iterable[Shape]) -> tuple[Size, bool]:
    """The size in pixels to draw in, and whether it is the image's: otherwise it is that of a mask, if there is one."""
    if image.width and image.height:
        return (image.width, image.height), True
    for shape in shapes:
        mask = beside(shape) if shape.kind == ShapeKind.MASK else None
        if mask is not None and mask.width and mask.height:
            return (mask.width, mask.height), False
    return FRAME, False


def overlay(
    image: Image,
    shapes: Iterable[Shape],
    labels: Mapping[int, Label],
    *,
    small: bool = False,
    left: int = 0,
    backdrop: str | None = None,
    turn: float = 0,
    colors: Mapping[int, str] | None = None,
    window: tuple[float, float, float, float] | None = None,
) -> str:
    """An SVG document with boxes, polygons, ellipses and the outlines of masks, each in its label's colour.

    Its viewBox is in pixels of the image. Shapes come with their masks, as `drawable` gathers them; `labels` are by
    key, and so are `colors`, where a page has others than the labels' own. Each shape has its key, label, kind, source
    and score as `data-`, and says what it is in its `<title>`. Large ones lie below small ones, and boxes are
    outlines, so that nothing is tinted twice. Tags have no place in the picture, so they are not drawn. `small` is for
    thumbnails: coarser, and without titles. What is left out is said in the document's own title, with the `left`
    shapes that were not given.

    On a page of its own it has a backdrop: the address of the picture, or an empty frame for an empty text. `turn`
    turns all of it counter-clockwise, in degrees. `window` is what alone is seen: left, top, width, height in pixels.
    """
    drawn = [shape for shape in shapes if shape.kind != ShapeKind.TAG]
    size, known = frame_of(image, drawn)
    detail = _SMALL if small else _FULL
    parts: list[str] = []
    characters, whole = 0, len(drawn) + left
    for shape in sorted(drawn, key=_depth):
        if characters > detail.characters:
            left += 1
            continue
        label = labels.get(shape.label_id)
        part = _drawn(shape, label, (colors or {}).get(shape.label_id) or color(label), size, detail)
        left += not part
        characters += len(part)
        parts.append(part)
    notes = [f"{whole:,} annotation{'' if whole == 1 else 's'} of {image}"]
    if not known:
        notes.append("the size of the image is unknown, so the frame's proportions are guessed")
    if left:
        notes.append(f"{left:,} more than can be shown")
    box, turned = _turn(size, turn)
    if window is not None:
        box = " ".join(map(short, window))
    fit = ' preserveAspectRatio="none"' if backdrop is None else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="openimages-overlay" role="img" viewBox="{box}"{fit}>'
        f"<title>{text('; '.join(notes))}</title>{turned}{_backdrop(backdrop, size)}"
        f'<g class="openimages-shapes" fill-opacity="0.15" fill-rule="evenodd" stroke-width="{detail.stroke:g}" '
        f'stroke-linejoin="round">{"".join(parts)}</g>{"</g>" if turned else ""}</svg>'
    )


def _turn(size: Size, degrees: float) -> tuple[str, str]:
    """The viewBox around the turned frame, and the beginning of the group that is turned."""
    width, height = size
    if not degrees % 360:
        return f"0 0 {width} {height}", ""
    cos, sin = (abs(part) for part in geometry.turn(degrees))
    wide, tall = width * cos + height * sin, width * sin + height * cos
    box = f"{short((width - wide) / 2)} {short((height - tall) / 2)} {short(wide)} {short(tall)}"
    return box, f'<g transform="rotate({short(-degrees)} {short(width / 2)} {short(height / 2)})">'


def _backdrop(backdrop: str | None, size: Size) -> str:
    if backdrop is None:
        return ""
    place = f'width="{size[0]}" height="{size[1]}"'
    if backdrop:
        return f'<image href={attribute(backdrop)} {place} preserveAspectRatio="none"/>'
    return (
        f'<rect class="openimages-frame" {place} fill="none" stroke="currentColor" stroke-dasharray="6 4" '
        'vector-effect="non-scaling-stroke"/>'
    )


def describe(shape: Shape, label: Label | None) -> str:
    """What a shape is, in one line a value: its label, kind, score, flags and attributes."""
    lines = [str(label) if label is not None else f"label {shape.label_id}", shape.get_kind_display()]
    if shape.score is not None:
        lines.append(f"Confidence: {number(shape.score)}")
    if shape.occluded is not None:
        lines.append(f"Occluded: {_shown(shape.occluded)}")
    said = shape.all_attributes
    lines += [f"{name}: {_shown(value)}" for name, value in said.items()] if isinstance(said, dict) else []
    for name, value in (("source", shape.source), ("group", shape.group), ("rotation", shape.rotation)):
        if value:
            lines.append(f"{name}: {value}")
    said = "\n".join(lines)
    return said if len(said) <= _TITLE else f"{said[:_TITLE]}…"


def _shown(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _depth(shape: Shape) -> tuple[float, bool]:
    """What is drawn first: the larger shape, and the box before the mask in it, so that each can be pointed at."""
    x_min, x_max, y_min, y_max = box_of(shape) or (0, 1, 0, 1)
    return -round((x_max - x_min) * (y_max - y_min), 6), shape.kind != ShapeKind.RECTANGLE


def _drawn(shape: Shape, label: Label | None, shade: str, size: Size, detail: _Detail) -> str:
    note = ""
    try:
        tag, attributes = _element(shape, size, detail)
    except CannotDraw as fault:
        note = f"\n{fault}"
        box = box_of(shape)
        if box is None:
            return ""
        tag, attributes = "rect", f'{_rectangle(box, size)} stroke-dasharray="4 3"'
    title = f"<title>{text(describe(shape, label) + note)}</title>" if detail.titles else ""
    fill = f"fill={attribute(shade)}" + ' fill-opacity="0"' * (tag == "rect")
    score = "" if shape.score is None else f' data-score="{number(shape.score)}"'
    return (
        f'<{tag} data-shape="{shape.pk}" data-label="{shape.label_id}" data-kind={attribute(shape.kind)} '
        f"data-source={attribute(shape.source)}{score} {fill} stroke={attribute(shade)} "
        f'vector-effect="non-scaling-stroke" {attributes}>{title}</{tag}>'
    )


def _element(shape: Shape, size: Size, detail: _Detail) -> tuple[str, str]:
    box = box_of(shape)
    if shape.kind == ShapeKind.MASK:
        return "path", _mask(shape, size, detail)
    if shape.kind == ShapeKind.POLYGON:
        return "path", _polygon(shape.points, size, detail)
    if shape.kind == ShapeKind.ELLIPSE:
        return "ellipse", _ellipse(shape, size)
    if box is None:
        raise CannotDraw("it has no box")
    x_min, x_max, y_min, y_max = box
    centre = (x_min + x_max) / 2 * size[0], (y_min + y_max) / 2 * size[1]
    return "rect", _rectangle(box, size) + _turned(shape, centre)


def _rectangle(box: tuple[float, float, float, float], size: Size) -> str:
    (x_min, x_max, y_min, y_max), (width, height) = box, size
    return (
        f'x="{short(x_min * width)}" y="{short(y_min * height)}" '
        f'width="{short((x_max - x_min) * width)}" height="{short((y_max - y_min) * height)}"'
    )


def _turned(shape: Shape, centre: tuple[float, float]) -> str:
    if not shape.rotation:
        return ""
    return f' transform="rotate({short(shape.rotation)} {short(centre[0])} {short(centre[1])})"'


def _polygon(rings: Any, size: Size, detail: _Detail) -> str:
    if not isinstance(rings, list) or not rings:
        raise CannotDraw(_NO_POINTS)
    count = sum(len(ring) // 2 for ring in rings if isinstance(ring, list))
    if count > detail.corners:
        raise CannotDraw(f"only its box is drawn: it has {count:,} points, more than {detail.corners:,}")
    paths = [_numbers(ring, size) for ring in rings]
    return f'd="{"".join(_path(path) for path in paths if len(path))}"'


def _numbers(values: Any, size: Size) -> NDArray[np.float64]:
    """Pairs of fractions in pixels. The database holds whatever JSON somebody has put there."""
    try:
        points = np.asarray(values, dtype=np.float64).reshape(-1, 2)
    except (TypeError, ValueError, OverflowError):
        raise CannotDraw(_NO_POINTS) from None
    if not (np.abs(points) < _FARTHEST).all():
        raise CannotDraw(_NO_POINTS)
    return points * size


def _path(points: NDArray[np.float64]) -> str:
    return "M" + "L".join(f"{short(x)} {short(y)}" for x, y in points.tolist()) + "Z"


def _ellipse(shape: Shape, size: Size) -> str:
    points = _numbers(shape.points, size)
    if len(points) != 2:
        raise CannotDraw(_NO_POINTS)
    (cx, cy), (rx, ry) = points.tolist()
    return f'cx="{short(cx)}" cy="{short(cy)}" rx="{short(rx)}" ry="{short(ry)}"{_turned(shape, (cx, cy))}'


def _mask(shape: Shape, size: Size, detail: _Detail) -> str:
    mask = beside(shape)
    png: Any = None if mask is None else mask.png
    if mask is not None and png is None:
        raise CannotDraw("only its box is drawn: there are too many masks")
    if not png:
        raise CannotDraw("its mask has no pixels")
    try:
        pixels = decode(bytes(png), conf.limits())
    except BadMask as fault:
        raise CannotDraw(f"its mask {fault}") from None
    rings, (width, height) = _outline(pixels, detail)
    path = "".join(_steps(ring, width, height) for ring in rings)
    return f'd="{path}" transform="scale({number(size[0] / width)} {number(size[1] / height)})"'


def _outline(pixels: geometry.Mask, detail: _Detail) -> tuple[list[list[float]], Size]:
    """The outline, and the size that it was traced at: as small as it must be to have few enough corners."""
    height, width = pixels.shape
    scale = min(1.0, (detail.mask_pixels / (width * height)) ** 0.5)
    while True:
        small = max(1, round(width * scale)), max(1, round(height * scale))
        try:
            return geometry.trace(geometry.resize_nearest(pixels, *small), detail.corners), small
        except ValueError:
            scale /= 2


def _steps(ring: list[float], width: int, height: int) -> str:
    """A ring along pixel edges: whole numbers, a level line after each upright one."""
    xs = [round(x * width) for x in ring[0::2]]
    ys = [round(y * height) for y in ring[1::2]]
    return (
        f"M{xs[0]} {ys[0]}"
        + "".join(f"V{y}" if x == before else f"H{x}" for before, x, y in zip(xs, xs[1:], ys[1:], strict=False))
        + "Z"
    )
