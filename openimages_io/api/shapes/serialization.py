"""The shapes of a picture as JSON, from one query.

Text is put together here, without an object for each row: points, clicks and attributes are stored as JSON, and are
handed on as they are. That takes a third of the time of decoding and encoding them again.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from django.db.models import Count, ExpressionWrapper, F, FloatField, QuerySet, Sum, TextField, Value
from django.db.models.functions import Cast, Length
from rest_framework.request import Request

from openimages_io import conf
from openimages_io.annotations.errors import Conflict, TooLarge
from openimages_io.annotations.shapes.items import FIELDS
from openimages_io.annotations.shapes.submitted_masks import PixelBudget
from openimages_io.annotations.shapes.units import Size, in_pixels
from openimages_io.api.reverse import reverse_url
from openimages_io.api.shapes.formats import ShapeFormat
from openimages_io.api.signing import CONTENT_LENGTH
from openimages_io.error_codes import ErrorCode
from openimages_io.format.masks import BadMask, decode, png_size, unpacked_bytes
from openimages_io.geometry import encode_rle
from openimages_io.models import Image, Shape, ShapeKind
from openimages_io.models.flags import FLAGS
from openimages_io.models.png_digest import PngDigest
from openimages_io.models.rules import BOX

_TEXTS: Final = {f"{name}_text": Cast(name, TextField()) for name in ("points", "clicks", "attributes")}
_NUMBERS: Final = {f"{name}_number": ExpressionWrapper(F(name), TextField()) for name in ("occluded", *FLAGS)}
"""As the database has them: what Django does to each value of a BooleanField is a tenth of a request."""
_STORED_AS: Final = {column.rpartition("_")[0]: column for column in ("label_id", *_TEXTS, *_NUMBERS)}
_COLUMNS: Final = (
    *("id", *(_STORED_AS.get(name, name) for name in FIELDS[:-1]), *(_STORED_AS[name] for name in FLAGS)),
    *("mask", "mask__width", "mask__height", "mask__clicks", "png_bytes", "content"),
)
"""In the order of the fields; the mask is the last of them."""
_PIXELS: Final = Cast("mask__width", FloatField()) * Cast("mask__height", FloatField())
_INSTEAD: Final = "Ask for masks=png, or for one mask at a time."
_BATCH: Final = 500
_ROW: Final = 200
"""Bytes of a shape in JSON, without points, attributes and masks: a rectangle has some 190 to 300."""
_FLAGS: Final = {None: "null", 0: "false", 1: "true"}
_NO_FLAGS: Final = (None,) * len(FLAGS)
_OF_KINDS: Final = {
    ShapeKind.TAG: (),
    ShapeKind.RECTANGLE: (*BOX, "clicks", "rotation"),
    ShapeKind.POLYGON: (*BOX, "points"),
    ShapeKind.ELLIPSE: (*BOX, "points", "rotation"),
    ShapeKind.MASK: BOX,
}
"""What shapes of a kind have besides what all have. In shapes of the other kinds the database has null there."""
_OF_SOME: Final = {name for names in _OF_KINDS.values() for name in names}


def _form(kind: ShapeKind) -> tuple[str, Callable[[tuple[Any, ...]], tuple[Any, ...]]]:
    """The JSON of a shape of a kind, and what takes the values for it from those of all fields."""
    fields = dict(enumerate(("id", *FIELDS)))
    own = [place for place, name in fields.items() if name not in _OF_SOME or name in _OF_KINDS[kind]]
    return "{" + ",".join(f'"{fields[place]}":%s' for place in own) + "}", itemgetter(*own)


_FORMS: Final = {kind.value: _form(kind) for kind in ShapeKind}


class ShapeWriter:
    """Writes shapes in one form; in pixels if there is a size."""

    def __init__(self, request: Request, form: ShapeFormat, size: Size | None) -> None:
        self.form, self.size = form, size
        self._budget = PixelBudget()
        # One look-up among the site's addresses for all masks.
        self._before, _, self._after = reverse_url("shape-mask", request, 0).rpartition("/0/")

    def each(self, shapes: QuerySet[Shape]) -> dict[int, str]:
        """The JSON of each shape by its key, in the order of keys."""
        columns = (*_COLUMNS, *(["mask__png"] if self.form.masks else []))
        signed = Value(None, TextField()) if self.form.signer is None else PngDigest("mask__png")
        rows = shapes.annotate(
            **_TEXTS, **_NUMBERS, png_bytes=Length("mask__png", output_field=TextField()), content=signed
        )
        return {row[0]: self._write(*row) for row in rows.order_by("pk").values_list(*columns)}

    def together(self, shapes: QuerySet[Shape], image: Image) -> str:
        """The JSON of a picture's shapes in the order of their ids."""
        self._check_size(shapes)
        return self._envelope(image, self.each(shapes).values())

    def saved(self, shapes: QuerySet[Shape], image: Image, keys: Sequence[int], client_keys: Mapping[int, str]) -> str:
        """The JSON of those of a picture's shapes that a request was about, in its order, with the client's keys."""
        batches = [shapes.filter(pk__in=keys[start : start + _BATCH]) for start in range(0, len(keys), _BATCH)]
        if len(batches) > 1 and len(keys) == shapes.count():
            batches = [shapes]
        self._check_size(*batches)
        found = {key: text for batch in batches for key, text in self.each(batch).items()}
        for key, name in client_keys.items():
            found[key] = f'{{"key":{json.dumps(name)},{found[key][1:]}'
        return self._envelope(image, [found[key] for key in keys])

    def _envelope(self, image: Image, found: Iterable[str]) -> str:
        head = f'{{"image":{image.pk},"revision":{image.revision},"units":"{self.form.units}","shapes":['
        return f"{head}{','.join(found)}]}}"

    def _check_size(self, *parts: QuerySet[Shape]) -> None:
        """Raises `Conflict` if there is more to answer with than a request may have, before any of it is read."""
        lengths = [Length(text) for text in _TEXTS.values()] + ([Length("mask__png")] if self.form.masks else [])
        sums: dict[str, Any] = {"rows": Count("*") * _ROW} | {
            f"size_{at}": Sum(length) for at, length in enumerate(lengths)
        }
        if self.form.masks == "rle":
            sums["pixels"] = Sum(_PIXELS)
        size, pixels = 0, 0
        for shapes in parts:
            found = shapes.aggregate(**sums)
            pixels += int(found.pop("pixels", 0) or 0)
            size += sum(filter(None, found.values()))
        options = conf.options()
        if size > options.max_body_bytes:
            said = f"These shapes, with their points, attributes and masks, are some {size:,} bytes"
            said = f"{said}, more than the {options.max_body_bytes:,} that this site answers with"
            raise Conflict(f"{said}; export the task instead.", ErrorCode.TOO_MUCH_TO_SHOW)
        if pixels > options.max_body_mask_pixels:
            said = f"The masks of these shapes have {pixels:,} pixels"
            said = f"{said}, more than the {options.max_body_mask_pixels:,} that this site writes as run lengths"
            raise Conflict(f"{said} at once. {_INSTEAD}", ErrorCode.TOO_MUCH_TO_SHOW)

    def _write(
        self, key: int, kind: str, label: int, x_min: Any, x_max: Any, y_min: Any, y_max: Any, points: Any, clicks: Any,
        rotation: Any, source: str, group: Any, score: Any, occluded: Any, attributes: str,
        truncated: Any, is_group_of: Any, is_depiction: Any, is_inside: Any, *mask: Any,
    ) -> str:  # fmt: skip
        box = [x_min, x_max, y_min, y_max]
        if self.size is not None:
            box, points, clicks = in_pixels(box, points, clicks, self.size)
        sides = ["null" if side is None else repr(side) for side in box]
        rest = ["null" if value is None else repr(value) for value in (rotation, group, score)]
        flags = (truncated, is_group_of, is_depiction, is_inside)
        if flags != _NO_FLAGS:
            attributes = _with_flags(attributes, flags)
        pixels = "null" if mask[0] is None else self._write_mask(key, *mask[1:])
        form, own = _FORMS[kind]
        return form % own((
            *(key, f'"{kind}"', label, *sides, points or "null", clicks or "null", rest[0]),
            *(json.dumps(source) if source else '""', *rest[1:], _FLAGS[occluded], attributes, pixels),
        ))  # fmt: skip

    def _write_mask(
        self, key: int, width: int | None, height: int | None, clicks: str, length: int, content: str | None, *png: Any
    ) -> str:
        url = self._address(key, content) if length else None
        mask: dict[str, Any] = {"width": width, "height": height, "url": url, "clicks": clicks}
        if png:
            mask[self.form.masks] = self._pixels(bytes(png[0])) if length else None
        return json.dumps(mask)

    def _address(self, key: int, content: str | None) -> str:
        if self.form.signer is None or content is None:
            return f"{self._before}/{key}/{self._after}"
        return f"{self._before}/{key}/mask/{self.form.signer.sign('mask', key, content[:CONTENT_LENGTH])}/"

    def _pixels(self, png: bytes) -> str | dict[str, Any] | None:
        if self.form.masks == "png":
            return base64.b64encode(png).decode("ascii")
        try:
            width, height = png_size(png, conf.limits())
            self._budget.spend(max(width * height, unpacked_bytes(png, conf.limits())))
            pixels = decode(png, conf.limits())
        except BadMask:  # nothing that came in through us
            return None
        except TooLarge as error:
            raise Conflict(f"{error} {_INSTEAD}", ErrorCode.TOO_MUCH_TO_SHOW) from None
        return {"size": list(pixels.shape), "counts": encode_rle(pixels)}


def _with_flags(attributes: str, flags: tuple[int | None, ...]) -> str:
    """The JSON of attributes with the columns at its end: the last of two values of one name is the one that counts."""
    said = zip(FLAGS, flags, strict=True)
    columns = ", ".join([f'"{name}": {_FLAGS[flag]}' for name, flag in said if flag is not None])
    text = attributes.strip()
    if not text.startswith("{"):  # what is no object is one attribute
        return f'{{"attributes": {text}, {columns}}}'
    rest = text[1:-1].strip()
    return f"{{{rest}, {columns}}}" if rest else f"{{{columns}}}"
