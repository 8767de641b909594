"""How much memory a picture takes while Pillow unpacks it, which its size in pixels alone does not say.

The factors were measured for every format and mode; `tests/viewing/test_memory.py` holds that no picture takes more.
"""

from typing import IO, Any, Final

from PIL.ImageFile import ImageFile

from openimages_io.format.pictures import jpeg_scans

_PIXEL_BYTES: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
"""What Pillow keeps of one pixel, by mode; of all others 4."""
_WEBP_BYTES: Final = 8
"""Two canvases of libwebp; while it unpacks there is a third copy."""
_WEBP_FIXED: Final = 6 * 2**20
_COEFFICIENT_BYTES: Final = 2
_JPEG_HEADER: Final = 16 * 2**20
"""How much of a JPEG is read to find its first scan."""
_SCALABLE_FRAMES: Final = frozenset((0xC0, 0xC1, 0xC2))
_TIFF_BITS, _TIFF_SAMPLES, _TIFF_ROWS, _TIFF_TILE = 258, 277, 278, (322, 323)


def prepare(picture: ImageFile, stream: IO[bytes], size: int) -> tuple[int, int]:
    """Estimate the memory in bytes that a picture takes while it is unpacked, and that it takes from then on.

    A JPEG is set to be unpacked at a fraction of its size if that is at least `size` pixels. Raises `BadPicture`.
    """
    width, height = picture.size
    file = stream.seek(0, 2)
    stream.seek(0)
    coefficients = _prepare_jpeg(picture, stream, size) if picture.format in {"JPEG", "MPO"} else 0
    kept = picture.size[0] * picture.size[1] * _PIXEL_BYTES.get(picture.mode, 4)
    if picture.format == "WEBP":
        kept += width * height * _WEBP_BYTES
        return kept + width * height * 4 + file + _WEBP_FIXED, kept + file
    if picture.format == "TIFF" and picture.info.get("compression") != "raw":
        return kept + _strip_bytes(picture) + file, kept + file
    return kept + coefficients, kept


def _prepare_jpeg(picture: ImageFile, stream: IO[bytes], size: int) -> int:
    """The bytes of what the decoder keeps at full size, whatever the fraction: coefficients that scans add to."""
    scans = jpeg_scans(stream.read(_JPEG_HEADER))
    width, height = picture.size
    layers: list[tuple[int, int, int, int]] = getattr(picture, "layer", [])
    if scans.frame in _SCALABLE_FRAMES:
        picture.draft("RGB", (size, size))
    if scans.are_mixed:
        return 0
    whole = max((across for _, across, _, _ in layers), default=1) * max((down for _, _, down, _ in layers), default=1)
    share = sum(across * down for _, across, down, _ in layers) / whole
    return round(_COEFFICIENT_BYTES * width * height * share)


def _strip_bytes(picture: Any) -> int:
    """What libtiff unpacks at once."""
    width, height = picture.size
    tags = picture.tag_v2
    across, down = (int(tags.get(tag, 0)) for tag in _TIFF_TILE)
    pixels = across * down or width * min(int(tags.get(_TIFF_ROWS, height)), height)
    bits = max(tags.get(_TIFF_BITS, (1,)))
    return int(pixels * int(tags.get(_TIFF_SAMPLES, 1)) * bits // 8)
