"""The images of names that are not exact: all names are gathered first, then each is matched once.

Where unknown images are errors or skipped, rows and pictures are matched with the images of the task. Where they are
created, the archive's rows are matched with its own pictures, and never with an image of the task: two archives may
well call different images `0001`.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from openimages_io.exceptions import UnreadableArchive
from openimages_io.format.issues import Issue, Params
from openimages_io.format.layouts import Kind
from openimages_io.format.name_matching import Matches, Name, Root, Together, Way, match_names, related_names
from openimages_io.format.names import split_ending
from openimages_io.format.pictures import BadPicture, check_picture
from openimages_io.format.reading import read_table
from openimages_io.format.tables import BOXES, IMAGES, LABELS, SEGMENTATIONS
from openimages_io.models import Image
from openimages_io.models.image import DEFAULT_SUBSET
from openimages_io.text import printable
from openimages_io.transfer.matching import SUBSET, LenientNames, Place
from openimages_io.transfer.options import Match, Missing
from openimages_io.transfer.pictures.storing import digest_of
from openimages_io.transfer.run import Run

_MOST_COPIES: Final = 100
"""Pictures that may be one are compared by their bytes; not more of them at a time."""
_TABLES: Final = {
    kind: replace(
        table,
        columns=tuple(column for column in table.columns if column.name in {"ImageID", "Subset"}),
        extra=(),
        box=None,
    )
    for kind, table in (
        (Kind.IMAGES, IMAGES),
        (Kind.LABELS, LABELS),
        (Kind.BOXES, BOXES),
        (Kind.SEGMENTATIONS, SEGMENTATIONS),
    )
}


def may_match(run: Run, subset: str | None, missing: Iterable[str]) -> bool:
    """Whether one of these names, which nothing equals, ends as one does that it may be matched with."""
    creates = run.policies.images is Missing.CREATE
    pictures = run.layout.pictures
    if creates and not len(pictures):
        return False
    for name in missing:
        if run.last_parts is None:
            run.last_parts = _last_parts(run)
        if _last_part(split_ending(name)[0]) in run.last_parts and not (creates and pictures.has(subset, name)):
            return True
    return False


def pictures_may_match(run: Run, missing: Collection[str]) -> bool:
    """Whether one of these pictures, whose names no image has, may be matched with an image that is there."""
    if not missing:
        return False
    ends = {_last_part(split_ending(name)[0]) for _, name in run.images.places()}
    return any(_last_part(name) in ends for name in missing)


def file_names_matter(run: Run) -> bool:
    """Whether a picture's file is called as an image is, extension and all: it may be `a.jpg`'s rather than `a`'s."""
    return any(
        key is not None
        for subset, names in _by_subset((subset, _file_name(name, path)) for subset, name, path in run.layout.pictures)
        for key in run.images.find(subset, names)
    )


def search(run: Run) -> LenientNames:
    """Match the names of the archive."""
    if run.last_parts is None:
        run.last_parts = _last_parts(run)
    if run.options.match is Match.EXACT:
        return _ByFileName(run).names
    if run.policies.images is Missing.CREATE:
        return _AmongThemselves(run).names
    return _WithTheTask(run).names


def _file_name(image_id: str, path: str) -> str:
    """The name of a picture's file below its subset's folder."""
    return image_id + path[len(path) - len(split_ending(path)[1]) :]


def _by_subset(places: Iterable[tuple[str | None, str]]) -> list[tuple[str | None, list[str]]]:
    found: dict[str | None, list[str]] = {}
    for subset, name in places:
        found.setdefault(subset, []).append(name)
    return list(found.items())


def _last_part(stem: str) -> str:
    return stem.rpartition("/")[2]


def _last_parts(run: Run) -> frozenset[str]:
    """What the paths end with that rows may be matched with, without extensions."""
    if run.policies.images is Missing.CREATE:
        return frozenset(_last_part(name) for _, name, _ in run.layout.pictures)
    return frozenset(_last_part(split_ending(name)[0]) for _, name in run.images.places())


