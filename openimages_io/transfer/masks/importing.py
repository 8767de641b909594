"""Segmentation files and their PNGs to masks, or to the polygons around them."""

import json
from collections.abc import Sequence
from contextlib import ExitStack, closing
from functools import partial
from typing import Any, Final

from openimages_io import geometry
from openimages_io.exceptions import UnreadableArchive
from openimages_io.format.layouts import Kind, Source
from openimages_io.format.masks import BadMask, MaskHeader, check_png, decode, unpacked_bytes
from openimages_io.format.tables import SEGMENTATIONS
from openimages_io.models import Mask, Shape, ShapeKind
from openimages_io.transfer.agreeing_boxes import whole
from openimages_io.transfer.boxes.importing import report_attributes
from openimages_io.transfer.counted import Counted
from openimages_io.transfer.masks.mapping import BOX, MASKS
from openimages_io.transfer.masks.mask_boxes import BoxMatcher, Claim, box_matcher
from openimages_io.transfer.masks.mask_files import MaskFile, MaskFiles
from openimages_io.transfer.masks.merging import StoredMasks, after_meeting
from openimages_io.transfer.masks.redrawn_masks import RedrawnMasks
from openimages_io.transfer.masks.rows import NewMask, new_mask, places_of, rows_of
from openimages_io.transfer.merging import SCATTERED
from openimages_io.transfer.options import MasksAs
from openimages_io.transfer.pictures.storing import digest_of
from openimages_io.transfer.plan import Blob
from openimages_io.transfer.repeated_rows import SeenRows
from openimages_io.transfer.report import Totals
from openimages_io.transfer.resolving import resolve
from openimages_io.transfer.row_sorting import Row, RowSorter
from openimages_io.transfer.run import Run

_CHUNK_ROWS: Final = 256
_CHUNK_BYTES: Final = 8 * 2**20


def read_masks(run: Run) -> None:
    """Reads every segmentation file; the masks then look for their boxes."""
    claims = box_matcher(run)
    sources = run.sources(Kind.SEGMENTATIONS)
    if not sources:
        return
    with SeenRows(run, sources) as overlap, MaskFiles(run) as files:
        reader = _MaskReader(run, claims, files)
        for source in sources:
            reader.read(source, overlap)
            overlap.next_file()
        files.report_absent()


def join_boxes(run: Run) -> None:
    """Joins masks with boxes that the task has already, when all rows are read, and says which masks have no box."""
    claims = box_matcher(run)
    claims.join_stored_boxes()
    claims.flush()
    if not run.is_refused:  # a box that is missing may be a bad row
        run.plan.count(Counted.UNMET, "", claims.unmet())


