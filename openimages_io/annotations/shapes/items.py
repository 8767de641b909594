"""Shapes as a request gives them: which fields, for which shape, with which pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from openimages_io import conf
from openimages_io.annotations.errors import MOST_SHOWN, InvalidData, InvalidValue, TooLarge
from openimages_io.annotations.shapes.submitted_masks import (
    PixelBudget,
    SubmittedMask,
    check_pixels,
    check_scale,
    read_mask,
)
from openimages_io.annotations.shapes.units import units_of
from openimages_io.error_codes import FaultCode
from openimages_io.models import Image
from openimages_io.models.rules import LARGEST_GROUP, quote
from openimages_io.models.values import is_storable

FIELDS: Final = (
    *("kind", "label", "x_min", "x_max", "y_min", "y_max", "points", "clicks", "rotation", "source", "group"),
    *("score", "occluded", "attributes", "mask"),
)
"""What may be given of a shape."""
LONGEST_CLIENT_KEY: Final = 64
_PARTS: Final = ("create", "update", "delete")
_REQUIRED: Final = ("kind", "label")
_ENVELOPE: Final = ("shapes", "image", "revision", "units")


@dataclass(slots=True)
class Item:
    """One shape of a request."""

    path: str
    """Where it stands in the request, with the dot or bracket that ends it: `shapes[3].`."""
    key: int | None = None
    """The shape that it is; None for a new one."""
    client_key: str | None = None
    """What the client calls a new shape until it knows its key."""
    given: dict[str, Any] = field(default_factory=dict)
    """The fields that were given, of whatever type, without the mask."""
    mask: SubmittedMask | None = None
    drops_mask: bool = False
    """Whether null was given as the mask."""
    is_lost: bool = False
    """Whether it is not a shape at all, or nobody can say which."""
    faults: list[InvalidValue] = field(default_factory=list)
    """Found so far, with whole paths."""
    counted: int = 0
    """How many of them the request's count has."""

    def fault(self, name: str, message: str, code: FaultCode) -> None:
        """Takes note of what is wrong with a field."""
        if len(self.faults) <= MOST_SHOWN:
            self.faults.append(InvalidValue(f"{self.path}{name}" if name else self.path.rstrip("."), message, code))


