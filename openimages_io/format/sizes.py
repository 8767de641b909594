"""`images.meta`: how large the images are. CVAT and Datumaro know it, the official data does not.

One line an image, `<id> <height> <width>` in pixels, the height first. Ids are quoted as in a POSIX
shell, `#` starts a comment.
"""

import re
import shlex
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import BinaryIO, NamedTuple

from openimages_io.exceptions import Failure
from openimages_io.format.issues import Issue, IssueSink
from openimages_io.format.names import unsafe_word
from openimages_io.format.repairs import without_dots

MAX_SIDE = 10_000_000
"""Pixels; a longer side is a mistake."""

_MAX_LINE = 65_536
_HEADER = "# <image name> <height> <width>\n\n"
_PLAIN = re.compile(r"([^\s'\"\\#\x00-\x1f\x7f\ud800-\udfff]+) ([1-9][0-9]{0,6}) ([1-9][0-9]{0,6})\n?", re.ASCII)
_NOT_DECODED = re.compile("[\\ud800-\\udfff]")
_SUBSET = re.compile(r"#[ \t]*subset:[ \t]*(\S.*)", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]+", re.ASCII)


class ImageSize(NamedTuple):
    """The size of one image in pixels, and the line that says so."""

    line: int
    subset: str | None
    """The subset that a comment `# subset: NAME` above named; None when nothing says, as in files of other tools."""
    image_id: str
    height: int
    width: int


def read_sizes(stream: BinaryIO, file: str, sink: IssueSink) -> Iterator[ImageSize]:
    """Reads `images.meta` line by line; a bad line becomes an issue and is left out.

    An id says nothing of its subset, unless a comment `# subset: NAME` does. Whether it occurs again is for a
    `SizeTable` to find.
    """
    text = TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline=None)
    try:
        yield from _read(text, file, sink)
    finally:
        text.detach()


def _read(text: TextIOWrapper, file: str, sink: IssueSink) -> Iterator[ImageSize]:
    subset: str | None = None
    number = 0
    plain = _PLAIN.fullmatch
    while line := text.readline(_MAX_LINE):
        number += 1
        if number == 1 and (line.startswith(("\udcff\udcfe", "\udcfe\udcff")) or line[:4].count("\0") >= 2):
            sink(Issue(code="not-utf-8", file=file, params={"form": "utf-16"}))
            return
        if len(line) == _MAX_LINE and not line.endswith("\n"):
            sink(Issue(code="long-line", file=file, line=number, params={"limit": _MAX_LINE}))
            while (rest := text.readline(_MAX_LINE)) and not rest.endswith("\n"):
                pass
            continue
        if match := plain(line):
            image_id, height, width = match[1], int(match[2]), int(match[3])
        elif line.startswith("#"):
            subset = _subset_of(line, file, number, sink) or subset
            continue
        else:
            size = _careful(line, file, number, sink)
            if size is None:
                continue
            image_id, height, width = size
        yield ImageSize(number, subset, without_dots(image_id), height, width)
    if number == 0:
        sink(Issue(code="empty-file", file=file, params={"form": "part"}))


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
    current: str | None = None
    for subset, image_id, height, width in rows:
        if "\n" in image_id or "\r" in image_id or "\0" in image_id:
            raise Failure("size-name", image=image_id)
        if subsets and subset != current:
            yield f"# subset: {shlex.quote(subset)}\n"
            current = subset
        yield f"{shlex.quote(image_id)} {height} {width}\n"
