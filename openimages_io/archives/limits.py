"""How much an untrusted archive may ask of this machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """Bounds on an archive, whatever is in it."""

    max_members: int = 20_000_000
    """Files in one archive (the training split alone has 2.7 million masks)."""
    max_member_bytes: int = 32 * 2**30
    """Unpacked size of one file (the training image labels are several GB)."""
    max_unpacked_bytes: int = 256 * 2**30
    """Unpacked size of everything that a tar.gz holds, which is unpacked to disk once."""
    max_ratio: int = 200
    """Unpacked over packed size of one file; judged only above `ratio_free_bytes`."""
    ratio_free_bytes: int = 4 * 2**20
    """A file this small may be packed as tightly as it likes."""
