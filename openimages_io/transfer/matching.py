"""Ids in files to images and labels of the task.

A key below 0 is one of the plan's, for a row that does not exist yet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from openimages_io.models import Image, Label
from openimages_io.models.image import DEFAULT_SUBSET

_AMBIGUOUS: Final = 0

Place = tuple[str, str]
"""Subset and ImageID."""
SUBSET: Final = "subset"
"""The way of a name that is equal, in a subset of another name."""


@dataclass(slots=True)
class LenientNames:
    """The images of names that are not exact."""

    rows: dict[tuple[str | None, str], Place] = field(default_factory=dict)
    """By the subset that the file says, and ImageID."""
    doubtful_rows: dict[tuple[str | None, str], Mapping[str, Any]] = field(default_factory=dict)
    """Why a name is not a match, as parameters of the issue `ambiguous-image`."""
    pictures: dict[str, Place] = field(default_factory=dict)
    """By path in the archive."""
    doubtful_pictures: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)
    """Pictures that are another's copy in another folder, with the one that is taken."""
    stored: set[str] = field(default_factory=set)
    """Pictures that were matched with an image of the task."""
    not_taken: set[str] = field(default_factory=set)
    """Those of them whose image has another picture."""
    ways: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """By way, each name and the image's."""

    def __bool__(self) -> bool:
        return bool(self.rows or self.doubtful_rows or self.pictures or self.doubtful_pictures or self.same)

    def note(self, way: str, name: str, image: str) -> None:
        """Count a match for the report."""
        self.ways.setdefault(way, []).append((name, image))


class LabelIndex:
    """The labels of a task, found by LabelName, else by display name if only one has it."""

    def __init__(self, rows: Iterable[tuple[int, str, str, int]] = ()) -> None:
        self.by_name: dict[str, int] = {}
        self.names: dict[int, str] = {}
        self.display: dict[int, str] = {}
        self.find: dict[str, int] = {}
        """What a LabelName cell means, whether it holds a LabelName or a display name."""
        self.ambiguous: dict[str, dict[str, None]] = {}
        """Display names that several labels have, and those labels' LabelNames."""
        self.next_position = 0
        for key, name, display, position in rows:
            self.add(name, display, key)
            self.next_position = max(self.next_position, position + 1)

    @classmethod
    def of_task(cls, task_id: int | None, using: str) -> "LabelIndex":
        """The labels of a task that is there; none for one that is not."""
        if task_id is None:
            return cls()
        rows = Label.objects.using(using).filter(task_id=task_id)
        return cls(rows.values_list("pk", "name", "display_name", "position"))

    def add(self, name: str, display: str, key: int) -> int:
        """Takes a label in."""
        self.by_name[name] = self.find[name] = key
        self.names[key] = name
        self.ambiguous.pop(name, None)
        self.rename(key, display)
        return key

    def rename(self, key: int, display: str) -> None:
        """Gives a label its display name, and takes the one away that it had."""
        before = self.display.get(key, "")
        self.display[key] = display
        if before == display:
            return
        if before in self.ambiguous:
            del self.ambiguous[before][self.names[key]]
            if len(self.ambiguous[before]) == 1:
                (only,) = self.ambiguous.pop(before)
                self.find[before] = self.by_name[only]
        elif before not in self.by_name and self.find.get(before) == key:
            del self.find[before]
        if not display or display in self.by_name:
            return
        other = self.find.get(display)
        if display in self.ambiguous:
            self.ambiguous[display][self.names[key]] = None
        elif other is None:
            self.find[display] = key
        elif other != key:
            del self.find[display]
            self.ambiguous[display] = dict.fromkeys((self.names[other], self.names[key]))


