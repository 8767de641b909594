"""What merging, replacing and exporting lose: made-up data sets, and what is different afterwards, as a page.

The page is `losses.md` beside this module. A test compares it, so that whoever changes what is lost decides it:
`python -m tests.torture --only losses --golden` writes it again.
"""

import difflib
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import transaction

from openimages_io.models import Task
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import (
    ExportOptions,
    ImportOptions,
    LabelNames,
    LayoutName,
    MasksAs,
    MaskSize,
    Missing,
    MissingAttributes,
    Mode,
    OnError,
)
from openimages_io.transfer.report import Report
from tests.torture.describing import describe
from tests.torture.findings import Findings
from tests.torture.losses_task import other_pixels, picture, pixels_of_mask, whole_task
from tests.torture.sites import Databases
from tests.transfer import datasets

PAGE = Path(__file__).with_name("losses.md")
_HEAD = """# What is lost

*Written by `python -m tests.torture --only losses --golden`; a test compares it.* What stands here with a minus was
there before and is not there afterwards; a plus is what is there instead. Below it stands what the report says. A loss
that nobody has decided must not stand here: change the code, or say in [format.md](../../docs/format.md) why it is so.

Each case begins with the same task, made by `losses_task.py`: three images, three labels, and annotations of every kind
with a value in every column. Coordinates are fractions of the image. Groups are numbered within their image.
"""

Outcome = tuple[list[str], list[str], list[str]]
"""The task before, the task afterwards, and what was said."""
Case = Callable[[Task, Path], Outcome]


def run(findings: Findings, databases: Databases, *, golden: bool = False) -> None:
    """Compares the page on each database."""
    for vendor in databases.vendors:
        with databases.visiting(vendor), findings.trial(vendor):
            made = page()
            findings.tried += made.count("\n## ") - 1
            if golden:
                PAGE.write_text(made, "utf-8")
            kept = PAGE.read_text("utf-8")
            findings.expect(made == kept, f"{vendor}: what is lost is not what losses.md says", losses__md=made)


def page() -> str:
    """The page, from the code as it is. Needs a database that has no task."""
    with transaction.atomic():
        task = whole_task()
        text = _HEAD + "".join(f"\n## {title}\n\n{_section(case, task)}" for title, case in _cases())
        transaction.set_rollback(True)
    return text


def _section(case: Case, task: Task) -> str:
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        before, after, said = case(task, Path(folder))
        transaction.set_rollback(True)
    lines = difflib.unified_diff(before, after, n=0, lineterm="")
    changes = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    text = "```diff\n" + "\n".join(changes) + "\n```\n" if changes else "Nothing is lost.\n"
    return text + ("\n" + "".join(f"- {line}\n" for line in said) if said else "")


def _cases() -> Iterator[tuple[str, Case]]:
    yield "Export, and import into a new task", _exported()
    yield "The same for masks whose PNG never came, beside others that have theirs", _exported(lone=True)
    what = "compared with the export above"
    yield f"Export without pictures, {what}", _exported(pictures=False)
    yield f"Export in Datumaro's names, {what}", _exported(layout=LayoutName.DATUMARO)
    yield f"Export with display names as LabelNames, {what}", _exported(label_names=LabelNames.DISPLAY)
    yield f"Export with masks as large as their images, {what}", _exported(mask_size=MaskSize.IMAGE)
    yield f"Export of one label, {what}", _exported(labels=frozenset({"/m/cat"}))
    yield f"Export of one subset, {what}", _exported(subsets=frozenset({"val"}))
    for mode in (Mode.MERGE, Mode.REPLACE):
        for title, case in (*_of_boxes(mode), *_of_images(mode), *_of_masks(mode)):
            yield f"{mode.capitalize()}: {title}", case


def _row(**cells: str) -> str:
    same = {"source": "xclick", "label": "/m/cat", "score": "0.5", "x_min": "0.1", "flags": "1,1,0,0,0"}
    return "a,{source},{label},{score},{x_min},0.5,0.2,0.6,{flags}".format(**(same | cells))


