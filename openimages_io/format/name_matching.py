"""Find for names of images on one side the same image on the other: exactly, else leniently, and never by a guess.

Both sides are known whole before anything is decided, so the order of rows and files does not matter. The ways, in
their order:

1. `exact`: the ImageIDs are equal.
2. `extension`: they are equal but for a picture's extension that one side leaves out. `a.jpg` and `a.png` disagree.
3. `suffix`: one path is the end of the other by whole folders, with or without the extension, and nothing else fits on
   either side. Folders that disagree never match: `cam2/0001` is not `cam1/0001`.
4. `root`: where several fit, one folder that every path of one side begins with is left out.

A name that another one equals but for its extension is never a suffix match of a third.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from openimages_io.format.names import split_ending


class Way(StrEnum):
    """How two names were found to be of one image."""

    EXACT = "exact"
    EXTENSION = "extension"
    SUFFIX = "suffix"
    ROOT = "root"


class Name(NamedTuple):
    """The name of an image on one side."""

    subset: str | None
    text: str
    """The ImageID as it is."""
    stem: str
    """The same without a picture's extension."""
    ending: str
    """That extension in lower case, with its dot; empty if there is none."""

    @classmethod
    def of_image(cls, subset: str | None, image_id: str) -> "Name":
        """The name of a row or of an image of a task, which may have an extension or not."""
        return cls(subset, image_id, *split_ending(image_id))

    @classmethod
    def of_picture(cls, subset: str | None, image_id: str, path: str) -> "Name":
        """The name of a picture file, whose ImageID is its path without the extension."""
        return cls(subset, image_id, image_id, split_ending(path)[1])


@dataclass(slots=True)
class Matches:
    """What was found for the names of one side."""

    found: dict[Name, tuple[Name, Way]] = field(default_factory=dict)
    same: dict[Name, list[Name]] = field(default_factory=dict)
    """Further names on the other side that `is_same` has found to be of the same image."""
    doubtful: dict[Name, list[Name]] = field(default_factory=dict)
    """Names that fit several, or what several fit, with those that they fit."""


Together = Callable[[str | None, str | None], bool]
IsSame = Callable[[Collection[Name]], bool]


class Root:
    """The folder that every path begins with, of two paths at least; fed with one name at a time."""

    def __init__(self, stems: Iterable[str] = ()) -> None:
        self._root: str | None = None
        self._first = ""
        self._is_of_several = False
        for stem in stems:
            self.take(stem)

    def take(self, stem: str) -> None:
        """Take in a name without its extension."""
        top, slash, _ = stem.partition("/")
        top += slash
        if self._root is None:
            self._root, self._first = (top if slash else ""), stem
        elif stem != self._first:
            self._is_of_several = True
            if self._root != top:
                self._root = ""

    @property
    def text(self) -> str:
        """The folder with its slash; empty if there is none."""
        return (self._root or "") if self._is_of_several else ""


def match_names(
    names: Collection[Name],
    known: Collection[Name],
    *,
    together: Together = lambda one, other: one == other,
    is_same: IsSame = lambda _: False,
    declared: Collection[Name] = (),
    names_root: str | None = None,
    known_root: str | None = None,
) -> Matches:
    """Find the partner of each of `names` among `known`.

    `together` says whether names of two subsets may be of one image; of two that fit equally well, the one of the very
    same subset is taken. `is_same` says whether several names are of one picture by its bytes; it is asked only where
    several fit. Of names that are `declared`, as in an image list, each is an image of its own, so two of them never
    match one. `names_root` is the folder that every name begins with, if `names` are not all of them; and `known_root`.
    """
    asked, answering = _Side(names, lambda one, other: together(other, one)), _Side(known, together)
    return _Matching(asked, answering, is_same, frozenset(declared), names_root, known_root).matches()


def related_names(
    names: Collection[Name], known: Collection[Name], *, together: Together
) -> Iterator[tuple[Name, list[Name]]]:
    """Yield each of `names` with those of `known` whose path is the end of its own, or the other way about."""
    asked, answering = _Side(names, together), _Side(known, together)
    asked.look_at(answering)
    answering.look_at(asked)
    for name in asked.names:
        if related := answering.related(name):
            yield name, related


class _Side:
    """The names of one side, to be looked up from the other."""

    def __init__(self, names: Iterable[Name], together: Together) -> None:
        self.names = sorted(set(names), key=lambda name: (name.text, name.subset or "", name.ending))
        self.together = together
        self.by_text: dict[str, list[Name]] = {}
        self.by_stem: dict[str, list[Name]] = {}
        self.longer: dict[str, list[Name]] = {}
        """Those whose path ends with a stem of the other side, after some folders."""
        for name in self.names:
            self.by_text.setdefault(name.text, []).append(name)
            self.by_stem.setdefault(name.stem, []).append(name)

    def look_at(self, other: "_Side") -> None:
        for name in self.names:
            for end in _ends(name.stem):
                if end in other.by_stem:
                    self.longer.setdefault(end, []).append(name)

    def equal(self, name: Name) -> list[Name]:
        """Those that differ in nothing but the extension at most: the best of them."""
        alike = [other for other in self.by_stem.get(name.stem, ()) if _endings_agree(name, other)]
        return self._fitting(name, self.by_text.get(name.text, ())) or self._fitting(name, alike)

    def _fitting(self, name: Name, others: Iterable[Name]) -> list[Name]:
        fitting = [other for other in others if self.together(name.subset, other.subset)]
        return [other for other in fitting if other.subset == name.subset] or fitting

    def related(self, name: Name) -> list[Name]:
        """Those whose path is the end of this one, or the other way about."""
        shorter = (other for end in _ends(name.stem) for other in self.by_stem.get(end, ()))
        return [
            other
            for others in (shorter, self.longer.get(name.stem, ()))
            for other in others
            if _endings_agree(name, other) and self.together(name.subset, other.subset)
        ]


