"""Every fault of a CSV table is one issue with its place, and nothing is written."""

from pathlib import Path

import pytest

from openimages_io.text import quote_text
from tests.format.test_reading import EXPECTED, HAIR, PIXELS, SEMICOLONS, TABS, UTF_8
from tests.transfer.archives import (
    BOXES,
    CLASSES,
    HUMAN,
    IMAGES,
    MACHINE,
    MASKS,
    Change,
    cell,
    changed,
    encoded,
    errors,
    everything,
    file,
    good,
    line,
    load,
    more,
    no_column,
    replaced,
    write,
)

pytestmark = pytest.mark.django_db

TABLES = (CLASSES, IMAGES, HUMAN, MACHINE, BOXES, MASKS)
WITH_HEADER = (IMAGES, HUMAN, MACHINE, BOXES, MASKS)
LONG = "x" * 300
NEVER_CLOSED = (
    "A quote is opened in this row and never closed; the row seems to go on to line {}, and the lines after its first "
    "are read as rows where they can be"
)
AFTER_QUOTE = "A quoted cell goes on after its closing quote; double the quotes inside it"
HUGE_CELL = "A cell of this row has more than 131072 characters; perhaps a quote is left open"
SEVERAL_SUBSETS = "is an image of several subsets of the task, and the file does not say which"

