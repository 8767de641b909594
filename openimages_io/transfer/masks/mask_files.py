"""The PNG of each segmentation row: in a folder, flat, or in a zip as it was downloaded."""

import re
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, Self

from openimages_io.archives.base import Archive
from openimages_io.archives.opening import open_nested
from openimages_io.format.layouts import Source
from openimages_io.transfer.run import Run


@dataclass(frozen=True, slots=True)
class MaskFile:
    """Where a PNG stands."""

    archive: Archive
    path: str
    shard: str = ""
    """The zip within the archive that it stands in, if it stands in one."""


_OFFICIAL: Final = re.compile("[0-9a-f]{16}_")


class MaskFiles:
    """Finds the PNGs of one archive. A context manager: the zips that it opens are closed with it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._shards: dict[str, tuple[Archive, dict[str, str]] | None] = {}
        """None for one that cannot be opened, which is one issue for all of its rows."""
        self._absent: dict[tuple[str, str], int] = {}
        """Rows whose PNGs are not at hand at all, by annotation file and shard, or "" where there are no shards."""
        self._subsets: set[str | None] = set()
        self._digits: set[str] = set()
        """First digits of the official ImageIDs whose masks lie in folders: downloads come in a part a digit."""
        for subset, name, _ in run.layout.masks:
            self._subsets.add(subset)
            if _OFFICIAL.match(name):
                self._digits.add(name[0])
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def find(self, source: Source, image_name: str, mask_path: str) -> MaskFile | None:
        """The PNG of a row; None for one whose files are not at hand at all, of which there is one warning at the end.

        Raises `FileNotFoundError` where the files are at hand but this one is missing.
        """
        path = self.run.layout.masks.find(source.subset, mask_path)
        if path is not None:
            return MaskFile(self.run.archive, path)
        shards = {digit for subset, digit in self.run.layout.shards if source.subset in {None, subset}}
        digit = image_name[:1].lower()
        if digit in shards:
            for (subset, other), shard in self.run.layout.shards.items():
                if other == digit and source.subset in {None, subset}:
                    opened = self._open(shard)
                    if opened is None:
                        return None
                    archive, names = opened
                    if mask_path in names:
                        return MaskFile(archive, names[mask_path], shard)
            raise FileNotFoundError
        is_whole_part = bool(shards) or bool(_OFFICIAL.match(f"{image_name}_") and digit not in self._digits)
        if is_whole_part or not self._has_files(source.subset):
            absent = (source.path, digit if self._has_files(source.subset) or shards else "")
            self._absent[absent] = self._absent.get(absent, 0) + 1
            return None
        raise FileNotFoundError

    def _has_files(self, subset: str | None) -> bool:
        return bool(self._subsets) if subset is None else bool(self._subsets & {subset, None})

    def _open(self, shard: str) -> tuple[Archive, dict[str, str]] | None:
        if shard not in self._shards:
            self._shards[shard] = None
            with self.run.readable():
                archive = self._stack.enter_context(open_nested(self.run.archive, shard))
                self._shards[shard] = archive, {path.rpartition("/")[2]: path for path in archive.paths}
        return self._shards[shard]

    def report_absent(self) -> None:
        """Warns of the rows whose files are not at hand: once a file, or once a zip that is not there."""
        for (file, digit), rows in self._absent.items():
            if digit:
                self.run.issue("no-mask-shard", file=file, digit=digit, count=rows)
            else:
                self.run.issue("no-mask-files", file=file, count=rows)
