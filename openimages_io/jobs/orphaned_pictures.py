"""Pictures and thumbnails that this installation has stored and that no image has: what killed imports leave."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.core.files.storage import Storage

from openimages_io import conf
from openimages_io.models import Image, picture_storage
from openimages_io.models.deletion import remove_files
from openimages_io.models.installation import Proof
from openimages_io.models.stored_files import GRACE, age_of, listed
from openimages_io.models.thumbnails import FOLDER as THUMBNAILS

AGES: Final = (
    ("younger than a day", GRACE),
    ("a day to a week", timedelta(days=7)),
    ("a week to a month", timedelta(days=30)),
    ("a month to a year", timedelta(days=365)),
    ("older than a year", timedelta.max),
)
_BATCH: Final = 500
_DIGITS: Final = re.compile(r"[0-9a-f]{2}")
_PICTURE: Final = re.compile(r"([0-9a-f]{64})-[0-9a-f]{8}(?:_\w{7})?(?:\.[^/]*)?")
_THUMBNAIL: Final = re.compile(r"([0-9a-f]{64})-\d+(?:_\w{7})?\.jpg")


@dataclass(frozen=True, slots=True)
class Orphan:
    """A file that belongs to no row."""

    name: str
    age: timedelta | None
    """None if the storage does not know."""

    @property
    def is_old(self) -> bool:
        """Whether it may be removed: not if its row may be still to come."""
        return self.age is not None and self.age > GRACE


@dataclass(slots=True)
class Orphans:
    """What lies in this installation's folders of the picture storage without a row."""

    using: str
    storage: Storage = field(default_factory=picture_storage)
    own: list[str] = field(init=False)
    """The folders that are this database's."""

    def __post_init__(self) -> None:
        self.own = Proof(self.storage, self.using).owned(conf.options().picture_prefix)

    @property
    def can_list(self) -> bool:
        """Whether the storage can say what is in it."""
        try:
            self.storage.listdir(conf.options().picture_prefix)
        except NotImplementedError:
            return False
        except OSError:  # nothing was stored yet
            return True
        return True

    def __iter__(self) -> Iterator[Orphan]:
        """The files, of any age."""
        for folder in self.own:
            for names, column in ((self._pictures(folder), "file"), (self._thumbnails(folder), "file_digest")):
                for batch in _batches(names):
                    used = self._used(column, batch)
                    yield from (Orphan(name, age_of(self.storage, name)) for name in batch if batch[name] not in used)

    def remove(self, orphans: Iterable[Orphan]) -> int:
        """Removes those that are old and still have no row. Returns their number."""
        count = 0
        for batch in _batches((orphan.name, orphan.name) for orphan in orphans if orphan.is_old):
            pictures = {name: name for name in batch if f"/{THUMBNAILS}/" not in name}
            digests = {name: name.rpartition("/")[2].partition("-")[0] for name in batch.keys() - pictures.keys()}
            used = self._used("file", pictures), self._used("file_digest", digests)
            gone = [name for name in pictures if name not in used[0]]
            gone += [name for name, digest in sorted(digests.items()) if digest not in used[1]]
            remove_files(self.storage, gone)
            count += len(gone)
        return count

    def _used(self, column: str, batch: dict[str, str]) -> set[str]:
        rows = Image._base_manager.using(self.using).filter(**{f"{column}__in": set(batch.values())})
        return set(rows.values_list(column, flat=True))

    def _pictures(self, folder: str) -> Iterator[tuple[str, str]]:
        for name, _ in self._named(folder, _PICTURE):
            yield name, name

    def _thumbnails(self, folder: str) -> Iterator[tuple[str, str]]:
        yield from self._named(f"{folder}/{THUMBNAILS}", _THUMBNAIL)

    def _named(self, folder: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
        """The files that have a name of our making, with the digest in it."""
        for digits in filter(_DIGITS.fullmatch, listed(self.storage, folder)[0]):
            for name in listed(self.storage, f"{folder}/{digits}")[1]:
                match = pattern.fullmatch(name)
                if match is not None and name.startswith(digits):
                    yield f"{folder}/{digits}/{name}", match[1]


def _batches(pairs: Iterable[tuple[str, str]]) -> Iterator[dict[str, str]]:
    batch: dict[str, str] = {}
    for key, value in pairs:
        batch[key] = value
        if len(batch) == _BATCH:
            yield batch
            batch = {}
    if batch:
        yield batch


def by_age(orphans: Iterable[Orphan]) -> dict[str, int]:
    """How many there are of each age, with all that the list of ages has."""
    counts = dict.fromkeys((label for label, _ in AGES), 0) | {"of unknown age": 0}
    for orphan in orphans:
        age = orphan.age
        label = "of unknown age" if age is None else next(label for label, limit in AGES if age <= limit)
        counts[label] += 1
    return counts
