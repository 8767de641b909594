"""Masks, polygons, ellipses and turned boxes to segmentation files and PNGs."""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models.functions import Length

from openimages_io import geometry
from openimages_io.archives.output import ByteSink
from openimages_io.format import cells, writing
from openimages_io.format.masks import SIGNATURE, BadMask, decode, encode
from openimages_io.format.skip_reasons import SkipReason
from openimages_io.format.tables import SEGMENTATIONS
from openimages_io.models import Image, Shape, ShapeKind
from openimages_io.models.flags import as_attributes
from openimages_io.transfer.cell_values import text_cells
from openimages_io.transfer.export_state import ExportState
from openimages_io.transfer.masks.mapping import ATTRIBUTES, DRAWN, WITH_PIXELS, WRITTEN, box_id_cell, iou_cell
from openimages_io.transfer.masks.mask_ids import BoxIds, MaskFileNames, pngs
from openimages_io.transfer.masks.rasterize import (
    Box,
    CannotBeWritten,
    Size,
    beside,
    box_around,
    box_of,
    check_size,
    draw,
    native_size,
)
from openimages_io.transfer.options import MaskSize
from openimages_io.transfer.scanning import by_subset, scan, written

_PAGE: Final = 256
Group = tuple[int, int, int]
"""Image, label and group of shapes that are drawn as one mask."""


@dataclass(slots=True)
class _Row:
    """A line of a segmentation file with its PNG; no bytes where there is none, or another row has written it."""

    shape: Shape
    path: str
    box_id: str
    box: Box | None
    predicted_iou: str
    clicks: str
    png: bytes = b""


def write_masks(out: ExportState) -> None:
    """Writes the segmentation file of each subset, and its PNGs."""
    keys = {subset: array("q") for subset in out.subsets}
    for page in scan(out, ("id", "image_id", "label_id"), WITH_PIXELS) if WITH_PIXELS in out.kinds else ():
        rows = written(out, page, out.report.of("masks"))
        for subset, columns in by_subset(out, rows, out.subsets):
            keys[subset].extend(columns["id"])
    for subset in out.subsets:
        with out.output.stream(out.names.segmentations(subset)) as sink:
            sink.write(writing.header(writing.names_of(SEGMENTATIONS)).encode())
            _Writer(out, subset, keys[subset]).write(sink)


