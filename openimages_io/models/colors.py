"""Colours of labels, as people see them: OKLab, where equal distances look equally different.

The numbers are Björn Ottosson's, https://bottosson.github.io/posts/oklab/.
"""

import hashlib
import math
from typing import Final

Oklab = tuple[float, float, float]
"""Lightness from 0 to 1, and how far a colour is to the red (from green) and to the yellow (from blue)."""
LIGHTNESS: Final = (0.5, 0.75)
"""Neither lost on a white page nor on a dark one."""
CHROMA: Final = 0.1
"""The least: greyer colours are hard to tell from a photograph."""
SIDES: Final = ((-0.22, 0.27), (-0.32, 0.16))
"""Between which what a screen shows of these lightnesses lies."""
_GRAY: Final = "#808080"


def color_of(label_name: str) -> str:
    """A colour such as `#3a86c8` that depends on the LabelName alone, vivid and readable on light and dark."""
    name = label_name.encode("utf-8", "surrogatepass")
    ranges = (LIGHTNESS, *SIDES)
    for more in range(20):
        digest = hashlib.blake2b(name, digest_size=60, salt=bytes([more])).digest()
        for start in range(0, 60, 6):
            shares = (int.from_bytes(digest[start + at : start + at + 2]) / 65535 for at in (0, 2, 4))
            lightness, *sides = (low + share * (high - low) for share, (low, high) in zip(shares, ranges, strict=True))
            color = to_hex((lightness, sides[0], sides[1]))
            if color is not None:
                return color
    return _GRAY


def to_hex(color: Oklab) -> str | None:
    """The colour as `#rrggbb`; None for one that is too grey, or that no screen shows."""
    lightness, red_green, yellow_blue = color
    if math.hypot(red_green, yellow_blue) < CHROMA:
        return None
    long = (lightness + 0.3963377774 * red_green + 0.2158037573 * yellow_blue) ** 3
    medium = (lightness - 0.1055613458 * red_green - 0.0638541728 * yellow_blue) ** 3
    short = (lightness - 0.0894841775 * red_green - 1.2914855480 * yellow_blue) ** 3
    channels = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    if not all(0 <= channel <= 1 for channel in channels):
        return None
    return "#" + "".join(f"{round(_encoded(channel) * 255):02x}" for channel in channels)


def oklab(color: str) -> Oklab:
    """What `#rrggbb` is in OKLab."""
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _encoded(channel: float) -> float:
    return channel * 12.92 if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
