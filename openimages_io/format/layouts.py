"""Which file is what, judged by its path alone.

Read are the documented archive, what CVAT and Datumaro write, and the official files of V4 to V7 as they were
downloaded. A table is known by its name, whatever folder it stands in; letters' case does not matter in names, but a
subset keeps its own. A prefix such as `oidv7-` is official only before `train`, `val`, `validation` or `test`, and only
behind one does `val` mean `validation`; a user's subsets `val` and `my-set` are just that. No official file is called
`oidv7-val-image_ids_and_rotation.csv`, so this one declares a user's subset `oidv7-val`, whose other files are read so.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from openimages_io.format.issues import Issue, IssueSink
from openimages_io.format.known_files import (
    CVDF_FOLDER,
    DECLARING,
    HIERARCHIES,
    MASK_FOLDER,
    MASK_NAME_END,
    MAX_NAME,
    NOT_READ,
    PICTURE_SUFFIXES,
    PREFIXED,
    SHARD,
    SPLIT_SHARD_FOLDER,
    TABLES,
    Kind,
    Table,
)
from openimages_io.format.names import Names, unsafe_image_id, unsafe_word
from openimages_io.text import quote_text

__all__ = ["PICTURE_SUFFIXES", "Files", "Kind", "Layout", "Source", "misread", "recognise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One annotation file that will be read."""

    path: str
    kind: str
    """A `Kind`, or that of a table which is not the format's."""
    subset: str | None = None
    """The subset that the file's name tells; None when it tells none."""
    machine: bool = False
    """Whether the labels of this file are a machine's."""


class Files:
    """Paths of pictures or of masks, by subset and name. Costs a name and two dictionary slots a file."""

    __slots__ = ("_by_subset",)

    def __init__(self) -> None:
        self._by_subset: dict[str | None, dict[str, str]] = {}

    def add(self, subset: str | None, name: str, path: str) -> str:
        """Takes a file unless its place is taken; returns the path that stands there now."""
        return self._by_subset.setdefault(subset, {}).setdefault(name, path)

    def find(self, subset: str | None, name: str) -> str | None:
        """The file of this name in `subset`, else the one whose path tells no subset.

        Asked without a subset, a file of any subset will do if no other has its name.
        """
        if paths := self.find_all(subset, name):
            return paths[0]
        if subset is not None:
            return None
        found = [files[name] for files in self._by_subset.values() if name in files]
        return found[0] if len(found) == 1 else None

    def find_all(self, subset: str | None, name: str) -> list[str]:
        """The file of this name in `subset`, and the one whose path tells no subset."""
        places = dict.fromkeys((subset, None))
        return [files[name] for place in places if name in (files := self._by_subset.get(place, {}))]

    def move(self, subset: str, other: str) -> int:
        """Gives the files of a subset to another one that has none; returns how many they are."""
        self._by_subset[other] = self._by_subset.pop(subset)
        return len(self._by_subset[other])

    def has(self, subset: str | None, name: str) -> bool:
        """Whether there is a file of this name in the very subset, or one whose path tells no subset."""
        return name in self._by_subset.get(subset, ()) or name in self._by_subset.get(None, ())

    def subsets_of(self, name: str) -> set[str]:
        """The subsets that have a file of this name."""
        return {subset for subset, files in self._by_subset.items() if subset is not None and name in files}

    def by_subset(self) -> list[tuple[str | None, list[str]]]:
        """The names of each subset."""
        return [(subset, list(files)) for subset, files in self._by_subset.items()]

    def __iter__(self) -> Iterator[tuple[str | None, str, str]]:
        """Yields subset, name and path."""
        for subset, files in self._by_subset.items():
            for name, path in files.items():
                yield subset, name, path

    def __len__(self) -> int:
        return sum(map(len, self._by_subset.values()))


@dataclass(slots=True, kw_only=True)
class Layout:
    """Every file of an archive, and what it is taken for."""

    sources: list[Source] = field(default_factory=list)
    """By kind, then subset (none first), people before machines, full files before their parts."""
    pictures: Files = field(default_factory=Files)
    """By subset and ImageID."""
    masks: Files = field(default_factory=Files)
    """By subset and file name, which is the MaskPath."""
    shards: dict[tuple[str, str], str] = field(default_factory=dict)
    """Zips of masks as downloaded, by subset and first hex digit of the ImageID."""
    not_read: list[tuple[str, str]] = field(default_factory=list)
    """Known files that are not read: path, and what the file is."""
    unknown: list[str] = field(default_factory=list)
    """Everything else."""


