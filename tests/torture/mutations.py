"""Damage to the files of an archive: cells, rows, headers, JSON, pictures, sizes, names; each change by chance."""

import csv
import io
import json
import random
import shlex
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image as Pillow

Files = dict[str, bytes]
"""An archive's files by path."""

_CELLS = (
    "",
    " ",
    "-1",
    "-0",
    "0",
    "1",
    "1.0",
    "2",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "1e309",
    "1e-400",
    "0x10",
    "١",
    "½",
    "1,5",
    " 0.5 ",
    "0.30000000000000004",
    "+.5",
    "5e-1",
    "1e",
    "--1",
    "1_000",
    "true",
    "None",
    '"',
    '"x',
    'a"b',
    "a\0b",
    "\x7f",
    "\u2028",
    "\ufeff",
    "a\nb",
    "a\r\nb",
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\x",
    "a/b/c",
    ".",
    "..",
    "a" * 300,
    "a" * 70_000,
    "=1+1",
    "ünï",
    "嵐",
    "e\u0301",
    "0.5 0.5 1",
    "0.5 0.5 1;",
    "0.5 0.5 2",
    "9" * 400,
    "1e5",
    "-1e-7",
    "1.0000001",
    "99999999999999999999",
    "2147483648",
)
_WORDS = ("LabelName", "Subcategory", "Part", "x", "", "/m/01yrx", "Entity", "\ud800")
_NAMES = (
    "annotations/val-annotations-bbox.csv",
    "annotations/train-annotations-bbox-1.csv",
    "oidv6-train-annotations-bbox.csv",
    "extra.txt",
    "images/train/a.jpg",
    "images/train/A.PNG",
    "images/other/a.png",
    "images/a.png",
    "masks/train/x.png",
    "__MACOSX/._a.png",
    ".DS_Store",
    "annotations/images.meta",
    "challenge-2018-train-annotations-bbox.csv",
    "annotations/train-annotations-vrd.csv",
    "a" * 250 + ".csv",
    "images/train/b\\c.png",
    "images/shared.jpg",
    "images/train/x/shared.png",
    "annotations-bbox.csv",
    "sub-val-annotations-human-imagelabels.csv",
    "val/images.meta",
)


def damaged(chance: random.Random, files: Files) -> Files:
    """The files after one to four changes; in one of four some images are called otherwise first."""
    if chance.random() < 0.25:
        for _ in range(chance.choice((1, 1, 2, 3))):
            files = _called_otherwise(chance, files)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        files = _changed(chance, files)
    return files


def _called_otherwise(chance: random.Random, files: Files) -> Files:
    """Gives one image, or all, another name or subset in some of the rows, lines and paths that name it."""
    if not (names := sorted(_image_ids(files))):
        return files
    chosen = names if chance.random() < 0.3 else [chance.choice(names)]
    what, other = chance.randrange(7), chance.choice(names)
    share = chance.choice((0.3, 1, 1))
    ending = chance.choice(("jpg", "png", "JPG"))

    def new(name: str) -> str:
        return (
            f"{name}.{ending}",
            f"x/{name}",
            f"x/{name}.{ending}",
            name.rpartition("/")[2],
            other,
            f"{other.rpartition('/')[2]}/{name}",
            name.swapcase(),
        )[what]

    changes = {name: new(name) for name in chosen}
    changed = dict(files)
    for path, data in files.items():
        if chance.random() >= share:
            continue
        if path.endswith(".csv"):
            changed[path] = _with_ids(data, changes)
        elif path.endswith(".meta"):
            changed[path] = _with_names(data, changes)
        elif path.startswith("images/") and chance.random() < 0.5:
            top, _, rest = path.removeprefix("images/").partition("/")
            stem, dot, suffix = rest.rpartition(".")
            if stem in changes:
                changed[f"images/{top}/{changes[stem]}{dot}{suffix}"] = changed.pop(path)
    return changed


def _image_ids(files: Files) -> set[str]:
    found = set()
    for path, data in files.items():
        if path.endswith(".csv"):
            rows = _rows(data)
            if rows and "ImageID" in rows[0]:
                column = rows[0].index("ImageID")
                found |= {row[column] for row in rows[1:] if len(row) > column and row[column]}
    return found


def _with_ids(data: bytes, changes: dict[str, str]) -> bytes:
    rows = _rows(data)
    if not rows or "ImageID" not in rows[0]:
        return data
    column = rows[0].index("ImageID")
    for row in rows[1:]:
        if len(row) > column:
            row[column] = changes.get(row[column], row[column])
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "surrogateescape")