class _MaskReader:
    def __init__(self, run: Run, claims: BoxMatcher, files: MaskFiles) -> None:
        self.run, self.claims, self.files = run, claims, files
        self.totals: Totals = run.report.of(MASKS.name)
        self.as_polygons = run.options.masks_as is MasksAs.POLYGONS
        kinds = (ShapeKind.MASK, ShapeKind.POLYGON) if self.as_polygons else (ShapeKind.MASK,)
        self.stored = {kind: StoredMasks(run, kind) for kind in kinds} if run.merges else {}
        self.drawn = RedrawnMasks(run) if run.merges else None
        limits = run.limits
        self._most_unpacked = max(limits.mask_free_bytes, limits.max_mask_ratio * run.archive.own_bytes)
        self._unpacked = 0

    def read(self, source: Source, overlap: SeenRows) -> None:
        with ExitStack() as stack:
            sorter: RowSorter | None = None
            for chunk in self.run.chunks(source, SEGMENTATIONS, self.totals, _CHUNK_ROWS):
                resolved = resolve(self.run, source, chunk, self.totals)
                resolved = overlap.without_repeats(
                    source, resolved, partial(places_of, resolved), ("BoxID",), self.totals
                )
                if not resolved:
                    continue
                rows = rows_of(resolved)
                if sorter is None and self._is_scattered():
                    sorter = stack.enter_context(closing(RowSorter()))
                if sorter is None:
                    self._take(source, rows)
                else:
                    sorter.add(rows)
            if sorter is not None:
                self._take_sorted(source, sorter)
            for stored in self._stores:
                stored.fetched_again = 0

    @property
    def _stores(self) -> list[StoredMasks | RedrawnMasks]:
        return [*self.stored.values(), *([self.drawn] if self.drawn is not None else [])]

    def _is_scattered(self) -> bool:
        return any(stored.fetched_again > SCATTERED for stored in self._stores)

    def _fetch(self, rows: Sequence[Row]) -> None:
        images = [row[0] for row in rows]
        if self.drawn is not None:
            self.drawn.fetch(images)
        for stored in self.stored.values():
            stored.fetch(images, [(image, label, values["box_id"]) for image, label, values, *_ in rows])

    def _take(self, source: Source, rows: Sequence[Row]) -> None:
        self._fetch(rows)
        new: list[NewMask] = []
        size = 0
        for row in rows:
            mask = self._mask(source, row)
            if mask is None or self._merge(mask):
                continue
            new.append(mask)
            size += len(mask.png)
            if size > _CHUNK_BYTES:
                self._add(new)
                new, size = [], 0
        self._add(new)

    def _take_sorted(self, source: Source, sorter: RowSorter) -> None:
        """Takes rows image by image; those that are new are added in the order of the file."""
        for batch in sorter.by_image():
            self._fetch([row for _, row in batch])
            chosen = []
            for number, row in batch:
                mask = self._mask(source, row)
                if mask is not None and not self._merge(mask):
                    chosen.append(
                        (number, (mask.attributes, mask.blob, mask.header and tuple(mask.header), mask.rings))
                    )
            sorter.choose(chosen)
        for found in sorter.chosen():
            self._add([new_mask(*row) for row in found])

    def _mask(self, source: Source, row: Row) -> NewMask | None:
        """A row with its PNG; None where something is wrong with them, which is reported."""
        image, label, values, line, image_name, path, box, clicks = row
        outcome = self.run.specs.fit(label, values)
        report_attributes(self.run, outcome, source.path, line)
        loaded = self._load(source, line, image_name, path)
        if outcome.faults or loaded is None:
            self.run.skip(source, self.totals, [image_name])
            return None
        mask = NewMask(image, label, box, outcome.values, *loaded, path, clicks)
        if self.as_polygons and not self._trace(mask, source, line):
            self.run.skip(source, self.totals, [image_name])
            return None
        return mask

    def _load(
        self, source: Source, line: int, image_name: str, path: str
    ) -> tuple[bytes, Blob | None, MaskHeader | None] | None:
        """The PNG, its place, its size; no bytes where no files are at hand, None where there is an issue with it."""
        place: MaskFile | None = None
        try:
            place = self.files.find(source, image_name, path)
            if place is None:
                return b"", None, None
            png = place.archive.read(place.path, self.run.limits.max_mask_bytes)
            self._spend(unpacked_bytes(png, self.run.limits))
            return png, (place.shard, place.path, digest_of(png)), check_png(png, self.run.limits)
        except FileNotFoundError:
            code, params = "mask-missing", {}
        except BadMask as fault:
            code, params = "bad-mask", fault.params
        except UnreadableArchive as fault:
            problem = fault.problems[0]
            nested = {"code": problem.code, "params": dict(problem.params)}
            code, params = "bad-mask", {"form": "archive", "path": problem.file, "fault": nested}
        self.run.issue(code, file=source.path, line=line, column="MaskPath", value=path, **params)
        return None

    def _spend(self, unpacked: int) -> None:
        """Raises `BadMask` for a mask with which those of the archive unpack to more than its size allows."""
        self._unpacked += unpacked
        if self._unpacked > self._most_unpacked:
            ratio = self.run.limits.max_mask_ratio
            raise BadMask("all", limit=self._most_unpacked, ratio=ratio)

    def _trace(self, mask: NewMask, source: Source, line: int) -> bool:
        """Traces the mask's outline, if it has one; tells whether that went well."""
        if not mask.png:
            return True
        issue = partial(self.run.issue, file=source.path, line=line, column="MaskPath", value=mask.path)
        most = self.run.limits.max_shape_points
        try:
            pixels = decode(mask.png, self.run.limits)
        except BadMask as fault:
            issue("bad-outline", fault=fault.as_param())
            return False
        try:
            mask.rings = geometry.trace(pixels, most) or None
        except ValueError:
            issue("long-outline", limit=most)
            return True
        if mask.rings is None:
            issue("empty-mask")
        return True

    def _kinds(self, mask: NewMask) -> tuple[ShapeKind, ...]:
        """What the mask may be in the task; one without a PNG may have been traced when it had one."""
        if mask.rings:
            return (ShapeKind.POLYGON,)
        return (ShapeKind.MASK,) if mask.png else (ShapeKind.MASK, ShapeKind.POLYGON)

    def _merge(self, mask: NewMask) -> bool:
        """Brings a mask that is there up to date; tells whether there is one."""
        box_id = str(mask.attributes.get("box_id") or "")
        stores = [self.stored[kind] for kind in self._kinds(mask) if kind in self.stored]
        found = ((store, store.take_named(mask.image, mask.label, box_id)) for store in stores)
        store, met = next((pair for pair in found if pair[1]), (None, None))
        if met is None and self.drawn and (drawn := self.drawn.take(mask.image, mask.label, mask.png)):
            self.run.plan.count(Counted.UNCHANGED, MASKS.name, [mask.image])
            if mask.box is not None and drawn[0].group is not None and not self.run.stays("boxes", mask.image):
                # Its box is replaced, and the archive's takes its place.
                self.claims.add(mask.image, mask.label, Claim(drawn[0].pk, mask.box, drawn[0].group, is_stored=True))
            return True
        if met is None:
            place = mask.image, mask.label, box_id, mask.extent, mask.png, mask.rings
            found = ((store, store.take_in_place(*place)) for store in stores)
            store, met = next((pair for pair in found if pair[1]), (None, None))
        if store is None or met is None:
            return False
        moved = store.agrees(met, mask.box) is False
        shape_columns, mask_columns = after_meeting(
            self.run,
            met,
            mask.box,
            mask.attributes,
            mask.png,
            mask.blob,
            mask.header,
            mask.path,
            mask.clicks,
            mask.rings,
            moved=moved,
        )
        what = Counted.UPDATED if shape_columns or mask_columns else Counted.UNCHANGED
        self.run.plan.count(what, MASKS.name, [mask.image])
        for model, columns in ((Shape, shape_columns), (Mask, mask_columns)):
            if columns:
                self.run.plan.update(model, [met.key], {name: [value] for name, value in columns.items()}, [mask.image])
        # The stored box, if the row says the same: what comes back may be rounded, and box and mask would miss each
        # other. What is stored of a mask is a box that a row said; a polygon's may be that of its outline.
        box = mask.box if moved else whole(met.box) or mask.box
        if mask.box is None and store.kind is ShapeKind.POLYGON:
            box = None
        if box is not None:
            self.claims.add(mask.image, mask.label, Claim(met.key, box, met.group, is_stored=True))
        return True

    def _add(self, masks: Sequence[NewMask]) -> None:
        if not masks:
            return
        self.run.plan.count(Counted.ADDED, MASKS.name, [mask.image for mask in masks])
        for key, mask in zip(self._insert(masks), masks, strict=True):
            if mask.box is not None:
                self.claims.add(mask.image, mask.label, Claim(key, mask.box, None, is_stored=False))

    def _insert(self, masks: Sequence[NewMask]) -> list[int]:
        keys = self.run.plan.new_keys(Shape, len(masks))
        boxes = [mask.extent or (None,) * 4 for mask in masks]
        shapes: dict[str, Sequence[Any]] = {
            "id": keys,
            "image_id": [mask.image for mask in masks],
            "label_id": [mask.label for mask in masks],
            "kind": [(ShapeKind.POLYGON if mask.rings else ShapeKind.MASK).value for mask in masks],
            **{field: [box[place] for box in boxes] for place, field in enumerate(BOX.values())},
            "points": [json.dumps(mask.rings) if mask.rings else None for mask in masks],
            "attributes": [json.dumps(mask.attributes, ensure_ascii=False) for mask in masks],
        }
        self.run.plan.insert(Shape, shapes)
        beside: dict[str, Sequence[Any]] = {
            "shape_id": keys,
            "png": [None if mask.rings else mask.blob for mask in masks],
            "width": [mask.header.width if mask.header else None for mask in masks],
            "height": [mask.header.height if mask.header else None for mask in masks],
            "path": [mask.path for mask in masks],
            "clicks": [mask.clicks for mask in masks],
        }
        self.run.plan.insert(Mask, beside, images=[mask.image for mask in masks])
        return keys