def recognise(paths: Iterable[str], sink: IssueSink, tables: Sequence[Table] = TABLES) -> Layout:
    """Sorts the files of an archive by what they are. `paths` are relative and use `/`; no file is opened.

    A file that is none of these tables is not among the sources.

    One folder around everything is looked through.

    A picture is a file with one of the common endings in `images/<subset>/`, where folders below belong to the ImageID;
    directly in `images/` (no subset); directly in any other top folder, which is its subset (`train_0` to `train_f`, as
    downloaded, are `train`), and below it if a table or Open Images has that subset; in `data/` or `Dataset/`, or in
    the folder of such a subset in them (FiftyOne, OIDv4_ToolKit); or a .jpg at the root (no subset).

    A mask is a .png outside `images/`: in `masks/<subset>/` or below; in a folder `<subset>-masks` or
    `<subset>-masks-<digit>`; directly in `masks/` or at the root (no subset); or anywhere under a name such as
    `<id>_<label>_<8 hex digits>.png` (no subset).

    Issues: `two-pictures` for two files of one ImageID and `two-masks` for two of one name in a subset, which name both
    files; `bad-subset` and `bad-image-id` for names that cannot be used.
    """
    return _Recogniser(sink, tables).recognise(sorted(paths))


def misread(subset: str, names: Names) -> bool:
    """Whether files of this subset, written under `names`, would be read as another's or not at all.

    So it is with `oidv7-val` in Datumaro's names, which are the official ones of the subset `validation`.
    """
    tables = {
        names.image_list(subset): (Kind.IMAGES, False),
        names.labels(subset): (Kind.LABELS, False),
        names.labels(subset, machine=True): (Kind.LABELS, True),
        names.boxes(subset): (Kind.BOXES, False),
        names.segmentations(subset): (Kind.SEGMENTATIONS, False),
    }
    picture, mask = names.picture(subset, "a/b", ".png"), names.mask(subset, "c.png")
    issues: list[Issue] = []
    layout = recognise([*tables, picture, mask], issues.append)
    read = {(source.path, source.kind, source.machine, source.subset) for source in layout.sources}
    return (
        bool(issues)
        or read != {(path, kind, machine, subset) for path, (kind, machine) in tables.items()}
        or list(layout.pictures) != [(subset, "a/b", picture)]
        or list(layout.masks) != [(subset, "c.png", mask)]
    )