def _with_names(data: bytes, changes: dict[str, str]) -> bytes:
    lines = []
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            words = []
        is_size = len(words) == 3 and words[0] in changes
        lines.append(f"{shlex.quote(changes[words[0]])} {words[1]} {words[2]}" if is_size else line)
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _rows(data: bytes) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(data.decode("utf-8", "surrogateescape"), newline="")))
    except csv.Error:
        return []


def _changed(chance: random.Random, files: Files) -> Files:
    kind = chance.random()
    if kind < 0.12:
        return _renamed(chance, files)
    paths = sorted(files)
    if not paths:
        return files
    # Tables are looked at most, because they have most to say.
    weights = [6 if path.endswith((".csv", ".json", ".meta")) else 1 for path in paths]
    path = chance.choices(paths, weights)[0]
    data = files[path]
    if kind < 0.25:
        changed = _bytes(chance, data)
    elif path.endswith(".csv"):
        changed = _table(chance, data, files)
    elif path.endswith(".json"):
        changed = _document(chance, data)
    elif path.endswith(".meta"):
        changed = _lines(chance, data)
    else:
        changed = _picture(chance, data)
    return files | {path: changed}


def _renamed(chance: random.Random, files: Files) -> Files:
    paths = sorted(files)
    if not paths:
        return files
    path, what = chance.choice(paths), chance.randrange(5)
    if what == 0:
        return {name: data for name, data in files.items() if name != path}
    if what == 1:
        return files | {chance.choice(_NAMES): files[path]}
    if what == 2:
        return files | {path: files[chance.choice(paths)]}
    if what == 3:
        return {f"root/{name}" if chance.random() < 0.9 else name: data for name, data in files.items()}
    new = chance.choice(
        (path.upper(), path.swapcase(), path.replace("train", "val"), path.rpartition("/")[2], f"x/{path}")
    )
    return {new if name == path else name: data for name, data in files.items()}


def _bytes(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    what = chance.randrange(7)
    if not changed or what == 0:
        return bytes(changed[: chance.randrange(len(changed) + 1)])
    if what == 1:
        return b""
    place = chance.randrange(len(changed))
    if what == 2:
        for _ in range(chance.randrange(1, 12)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    elif what == 3:
        changed[place:place] = chance.randbytes(chance.randrange(1, 30))
    elif what == 4:
        del changed[place : place + chance.randrange(1, 30)]
    elif what == 5:
        changed[place:place] = chance.choice(
            (b"\xff\xfe", b"\0", b'"', b"\n\n", b"\r", b",,,", b"\xed\xa0\x80", b"\xc3")
        )
    else:
        text = data.decode("utf-8", "replace")
        return text.encode(chance.choice(("utf-16", "utf-8-sig", "latin-1", "utf-32")), "replace")
    return bytes(changed)


def _table(chance: random.Random, data: bytes, files: Files) -> bytes:  # noqa: C901  (one case a kind of damage)
    try:
        rows = list(csv.reader(io.StringIO(data.decode("utf-8", "surrogateescape"), newline="")))
    except csv.Error:
        return _bytes(chance, data)
    if not rows:
        return chance.choice((b"\n", b"ImageID\n", b'"'))
    what, place = chance.randrange(14), chance.randrange(len(rows))
    row = rows[place]
    column = chance.randrange(max(len(row), 1))
    if what < 5 and row:
        row[column % len(row)] = chance.choice(_CELLS) if chance.random() < 0.7 else _cell_of(chance, rows)
    elif what == 5:
        rows[place:place] = [list(row) for _ in range(chance.choice((1, 1, 2, 30)))]
    elif what == 6:
        del rows[place]
    elif what == 7:
        chance.shuffle(rows if chance.random() < 0.2 else row)
    elif what == 8:
        rows = [[cell for index, cell in enumerate(line) if index != column] for line in rows]
    elif what == 9:
        rows = [[*line, line[column] if column < len(line) else ""] for line in rows]
    elif what == 10:
        row.append(chance.choice(_CELLS)) if chance.random() < 0.5 else row[-1:].clear()
        del row[len(row) - chance.randrange(2) :]
    elif what == 11:
        header = rows[0]
        if header:
            header[chance.randrange(len(header))] = chance.choice(
                ("", "ImageID", "imageid ", "XMin", "Unknown", header[0], "Score")
            )
    elif what == 12:
        other = sorted(path for path in files if path.endswith(".csv"))
        rows += (
            list(csv.reader(io.StringIO(files[chance.choice(other)].decode("utf-8", "replace"), newline="")))[:50]
            if other
            else []
        )
    else:
        rows = [[cell.upper() if chance.random() < 0.5 else f" {cell}" for cell in line] for line in rows]
    out = io.StringIO()
    style = {
        "lineterminator": chance.choice(("\n", "\n", "\n", "\r\n", "\r")),
        "delimiter": chance.choice(",,,,,,,;\t"),
    }
    csv.writer(out, quoting=chance.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)), **style).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue().encode("utf-8", "surrogateescape")


