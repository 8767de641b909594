"""The files that a site has stored."""

from pathlib import Path

from openimages_io.models.installation import MARK


def stored_files(folder: Path) -> list[Path]:
    """Every file below a folder, sorted, but for the marks that say whose it is."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MARK)
