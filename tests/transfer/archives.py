"""A small good archive with every kind of file, and ways to change one thing of it.

`changed(cell(BOXES, 3, "XMax", "1.2"))` is the good archive with another XMax in line 3, `write` (or `zipped`, or
`tarred`) puts it on disk, and `load` imports it and checks that every row is accounted for. `errors(result)` are the
errors as a person sees them, and `everything()` is all rows and stored files, to
compare with later; `contents(task)` leaves out what chance or the clock decides.
"""

import csv
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.apps import apps
from django.conf import settings
from PIL import Image as Pillow

from openimages_io.format.issues import Severity
from openimages_io.format.masks import encode
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Installation, Label, Mask, Shape
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.options import ImportOptions
from openimages_io.transfer.report import Report, Totals
from tests.stored_files import stored_files

Files = dict[str, str | bytes]
"""An archive's files by path; a text is written as UTF-8 with the line ends that it has."""
Change = Callable[[Files], Files]
"""Makes an archive into another."""

TASK = "street"

CLASSES = "annotations/class-descriptions.csv"
HIERARCHY = "annotations/bbox_labels_600_hierarchy.json"
SIZES = "annotations/images.meta"
IMAGES = "annotations/train-image_ids_and_rotation.csv"
HUMAN = "annotations/train-annotations-human-imagelabels.csv"
MACHINE = "annotations/train-annotations-machine-imagelabels.csv"
BOXES = "annotations/train-annotations-bbox.csv"
MASKS = "annotations/train-annotations-object-segmentation.csv"
CAT_MASK = "masks/train/a_m01yrx_0a0a0a0a.png"
CAR_MASK = "masks/train/b-c-d-2_m0k4j_0b0b0b0b.png"
PICTURE_A = "images/train/a.png"
PICTURE_B = "images/train/b/c/d/2.png"


def good() -> Files:
    """Two images in one subset, `a` and `b/c/d/2`; four classes; three tags, two boxes and two masks, one of a box."""
    return {
        CLASSES: "/m/01yrx,Cat\n/m/0bt9lr,Dog\n/m/0k4j,Car\n/m/083wq,Wheel\n",
        HIERARCHY: (
            '{"LabelName": "/m/0bl9f", "Subcategory": [\n'
            '  {"LabelName": "/m/01yrx"},\n'
            '  {"LabelName": "/m/0bt9lr"},\n'
            '  {"LabelName": "/m/0k4j", "Part": [{"LabelName": "/m/083wq"}]}\n'
            "]}\n"
        ),
        SIZES: "a 6 8\nb/c/d/2 3 4\n",
        IMAGES: (
            "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,OriginalSize,"
            "OriginalMD5,Thumbnail300KURL,Rotation\n"
            'a,train,https://example.org/a,,CC BY 2.0,,Ann,"A ""cat"", asleep",1234,kd5uvPBb,,0.0\n'
            "b/c/d/2,train,,,,,Özil,Straße,,,,90.0\n"
        ),
        HUMAN: "ImageID,Source,LabelName,Confidence\na,verification,/m/01yrx,1\na,verification,/m/0bt9lr,0\n",
        MACHINE: "ImageID,Source,LabelName,Confidence\nb/c/d/2,machine,/m/0k4j,0.7\n",
        BOXES: (
            "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,"
            "IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n"
            "a,xclick,/m/01yrx,1,0.25,0.75,0.1,0.9,1,0,-1,0,0\n"
            "b/c/d/2,xclick,/m/0k4j,1,0,0.5,0.2,1,0,0,0,0,0\n"
        ),
        MASKS: (
            "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks\n"
            "a_m01yrx_0a0a0a0a.png,a,/m/01yrx,0a0a0a0a,0.25,0.75,0.1,0.9,0.875,0.5 0.5 1;0.1 0.1 0\n"
            "b-c-d-2_m0k4j_0b0b0b0b.png,b/c/d/2,/m/0k4j,0b0b0b0b,,,,,,\n"
        ),
        CAT_MASK: png(8, 6),
        CAR_MASK: png(4, 3),
        PICTURE_A: picture(8, 6),
        PICTURE_B: picture(4, 3),
    }


