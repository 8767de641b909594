"""An untrusted folder, zip or tar, opened safely: listed, checked, then read by path."""

from openimages_io.archives.base import Archive
from openimages_io.archives.opening import open_archive, open_nested

__all__ = ["Archive", "open_archive", "open_nested"]