class _Recogniser:
    """One look over the paths of one archive."""

    def __init__(self, sink: IssueSink, tables: Sequence[Table]) -> None:
        self.sink = sink
        self.known = tables
        self.layout = Layout()
        self.declared: set[str] = set()
        self.subsets = set(_SPLITS)
        """Those of Open Images, and those that the names of tables say."""

    def recognise(self, paths: list[str]) -> Layout:
        pictured: list[str] = []
        others: list[str] = []
        for path in _without_litter(paths, self.layout.unknown):
            (pictured if _suffix(path) in PICTURE_SUFFIXES else others).append(path)
        names = [name for path in others if len(name := path.rpartition("/")[2]) <= MAX_NAME]
        self.declared = {match[1] for name in names if (match := DECLARING.fullmatch(name))}
        self.tables(list(dict.fromkeys(others)))
        self.subsets |= {source.subset for source in self.layout.sources if source.subset}
        start = len(_enclosing(pictured, others, [source.path for source in self.layout.sources]))
        for path in pictured:
            self.pictured(path, path[start:])
        self.layout.unknown.sort()
        self.layout.not_read.sort()
        return self.layout

    def subset(self, text: str) -> str:
        """The subset that a word in a name means: without an official prefix, unless a user declared the whole."""
        match = PREFIXED.fullmatch(text)
        if match is None or text in self.declared:
            return text
        return _of_split(match[1])

    def tables(self, paths: list[str]) -> None:
        ranked: list[tuple[tuple[int, str, bool, int, int, str], Source]] = []
        hierarchies: list[tuple[int, int, str]] = []
        shards: list[tuple[int, str, str, str]] = []
        for path in paths:
            name = path.rpartition("/")[2]
            if len(name) > MAX_NAME:
                self.layout.unknown.append(path)
                continue
            if found := self.table(path, name):
                table, source = found
                kind = _ORDER.get(table.kind, len(_ORDER))
                key = (kind, source.subset or "", table.machine, table.rank, _version(name), path)
                if self.usable(path, source.subset):
                    ranked.append((key, source))
                continue
            rank = next((rank for rank, pattern in enumerate(HIERARCHIES) if pattern.fullmatch(name)), None)
            if rank is not None:
                hierarchies.append((rank, path.count("/"), path))
            elif match := SHARD.fullmatch(name):
                shards.append((_version(name), path, self.subset(match[1]), match[2].lower()))
            elif what := next((what for pattern, what in NOT_READ if pattern.fullmatch(name)), None):
                self.layout.not_read.append((path, what))
            else:
                self.layout.unknown.append(path)
        for _, path, subset, digit in sorted(shards):
            self.shard(path, subset, digit)
        for rank, _, path in sorted(hierarchies)[:1]:
            source = Source(path=path, kind=Kind.HIERARCHY)
            ranked.append(((_ORDER[Kind.HIERARCHY], "", False, rank, 0, path), source))
            spare = f"a second class hierarchy; {path} is read"
            self.layout.not_read += [(other, spare) for _, _, other in sorted(hierarchies)[1:]]
        self.layout.sources = [source for _, source in sorted(ranked, key=lambda pair: pair[0])]

    def table(self, path: str, name: str) -> tuple[Table, Source] | None:
        for table in self.known:
            match = table.pattern.fullmatch(name)
            if match is None:
                continue
            subset = match[1] or None
            if subset and table.official:
                subset = _of_split(subset)
            elif subset and not DECLARING.fullmatch(name):
                subset = self.subset(subset)
            return table, Source(path=path, kind=table.kind, subset=subset, machine=table.machine)
        return None

    def usable(self, path: str, subset: str | None) -> bool:
        """Whether a subset can be part of a path; tells if not."""
        if subset is None or not (why := unsafe_word(subset)):
            return True
        self.sink(Issue(code="bad-subset", file=path, value=subset, params={"form": "path", "fault": why.as_param()}))
        return False

    def shard(self, path: str, subset: str, digit: str) -> None:
        if not self.usable(path, subset):
            return
        first = self.layout.shards.setdefault((subset, digit), path)
        if first != path:
            self.layout.not_read.append((path, f"a second zip of the same masks; {first} is read"))

    def pictured(self, path: str, inside: str) -> None:
        """Takes a file with a picture's ending for a picture, a mask or neither."""
        top, _, rest = inside.partition("/")
        folder = top.lower() if rest else ""
        below, _, name = rest.partition("/")
        if folder == "images":
            self.picture(path, *((below, name) if name else (None, rest)))
        elif _suffix(path) == ".png" and (place := self.mask_place(folder, inside)):
            self.mask(path, place[0], place[1])
        elif not rest and _suffix(path) in {".jpg", ".jpeg"}:
            self.picture(path, None, inside)
        elif folder in {"annotations", "masks"} or (name and _OTHER_FOLDERS.intersection(inside.lower().split("/"))):
            self.layout.unknown.append(path)
        elif rest and folder in _PICTURE_FOLDERS and top not in self.subsets:
            is_subset = bool(name) and self.subset(below) in self.subsets
            self.picture(path, *((self.subset(below), name) if is_subset else (None, rest)))
        elif name and self.subset(top) in self.subsets:
            self.picture(path, self.subset(top), rest)
        elif rest and not name:
            self.picture(path, "train" if CVDF_FOLDER.fullmatch(top) else self.subset(top), rest)
        else:
            self.layout.unknown.append(path)

    def mask_place(self, top: str, inside: str) -> tuple[str | None, str] | None:
        """Subset and file name of a .png outside `images/`; None when it is not a mask."""
        *folders, name = inside.split("/")
        if top == "masks":
            if len(folders) == 1:
                return None, name
            match = SPLIT_SHARD_FOLDER.fullmatch(folders[1])
            if match and folders[1] not in self.declared:
                return self.subset(match[1]), name
            return folders[1], name
        for folder in folders:
            if match := MASK_FOLDER.fullmatch(folder):
                return self.subset(match[1]), name
        return (None, name) if not folders or _is_mask_name(name) else None

    def picture(self, path: str, subset: str | None, name: str) -> None:
        image_id = name[: -len(_suffix(name))]
        if not self.usable(path, subset):
            return
        if why := unsafe_image_id(image_id):
            self.sink(
                Issue(
                    code="bad-image-id", file=path, value=image_id, params={"form": "picture", "fault": why.as_param()}
                )
            )
            return
        first = self.layout.pictures.add(subset, image_id, path)
        if first != path:
            params = {"where": _in(subset), "first": first}
            self.sink(Issue(code="two-pictures", file=path, value=image_id, params=params))

    def mask(self, path: str, subset: str | None, name: str) -> None:
        if not self.usable(path, subset):
            return
        first = self.layout.masks.add(subset, name, path)
        if first != path:
            params = {"where": _in(subset), "first": first}
            self.sink(Issue(code="two-masks", file=path, value=name, params=params))