def png(width: int, height: int) -> bytes:
    """A mask of 1 bit; its left half is the object."""
    pixels = np.zeros((height, width), dtype=np.bool_)
    pixels[:, : width // 2] = True
    return encode(pixels)


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    """A picture in a colour of its own."""
    return saved(Pillow.new("RGB", (width, height), (40, width, height)), kind)


def saved(image: Pillow.Image, kind: str = "PNG") -> bytes:
    """The bytes of a picture of any mode."""
    target = io.BytesIO()
    image.save(target, kind)
    return target.getvalue()


def changed(*changes: Change) -> Files:
    """The good archive after these changes, one after the other."""
    files = good()
    for change in changes:
        files = change(files)
    return files


def file(path: str, content: str | bytes) -> Change:
    """Puts a file there, or other content into one that is there."""
    return lambda files: files | {path: content}


def gone(*paths: str) -> Change:
    """Leaves files out."""
    return lambda files: {path: content for path, content in files.items() if path not in paths}


def line(path: str, number: int, text: str) -> Change:
    """Writes another line, which may be several, in the place of the one of this number, from 1."""

    def change(files: Files) -> Files:
        lines = _text(files, path).split("\n")
        lines[number - 1] = text
        return files | {path: "\n".join(lines)}

    return change


def more(path: str, text: str) -> Change:
    """Writes more at the end of a file."""
    return lambda files: files | {path: _text(files, path) + text}


def replaced(path: str, old: str, new: str) -> Change:
    """Writes something else in place of a text that the file has."""

    def change(files: Files) -> Files:
        before = _text(files, path)
        assert old in before, f"{path} has no {old!r}"
        return files | {path: before.replace(old, new)}

    return change


def cell(path: str, number: int, column: str, value: str) -> Change:
    """Writes another cell in the line of this number, from 1; the file has no line breaks in quotes."""

    def change(files: Files) -> Files:
        rows = list(csv.reader(io.StringIO(_text(files, path))))
        rows[number - 1][rows[0].index(column)] = value
        return files | {path: _csv(rows)}

    return change


def no_column(path: str, *columns: str) -> Change:
    """Takes columns away."""

    def change(files: Files) -> Files:
        rows = list(csv.reader(io.StringIO(_text(files, path))))
        kept = [index for index, name in enumerate(rows[0]) if name not in columns]
        assert len(kept) == len(rows[0]) - len(columns)
        return files | {path: _csv([[row[index] for index in kept] for row in rows])}

    return change


def encoded(path: str, encoding: str) -> Change:
    """Writes a text file in another encoding."""
    return lambda files: files | {path: _text(files, path).encode(encoding)}


def _text(files: Files, path: str) -> str:
    content = files[path]
    assert isinstance(content, str)
    return content


def _csv(rows: Iterable[Sequence[str]]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(rows)
    return target.getvalue()


def _bytes(files: Mapping[str, str | bytes]) -> Iterator[tuple[str, bytes]]:
    for path, content in files.items():
        yield path, content.encode() if isinstance(content, str) else content


def write(folder: Path, files: Files) -> Path:
    """Writes the archive as a folder."""
    for path, data in _bytes(files):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder


def zipped(path: Path, files: Files) -> Path:
    """Writes the archive as a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _bytes(files):
            archive.writestr(name, data)
    return path


def tarred(path: Path, files: Files) -> Path:
    """Writes the archive as a tar, packed as the path's ending says."""
    packer = {".gz": "w:gz", ".tar": "w"}[path.suffix]
    with tarfile.open(path, packer) as archive:  # type: ignore[call-overload]
        for name, data in _bytes(files):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def load(source: Path, task: str = TASK, *, dry_run: bool = False, **options: Any) -> Result:
    """Imports an archive; every row that was read must be accounted for in the totals."""
    result = Importer(source, task, ImportOptions(**options)).run(dry_run=dry_run)
    assert unaccounted(result.report) == {}
    return result


def unaccounted(report: Report) -> dict[str, Totals]:
    """The kinds of which rows were read that are in none of the other columns, or the other way round."""
    return {
        kind: totals
        for kind, totals in report.totals.items()
        if kind != "attributes"  # counts what was dropped of rows that were taken
        and totals.read != totals.added + totals.updated + totals.unchanged + sum(totals.skipped.values())
    }


def errors(result: Result) -> list[str]:
    """What a person would see of the errors, in the order in which they were found."""
    return told(result, Severity.ERROR)


def warnings(result: Result) -> list[str]:
    """What a person would see of the warnings."""
    return told(result, Severity.WARNING)


def told(result: Result, severity: Severity) -> list[str]:
    """What a person would see of the issues that are this bad."""
    return [str(issue) for issue in result.report.issues() if issue.severity is severity]


def everything() -> dict[str, Any]:
    """All rows of the app by table, and the bytes of all stored files by name, but for what says whose they are."""
    state: dict[str, Any] = {}
    for model in set(apps.get_app_config("openimages_io").get_models()) - {Installation}:
        rows = model._base_manager.order_by("pk").values_list()
        state[model.__name__] = [
            tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in rows
        ]
    media = Path(settings.MEDIA_ROOT)
    state["files"] = {str(path.relative_to(media)): path.read_bytes() for path in stored_files(media)}
    return state


def contents(task: str = TASK) -> dict[str, list[tuple[Any, ...]]]:
    """What a task holds, without keys, times and names by chance, so that two tasks can be compared."""
    images = Image.objects.filter(task__name=task).order_by("pk")
    columns = [field.attname for field in Image._meta.concrete_fields]
    by_chance = {"id", "task_id", "file", "revision", "updated"}
    kept = [column for column in columns if column not in by_chance]
    shapes = Shape.objects.filter(task__name=task).select_related("image", "label", "mask").order_by("pk")
    edges = HierarchyEdge.objects.filter(parent__task__name=task).order_by("pk")
    specs = AttributeSpec.objects.filter(label__task__name=task).order_by("label", "name")
    listed = ("name", "display_name", "color", "position", "is_listed")
    drawn = ("x_min", "x_max", "y_min", "y_max", "points", "clicks", "rotation", "source", "score", "occluded", "group")
    return {
        "images": [(*row, _picture(image)) for row, image in zip(images.values_list(*kept), images, strict=True)],
        "labels": list(Label.objects.filter(task__name=task).order_by("pk").values_list(*listed)),
        "edges": list(edges.values_list("parent__name", "child__name", "kind", "position")),
        "specs": list(specs.values_list("label__name", "name", "input_type", "default_value", "values")),
        "shapes": [
            (shape.kind, shape.image.subset, shape.image.name, shape.label.name, shape.all_attributes)
            + tuple(getattr(shape, name) for name in drawn)
            + (_mask(shape.mask) if hasattr(shape, "mask") else ())
            for shape in shapes
        ],
    }


def _picture(image: Image) -> bytes:
    if not image.file:
        return b""
    with image.file.open() as file:
        return bytes(file.read())


def _mask(mask: Mask) -> tuple[Any, ...]:
    return bytes(mask.png), mask.width, mask.height, mask.path, mask.clicks
