"""The names of a box's flags, in a module that imports nothing, for the models need them and not the tables."""

from typing import Final

FLAGS: Final = {
    "IsOccluded": "occluded",
    "IsTruncated": "truncated",
    "IsGroupOf": "is_group_of",
    "IsDepiction": "is_depiction",
    "IsInside": "is_inside",
}
"""A box's flags, and the names of the attributes that they become."""
