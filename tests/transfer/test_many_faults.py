"""An archive with a fault of every kind: all are told at once, and with `skip` just those rows are left out."""

from pathlib import Path
from typing import Any

import pytest

from openimages_io.format.issues import Severity
from openimages_io.transfer.options import Missing, OnError
from tests.format.test_reading import PIXELS
from tests.transfer.archives import (
    BOXES,
    CLASSES,
    HUMAN,
    IMAGES,
    MACHINE,
    MASKS,
    SIZES,
    Files,
    changed,
    contents,
    errors,
    everything,
    file,
    gone,
    good,
    load,
    more,
    png,
    replaced,
    told,
    write,
)

pytestmark = pytest.mark.django_db

AFTER_QUOTE = "A quoted cell goes on after its closing quote; double the quotes inside it"
GOOD_BOX = "a,xclick,/m/0bt9lr,1,0,1,0,1,0,0,0,0,0\n"
GOOD_MASK = "kept.png,a,/m/0bt9lr,0d0d0d0d,,,,,,\n"

FAULTS: dict[str, list[tuple[str, int, str]]] = {
    CLASSES: [
        ("/m/01yrx,Kitten\n", 5, 'LabelName: "/m/01yrx" is in the class list twice'),
        (",Nothing\n", 6, 'LabelName: "" is empty, but a LabelName is needed'),
        ("/m/9,Bird,animal\n", 7, "The row has 3 cells, but the file has 2 columns"),
    ],
    SIZES: [
        ("a 6\n", 3, '"a 6" has 2 words where three are expected: id, height, width (an id with a space is quoted)'),
        ("b/c/d/2 3 5\n", 4, 'id: "b/c/d/2" is 4 x 3 pixels in line 2 and 5 x 3 here'),
        ("c 0 5\n", 5, 'height: "0" is not a size: at least one pixel is expected'),
    ],
    IMAGES: [
        ('"two\r\nlines",train,,,,,,,,,,\n', 4,
         'ImageID: "two\\r\\nlines" contains a line break, which an ImageID may not'),
        ("a,train,,,,,,,,,,\n", 6, 'ImageID: "a" is in the image lists twice'),
        ("c,train,,,,,,,many,,,\n", 7, 'OriginalSize: "many" is not a number of bytes'),
        ("\n../c,train,,,,,,,,,,\n", 9, 'ImageID: "../c" has “..” as a folder or file name, which an ImageID may not'),
        ("d,train,,,,,,,,,,400\n", 10, 'Rotation: "400" is not an angle between -360 and 360 degrees'),
        ("e,../x,,,,,,,,,,\n", 11, 'Subset: "../x" names another folder, which a Subset may not'),
    ],
    MASKS: [
        ("gone.png,a,/m/01yrx,0c0c0c0c,,,,,,\n", 4, 'MaskPath: "gone.png" is not among the mask files'),
        ("text.png,a,/m/01yrx,0c0c0c0c,,,,,,\n", 5, 'MaskPath: "text.png" is not a PNG'),
        (GOOD_MASK, 0, ""),
        ("../x.png,a,/m/01yrx,0c0c0c0c,,,,,,\n", 7,
         'MaskPath: "../x.png" names another folder, which a MaskPath may not'),
        ("kept.png,a,/m/01yrx,a/b,,,,,,\n", 8, 'BoxID: "a/b" names another folder, which a BoxID may not'),
        ("kept.png,a,/m/01yrx,0c0c0c0c,0.1,,0.1,0.2,,\n", 9,
         'BoxXMax: "" is empty, but a row has all of BoxXMin, BoxXMax, BoxYMin, BoxYMax or none'),
        ("kept.png,a,/m/01yrx,0c0c0c0c,,,,,high,\n", 10, 'PredictedIoU: "high" is not a number'),
    ],
    HUMAN: [
        ("a,verification\n", 4, "The row has 2 cells, but the file has 4 columns; LabelName must not be missing"),
        ("a,verification,/m/0k4j,2\n", 5, 'Confidence: "2" is not a confidence between 0 and 1'),
        ('a,verification,"/m/0k4j" ,1\n', 6,
         AFTER_QUOTE),
        ("zebra,verification,/m/0k4j,1\n", 7, 'ImageID: "zebra" is not an image of the task'),
    ],
    MACHINE: [
        ("a,machine,/m/none,0.5\n", 3, 'LabelName: "/m/none" is not a label of the task'),
        ("a,machine,Dog,1\n", 0, ""),
        ("a,machine,/m/0k4j,high\n", 5, 'Confidence: "high" is not a number'),
    ],
    BOXES: [
        ("a,xclick,/m/01yrx,1,0.5,1.5,0,1,0,0,0,0,0\n", 4, 'XMax: "1.5" is not a fraction between 0 and 1'),
        ("a,xclick,/m/01yrx,1,0.5,0.4,0,1,0,0,0,0,0\n", 5, 'XMax: "0.4" is below XMin, which is 0.5'),
        (GOOD_BOX, 0, ""),
        ("a,xclick,/m/01yrx,1,0,1,nan,1,0,0,0,0,0\n", 7, 'YMin: "nan" is not a number'),
        ("a,xclick,/m/01yrx,1,0,1,0,1,0,2,0,0,0\n", 8, 'IsTruncated: "2" is not 1 (yes), 0 (no) or -1 (unknown)'),
        ("a,xclick,/m/01yrx,1,0,1,0,1,0,0,0,0,0,0\n", 9, "The row has 14 cells, but the file has 13 columns"),
        ("a,xclick,/m/01yrx,1,,1,0,,0,0,0,0,0", 10, 'XMin: "" is empty, but a number is needed'),
        ("", 10, 'YMax: "" is empty, but a number is needed'),
    ],
}  # fmt: skip
"""More of each file, and the issue that each piece makes; line 0 for none."""

