"""Which file names and BoxIDs the masks of one subset have."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Final

from django.db.models.functions import Length

from openimages_io.format import cells
from openimages_io.format.mask_names import ClaimedName, MaskNames, make_box_id
from openimages_io.models import Mask, Shape, ShapeKind
from openimages_io.models.flags import as_attributes
from openimages_io.transfer.cell_values import can_be
from openimages_io.transfer.export_state import ExportState
from openimages_io.transfer.masks.mapping import WITH_PIXELS, box_id_cell
from openimages_io.transfer.options import MaskSize

_KEYS: Final = 900
_BYTES: Final = 8 * 2**20


def pngs(out: ExportState, sizes: Iterable[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
    """Keys and PNGs of these masks, given as keys and sizes in bytes; so many at once as memory should hold."""
    batch: list[int] = []
    pending = 0
    for key, size in sizes:
        if batch and (pending + size > _BYTES or len(batch) >= _KEYS):
            yield from _pngs(out, batch)
            batch, pending = [], 0
        batch.append(key)
        pending += size
    yield from _pngs(out, batch)


def _pngs(out: ExportState, keys: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    if keys:
        rows = Mask.objects.using(out.using).filter(pk__in=keys)
        found = {key: bytes(png) for key, png in rows.values_list("pk", "png")}
        yield from ((key, found[key]) for key in keys)


class MaskFileNames:
    """File names: a MaskPath that came in is kept if no other file has it."""

    def __init__(self, out: ExportState, subset: str, keys: Sequence[int]) -> None:
        self._names = MaskNames()
        self._claimed: dict[int, ClaimedName] = {}
        rows = [row for row in _paths(out, keys) if row[1]]
        times = Counter(path for _, path, *_ in rows)
        shared = ((key, size) for key, path, size, _, is_drawn in rows if times[path] > 1 and not is_drawn)
        digests = {key: _digest(png) for key, png in pngs(out, shared)}
        for key, path, size, image, is_drawn in rows:
            digest = digests.get(key) or _digest(b"%d" % key)
            if out.options.mask_size is MaskSize.IMAGE:
                digest = _digest(digest + b"%d" % image)  # one file cannot have the sizes of two images
            claimed = self._names.claim(_readable(path, has_file=is_drawn or size > 0), digest)
            self._claimed[key] = claimed
            if claimed.name != path:
                file = out.names.segmentations(subset)
                out.issue("mask-renamed", value=path, file=file, written=claimed.name)

    def of(self, key: int) -> ClaimedName | None:
        """The name of a mask that came in with one."""
        return self._claimed.get(key)

    def make(self, image_name: str, label_name: str, box_id: str) -> ClaimedName:
        """A new name."""
        return ClaimedName(self._names.make(image_name, label_name, box_id), is_new=True)


def _paths(out: ExportState, keys: Sequence[int]) -> Iterator[tuple[int, str, int, int, bool]]:
    """Key, MaskPath, size of the PNG in bytes, image, and whether it is drawn, of masks in the order of their keys."""
    rest = iter(keys)
    while batch := list(islice(rest, _KEYS)):
        rows = Mask.objects.using(out.using).filter(pk__in=batch).order_by("pk")
        columns = rows.values_list("pk", "path", Length("png"), "shape__image_id", "shape__kind")
        yield from ((*known, kind != ShapeKind.MASK) for *known, kind in columns)


def _readable(path: str, *, has_file: bool) -> str:
    """The name, or one like it that can be read again; that of a file that is there must end as a PNG's does."""
    stem, ending = (path[:-4], path[-4:]) if path.lower().endswith(".png") else (path, ".png" if has_file else "")
    if has_file and (not stem or stem.startswith("._")):
        stem = f"_{stem}"
    name = f"{stem}{ending}"
    return name if can_be(cells.MASK_PATH, name) else stem.replace(".", "_").replace(":", "_") + ending


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


class BoxIds:
    """BoxIDs for shapes that have none, unique within their image."""

    def __init__(self, out: ExportState, subset: str) -> None:
        self.out, self.subset = out, subset
        self._made: dict[int, list[str]] = {}
        self._stored: dict[int, set[str]] = {}

    def learn(self, images: set[int]) -> None:
        """Finds the BoxIDs that the masks of these images have."""
        self._stored = {image: set() for image in images}
        masks = Shape.objects.using(self.out.using).filter(WITH_PIXELS)
        ordered = sorted(images)
        for start in range(0, len(ordered), _KEYS):
            rows = masks.filter(image__in=ordered[start : start + _KEYS], attributes__has_key="box_id")
            for image, attributes in rows.values_list("image_id", "attributes").iterator(chunk_size=_KEYS):
                self._stored[image].add(box_id_cell(as_attributes(attributes)) or "")

    def make(self, image: int, label: int) -> str:
        """A BoxID for a shape on one of the images that were learnt; it depends on nothing but what is written."""
        made = self._made.setdefault(image, [])
        seed = "/".join([self.subset, self.out.image_names[image], self.out.label_names[label], str(len(made))])
        box_id = make_box_id(seed, self._stored[image].union(made))
        made.append(box_id)
        return box_id