def _cell_of(chance: random.Random, rows: list[list[str]]) -> str:
    row = chance.choice(rows)
    return chance.choice(row) if row else ""


def _document(chance: random.Random, data: bytes) -> bytes:  # noqa: C901  (one case a kind of damage)
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return _bytes(chance, data)
    nodes: list[Any] = []

    def collect(node: Any) -> None:
        if isinstance(node, dict | list):
            nodes.append(node)
            for child in node.values() if isinstance(node, dict) else node:
                collect(child)

    collect(document)
    if not nodes:
        return b'{"LabelName": "/m/0bl9f"}'
    node, what = chance.choice(nodes), chance.randrange(8)
    value: Any = chance.choice(
        (None, 1, 1e400, "", "x", [], {}, [[]], [{}], True, 10**40, "/m/01yrx", "\ud800", "a" * 300, document)
    )
    if what == 0 and isinstance(node, dict):
        node[chance.choice(_WORDS)] = value
    elif what == 1 and isinstance(node, list):
        node.append(value)
    elif what == 2 and node:
        node.pop(next(iter(node)) if isinstance(node, dict) else 0)
    elif what == 3:
        return b'{"LabelName":"a","Part":[' * 3000 + data + b"]}" * 3000
    elif what == 4:
        return b"[" * chance.choice((300, 100_000))
    elif what == 5 and isinstance(node, dict):
        node["Part"] = node.get("Subcategory", [])
    elif what == 6:
        return data[: chance.randrange(len(data))]
    elif isinstance(node, dict) and "LabelName" in node:
        node["LabelName"] = value
    try:
        return json.dumps(document, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):  # it holds itself now
        return data


def _lines(chance: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    place = chance.randrange(len(lines))
    strange = (
        b"a 6",
        b"a 6 8 9",
        b"a -6 8",
        b"a x y",
        b"'a",
        b"# subset: nowhere",
        b"# subset: train",
        b"# subset: val",
        b"shared 7 9",
        b"x/a.jpg 6 8",
        b"# subset:",
        b'"a" 6 8',
        b"a 0 0",
        b"a 99999999999999999999 1",
        b"\xff 1 1",
        b"",
        b"b 6 8\r",
    )
    lines[place:place] = [chance.choice((*strange, lines[place]))]
    return b"\n".join(lines)


def _picture(chance: random.Random, data: bytes) -> bytes:
    what = chance.randrange(8)
    if what == 0:
        return _saved(chance)
    if what == 1:
        return data[: chance.randrange(len(data) + 1)]
    if what == 2 and data.startswith(b"\x89PNG"):
        size = chance.choice((0, 1, 3, 1 << 16, (1 << 31) - 1, 1 << 31))
        head = b"IHDR" + struct.pack(">II", size, chance.choice((1, 3, size))) + data[24:29]
        return data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:]
    if what == 3 and data.startswith(b"\x89PNG"):
        kind = chance.choice((b"tEXt", b"zTXt", b"acTL", b"PLTE", b"IDAT", b"IEND", b"abcd", b"tRNS"))
        body = chance.randbytes(chance.randrange(40))
        chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        return data[:33] + chunk + data[33:]
    if what == 4:
        return data + chance.randbytes(10)
    if what == 5:
        return b"GIF89a" + data[6:]
    return _bytes(chance, data)


def _saved(chance: random.Random) -> bytes:
    size = chance.choice(((1, 1), (8, 6), (4, 3), (300, 2)))
    pixels = np.frombuffer(chance.randbytes(size[0] * size[1]), dtype=np.uint8).reshape(size[1], size[0]) // 128 * 255
    picture = Pillow.fromarray(pixels).convert(chance.choice(("1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I")))
    out = io.BytesIO()
    kind = chance.choice(("PNG", "PNG", "PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"))
    try:
        picture.save(out, kind)
    except (OSError, ValueError):  # not every format has every mode
        picture.convert("L").save(out, "PNG")
    return out.getvalue()
