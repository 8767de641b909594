"""The stored masks of one label on one image, and which of them a row meets."""

import hashlib
import re
from collections.abc import Callable, Container, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final

from openimages_io import geometry
from openimages_io.format.masks import BadMask, decode
from openimages_io.models import Mask, Shape
from openimages_io.transfer.agreeing_boxes import ENOUGH, AgreeingBoxes, Size, whole
from openimages_io.transfer.masks.looks import Looks
from openimages_io.transfer.near_boxes import Box
from openimages_io.transfer.run import Run

_MADE_UP: Final = re.compile("0000[0-9a-f]{4}")
"""Datumaro, and CVAT with it, numbers an image's masks that have no BoxID from 00000000, anew whenever it writes."""
_BATCH: Final = 500


@dataclass(slots=True)
class StoredMask:
    """What is stored of the shape of a mask, or of a polygon that may have been traced from one."""

    key: int
    image: int
    label: int
    box: tuple[float | None, float | None, float | None, float | None]
    group: int | None
    attributes: dict[str, Any]
    """The flags that are columns among them."""
    text: str
    """The attributes as they are stored."""

    @property
    def box_id(self) -> str:
        """Its BoxID, or no text."""
        return str(self.attributes.get("box_id") or "")


def names_a_mask(box_id: str) -> bool:
    """Whether a BoxID says which mask it is."""
    return bool(box_id) and not _MADE_UP.fullmatch(box_id)


class _Pool:
    """Masks that have something in common, in the order of their keys."""

    def __init__(self, size: Size | None) -> None:
        self._masks: dict[int, StoredMask] = {}
        self._size = size
        self._boxes: AgreeingBoxes | None = None

    def add(self, mask: StoredMask) -> None:
        """Takes one in; its boxes must not have been asked for."""
        assert self._boxes is None
        self._masks[mask.key] = mask

    def some(self, box: Box | None, most: int) -> list[int]:
        """The keys of so many that agree with a box; without one, of the first so many."""
        return list(islice(self._masks, most)) if box is None else self._near().find_all(box, most)

    def nearest(self, box: Box, most: int) -> list[int]:
        """The keys of so many that agree with a box, best first."""
        return self._near().find(box, most)

    def remove(self, key: int) -> None:
        """Takes one out."""
        self._masks.pop(key, None)
        if self._boxes is not None:
            self._boxes.remove(key)

    def _near(self) -> AgreeingBoxes:
        if self._boxes is None:
            self._boxes = AgreeingBoxes(((key, mask.box) for key, mask in self._masks.items()), self._size)
        return self._boxes