class _Writer:
    """Writes the masks of one subset."""

    def __init__(self, out: ExportState, subset: str, keys: Sequence[int]) -> None:
        self.out, self.subset, self.keys = out, subset, keys
        self.totals = out.report.of("masks")
        self.names = MaskFileNames(out, subset, keys)
        self.box_ids = BoxIds(out, subset)
        self._image_sizes: dict[int, Size | None] = {}
        self._groups: dict[Group, list[Shape]] = {}
        self._done: set[int] = set()
        """Shapes that were written with others of their group."""
        self._without_png = self._at_own_size = 0

    def write(self, sink: ByteSink) -> None:
        """Writes every row and PNG."""
        for start in range(0, len(self.keys), _PAGE):
            page = self._page(self.keys[start : start + _PAGE])
            rows = list(self._rows(page))
            sink.write(writing.lines(self._cells(rows)).encode())
            self.out.tell(len(page))
        file = self.out.names.segmentations(self.subset)
        if self._without_png:
            self.out.issue("no-png", file=file, count=self._without_png)
        if self._at_own_size:
            self.out.issue("no-image-size", file=file, count=self._at_own_size)

    def _page(self, keys: Sequence[int]) -> list[Shape]:
        """Shapes with everything but their PNGs, and what their rows need to know of others."""
        shapes = Shape.objects.using(self.out.using).filter(pk__in=keys).order_by("pk")
        page = list(shapes.select_related("mask").defer("mask__png").annotate(png_bytes=Length("mask__png")))
        images = {shape.image_id for shape in page}
        sizes = Image.objects.using(self.out.using).filter(pk__in=images).values_list("pk", "width", "height")
        self._image_sizes = {key: (width, height) if width and height else None for key, width, height in sizes}
        self.box_ids.learn({shape.image_id for shape in page if not box_id_cell(as_attributes(shape.attributes))})
        self._groups = {}
        groups = {shape.group for shape in page if shape.group is not None and shape.kind != ShapeKind.MASK}
        if groups:
            same = Shape.objects.using(self.out.using).filter(DRAWN, image__in=images, group__in=groups)
            for shape in same.order_by("pk").select_related("mask").defer("mask__png"):
                if shape.group is not None:
                    self._groups.setdefault((shape.image_id, shape.label_id, shape.group), []).append(shape)
        return page

    def _rows(self, page: Sequence[Shape]) -> Iterator[_Row]:
        masks = [shape for shape in page if shape.kind == ShapeKind.MASK]
        contents = pngs(self.out, ((shape.pk, _bytes(shape)) for shape in masks if beside(shape) is not None))
        for shape in page:
            self.totals.read += 1
            self._count_losses(shape)
            if shape.pk in self._done:
                self._done.remove(shape.pk)
                continue
            try:
                if shape.kind != ShapeKind.MASK:
                    row = self._drawn_row(shape)
                elif beside(shape) is not None:
                    row = self._mask_row(shape, next(contents)[1])
                else:
                    raise CannotBeWritten("no-mask")
            except CannotBeWritten as fault:
                self._refuse(shape, fault)
                continue
            self.totals.written += 1
            if row.png:
                self.out.output.write(self.out.names.mask(self.subset, row.path), row.png, compress=False)
            yield row

    def _refuse(self, shape: Shape, fault: CannotBeWritten) -> None:
        self.totals.skipped[SkipReason.UNWRITABLE] += 1
        place = f"{self.subset}/{self.out.image_names[shape.image_id]}"
        what = f"{shape.kind} {shape.pk} of {self.out.label_names[shape.label_id]} on {place}"
        self.out.issue("shape-unwritten", value=what, **fault.params)

    def _mask_row(self, shape: Shape, png: bytes) -> _Row:
        mask = beside(shape)
        assert mask is not None
        if png and not png.startswith(SIGNATURE):
            raise CannotBeWritten("no-png")
        self._without_png += not png
        if self.out.options.mask_size is MaskSize.IMAGE and png:
            png = self._at_image_size(shape, png)
        box_id = box_id_cell(as_attributes(shape.attributes)) or ""
        name = self.names.of(shape.pk)
        if name is None:
            box_id = box_id or self.box_ids.make(shape.image_id, shape.label_id)
            name = self.names.make(self.out.image_names[shape.image_id], self.out.label_names[shape.label_id], box_id)
        iou = iou_cell(as_attributes(shape.attributes)) or ""
        return _Row(shape, name.name, box_id, box_of(shape), iou, mask.clicks, png if name.is_new else b"")

    def _at_image_size(self, shape: Shape, png: bytes) -> bytes:
        size, mask = self._image_sizes[shape.image_id], beside(shape)
        if size is None:
            self._at_own_size += 1
            return png
        if mask is not None and size == (mask.width, mask.height):
            return png
        try:
            return encode(geometry.resize_nearest(decode(png, self.out.limits), *check_size(size, self.out.limits)))
        except BadMask as fault:
            raise CannotBeWritten("png", fault=fault.as_param()) from None

    def _drawn_row(self, shape: Shape) -> _Row:
        """The row of a shape with all others of its group and label, of which it is the first."""
        parts = [shape]
        if shape.group is not None:
            parts = self._groups[shape.image_id, shape.label_id, shape.group]
        own, image = native_size(parts), self._image_sizes[shape.image_id]
        is_native = self.out.options.mask_size is MaskSize.NATIVE
        size = check_size((own or image) if is_native else (image or own), self.out.limits)
        drawn = [(shape, draw(shape, size))]
        pixels = drawn[0][1].copy()
        for part in parts:
            if part.pk == shape.pk or part.pk < shape.pk:
                continue
            try:
                drawn.append((part, draw(part, size)))
            except CannotBeWritten:
                continue  # it is told of when its turn comes
            pixels |= drawn[-1][1]
            self._done.add(part.pk)
            self.totals.skipped[SkipReason.WITH_ITS_GROUP] += 1
        if not pixels.any():
            place = f"{self.subset}/{self.out.image_names[shape.image_id]}"
            value = f"{shape.kind} {shape.pk} on {place}"
            self.out.warn("empty-mask", value=value, form="written", width=size[0], height=size[1])
        return self._joined_row(drawn, encode(pixels))

    def _joined_row(self, drawn: Sequence[tuple[Shape, "geometry.Mask"]], png: bytes) -> _Row:
        parts = [shape for shape, _ in drawn]
        first = parts[0]
        self.out.drawn.update(part.kind for part in parts if part.kind != ShapeKind.MASK)
        attributes = [as_attributes(part.attributes) for part in parts]
        box_id = next(filter(None, map(box_id_cell, attributes)), None)
        name = next(filter(None, (self.names.of(part.pk) for part in parts)), None)
        if name is None or not name.is_new:
            box_id = box_id or self.box_ids.make(first.image_id, first.label_id)
            name = self.names.make(self.out.image_names[first.image_id], self.out.label_names[first.label_id], box_id)
        iou = next(filter(None, map(iou_cell, attributes)), "")
        clicks = next((mask.clicks for mask in map(beside, parts) if mask is not None), "")
        return _Row(first, name.name, box_id or "", box_around(drawn), iou, clicks, png)

    def _count_losses(self, shape: Shape) -> None:
        kind, attributes = WRITTEN[ShapeKind(shape.kind)], as_attributes(shape.all_attributes)
        for name in attributes.keys() - set(ATTRIBUTES.values()):
            self.out.lose_attribute(kind, name)
        columns = {"Source": shape.source, "occluded": shape.occluded is not None, "clicks": shape.clicks is not None}
        columns["score"] = shape.score is not None and shape.score != 1
        for name, value in columns.items():
            if value:
                self.out.lose_attribute(kind, name)
        for column, cell in (("BoxID", box_id_cell(attributes)), ("PredictedIoU", iou_cell(attributes))):
            if cell is None:
                self.out.lose_value(kind, column)

    def _cells(self, rows: Sequence[_Row]) -> list[Sequence[str]]:
        boxes = [row.box or (None,) * 4 for row in rows]
        return [
            writing.texts([row.path for row in rows]),
            self.out.image_cells([row.shape.image_id for row in rows]),
            [self.out.label_cells[row.shape.label_id] for row in rows],
            writing.texts([row.box_id for row in rows]),
            *(writing.numbers_or_empty([box[index] for box in boxes]) for index in range(4)),
            [row.predicted_iou for row in rows],
            text_cells(self.out, "masks", "Clicks", cells.TEXT, [row.clicks for row in rows]),
        ]


def _bytes(shape: Shape) -> int:
    size: int | None = getattr(shape, "png_bytes", None)
    return size or 0