CELLS = [
    (BOXES, "XMin", "x", "is not a number"),
    (BOXES, "XMin", "", "is empty, but a number is needed"),
    (BOXES, "XMin", "nan", "is not a number"),
    (BOXES, "XMin", "NaN", "is not a number"),
    (BOXES, "XMax", "inf", "is not a number"),
    (BOXES, "XMax", "-inf", "is not a number"),
    (BOXES, "XMax", "1e400", "is not a number"),
    (BOXES, "XMax", "0,5", "is not a number: write it with a decimal point, 0.5"),
    (BOXES, "XMax", "0_5", "is not a number"),
    (BOXES, "XMax", "0x1", "is not a number"),
    (BOXES, "XMax", "1.2", "is not a fraction between 0 and 1"),
    (BOXES, "XMax", "1.0000001", "is not a fraction between 0 and 1" + HAIR),
    (BOXES, "YMin", "-0.1", "is not a fraction between 0 and 1"),
    (BOXES, "YMax", "320", "is not a fraction between 0 and 1" + PIXELS),
    (BOXES, "XMax", "0.2", "is below XMin, which is 0.25"),
    (BOXES, "YMax", "0", "is below YMin, which is 0.1"),
    *((BOXES, f"Is{flag}", "2", "is not 1 (yes), 0 (no) or -1 (unknown)")
      for flag in ("Occluded", "Truncated", "GroupOf", "Depiction", "Inside")),
    (BOXES, "IsOccluded", "yes", "is not 1 (yes), 0 (no) or -1 (unknown)"),
    (BOXES, "IsOccluded", "0.5", "is not 1 (yes), 0 (no) or -1 (unknown)"),
    (BOXES, "Confidence", "1.5", "is not a confidence between 0 and 1"),
    (BOXES, "Confidence", "-1", "is not a confidence between 0 and 1"),
    (HUMAN, "Confidence", "-0.01", "is not a confidence between 0 and 1"),
    (HUMAN, "Confidence", "high", "is not a number"),
    (MACHINE, "Confidence", "nan", "is not a number"),
    (BOXES, "Source", "x" * 65, "has 65 characters, more than the 64 that a Source may have"),
    (BOXES, "LabelName", "", "is empty, but a LabelName is needed"),
    (HUMAN, "LabelName", LONG, "has 300 characters, more than the 255 that a LabelName may have"),
    (CLASSES, "LabelName", "", "is empty, but a LabelName is needed"),
    (CLASSES, "DisplayName", LONG, "has 300 characters, more than the 255 that this text may have"),
    *((path, "ImageID", "", "is empty, but an ImageID is needed") for path in WITH_HEADER),
    (BOXES, "ImageID", "../a", "has “..” as a folder or file name, which an ImageID may not"),
    (HUMAN, "ImageID", "..", "has “..” as a folder or file name, which an ImageID may not"),
    (IMAGES, "ImageID", "a/../../b", "has “..” as a folder or file name, which an ImageID may not"),
    (MASKS, "ImageID", "a//b", "has “” as a folder or file name, which an ImageID may not"),
    (IMAGES, "ImageID", "/etc/passwd", "starts with a slash, which an ImageID may not"),
    (IMAGES, "ImageID", "a\\b", "contains a backslash, which an ImageID may not: write folders with /"),
    (IMAGES, "ImageID", "a\nb", "contains a line break, which an ImageID may not"),
    (IMAGES, "ImageID", "a\u2028b", "contains a line break, which an ImageID may not"),
    (IMAGES, "ImageID", "a\0b", "contains a NUL byte"),
    (IMAGES, "ImageID", LONG, "has 300 characters, more than the 255 that an ImageID may have"),
    (IMAGES, "Subset", "..", "names another folder, which a Subset may not"),
    (IMAGES, "Subset", "../train", "names another folder, which a Subset may not"),
    (IMAGES, "Subset", "a..b", "holds “..”, which a Subset may not"),
    (IMAGES, "Subset", "a/b", "names another folder, which a Subset may not"),
    (IMAGES, "Subset", "a\\b", "names another folder, which a Subset may not"),
    (IMAGES, "Subset", "a\nb", "contains a line break, which a Subset may not"),
    (IMAGES, "Subset", "C:", "starts with a drive letter, which a Subset may not"),
    (IMAGES, "OriginalSize", "-5", "is not a number of bytes"),
    (IMAGES, "OriginalSize", "1.5", "is not a number of bytes"),
    (IMAGES, "OriginalSize", "9" * 5000, "is not a number of bytes"),
    (IMAGES, "Rotation", "left", "is not a number"),
    (IMAGES, "Rotation", "450", "is not an angle between -360 and 360 degrees"),
    (IMAGES, "Title", "a\0b", "contains a NUL byte"),
    (MASKS, "MaskPath", "", "is empty, but a MaskPath is needed"),
    (MASKS, "MaskPath", "../a.png", "names another folder, which a MaskPath may not"),
    (MASKS, "MaskPath", "a/b.png", "names another folder, which a MaskPath may not"),
    (MASKS, "MaskPath", "a\\b.png", "names another folder, which a MaskPath may not"),
    (MASKS, "MaskPath", "a..png", "holds “..”, which a MaskPath may not"),
    (MASKS, "MaskPath", "a\nb.png", "contains a line break, which a MaskPath may not"),
    (MASKS, "MaskPath", "C:a.png", "starts with a drive letter, which a MaskPath may not"),
    (MASKS, "BoxID", "..", "names another folder, which a BoxID may not"),
    (MASKS, "BoxID", "a/b", "names another folder, which a BoxID may not"),
    (MASKS, "BoxID", "a\\b", "names another folder, which a BoxID may not"),
    (MASKS, "BoxID", "a\nb", "contains a line break, which a BoxID may not"),
    (MASKS, "BoxID", "c:", "starts with a drive letter, which a BoxID may not"),
    (MASKS, "BoxXMin", "2", "is not a fraction between 0 and 1" + PIXELS),
    (MASKS, "BoxYMax", "x", "is not a number"),
    (MASKS, "BoxXMin", "", "is empty, but a row has all of BoxXMin, BoxXMax, BoxYMin, BoxYMax or none"),
    (MASKS, "BoxYMax", "", "is empty, but a row has all of BoxXMin, BoxXMax, BoxYMin, BoxYMax or none"),
    (MASKS, "BoxXMax", "0.1", "is below BoxXMin, which is 0.25"),
    (MASKS, "PredictedIoU", "good", "is not a number"),
    (MASKS, "PredictedIoU", "nan", "is not a number"),
]  # fmt: skip