@dataclass(slots=True)
class _Rows:
    """The names in rows that may be matched."""

    names: set[Name] = field(default_factory=set)
    listed: set[Name] = field(default_factory=set)
    """Those of image lists."""
    root: Root = field(default_factory=Root)

    @classmethod
    def of(cls, run: Run) -> "_Rows":
        """Read the ImageIDs of every file, once more."""
        rows = cls()
        for source in run.layout.sources:
            table = _TABLES.get(source.kind)
            if table is None or not run.wants(source.subset):
                continue
            try:
                with run.archive.open(source.path) as stream:
                    for chunk in read_table(stream, table, source.path, _ignore):
                        if "ImageID" not in chunk.values:
                            continue
                        places = zip(chunk.get("Subset"), chunk.values["ImageID"], strict=True)
                        rows.take(run, source.subset, set(places), is_list=source.kind is Kind.IMAGES)
            except UnreadableArchive:  # said where the file is read
                continue
        return rows

    def take(self, run: Run, told: str | None, places: Collection[tuple[str | None, str]], *, is_list: bool) -> None:
        """Take in names, of whose subset the row says something or the file does."""
        assert run.last_parts is not None
        for said, text in places:
            stem, ending = split_ending(text)
            self.root.take(stem)
            if _last_part(stem) in run.last_parts:
                subset = said or told or (DEFAULT_SUBSET if is_list else None)
                name = Name(subset, text, stem, ending)
                self.names.add(name)
                if is_list:
                    self.listed.add(name)


def _ignore(_: Issue) -> None:
    """What is wrong in a file is said where it is read."""


class _Search:
    def __init__(self, run: Run) -> None:
        self.run = run
        self.names = LenientNames()
        self.rows = _Rows.of(run)
        self.paths = {Name.of_picture(*picture): picture[2] for picture in run.layout.pictures}
        self.by_path = {path: name for name, path in self.paths.items()}
        self._digests: dict[str, str | None] = {}

    def is_same(self, names: Collection[Name]) -> bool:
        """Whether these are pictures of the same bytes."""
        if not 1 < len(names) <= _MOST_COPIES or any(name not in self.paths for name in names):
            return False
        digests = {self._digest(self.paths[name]) for name in names}
        return len(digests) == 1 and None not in digests

    def _digest(self, path: str) -> str | None:
        if path not in self._digests:
            try:
                data = self.run.archive.read(path, self.run.limits.max_picture_bytes)
            except UnreadableArchive:
                self._digests[path] = None
            else:
                self._digests[path] = digest_of(data)
        return self._digests[path]

    def of_file_name(self, picture: Name) -> Place | None:
        """The image that is called as a picture's file is, if no image has its ImageID or rows name the former alone.

        So an export writes the picture of `a.jpg` where there is no `a`.
        """
        full = _file_name(picture.text, self.paths[picture])
        place = self._place_in_task(picture.subset, full)
        if place is None or self.run.layout.pictures.has(picture.subset, full):
            return None
        other = self.run.images.find(picture.subset, [picture.text])[0]
        is_nearer = place[0] == picture.subset and self.run.images.at(picture.subset, picture.text) is None
        if (
            other is not None
            and not is_nearer
            and not (self.is_named(picture.subset, full) and not self.is_named(picture.subset, picture.text))
        ):
            return None
        return place

    def _place_in_task(self, subset: str | None, text: str) -> Place | None:
        key = self.run.images.find(subset, [text])[0]
        subsets = self.run.images.subsets() if key else ()
        return next(((place, text) for place in subsets if self.run.images.at(place, text) == key), None)

    def is_named(self, subset: str | None, text: str) -> bool:
        """Whether rows have this very name."""
        subsets = {None, subset} if subset is not None else {name.subset for name in self.rows.names}
        stem, ending = split_ending(text)
        return any(Name(place, text, stem, ending) in self.rows.names for place in subsets)

    def leave_copies_out(self, taken: Collection[Name], together: Together) -> None:
        """Finds pictures of no image that are there again with fewer folders, or more, as the picture of one."""
        others = [
            name
            for name, path in self.paths.items()
            if name not in taken
            and path not in self.names.pictures
            and path not in self.names.same
            and self.run.images.find(name.subset, [name.text]) == [None]
            and not self.is_named(name.subset, name.text)
        ]
        for name, originals in related_names(others, taken, together=together):
            same = [self.paths[other] for other in originals if self.is_same([name, other])]
            if same:
                self.names.same[self.paths[name]] = min(same)
                self.names.doubtful_pictures.pop(self.paths[name], None)

    def match_sizes(self, known: Collection[Name], together: Together) -> None:
        """Matches the names in images.meta, which claim no image: they are as the rows' are, or matched alone."""
        texts: dict[str, set[str]] = {}
        for (_, text), (_, image_id) in self.names.rows.items():
            texts.setdefault(text, set()).add(image_id)
        others = []
        for subset, text in self.run.sizes:
            if (subset, text) in self.names.rows:
                self.names.sizes[subset, text] = self.names.rows[subset, text]
            elif subset is None and len(images := texts.get(text, ())) == 1:
                self.names.sizes[subset, text] = None, next(iter(images))
            else:
                others.append(Name.of_image(subset, text))
        for name, (image, way) in match_names(others, known, together=together, is_same=self.is_same).found.items():
            path = self.paths.get(image, "")
            renamed = path in self.names.pictures
            place: tuple[str | None, str] = self.names.pictures[path] if renamed else (image.subset, image.text)
            if way is not Way.EXACT or place[1] != name.text:
                self.names.sizes[name.subset, name.text] = place

    def doubt_rows(self, matches: Matches) -> None:
        for name, fits in matches.doubtful.items():
            self.names.doubtful_rows[name.subset, name.text] = self.why(fits)

    def why(self, fits: list[Name]) -> Params:
        """The parameters of `ambiguous-image`."""
        is_in_several = len({fit.subset for fit in fits}) > 1
        shown = [
            printable(self.paths.get(fit) or (f"{fit.subset}/{fit.text}" if is_in_several else fit.text))
            for fit in fits[:3]
        ]
        what = "picture" if fits[0] in self.paths else "image"
        if len(fits) == 1:
            return {"form": "rivals", "what": what, "fit": shown[0]}
        more = f" and {len(fits) - 3:,} more" if len(fits) > 3 else ""
        return {
            "form": "several",
            "what": what,
            "number": len(fits),
            "fits": ", ".join(f"“{fit}”" for fit in shown) + more,
        }