class ImageIndex:
    """The images of a task, found by subset and ImageID, else by the ImageID alone if it is unique.

    Images that the archive itself brings are told apart by their subset; only those that the task had before are found
    by the ImageID alone, and any by a file that doesn't say its subset.
    """

    def __init__(self, rows: Iterable[tuple[int, str, str]] = (), *, across_subsets: bool = True) -> None:
        """Without `across_subsets` an image is only found in the subset that is said, if any is."""
        self._by_subset: dict[str, dict[str, int]] = {}
        self.elsewhere: dict[str, set[int]] = {}
        """Images that were found by their ImageID alone, by the subset that files say."""
        self._stored_by_name: dict[str, int] = {}
        self._all_by_name: dict[str, int] | None = None
        for key, subset, name in rows:
            self._by_subset.setdefault(subset, {})[name] = key
            if across_subsets:
                self._stored_by_name[name] = _AMBIGUOUS if name in self._stored_by_name else key

    @classmethod
    def of_task(cls, task_id: int | None, using: str, *, across_subsets: bool = True) -> "ImageIndex":
        """The images of a task that is there; none for one that is not."""
        if task_id is None:
            return cls()
        rows = Image.objects.using(using).filter(task_id=task_id).order_by("pk")
        places = rows.values_list("pk", "subset", "name").iterator(chunk_size=5000)
        return cls(places, across_subsets=across_subsets)

    def add(self, subset: str, name: str, key: int) -> int:
        """Takes an image in."""
        self._by_subset.setdefault(subset, {})[name] = key
        if self._all_by_name is not None:
            self._all_by_name[name] = _AMBIGUOUS if name in self._all_by_name else key
        return key

    def find(self, subset: str | None, names: Sequence[str]) -> list[int | None]:
        """The keys of these images in the subset; if none is said in `default`, else by ImageID alone.

        None for one that is not there, 0 for an ImageID that several subsets have.
        """
        if subset is not None:
            return list(map(self._by_subset.get(subset, {}).get, names))
        own, by_name = self._by_subset.get(DEFAULT_SUBSET, {}), self._by_name()
        return [own.get(name) or by_name.get(name) for name in names]

    def find_elsewhere(self, subset: str | None, name: str) -> int | None:
        """The same for an ImageID that the subset doesn't have and other subsets may; it is noted if one has it."""
        key = None if subset is None else self._stored_by_name.get(name)
        if key and subset is not None:
            self.elsewhere.setdefault(subset, set()).add(key)
        return key

    def peek(self, subset: str | None, name: str) -> int | None:
        """The key that is found in the subset or else in another, without a note."""
        (key,) = self.find(subset, [name])
        return self._stored_by_name.get(name) if key is None and subset is not None else key

    def at(self, subset: str, name: str) -> int | None:
        """The image of exactly this subset and ImageID."""
        return self._by_subset.get(subset, {}).get(name)

    def places(self) -> Iterator[Place]:
        """Subset and ImageID of every image."""
        return (place for place, _ in self.items())

    def items(self) -> Iterator[tuple[Place, int]]:
        """Subset and ImageID of every image, and its key."""
        for subset, by_name in self._by_subset.items():
            for name, key in by_name.items():
                yield (subset, name), key

    def called(self, name: str) -> Iterator[tuple[str, int]]:
        """Subset and key of every image with this ImageID."""
        return ((subset, by_name[name]) for subset, by_name in self._by_subset.items() if name in by_name)

    def keys_of(self, subset: str | None, name: str) -> list[int]:
        """The images with this ImageID, of the subset if one is told, else of whatever subset."""
        subsets = self._by_subset.values() if subset is None else [self._by_subset.get(subset, {})]
        return [by_name[name] for by_name in subsets if name in by_name]

    def subsets(self) -> set[str]:
        """The subsets that have images."""
        return set(self._by_subset)

    def keys_in(self, subsets: frozenset[str]) -> set[int]:
        """The images of these subsets."""
        return {key for subset in subsets for key in self._by_subset.get(subset, {}).values()}

    def find_in(self, subsets: frozenset[str], names: Sequence[str]) -> set[int | None]:
        """Those of these images that are in these subsets."""
        return {self._by_subset.get(subset, {}).get(name) for subset in subsets for name in names}

    def _by_name(self) -> dict[str, int]:
        if self._all_by_name is None:
            self._all_by_name = {}
            for by_name in self._by_subset.values():
                for name, key in by_name.items():
                    self._all_by_name[name] = _AMBIGUOUS if name in self._all_by_name else key
        return self._all_by_name
