"""How much an untrusted archive may ask of this machine."""

from dataclasses import dataclass

from openimages_io.archives.limits import ArchiveLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(ArchiveLimits):
    """Bounds on hostile input. The defaults let every official Open Images file pass."""

    max_mask_pixels: int = 64_000_000
    """Width times height of one mask."""
    max_mask_unpacked_bytes: int = 64 * 2**20
    """Size of one mask's pixels when they are unpacked: eight times less in one bit than in eight."""
    max_mask_ratio: int = 20_000
    """Unpacked pixels of all masks over the archive's own size; judged only above `mask_free_bytes`."""
    mask_free_bytes: int = 4 * 2**30
    """Masks that unpack to no more than this together may be packed as tightly as they like."""
    max_picture_pixels: int = 500_000_000
    """Width times height of one picture."""
    max_picture_bytes: int = 128 * 2**20
    """Size of one picture file, which is read whole."""
    max_thumbnail_bytes: int = 190 * 2**20
    """Memory that the thumbnail of one picture may take; there is none of a picture that would take more."""
    max_mask_bytes: int = 64 * 2**20
    """Size of one mask file."""
    max_hierarchy_bytes: int = 16 * 2**20
    """Size of a hierarchy file, which is read whole (the real one has 89 kB)."""
    max_hierarchy_values: int = 500_000
    """Values, keys and lists in a hierarchy file, some four for a class (the real one has 2,747)."""
    max_hierarchy_depth: int = 200
    """Nesting of the class hierarchy (the real one is five deep)."""
    max_shape_points: int = 100_000
    """Points of one polygon."""
