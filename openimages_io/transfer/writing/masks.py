"""Masks, polygons, ellipses and turned boxes to segmentation files and PNGs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import numpy as np
from django.db.models import Count, Q, QuerySet

from openimages_io import geometry
from openimages_io.format import writing
from openimages_io.format.issues import Severity
from openimages_io.format.mask_names import MaskNames, make_box_id
from openimages_io.format.masks import BadMask, decode, encode
from openimages_io.format.output import ByteSink
from openimages_io.format.tables import SEGMENTATIONS
from openimages_io.models import Image, Mask, Shape, ShapeKind
from openimages_io.transfer.options import MaskSize
from openimages_io.transfer.outgoing import Outgoing

_PAGE: Final = 256
DRAWN: Final = Q(kind__in=(ShapeKind.POLYGON, ShapeKind.ELLIPSE)) | (
    Q(kind=ShapeKind.RECTANGLE, rotation__isnull=False) & ~Q(rotation=0)
)
"""Shapes that are written as masks though they are none."""
_BOX: Final = ("x_min", "x_max", "y_min", "y_max")
_WRITTEN: Final = frozenset({"box_id", "predicted_iou"})


class _CannotBeDrawn(ValueError):
    """A shape that has no mask. The message ends a sentence whose subject is the shape."""


@dataclass(slots=True)
class _Row:
    """A line of a segmentation file with its PNG; no bytes where there is none, or another row has written it."""

    path: str
    box_id: str
    box: tuple[float, float, float, float] | None
    predicted_iou: str
    clicks: str
    png: bytes = b""


def write_masks(out: Outgoing) -> None:
    """Writes the segmentation file of each subset, and its PNGs."""
    for subset in out.subsets:
        with out.output.stream(out.names.segmentations(subset)) as sink:
            sink.write(writing.header(writing.names_of(SEGMENTATIONS)).encode())
            _Writer(out, subset).write(sink)


class _Writer:
    def __init__(self, out: Outgoing, subset: str) -> None:
        self.out, self.subset = out, subset
        self.totals = out.report.of("masks")
        self.names = MaskNames()
        self.unwritten: dict[str, int] = defaultdict(int)
        self._claimed: dict[int, tuple[str, bool]] = {}
        """Names of the masks that came in, and whether their files are still to be written."""
        self._sizes: dict[int, tuple[int | None, int | None]] = {}
        self._box_ids: dict[int, set[str]] = {}

    def _shapes(self) -> "QuerySet[Shape]":
        shapes = Shape.objects.using(self.out.using).filter(task_id=self.out.task_id, image__subset=self.subset)
        return shapes.filter(Q(kind=ShapeKind.MASK) | DRAWN)

    def write(self, sink: ByteSink) -> None:
        self._claim_names()
        for page in self._pages():
            self._learn(page)
            lines = []
            for shape in page:
                row = self._row(shape)
                if row is not None:
                    lines.append(self._line(shape, row))
                    if row.png:
                        self.out.output.write(self.out.names.mask(self.subset, row.path), row.png, compress=False)
            sink.write("".join(lines).encode())
            self.out.tell(0)
        for name, count in sorted(self.unwritten.items()):
            reason = f"is an attribute that the format has no column for; {count:,} masks lose it"
            self.out.issue("attribute-unwritten", reason, value=name, severity=Severity.WARNING)

    def _pages(self) -> Iterator[list[Shape]]:
        last = 0
        while True:
            page = list(self._shapes().filter(pk__gt=last).order_by("pk").select_related("mask")[:_PAGE])
            if not page:
                return
            last = page[-1].pk
            wanted = [
                shape
                for shape in page
                if shape.image_id in self.out.image_names and shape.label_id in self.out.label_names
            ]
            if wanted:
                yield wanted

    def _claim_names(self) -> None:
        """Masks that came in have the first choice of names: their MaskPath is kept if no other file has it."""
        masks = Mask.objects.using(self.out.using).filter(shape__in=self._shapes().filter(kind=ShapeKind.MASK))
        masks = masks.exclude(path="").order_by()
        twice = set(masks.values_list("path", flat=True).annotate(times=Count("pk")).filter(times__gt=1))
        for key, path in masks.order_by("pk").values_list("pk", "path").iterator(chunk_size=_PAGE * 8):
            content = f"{key}".encode()
            if path in twice:
                content = bytes(Mask.objects.using(self.out.using).values_list("png", flat=True).get(pk=key))
            name, is_new = self.names.claim(path, blake2b(content, digest_size=16).digest())
            self._claimed[key] = name, is_new
            if name != path:
                reason = f"is the name of another mask's file, too; this one is written as {name}"
                self.out.issue("mask-renamed", reason, value=path, severity=Severity.WARNING)

    def _learn(self, page: Sequence[Shape]) -> None:
        """Image sizes and BoxIDs that the rows of this page need."""
        images = {shape.image_id for shape in page}
        sizes = Image.objects.using(self.out.using).filter(pk__in=images).values_list("pk", "width", "height")
        self._sizes = {key: (width, height) for key, width, height in sizes}
        known = {image: self._box_ids[image] for image in images if image in self._box_ids}
        new = images - known.keys()
        rows = self._shapes().filter(image__in=new).values_list("image_id", "attributes")
        for image in new:
            known[image] = set()
        for image, attributes in rows.iterator(chunk_size=_PAGE * 8):
            known[image].add(str(attributes.get("box_id", "")))
        self._box_ids = known

    def _row(self, shape: Shape) -> _Row | None:
        self.totals.read += 1
        for name in shape.attributes.keys() - _WRITTEN:
            self.unwritten[name] += 1
        try:
            row = self._mask_row(shape) if shape.kind == ShapeKind.MASK else self._drawn_row(shape)
        except _CannotBeDrawn as fault:
            self.totals.skipped["cannot be written"] += 1
            place = f"{self.subset}/{self.out.image_names[shape.image_id]}"
            what = f"{shape.kind} {shape.pk} of {self.out.label_names[shape.label_id]} on {place}"
            self.out.issue("shape-unwritten", str(fault), value=what)
            return None
        if row is None:
            self.totals.skipped["written with another shape of its group"] += 1
        else:
            self.totals.written += 1
        return row

    def _mask_row(self, shape: Shape) -> _Row:
        mask: Mask | None = getattr(shape, "mask", None)
        if mask is None:
            raise _CannotBeDrawn("has no mask")
        box_id = str(shape.attributes.get("box_id", ""))
        png = self._sized(shape, bytes(mask.png), (mask.width, mask.height))
        if not mask.path:
            box_id = box_id or self._new_box_id(shape)
            name, is_new = self.names.make(*self._called(shape), box_id), True
        else:
            name, is_new = self._claimed[shape.pk]
        return _Row(name, box_id, _box(shape), _iou(shape), mask.clicks, png if is_new else b"")

    def _sized(self, shape: Shape, png: bytes, native: tuple[int | None, int | None]) -> bytes:
        width, height = self._sizes[shape.image_id]
        if self.out.options.mask_size is MaskSize.NATIVE or not png or width is None or height is None:
            return png
        if (width, height) == native:
            return png
        try:
            return encode(geometry.resize_nearest(decode(png, self.out.limits), width, height))
        except BadMask as fault:
            raise _CannotBeDrawn(f"has a PNG that {fault}") from None

    def _drawn_row(self, shape: Shape) -> _Row | None:
        """The row of a shape that is drawn with the others of its group and label; None if the first of them has it."""
        parts = [shape]
        if shape.group is not None:
            same = self._shapes().filter(DRAWN, image=shape.image_id, label=shape.label_id, group=shape.group)
            parts = list(same.order_by("pk").select_related("mask"))
            if parts[0].pk != shape.pk:
                return None
        beside: Mask | None = next((part.mask for part in parts if hasattr(part, "mask")), None)
        width, height = self._size_to_draw(shape, beside)
        drawn = np.zeros((height, width), dtype=bool)
        for part in parts:
            drawn |= _draw(part, width, height)
        box_id = next((str(part.attributes["box_id"]) for part in parts if part.attributes.get("box_id")), "")
        box_id = box_id or self._new_box_id(shape)
        boxes = [box for box in map(_box, parts) if box is not None]
        joined = (
            min(box[0] for box in boxes),
            max(box[1] for box in boxes),
            min(box[2] for box in boxes),
            max(box[3] for box in boxes),
        )
        name = self.names.make(*self._called(shape), box_id)
        return _Row(name, box_id, joined, _iou(shape), beside.clicks if beside else "", encode(drawn))

    def _size_to_draw(self, shape: Shape, beside: Mask | None) -> tuple[int, int]:
        sizes = [self._sizes[shape.image_id]]
        if beside is not None:
            # A polygon that was traced from a mask has that mask's pixels only at its size.
            at = 0 if self.out.options.mask_size is MaskSize.NATIVE else 1
            sizes.insert(at, (beside.width, beside.height))
        for width, height in sizes:
            if width is not None and height is not None:
                if width * height > self.out.limits.max_mask_pixels:
                    raise _CannotBeDrawn(f"is on an image of {width} x {height} pixels, more than a mask may have")
                return width, height
        raise _CannotBeDrawn("cannot be drawn: the size of its image is not known")

    def _new_box_id(self, shape: Shape) -> str:
        taken = self._box_ids[shape.image_id]
        seed = "/".join([self.subset, *self._called(shape), str(len(taken))])
        box_id = make_box_id(seed, taken)
        taken.add(box_id)
        return box_id

    def _called(self, shape: Shape) -> tuple[str, str]:
        return self.out.image_names[shape.image_id], self.out.label_names[shape.label_id]

    def _line(self, shape: Shape, row: _Row) -> str:
        cells = [
            writing.text(row.path),
            writing.text(self.out.image_names[shape.image_id]),
            self.out.label_cells[shape.label_id],
            writing.text(row.box_id),
            *(map(writing.number, row.box) if row.box else [""] * 4),
            row.predicted_iou,
            writing.text(row.clicks),
        ]
        return ",".join(cells) + "\n"


def _box(shape: Shape) -> tuple[float, float, float, float] | None:
    if shape.x_min is None or shape.x_max is None or shape.y_min is None or shape.y_max is None:
        return None
    return shape.x_min, shape.x_max, shape.y_min, shape.y_max


def _iou(shape: Shape) -> str:
    value: Any = shape.attributes.get("predicted_iou", "")
    return writing.number(value) if isinstance(value, int | float) else writing.text(str(value))


def _draw(shape: Shape, width: int, height: int) -> "geometry.Mask":
    rotation = shape.rotation or 0.0
    points: Any = shape.points
    try:
        if shape.kind == ShapeKind.POLYGON:
            return geometry.fill_polygon(points, width, height)
        if shape.kind == ShapeKind.ELLIPSE:
            return geometry.fill_ellipse(points, rotation, width, height)
        box = _box(shape)
        assert box is not None
        return geometry.fill_rectangle(*box, rotation, width, height)
    except (ValueError, TypeError) as fault:
        raise _CannotBeDrawn(f"cannot be drawn: {fault}") from None