EXPECTED = [f"{path}:{number}: {text}" for path, pieces in FAULTS.items() for _, number, text in pieces if number]


def faulty() -> Files:
    pieces = [more(path, "".join(piece for piece, _, _ in pieces)) for path, pieces in FAULTS.items()]
    return changed(*pieces, file("masks/train/kept.png", png(8, 6)), file("masks/train/text.png", "no PNG"))


def without_faults() -> Files:
    kept = (more(MASKS, GOOD_MASK), more(MACHINE, "a,machine,Dog,1\n"), more(BOXES, GOOD_BOX))
    return changed(*kept, file("masks/train/kept.png", png(8, 6)))


BAD_ROWS = {
    "labels": 3, "image sizes": 3, "images": 6, "masks": 6, "human labels": 4, "machine labels": 2, "boxes": 6,
}  # fmt: skip
POLICY: dict[str, Any] = {"missing_images": Missing.ERROR, "missing_labels": Missing.ERROR}


def test_all_faults_are_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    assert len(EXPECTED) > 30
    load(write(tmp_path / "good", good()))
    before = everything()
    result = load(write(tmp_path / "bad", faulty()), **POLICY)
    assert sorted(errors(result)) == sorted(EXPECTED)
    assert result.report.errors == len(EXPECTED)
    assert result.refused
    assert everything() == before


def test_skip_leaves_out_the_bad_rows_and_no_others(tmp_path: Path) -> None:
    for task, files in {"skipped": faulty(), "clean": without_faults()}.items():
        load(write(tmp_path / f"{task}-start", good()), task)
        result = load(write(tmp_path / task, files), task, on_error=OnError.SKIP, **POLICY)
        assert result.committed
        assert sorted(errors(result)) == (sorted(EXPECTED) if task == "skipped" else [])
        bad = {kind: totals.skipped["bad"] for kind, totals in result.report.totals.items() if totals.skipped["bad"]}
        assert bad == (BAD_ROWS if task == "skipped" else {})
    assert contents("skipped") == contents("clean")


def test_skip_leaves_out_the_same_rows_of_a_new_task(tmp_path: Path) -> None:
    named = [
        piece for pieces in FAULTS.values() for piece, _, text in pieces if "is not a" in text and "of the task" in text
    ]
    assert len(named) == 2
    files = faulty()
    for path in HUMAN, MACHINE:
        for piece in named:
            files[path] = str(files[path]).replace(piece, "")
    assert load(write(tmp_path / "skipped", files), "skipped", on_error=OnError.SKIP).committed
    assert load(write(tmp_path / "clean", without_faults()), "clean").committed
    assert contents("skipped") == contents("clean")