CONTENT_FOLDERS = ("annotations", "images", "masks")
"""The folders of the documented layout: one of them alone is not a folder that encloses everything."""
_SPLITS = ("train", "validation", "test")
_PICTURE_FOLDERS = frozenset({"data", "dataset"})
"""Where FiftyOne and OIDv4_ToolKit put pictures."""
_OTHER_FOLDERS = frozenset({"annotations", "label", "labels", "masks", "metadata"})
"""What is in these beside pictures is something else."""
_ORDER: dict[str, int] = {kind: place for place, kind in enumerate(Kind)}
"""Of sources."""


def _is_mask_name(name: str) -> bool:
    """Whether a name reads `<id>_<label>_<8 hex digits>.png`; Datumaro leaves id and label empty in other scripts."""
    return "_" in name[:-13] and MASK_NAME_END.fullmatch(name[-13:]) is not None


def _of_split(word: str) -> str:
    return "validation" if word.lower() == "val" else word


def _in(subset: str | None) -> str:
    return f" in the subset {quote_text(subset)}" if subset is not None else ""


def _suffix(path: str) -> str:
    """The ending with its dot, in lower case; empty when the name has none or is nothing else."""
    stem, dot, ending = path.rpartition(".")
    return f".{ending.lower()}" if dot and stem and not stem.endswith("/") and "/" not in ending else ""


def _version(name: str) -> int:
    """Unprefixed files before those of V6, V7 and the challenges, which republish them."""
    prefixes = ("oidv6-", "oidv7-", "challenge-")
    return next((place for place, prefix in enumerate(prefixes, 1) if name.lower().startswith(prefix)), 0)


def _without_litter(paths: list[str], litter: list[str]) -> Iterator[str]:
    """Leaves out what macOS and Windows strew in: `__MACOSX/`, `.DS_Store`, and a `._x` that stands beside an `x`."""
    there: set[str] | None = None
    for path in paths:
        folder, slash, name = path.rpartition("/")
        if name.startswith("._"):
            there = there or set(paths)
            lies = f"{folder}{slash}{name[2:]}" in there
        else:
            lies = name in {".DS_Store", "Thumbs.db", "desktop.ini"}
        if lies or path.startswith("__MACOSX/"):
            litter.append(path)
        else:
            yield path


def _enclosing(pictured: list[str], others: list[str], tables: list[str]) -> str:
    """The one folder that stands around everything, with its slash; empty when there is none.

    A single top folder is one if a table or a folder `annotations`, `images` or `masks` is in it; else it may be a
    subset.
    """
    ends = [path for paths in (pictured, others) if paths for path in (paths[0], paths[-1])]
    if not ends:
        return ""
    top = ends[0].partition("/")[0] + "/"
    if not all(path.startswith(top) for path in ends):
        return ""
    if top.lower().removesuffix("/") in CONTENT_FOLDERS:
        return top if any(path.lower().startswith(f"{top.lower()}annotations/") for path in tables) else ""
    inner = tuple(f"{top.lower()}{folder}/" for folder in CONTENT_FOLDERS)
    if tables or any(path.lower().startswith(inner) for path in pictured):
        return top
    return ""