def together_in_archive(subset: str | None, other: str | None) -> bool:
    """Whether two names of an archive may be of one image for all that is said of their subsets."""
    return subset is None or other is None or subset == other


class _ByFileName(_Search):
    """Pictures are an image's whose name is that of the file."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        for picture, path in self.paths.items():
            if place := self.of_file_name(picture):
                self.names.pictures[path] = place


class _WithTheTask(_Search):
    """Rows and pictures are matched with the images of a task."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        known = [Name.of_image(*place) for place in run.images.places()]
        subsets = run.images.subsets()

        def together(subset: str | None, of_image: str | None) -> bool:
            return subset is None or subset == of_image or subset not in subsets

        rows = match_names(
            self.rows.names,
            known,
            together=together,
            declared=self.rows.listed,
            names_root=self.rows.root.text,
        )
        pictures = match_names(self.paths, known, together=together, is_same=self.is_same)
        self._part_rivals(rows, pictures)
        self.doubt_rows(rows)
        for name, (image, way) in rows.found.items():
            if way is not Way.EXACT:
                self.names.rows[name.subset, name.text] = image.subset or "", image.text
                self.names.note(way, name.text, image.text)
        for name, fits in pictures.doubtful.items():
            self.names.doubtful_pictures[self.paths[name]] = self.why(fits)
        self.match_sizes(known, together)
        taken: dict[Name, str] = {}
        for path, name in sorted(self.by_path.items()):
            if name not in pictures.doubtful and (place := self.of_file_name(name)):
                pictures.found[name] = Name.of_image(*place), Way.EXTENSION
            if name not in pictures.found:
                continue
            image, way = pictures.found[name]
            first = taken.setdefault(image, path)
            if first != path and self.is_same([name, self.by_path[first]]):
                self.names.same[path] = first
            elif way is not Way.EXACT:
                self.names.pictures[path] = image.subset or "", image.text
                self.names.stored.add(path)
                self.names.note(way, path, image.text)
        self.leave_copies_out(pictures.found, together_in_archive)

    def _part_rivals(self, rows: Matches, pictures: Matches) -> None:
        """Takes back what rows and pictures of different names say of one image: `cam1/0001` and `cam2/0001.jpg`."""
        by_image: dict[Name, list[Name]] = {}
        for name, (image, _) in rows.found.items():
            by_image.setdefault(image, []).append(name)
        for name, (image, _) in list(pictures.found.items()):
            rivals = [row for row in by_image.get(image, ()) if not _may_be_one(row, name)]
            for matches, one in ((pictures, name), *((rows, row) for row in rivals)):
                if rivals and matches.found.get(one, (image, Way.EXACT))[1] is not Way.EXACT:
                    del matches.found[one]
                    matches.doubtful[one] = [image]


def _by_length(text: str) -> tuple[int, str]:
    return text.count("/"), text


def _may_be_one(row: Name, picture: Name) -> bool:
    return bool(match_names([row], [picture], together=lambda *_: True).found)