@pytest.mark.parametrize("existing", [False, True], ids=["new", "existing"])
@pytest.mark.parametrize(
    ("path", "column", "value", "reason"),
    [pytest.param(*case, id=f"{case[0][12:-4]}-{case[1]}-{case[2][:12]!a}") for case in CELLS],
)
def test_a_bad_cell(path: str, column: str, value: str, reason: str, existing: bool, tmp_path: Path) -> None:
    if existing:
        load(write(tmp_path / "good", good()))
    before = everything()
    header = [] if path != CLASSES else [line(CLASSES, 1, "LabelName,DisplayName\n/m/01yrx,Cat")]
    result = load(write(tmp_path / "bad", changed(*header, cell(path, 2, column, value))))
    (issue,) = [issue for issue in result.report.issues() if issue.severity == "error"]
    assert (issue.file, issue.line, issue.column, issue.value, issue.reason) == (path, 2, column, value, reason)
    assert result.refused
    assert not result.committed
    assert everything() == before


def has_without(path: str, column: str) -> str:
    """The other columns of the plain archive's file, as a message lists them."""
    return ", ".join(name for name in str(good()[path]).split("\n")[0].split(",") if name != column)


FILES: list[tuple[str, tuple[Change, ...], list[str]]] = [
    ("short row", (line(BOXES, 3, "b/c/d/2,xclick,/m/01yrx,1,0,1,0"),),
     [f"{BOXES}:3: The row has 7 cells, but the file has 13 columns; YMax must not be missing"]),
    ("long row", (replaced(BOXES, "1,0,-1,0,0", "1,0,-1,0,0,9"),),
     [f"{BOXES}:2: The row has 14 cells, but the file has 13 columns"]),
    ("long class", (more(CLASSES, "/m/9,Bird,animal\n"),),
     [f"{CLASSES}:5: The row has 3 cells, but the file has 2 columns"]),
    ("class list of three columns", (file(CLASSES, "/m/9,Bird,animal\n"),),
     [f'{CLASSES}:1: "/m/9,Bird,animal' + EXPECTED + "; here are 3 cells, and which of them is the "
      "DisplayName is not clear: keep these two columns, under the header LabelName,DisplayName"]),
    ("semicolons in class list", (replaced(CLASSES, ",", ";"),),
     [f'{CLASSES}:1: "/m/01yrx;Cat" LabelName and DisplayName are expected, separated by commas' + SEMICOLONS]),
    ("tabs", (replaced(HUMAN, ",", "\t"),),
     [f'{HUMAN}:1: "ImageID\\tSource\\tLabelName\\tConfidence" The columns must be separated by commas' + TABS]),
    ("text after quote", (replaced(IMAGES, '"A ""cat"", asleep"', '"A "cat", asleep"'),),
     [f"{IMAGES}:2: {AFTER_QUOTE}"]),
    ("open quote in last line", (more(HUMAN, 'a,"verification,/m/01yrx,1'),),
     [f"{HUMAN}:4: A quote is opened in this row and never closed"]),
    ("open quote", (line(HUMAN, 2, 'a,"verification,/m/01yrx,1'),),
     [f"{HUMAN}:2: {NEVER_CLOSED.format(3)}"]),
    ("open quote before a bad row", (line(HUMAN, 2, 'a,"verification,/m/01yrx,1'), more(HUMAN, "a,v,/m/01yrx,7")),
     [f"{HUMAN}:2: {NEVER_CLOSED.format(4)}",
      f'{HUMAN}:4: Confidence: "7" is not a confidence between 0 and 1']),
    ("open quote in header", (replaced(HUMAN, "ImageID", '"ImageID'),),
     [f"{HUMAN}:1: A quote is opened in this row and never closed"]),
    ("huge cell", (cell(IMAGES, 2, "Title", "x" * 140_000),),
     [f"{IMAGES}:2: {HUGE_CELL}"]),
    ("column twice", (replaced(BOXES, "Source,", "ImageID,"),), [f"{BOXES}:1: ImageID: The column occurs twice"]),
    ("column twice by alias", (replaced(BOXES, "IsInside", "IsDepictionOf"),),
     [f"{BOXES}:1: IsDepiction: The column occurs twice"]),
    ("column twice in other case", (replaced(BOXES, "Source,", "imageid,"),),
     [f"{BOXES}:1: ImageID: The column occurs twice"]),
    ("no header", (line(HUMAN, 1, "a,verification,/m/01yrx,1"),),
     [f"{HUMAN}:1: {column}: The column is missing; the file has a, verification, /m/01yrx, 1"
      for column in ("ImageID", "LabelName")]),
    ("bytes in title", (lambda files: files | {IMAGES: str(files[IMAGES]).encode().replace(b"cat", b"c\xe4t")},),
     [f'{IMAGES}:2: Title: "A "c\\xe4t", asleep" is not valid UTF-8' + UTF_8]),
    ("bytes in label", (lambda files: files | {BOXES: str(files[BOXES]).encode().replace(b"/m/01", b"/m/\xff")},),
     [f'{BOXES}:2: LabelName: "/m/\\xffyrx" is not valid UTF-8' + UTF_8]),
    ("half a box by columns", (no_column(MASKS, "BoxXMin"),),
     [f'{MASKS}:2: BoxXMin: "" is empty, but a row has all of BoxXMin, BoxXMax, BoxYMin, BoxYMax or none']),
    ("image twice", (more(IMAGES, "a" + ",train" + "," * 10 + "\n"),),
     [f'{IMAGES}:4: ImageID: "a" is in the image lists twice']),
    ("class twice", (more(CLASSES, "/m/01yrx,Kitten\n"),),
     [f'{CLASSES}:5: LabelName: "/m/01yrx" is in the class list twice']),
    ("class twice, just so", (more(CLASSES, "/m/01yrx,Cat\n"),),
     [f'{CLASSES}:5: LabelName: "/m/01yrx" is in the class list twice']),
    ("ambiguous display name", (more(CLASSES, "/m/9,Cat\n"), cell(BOXES, 2, "LabelName", "Cat")),
     [f'{BOXES}:2: LabelName: "Cat" is the display name of several labels: /m/01yrx, /m/9']),
    ("image of several subsets", (
        file("annotations/test-image_ids_and_rotation.csv", "ImageID\na\n"),
        file("annotations/annotations-bbox.csv", good()[BOXES])),
     [f'annotations/annotations-bbox.csv:2: ImageID: "a" {SEVERAL_SUBSETS}']),
    *((f"missing {column} of {path[12:-4]}", (no_column(path, column),),
       [f"{path}:1: {column}: The column is missing; the file has {has_without(path, column)}"])
      for path, columns in {
          IMAGES: ("ImageID",), HUMAN: ("ImageID", "LabelName"), MACHINE: ("ImageID", "LabelName"),
          BOXES: ("ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax"), MASKS: ("MaskPath", "ImageID", "LabelName"),
      }.items() for column in columns),
    *((f"zero bytes of {path[12:-4]}", (file(path, b""),), [f"{path}: The file is empty"]) for path in TABLES),
    *((f"blank lines of {path[12:-4]}", (file(path, "\r\n\n"),), [f"{path}: The file has no rows, not even a header"])
      for path in TABLES),
    *((f"{encoding} of {path[12:-4]}", (encoded(path, encoding),),
       [f"{path}: The file is in UTF-16; save it as UTF-8"])
      for path in TABLES for encoding in ("utf-16", "utf-16-be")),
    *((f"semicolons in {path[12:-4]}", (replaced(path, ",", ";"),),
       [f'{path}:1: "{quote_text(h)[1:-1]}" The columns must be separated by commas' + SEMICOLONS])
      for path in WITH_HEADER for h in [str(good()[path]).split("\n")[0].replace(",", ";")]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), [pytest.param(*case[1:], id=case[0]) for case in FILES])
def test_a_bad_file(changes: tuple[Change, ...], expected: list[str], tmp_path: Path) -> None:
    before = everything()
    result = load(write(tmp_path / "bad", changed(*changes)))
    assert errors(result) == expected
    assert result.refused
    assert everything() == before