def _of_boxes(mode: Mode) -> Iterator[tuple[str, Case]]:
    def boxes(*rows: str, **options: Any) -> Case:
        return _brought_in(ImportOptions(mode=mode, **options), boxes=list(rows))

    create = {"missing_labels": Missing.CREATE, "missing_images": Missing.CREATE}
    persons = "ImageID,LabelName,XMin,XMax,YMin,YMax,GenderPresentation\na,/m/cat,0.1,0.5,0.2,0.6,Unknown\n"
    yield "the very box", boxes(_row())
    yield "the box with empty cells", boxes(_row(source="", score="", flags=",,,,"))
    yield "the box with unknown flags", boxes(_row(flags="-1,-1,-1,-1,-1"))
    yield "the box with other values", boxes(_row(source="activemil", score="1", flags="0,0,1,1,1"))
    yield "the box moved by 0.000005", boxes(_row(x_min="0.100005"))
    yield "the box moved by 0.00002", boxes(_row(x_min="0.10002"))
    yield "the box of another label", boxes(_row(label="/m/dog"))
    yield "the box twice", boxes(_row(), _row())
    yield (
        "the box, and one of an unknown label, which is skipped",
        boxes(_row(), _row(label="/m/owl"), missing_labels=Missing.SKIP),
    )
    yield "a box of an unknown image, which is made", boxes(_row().replace("a,", "new,", 1), **create)
    yield "a box that is bad and left out", boxes(_row(x_min="left"), on_error=OnError.SKIP)
    dropped = ImportOptions(mode=mode, missing_attributes=MissingAttributes.DROP)
    yield "attributes without a spec, which are dropped", _brought_in(dropped, boxes=persons)
    yield "boxes, one label of them chosen", boxes(_row(), _row(label="/m/dog"), labels=frozenset({"/m/dog"}))
    yield "boxes, another subset chosen", boxes(_row(flags="0,0,0,0,0"), subsets=frozenset({"val"}))
    tags = ["a,verification,/m/cat,1", "b,machine,/m/dog,0.25"]
    yield "tags alone", _brought_in(ImportOptions(mode=mode), labels=tags)
    yield "a tag with another confidence", _brought_in(ImportOptions(mode=mode), labels=["a,verification,/m/cat,0"])


def _of_images(mode: Mode) -> Iterator[tuple[str, Case]]:
    def files(**given: Any) -> Case:
        return _brought_in(ImportOptions(mode=mode), **given)

    tree = '{"LabelName": "/m/dog", "Part": [{"LabelName": "/m/cat"}]}'
    yield "an image list with empty cells", files(images=["a,train,,,,,,,,,,"])
    yield "an image list with other cells", files(images=["a,train,u,v,w,x,y,z,1,m,t,180"])
    yield "other sizes", files(sizes="a 99 77\n")
    yield "another picture of another size", files(more={"images/train/a.png": picture((9, 9), "blue")})
    yield "another picture of the same size", files(more={"images/train/a.png": picture((40, 20), "blue")})
    yield "a class list with other display names", files(classes="/m/cat,Kitty\n/m/dog,\n")
    yield "another hierarchy", files(hierarchy=tree)


def _of_masks(mode: Mode) -> Iterator[tuple[str, Case]]:
    def masks(row: str, png: bytes | None, **options: Any) -> Case:
        more = {"masks/train/m.png": png} if png is not None else {}
        return _brought_in(ImportOptions(mode=mode, **options), masks=[row], more=more)

    row, very = "m.png,a,/m/cat,0a,0.1,0.5,0.2,0.6,0.75,0.5 0.5 1", pixels_of_mask()
    yield "the very mask", masks(row, very)
    yield "the mask with empty cells", masks("m.png,a,/m/cat,,,,,,,", very)
    yield "the mask with other cells", masks("m.png,a,/m/cat,0b,0.1,0.5,0.2,0.6,0.5,0.1 0.1 0", very)
    yield "the mask with other pixels", masks(row, other_pixels())
    yield "the mask without its PNG", masks(row, None)
    yield "the mask as polygons", masks(row, very, masks_as=MasksAs.POLYGONS)
    yield "its own export", _brought_back(ImportOptions(mode=mode))


def _exported(*, lone: bool = False, **options: Any) -> Case:
    def once(task: Task, path: Path, options: ExportOptions, name: str) -> tuple[list[str], list[str]]:
        report = Exporter(task, path, options).run().report
        result = Importer(path, name).run()
        said = _said(report, result.report)
        if result.refused:
            said.append("Refused. With bad rows left out:")
            result = Importer(path, name, ImportOptions(on_error=OnError.SKIP)).run()
        assert result.task is not None, said
        return describe(result.task), said

    def work(task: Task, folder: Path) -> Outcome:
        if not lone:
            task.shapes.filter(mask__path="lone.png").delete()
        plain, said = once(task, folder / "plain.zip", ExportOptions(), "plain")
        if not options:
            return describe(task), plain, said
        other, other_said = once(task, folder / "other.zip", ExportOptions(**options), "other")
        return plain, other, [line for line in other_said if line not in said]

    return work


def _brought_in(options: ImportOptions, *, more: dict[str, bytes] | None = None, **tables: Any) -> Case:
    def work(task: Task, folder: Path) -> Outcome:
        datasets.write(folder, datasets.documented(**tables) | (more or {}))
        return _imported(task, folder, options)

    return work


def _brought_back(options: ImportOptions) -> Case:
    def work(task: Task, folder: Path) -> Outcome:
        task.shapes.filter(mask__path="lone.png").delete()
        Exporter(task, folder / "out.zip").run()
        return _imported(task, folder / "out.zip", options)

    return work


def _imported(task: Task, source: Path, options: ImportOptions) -> Outcome:
    before = describe(task)
    result = Importer(source, task.name, options).run()
    return before, describe(task), _said(result.report) + ["Refused: nothing was written."] * result.refused


def _said(*reports: Report) -> list[str]:
    texts = (f"{issue.severity}: {issue}" for report in reports for issue in report.issues())
    return [re.sub(r"\b(polygon|ellipse|rectangle|mask) \d+ of", r"\1 … of", text) for text in texts]