class Items:
    """The shapes of one request, and what is wrong with it besides."""

    def __init__(self, image: Image, *, in_pixels: bool = False) -> None:
        self._image = image
        self.in_pixels = in_pixels
        """Whether coordinates are in pixels, else in fractions of the image."""
        self.items: list[Item] = []
        self.deleted: dict[int, str] = {}
        """Shapes that a PATCH is to delete: by key, where that stands in the request."""
        self.faults: list[InvalidValue] = []
        self._budget = PixelBudget()
        self._found = 0

    def read_save(self, body: Any, image: int) -> None:
        """Takes what a PUT gives: an object with all shapes of the picture, as GET gives it."""
        if not isinstance(body, dict):
            self._fault("", f"Write an object with a list of shapes, not {quote(body)}.", FaultCode.WRONG_TYPE)
            return
        self._check_names(body, _ENVELOPE)
        if "image" in body and (isinstance(body["image"], bool) or body["image"] != image):
            self._fault("image", f"This is picture {image}, not {quote(body['image'])}.", FaultCode.MISMATCH)
        units = units_of(in_pixels=self.in_pixels)
        if "units" in body and body["units"] != units:
            said = f"The address asks for {units}, and this says {quote(body['units'])}."
            self._fault("units", said, FaultCode.MISMATCH)
        if "revision" in body and not _is_whole(body["revision"]):
            self._fault("revision", f"{quote(body['revision'])} is not a whole number.", FaultCode.WRONG_TYPE)
        if "shapes" not in body:
            self._fault("shapes", "It is missing.", FaultCode.REQUIRED)
            return
        shapes = body["shapes"]
        if not isinstance(shapes, list):
            self._fault("shapes", f"{quote(shapes)} is not a list of shapes.", FaultCode.WRONG_TYPE)
            return
        check_number(len(shapes))
        places: dict[int, int] = {}
        for place, shape in enumerate(shapes):
            item = self._read(shape, f"shapes[{place}].", has_key=True)
            if item.key is not None and places.setdefault(item.key, place) != place:
                item.fault("id", f"Shape {item.key} is shapes[{places[item.key]}] already.", FaultCode.REPEATED)
        self._check_masks()

    def read_patch(self, body: Any) -> None:
        """Takes what a PATCH of a picture gives: an object with lists of shapes to create, update and delete."""
        if not isinstance(body, dict):
            self._fault("", f"Write an object with {', '.join(_PARTS)}, not {quote(body)}.", FaultCode.WRONG_TYPE)
            return
        self._check_names(body, _PARTS)
        lists: dict[str, list[Any]] = {}
        for name in _PARTS:
            lists[name] = body.get(name, [])
            if not isinstance(lists[name], list):
                self._fault(name, f"{quote(lists[name])} is not a list.", FaultCode.WRONG_TYPE)
                lists[name] = []
        check_number(sum(map(len, lists.values())))
        for place, shape in enumerate(lists["create"]):
            self._read(shape, f"create[{place}].", has_key=False)
        named: dict[int, str] = {}
        for place, shape in enumerate(lists["update"]):
            item = self._read(shape, f"update[{place}].", has_key=True)
            if item.key is None and not item.is_lost:
                item.is_lost = True
                item.fault("id", "It is missing.", FaultCode.REQUIRED)
            elif item.key is not None and named.setdefault(item.key, f"update[{place}]") != f"update[{place}]":
                item.fault("id", f"Shape {item.key} is {named[item.key]} already.", FaultCode.REPEATED)
        for place, key in enumerate(lists["delete"]):
            path = f"delete[{place}]"
            if not _is_whole(key):
                self._fault(path, f"{quote(key)} is not an id.", FaultCode.WRONG_TYPE)
            elif named.setdefault(key, path) != path:
                self._fault(path, f"Shape {key} is {named[key]} already.", FaultCode.REPEATED)
            else:
                self.deleted[key] = path
        self._check_masks()

    def client_keys(self, keys: Sequence[int]) -> dict[int, str]:
        """What the client called shapes, by the keys that these have now, in the order of the request."""
        pairs = zip(keys, self.items, strict=True)
        return {key: item.client_key for key, item in pairs if item.client_key is not None}

    def read_new(self, body: Any) -> None:
        """Takes what a POST gives: a new shape, or a list of them."""
        if isinstance(body, list):
            check_number(len(body))
            for place, shape in enumerate(body):
                self._read(shape, f"[{place}].", has_key=False)
        else:
            self._read(body, "", has_key=False)
        self._check_masks()

    def read_changes(self, body: Any, key: int) -> None:
        """Takes what a PATCH gives: some fields of the shape with this key."""
        item = self._read(body, "", has_key=True)
        if item.key is not None and item.key != key:
            item.fault("id", f"This is shape {key}, not {item.key}.", FaultCode.MISMATCH)
        item.key = key
        self._check_masks()

    def stop_at_many(self, item: Item) -> None:
        """Raises `InvalidData` when more faults were found than an answer names, so that ten thousand cost no more."""
        self._found += len(item.faults) - item.counted
        item.counted = len(item.faults)
        if self._found > MOST_SHOWN:
            raise InvalidData(self.all_faults(), are_all=False)

    def all_faults(self) -> list[InvalidValue]:
        """Everything that was found."""
        return [*self.faults, *(fault for item in self.items for fault in item.faults)]

    def _check_masks(self) -> None:
        """Looks at pixels when all sizes are known to be allowed, and makes PNGs before anybody is kept waiting."""
        masks = [(item, item.mask) for item in self.items if item.mask is not None and not item.mask.is_bad]
        for item, mask in masks:
            check_pixels(mask, item.fault)
            self.stop_at_many(item)
        if not self.all_faults():
            for _, mask in masks:
                mask.as_png()

    def _fault(self, path: str, message: str, code: FaultCode) -> None:
        self.faults.append(InvalidValue(path, message, code))

    def _check_names(self, body: dict[str, Any], known: Sequence[str]) -> None:
        for name in islice(body.keys() - set(known), MOST_SHOWN):
            self._fault(name, f"It is unknown here; known are: {', '.join(known)}.", FaultCode.UNKNOWN)

    def _read(self, shape: Any, path: str, *, has_key: bool) -> Item:
        item = Item(path)
        self.items.append(item)
        if not isinstance(shape, dict):
            item.is_lost = True
            item.fault("", f"{quote(shape).capitalize()} is not a shape: write an object.", FaultCode.WRONG_TYPE)
            self.stop_at_many(item)
            return item
        if "id" in shape:
            if not has_key:
                item.fault("id", "A new shape has no id yet.", FaultCode.READ_ONLY)
            elif _is_whole(shape["id"]):
                item.key = shape["id"]
            else:
                item.is_lost = True
                item.fault("id", f"{quote(shape['id'])} is not an id.", FaultCode.WRONG_TYPE)
        for name in shape:
            if name not in FIELDS and name not in {"id", "key"}:
                said = f"A shape has no such field; it has: {', '.join(('id', 'key', *FIELDS))}."
                item.fault(name, said, FaultCode.UNKNOWN)
        if "key" in shape:
            self._read_client_key(item, shape["key"])
        item.given = {name: shape[name] for name in FIELDS if name in shape and name != "mask"}
        if "mask" in shape:
            item.drops_mask = shape["mask"] is None
            item.mask = None if item.drops_mask else read_mask(shape["mask"], item.fault, self._budget)
            if item.mask is not None:
                check_scale(item.mask, self._image, item.fault)
        self.stop_at_many(item)
        return item

    def _read_client_key(self, item: Item, key: Any) -> None:
        if item.key is not None:
            said = "Only a new shape has a key of the client's; this one has an id."
            item.fault("key", said, FaultCode.NOT_APPLICABLE)
        elif not isinstance(key, str) or not 0 < len(key) <= LONGEST_CLIENT_KEY or not is_storable(key):
            item.fault("key", f"Write a text of at most {LONGEST_CLIENT_KEY} characters.", FaultCode.BAD_KEY)
        else:
            item.client_key = key

    def require_what_is_new(self, item: Item) -> None:
        """Takes note of what a new shape lacks."""
        for name in _REQUIRED:
            if name not in item.given:
                item.fault(name, "It is missing.", FaultCode.REQUIRED)


def check_number(count: int, owner: str = "request") -> None:
    """Raises `TooLarge` for more shapes than are saved at once, whether a request or the picture has them."""
    most = conf.options().max_body_shapes
    if count > most:
        said = f"The {owner} has {count:,} shapes; this site allows {most:,} at once."
        raise TooLarge(f"{said} Save only what changes, by PATCH with lists create, update and delete.")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_GROUP
