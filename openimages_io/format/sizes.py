"""`images.meta`: how large the images are. CVAT and Datumaro know it, the official data does not.

One line an image, `<id> <height> <width>` in pixels, the height first. Ids are quoted as in a POSIX
shell, `#` starts a comment.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper
from typing import Any, BinaryIO, NamedTuple

from openimages_io.exceptions import Failure
from openimages_io.format.issues import Issue, IssueSink
from openimages_io.format.names import unsafe_word
from openimages_io.format.repairs import without_dots

MAX_SIDE = 10_000_000
"""Pixels; a longer side is a mistake."""

_MAX_LINE = 65_536
_BLOCK = 65_536
"""Characters that are looked at at once."""
_HEADER = "# <image name> <height> <width>\n\n"
_PLAIN = re.compile(
    r"^([^\s'\"\\#\x00-\x1f\x7f\ud800-\udfff]+) ([1-9][0-9]{0,6}) ([1-9][0-9]{0,6})(?:\n|\Z)", re.ASCII | re.MULTILINE
)
_UNQUOTED = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
"""A word that needs no quotes in a shell."""
_NOT_DECODED = re.compile("[\\ud800-\\udfff]")
_SUBSET = re.compile(r"#[ \t]*subset:[ \t]*(\S.*)", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]+", re.ASCII)


class ImageSizes(NamedTuple):
    """The sizes of some images in pixels, by column, and the lines that say so."""

    subset: str | None
    """The subset that a comment `# subset: NAME` above named; None when nothing says, as in files of other tools."""
    lines: Sequence[int]
    image_ids: Sequence[str]
    heights: Sequence[int]
    widths: Sequence[int]


def read_sizes(stream: BinaryIO, file: str, sink: IssueSink) -> Iterator[ImageSizes]:
    """Reads `images.meta`, many lines at once where all are plain; a bad line becomes an issue and is left out.

    An id says nothing of its subset, unless a comment `# subset: NAME` does. Whether it occurs again is for a
    `SizeTable` to find.
    """
    text = TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline=None)
    try:
        yield from _read(text, file, sink)
    finally:
        text.detach()


def _read(text: TextIOWrapper, file: str, sink: IssueSink) -> Iterator[ImageSizes]:
    subset: str | None = None
    number = 0
    while lines := _some_lines(text):
        if number == 0 and (lines[0].startswith(("\udcff\udcfe", "\udcfe\udcff")) or lines[0][:4].count("\0") >= 2):
            sink(Issue(code="not-utf-8", file=file, params={"form": "utf-16"}))
            return
        numbers = range(number + 1, number + 1 + len(lines))
        number += len(lines)
        found = _PLAIN.findall("".join(lines))
        if len(found) == len(lines):
            yield _columns(subset, numbers, found)
            continue
        for place, line in zip(numbers, lines, strict=True):
            if len(line) == _MAX_LINE and not line.endswith("\n"):  # the last one of these
                sink(Issue(code="long-line", file=file, line=place, params={"limit": _MAX_LINE}))
                while (rest := text.readline(_MAX_LINE)) and not rest.endswith("\n"):
                    pass
            elif match := _PLAIN.fullmatch(line):
                yield _columns(subset, [place], [(match[1], match[2], match[3])])
            elif line.startswith("#"):
                subset = _subset_of(line, file, place, sink) or subset
            elif size := _careful(line, file, place, sink):
                yield _columns(subset, [place], [size])
    if number == 0:
        sink(Issue(code="empty-file", file=file, params={"form": "part"}))


def _some_lines(text: TextIOWrapper) -> list[str]:
    """The next lines of the file, each with its end; one that is too long is the last and is cut."""
    lines: list[str] = []
    size = 0
    while size < _BLOCK and (line := text.readline(_MAX_LINE)):
        lines.append(line)
        size += len(line)
        if len(line) == _MAX_LINE:
            break
    return lines


def _columns(
    subset: str | None, lines: Sequence[int], rows: Sequence[tuple[str | Any, str | int, str | int]]
) -> ImageSizes:
    """Rows of id, height and width by column."""
    ids, heights, widths = zip(*rows, strict=True)
    return ImageSizes(subset, lines, list(map(without_dots, ids)), list(map(int, heights)), list(map(int, widths)))


def _subset_of(line: str, file: str, number: int, sink: IssueSink) -> str | None:
    """The subset that a comment names for the lines below it; any other comment is just a comment."""
    match = _SUBSET.fullmatch(line.rstrip("\n"))
    if match is None:
        return None
    try:
        words = shlex.split(match[1])
    except ValueError:
        return None
    if len(words) != 1:
        return None
    if why := unsafe_word(words[0]):
        params = {"form": "sizes", "fault": why.as_param()}
        sink(Issue(code="bad-subset", file=file, line=number, column="subset", value=words[0], params=params))
        return None
    return words[0]


def _careful(line: str, file: str, number: int, sink: IssueSink) -> tuple[str, int, int] | None:
    """Reads a line that is quoted, commented, indented or wrong. Returns id, height and width."""

    def bad(code: str, *, column: str | None = None, value: str | None = None, **params: int | str) -> None:
        sink(Issue(code=code, file=file, line=number, column=column, value=value, params=params))

    if _NOT_DECODED.search(line):
        bad("bad-text", form="line")
        return None
    if "\0" in line:
        bad("nul")
        return None
    line = line.removesuffix("\n")
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        bad("bad-quoting", value=line, form="half")
        return None
    if not words:
        return None
    if len(words) != 3:
        bad("bad-size-line", value=line, words=len(words))
        return None
    if not words[0]:
        bad("empty-id", column="id")
        return None
    height, width = _side(words[1]), _side(words[2])
    for column, word, side in (("height", words[1], height), ("width", words[2], width)):
        if isinstance(side, str):
            bad("bad-size", column=column, value=word, form=side, limit=MAX_SIDE)
    return (words[0], height, width) if isinstance(height, int) and isinstance(width, int) else None


def _side(word: str) -> int | str:
    """The length in pixels, or what is wrong with it, as a form of `bad-size`."""
    if not _NUMBER.fullmatch(word):
        return "number"
    if word.startswith("-") or not word.strip("0"):
        return "none"
    digits = word.lstrip("0")
    if len(digits) > len(str(MAX_SIDE)) or int(digits) > MAX_SIDE:
        return "large"
    return int(digits)


def write_sizes(rows: Iterable[tuple[str, str, int, int]], *, subsets: bool = False) -> Iterator[str]:
    """Lines of `images.meta` as Datumaro writes them, for rows of subset, id, height and width in pixels.

    With `subsets` a comment tells each row's subset where it changes. Only a task in which two images of one name
    differ in size needs that; other readers pass over comments. Raises Failure for a name with a line break.
    """
    yield _HEADER
    plain = _UNQUOTED.fullmatch
    current: str | None = None
    for subset, image_id, height, width in rows:
        word = image_id
        if not plain(image_id):
            if "\n" in image_id or "\r" in image_id or "\0" in image_id:
                raise Failure("size-name", image=image_id)
            word = shlex.quote(image_id)
        if subsets and subset != current:
            yield f"# subset: {shlex.quote(subset)}\n"
            current = subset
        yield f"{word} {height} {width}\n"