class _Matching:
    def __init__(
        self,
        names: _Side,
        known: _Side,
        is_same: IsSame,
        declared: frozenset[Name],
        names_root: str | None,
        known_root: str | None,
    ) -> None:
        self.names, self.known, self.is_same, self.declared = names, known, is_same, declared
        self.names_root = Root(name.stem for name in names.names).text if names_root is None else names_root
        self.known_root = Root(name.stem for name in known.names).text if known_root is None else known_root
        names.look_at(known)
        known.look_at(names)
        self.result = Matches()
        self._rivals: dict[Name, list[Name]] = {}
        self._has_one: dict[Name, bool] = {}

    def matches(self) -> Matches:
        claims: dict[Name, list[Name]] = {}
        free: list[Name] = []
        for name in self.names.names:
            equal = self.known.equal(name)
            if not equal:
                free.append(name)
            elif len(equal) > 1:
                self.result.doubtful[name] = equal
            else:
                claims.setdefault(equal[0], []).append(name)
        for partner, claimants in claims.items():
            self._take_equal(partner, claimants)
        for name in free:
            self._take_related(name)
        return self.result

    def _take_equal(self, partner: Name, claimants: list[Name]) -> None:
        """Matches what differs from `partner` in the extension at most; of several extensions only the very name."""
        exact = [name for name in claimants if name.text == partner.text]
        agree = self._is_one(claimants)
        for name in claimants:
            if name.text == partner.text:
                self.result.found[name] = partner, Way.EXACT
            elif name in self.declared and any(other in self.declared for other in claimants if other != name):
                if not exact:
                    self.result.doubtful[name] = [partner]
            elif agree:
                self.result.found[name] = partner, Way.EXTENSION
            else:
                self.result.doubtful[name] = [partner]

    def _take_related(self, name: Name) -> None:
        """Matches by the end of a path."""
        related = self.known.related(name)
        free = [other for other in related if not self.names.equal(other)]
        if not free:  # each is the image of a name that equals it, so this one is another image
            return
        fits_one = len(free) == len(related) and (len(related) == 1 or self.is_same(related))
        if fits_one and all(map(self._has_one_rival, related)):
            self.result.found[name] = related[0], Way.SUFFIX
            if len(related) > 1:
                self.result.same[name] = related[1:]
            return
        if partner := self._without_root(name, related):
            self.result.found[name] = partner, Way.ROOT
        else:
            self.result.doubtful[name] = related

    def _without_root(self, name: Name, related: list[Name]) -> Name | None:
        """The one that is equal when the root of one side is left out, if nothing that fits says otherwise."""
        for root, shortens in ((self.names_root, True), (self.known_root, False)):
            if not root or any((len(other.stem) < len(name.stem)) is not shortens for other in related):
                continue
            long = name.stem if shortens else root + name.stem
            if not long.startswith(root):
                continue
            stem = long.removeprefix(root) if shortens else long
            equal = [other for other in related if other.stem == stem]
            if len(equal) != 1 or self.names.equal(equal[0]):
                continue
            rivals = self._rivals_of(equal[0])
            if any((len(rival.stem) > len(stem)) is not shortens for rival in rivals):
                continue
            if self._is_one([rival for rival in rivals if rival.stem == name.stem], declared=self.declared):
                return equal[0]
        return None

    def _rivals_of(self, other: Name) -> list[Name]:
        """The names that are related to one of the other side. Looked up once: it may be related to all of them."""
        if other not in self._rivals:
            self._rivals[other] = self.names.related(other)
        return self._rivals[other]

    def _has_one_rival(self, other: Name) -> bool:
        if other not in self._has_one:
            self._has_one[other] = self._is_one(self._rivals_of(other), declared=self.declared)
        return self._has_one[other]

    def _is_one(self, names: list[Name], declared: Collection[Name] = ()) -> bool:
        """Whether these are one image's: they differ in the extension alone, or their bytes are equal.

        Of those that are `declared` each is an image of its own.
        """
        if len(names) == 1:
            return True
        if sum(name in declared for name in names) > 1:
            return False
        first = names[0]
        if all(name.stem == first.stem for name in names):
            endings = {name.ending for name in names} - {""}
            subsets = {name.subset for name in names} - {None}
            return len(endings) <= 1 and len(subsets) <= 1
        return self.is_same(names)


def _endings_agree(one: Name, other: Name) -> bool:
    return one.ending == other.ending or not one.ending or not other.ending


def _ends(path: str) -> Iterator[str]:
    """What is left of a path without its first folder, its first two, and so on."""
    start = path.find("/") + 1
    while start:
        yield path[start:]
        start = path.find("/", start) + 1