class _AmongThemselves(_Search):
    """Rows and pictures of an archive are matched with each other; what they are of has the shorter of their names."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._stored: dict[int, str] | None = None

        self.matches = match_names(
            self.rows.names,
            self.paths,
            together=together_in_archive,
            is_same=self.is_same,
            declared=self.rows.listed,
            names_root=self.rows.root.text,
        )
        self.doubt_rows(self.matches)
        groups: dict[Name, list[Name]] = {}
        for name, (picture, _) in self.matches.found.items():
            groups.setdefault(picture, []).append(name)
        self.users: dict[str, set[Name]] = {}
        """Names of rows and pictures by their text."""
        for name in (*self.rows.names, *self.paths):
            self.users.setdefault(name.text, set()).add(name)
        places = {picture: self._place(picture, names) for picture, names in groups.items()}
        chosen = Counter(places.values())
        for picture, names in groups.items():
            place = places[picture]
            if chosen[place] > 1 or self._is_used(place, picture, names):
                place = place[0], picture.text
            self._join(picture, names, place)
        for picture in self.paths.keys() - groups.keys():
            if image := self.of_file_name(picture):
                path = self.paths[picture]
                self.names.pictures[path] = image
                self.names.stored.add(path)
                self.names.note(Way.EXTENSION, path, image[1])
        self.match_sizes(self.paths, together_in_archive)
        of_images = [name for name in self.paths if run.images.find(name.subset, [name.text]) != [None]]
        self.leave_copies_out({*groups, *of_images}, together_in_archive)

    def _place(self, picture: Name, names: list[Name]) -> Place:
        """The name that the task has, else the shortest path, and of two as long the picture's.

        In the subset that the rows' file says. Where the picture is not stored and so can't show next time that the
        name is its own, it is one that a row has.
        """
        subset = next((name.subset for name in names if name.subset is not None), picture.subset) or DEFAULT_SUBSET
        stored = [name.text for name in names if self._is_stored((name.subset or subset, name.text))]
        if stored and picture.text not in stored:
            return subset, min(stored, key=_by_length)
        stems = [name.stem for name in names if name.text != picture.text]
        shortest = min((picture.text, *stems), key=lambda text: text.count("/"))
        texts = {name.text for name in names}
        ways = {self.matches.found[name][1] for name in names}
        if shortest not in texts and not ways.isdisjoint({Way.SUFFIX, Way.ROOT}) and not self._is_kept(picture):
            return subset, min(texts, key=_by_length)
        return subset, shortest

    def _is_stored(self, place: Place) -> bool:
        """Whether the task had this image."""
        key = self.run.images.at(*place)
        return key is not None and key not in self.run.new_images

    def _is_kept(self, picture: Name) -> bool:
        """Whether a picture will be stored: it is asked for, and whole."""
        if not self.run.options.pictures:
            return False
        try:
            check_picture(
                self.run.archive.read(self.paths[picture], self.run.limits.max_picture_bytes), self.run.limits
            )
        except (UnreadableArchive, BadPicture):
            return False
        return True

    def _copies(self, names: list[Name]) -> set[Name]:
        return {copy for name in names for copy in self.matches.same.get(name, ())}

    def _is_used(self, place: Place, picture: Name, names: list[Name]) -> bool:
        """Whether other rows or pictures have this name."""
        others = self.users.get(place[1], set()) - {picture, *names, *self._copies(names)}
        return any(other.subset in {None, place[0]} for other in others)

    def _join(self, picture: Name, names: list[Name], place: Place) -> None:
        """Gives a picture and the rows that name it one name."""
        path, text = self.paths[picture], place[1]
        key = self.run.images.at(*place)
        is_stored = self._is_stored(place)
        doubtful: Params = {}
        is_noted = False
        if self._is_used(place, picture, names):
            doubtful = {"form": "used", "fit": path}
        elif key is not None and is_stored and all(name.text != text for name in names) and not self._has(key, path):
            doubtful = {"form": "taken", "fit": path, "image": text}
        for name in names:
            way = self.matches.found[name][1]
            moves = name.subset is None and picture.subset is not None
            if way is Way.EXACT and not moves and name.text == text:
                continue
            if self._is_stored((name.subset or place[0], name.text)):  # which is found exactly
                continue
            if doubtful and way in {Way.SUFFIX, Way.ROOT}:
                self.names.doubtful_rows[name.subset, name.text] = doubtful
                continue
            self.names.rows[name.subset, name.text] = place
            self.names.note(SUBSET if way is Way.EXACT else way, name.text, path)
            is_noted = True
        if doubtful:
            return
        if picture.text != text or picture.subset not in {None, place[0]}:
            if not is_noted:
                self.names.note(self.matches.found[names[0]][1], path, text)
            self.names.pictures[path] = place
            if is_stored:
                self.names.stored.add(path)
        for copy in self._copies(names):
            self.names.same[self.paths[copy]] = path

    def _has(self, key: int, path: str) -> bool:
        """Whether an image of the task has the very picture."""
        if self._stored is None:
            rows = Image.objects.using(self.run.using).filter(task_id=self.run.task_id).exclude(file_digest="")
            self._stored = dict(rows.order_by().values_list("pk", "file_digest"))
        return key in self._stored and self._stored[key] == self._digest(path)