class MasksInPlace:
    """The stored masks of one label on one image that no row has met, by what finds them.

    What finds one takes no longer where there are many, be they all in one spot.
    """

    def __init__(
        self,
        run: Run,
        masks: Sequence[StoredMask],
        size: Size | None,
        traced: Container[int] | None,
        leave_out: Callable[[], None],
    ) -> None:
        """`traced` are the polygons that were traced from masks, None where these are masks; see `Looks`."""
        self.run = run
        self.masks = {mask.key: mask for mask in masks}
        self._size, self._traced = size, traced
        self._pools: dict[tuple[str, str, str], dict[Hashable, _Pool]] = {}
        self._spoken_for: set[str] = set()
        self._looks_of: dict[int, list[Hashable]] = {}
        self._looks = Looks(self._drawings, self._put_look, leave_out)
        self._has_digests = self._has_points = False

    def named(self, box_id: str) -> StoredMask | None:
        """The first with a BoxID."""
        found = self._find("all", "all", "id", box_id, None, 1)
        return self.masks[found[0]] if found else None

    def in_place(
        self,
        box_id: str,
        box: Box | None,
        spoken_for: set[str],
        png: bytes,
        rings: list[list[float]] | None,
    ) -> StoredMask | None:
        """The mask in the place of a row; see `StoredMasks.take_in_place`. Others name those that are spoken for."""
        who = "nameless" if names_a_mask(box_id) else "in place"
        if spoken_for != self._spoken_for:
            self._spoken_for = set(spoken_for)
            self._forget(lambda group: group[0] == "in place")
        first = partial(self._find, who)
        there = first("boxed", "", None, box, 2) if box else []
        if len(there) == 1:
            return self.masks[there[0]]
        # Where a box is unknown, on one side or on both, the pixels must do.
        where, wanted = ("boxed", box) if there else ("boxless" if box else "all", None)
        if not there and not first(where, "", None, None, 1):
            return None
        for look in self._looks_like(png, rings):
            if found := first(where, "look", look, wanted, 1):
                return self.masks[found[0]]
        if found := first(where, "id", box_id, wanted, 1):
            return self.masks[found[0]]
        if not there or box is None:
            return None
        return self.masks[self._group(who, "boxed", "")[None].nearest(box, ENOUGH)[0]]

    def take(self, key: int) -> StoredMask:
        """Takes one out."""
        mask = self.masks.pop(key)
        for (_, _, by), group in self._pools.items():
            for value in self._values(mask, by):
                if value in group:
                    group[value].remove(key)
        return mask

    def _find(self, who: str, where: str, by: str, value: Hashable, box: Box | None, most: int) -> list[int]:
        pool = self._group(who, where, by).get(value)
        return pool.some(box, most) if pool else []

    def _group(self, who: str, where: str, by: str) -> dict[Hashable, _Pool]:
        """The masks that fit, by BoxID (`id`), by what they look like (`look`), or all under None; made when needed."""
        group = self._pools.get((who, where, by))
        if group is None:
            group = self._pools[who, where, by] = {}
            for mask in self.masks.values():
                if self._fits(mask, who, where):
                    for value in self._values(mask, by):
                        group.setdefault(value, _Pool(self._size)).add(mask)
        return group

    def _forget(self, is_outdated: Callable[[tuple[str, str, str]], bool]) -> None:
        self._pools = {group: pools for group, pools in self._pools.items() if not is_outdated(group)}

    def _fits(self, mask: StoredMask, who: str, where: str) -> bool:
        if where != "all" and (where == "boxed") == (whole(mask.box) is None):
            return False
        if who == "all":
            return True
        may_be = self._traced is None or mask.key in self._traced
        if who == "nameless":
            return may_be and not names_a_mask(mask.box_id)
        return may_be and mask.box_id not in self._spoken_for

    def _values(self, mask: StoredMask, by: str) -> Sequence[Hashable]:
        if by == "look":
            return self._looks_of.get(mask.key, ())
        return (mask.box_id,) if by == "id" else (None,)

    def _looks_like(self, png: bytes, rings: list[list[float]] | None) -> Iterator[Hashable]:
        """What a mask that says the same as a row looks like: its outline, the bytes of its PNG, or its pixels."""
        if rings is not None:
            if not self._has_points:
                self._has_points = True
                for key, points in self._stored(Shape, "pk", "points"):
                    self._put_look(key, ("points", _frozen(points)))
            yield "points", _frozen(rings)
        elif png:
            if not self._has_digests:
                self._has_digests = True
                for key, stored in self._stored(Mask, "shape_id", "png"):
                    if stored:
                        self._put_look(key, ("png", hashlib.sha256(stored).digest()))
            yield "png", hashlib.sha256(png).digest()
            try:
                given = decode(png, self.run.limits)
            except BadMask:
                return
            yield from self._looks.of(given)

    def _put_look(self, key: int, look: Hashable) -> None:
        looks = self._looks_of.setdefault(key, [])
        if look not in looks:
            looks.append(look)
        self._forget(lambda group: group[2] == "look")

    def _drawings(self) -> Iterator[tuple[int, geometry.Mask]]:
        for key, png in self._stored(Mask, "shape_id", "png"):
            try:
                yield key, decode(bytes(png), self.run.limits)
            except BadMask:
                continue

    def _stored(self, model: type[Mask | Shape], key: str, column: str) -> Iterator[tuple[int, Any]]:
        keys = list(self.masks)
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            rows = model._base_manager.using(self.run.using).filter(pk__in=batch).order_by("pk")
            yield from rows.values_list(key, column).iterator(chunk_size=_AT_ONCE)


_AT_ONCE: Final = 50
"""PNGs in memory at once."""


def _frozen(points: Any) -> Hashable:
    """The same points as something that can be looked up."""
    return tuple(map(_frozen, points)) if isinstance(points, list) else repr(points)