def test_a_dry_run_tells_the_same(tmp_path: Path) -> None:
    load(write(tmp_path / "good", good()))
    source = write(tmp_path / "bad", faulty())
    before = everything()
    for on_error in OnError:
        dry = load(source, dry_run=True, on_error=on_error, **POLICY)
        assert everything() == before
        wet = load(source, on_error=on_error, **POLICY)
        assert [str(issue) for issue in dry.report.issues()] == [str(issue) for issue in wet.report.issues()]
        assert dry.report.totals == wet.report.totals


WHOLE = [
    ("column missing", replaced(BOXES, "XMin", "Left")),
    ("column twice", replaced(BOXES, "Source", "XMin")),
    ("zero bytes", file(BOXES, "")),
    ("UTF-16", lambda files: files | {BOXES: str(files[BOXES]).encode("utf-16")}),
    ("semicolons", replaced(BOXES, ",", ";")),
    ("open quote", replaced(BOXES, "a,xclick", 'a,"xclick')),
    ("open quote in header", replaced(BOXES, "ImageID", '"ImageID')),
    ("class list of three columns", replaced(CLASSES, "Cat", "Cat,x")),
]


@pytest.mark.parametrize("change", [pytest.param(case[1], id=case[0]) for case in WHOLE])
def test_a_fault_of_a_whole_file_cannot_be_skipped(change: object, tmp_path: Path) -> None:
    assert callable(change)
    before = everything()
    result = load(write(tmp_path / "bad", changed(change)), on_error=OnError.SKIP)
    assert result.refused
    assert result.report.errors >= 1
    assert everything() == before


@pytest.mark.thorough
def test_a_fault_in_the_very_last_line_after_many(tmp_path: Path) -> None:
    rows = "".join(f"a,xclick,/m/01yrx,1,0,{number / 20_000},0,1,0,0,0,0,0\n" for number in range(1, 20_000))
    source = write(tmp_path / "bad", changed(more(BOXES, rows + "a,xclick,/m/01yrx,1,0,7,0,1,0,0,0,0,0")))
    before = everything()
    result = load(source)
    assert errors(result) == [f'{BOXES}:20003: XMax: "7" is not a fraction between 0 and 1' + PIXELS]
    assert everything() == before


@pytest.mark.thorough
def test_issues_without_number_are_counted_and_kept_on_disk(tmp_path: Path) -> None:
    rows = "".join(f"a,xclick,/m/01yrx,1,0,{number},0,1,0,0,0,0,0\n" for number in range(2, 12_000))
    result = load(write(tmp_path / "bad", changed(more(BOXES, rows))))
    assert result.report.errors == 11_998
    assert len(result.report.first_issues()) == 100
    assert sum(1 for issue in result.report.issues() if issue.severity is Severity.ERROR) == 10_000
    (kind,) = result.report.kinds()
    assert (kind.count, kind.listed) == (11_998, 10_000)
    assert kind.rest == f"1,998 more are not listed: {BOXES}:10004-12001 (1,998)"


def test_dry_runs_of_overlapping_files_count_as_commits_do(tmp_path: Path) -> None:
    # The keys of what a check would create must not be taken for each other.
    names = "abcdefgh"
    rows = "ImageID,Source,LabelName,Confidence\n"
    whole = rows + "".join(f"{name},verification,/m/{label},1\n" for name in names for label in names)
    part = rows + "".join(f"{name}2,verification,/m/{label}2,0\n" for name in names for label in names)
    files: Files = {
        "train-annotations-human-imagelabels.csv": whole,
        "train-annotations-human-imagelabels-boxable.csv": part,
    }
    source = write(tmp_path / "a", files)
    dry, wet = load(source, dry_run=True), load(source)
    assert dry.report.totals == wet.report.totals
    assert wet.report.totals["human labels"].added == 128
    assert told(wet, Severity.WARNING) == []


def test_a_row_in_two_files_is_taken_once(tmp_path: Path) -> None:
    part = HUMAN.replace(".csv", "-boxable.csv")
    files = changed(gone(MASKS), file(part, "ImageID,Source,LabelName,Confidence\na,verification,/m/01yrx,0\n"))
    result = load(write(tmp_path / "a", files))
    assert result.report.totals["human labels"].skipped == {"in-earlier-file": 1}
    assert told(result, Severity.WARNING) == [
        f'{part}:2: Confidence: "0" differs from “1” in an earlier file, which is used'
    ]
