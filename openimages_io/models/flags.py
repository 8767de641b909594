"""The flags of a box that are columns and yet attributes: for whoever reads a shape's attributes they stand among them.

A column holds true or false. What a label's spec has made another type, such as a text `yes`, stays an attribute, and
so does what code has stored among the attributes itself. Where both say something, the column does.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from openimages_io.format.flag_names import FLAGS as FLAGS_OF_FILES

if TYPE_CHECKING:
    from openimages_io.models.shape import Shape

FLAGS: Final = tuple(name for name in FLAGS_OF_FILES.values() if name != "occluded")
"""The columns, in the order in which files have them, and the names of the attributes that they are."""


def as_attributes(stored: Any) -> dict[str, Any]:
    """The attributes as they are stored; what is no object is one attribute, so that it is not lost unseen."""
    return stored if isinstance(stored, dict) else {"attributes": stored}


def flags_of(shape: "Shape") -> dict[str, bool | None]:
    """The columns of a shape."""
    return {name: getattr(shape, name) for name in FLAGS}


def with_flags(stored: Any, flags: Mapping[str, bool | None]) -> Any:
    """The stored attributes with the columns among them; just what is stored if no column says anything."""
    said = {name: value for name, value in flags.items() if value is not None}
    if not said:
        return stored
    return said | {name: value for name, value in as_attributes(stored).items() if name not in said}


def split_flags(attributes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, bool | None]]:
    """What is stored of attributes: those that stay attributes, and the columns."""
    flags = {name: value if isinstance(value := attributes.get(name), bool) else None for name in FLAGS}
    return {name: value for name, value in attributes.items() if flags.get(name) is None}, flags
