"""Small data sets for tests of what an import means, and what the rows are afterwards."""

import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from openimages_io.format.masks import encode
from openimages_io.models import Image, Shape, ShapeKind, Task
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.options import ImportOptions
from openimages_io.transfer.report import Report

Files = Mapping[str, Any]
"""Content by path: text or bytes."""

IMAGES_HEADER = (
    "ImageID,Subset,OriginalURL,OriginalLandingURL,License,AuthorProfileURL,Author,Title,OriginalSize,OriginalMD5,"
    "Thumbnail300KURL,Rotation"
)
LABELS_HEADER = "ImageID,Source,LabelName,Confidence"
BOXES_HEADER = (
    "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside"
)
CLICKS_HEADER = f"{BOXES_HEADER},XClick1X,XClick2X,XClick3X,XClick4X,XClick1Y,XClick2Y,XClick3Y,XClick4Y"
CHALLENGE_HEADER = "ImageID,LabelName,XMin,XMax,YMin,YMax,IsGroupOf"
MIAP_HEADER = (
    "ImageID,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepictionOf,IsInsideOf,"
    "GenderPresentation,AgePresentation"
)
MASKS_HEADER = "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks"

CLASSES = "/m/01yrx,Cat\n/m/0k4j,Car\n"
BOX = "a,xclick,/m/01yrx,1,0.1,0.5,0.2,0.6,0,0,0,0,0"
"""A box whose cells all say something."""

_PLACES = {
    "classes": "annotations/class-descriptions.csv",
    "hierarchy": "annotations/bbox_labels_600_hierarchy.json",
    "sizes": "annotations/images.meta",
    "images": "annotations/train-image_ids_and_rotation.csv",
    "labels": "annotations/train-annotations-human-imagelabels.csv",
    "machine": "annotations/train-annotations-machine-imagelabels.csv",
    "boxes": "annotations/train-annotations-bbox.csv",
    "masks": "annotations/train-annotations-object-segmentation.csv",
}
_HEADERS = {"images": IMAGES_HEADER, "labels": LABELS_HEADER, "machine": LABELS_HEADER, "boxes": BOXES_HEADER}
_HEADERS["masks"] = MASKS_HEADER


def csv_text(header: str, *rows: str) -> str:
    """A table of these lines."""
    return "".join(f"{line}\n" for line in (header, *rows))


def documented(**tables: str | list[str]) -> dict[str, str | bytes]:
    """Files of the documented archive, subset train: a text as it is, a list of rows under the official header."""
    return {
        _PLACES[name]: rows if isinstance(rows, str) else csv_text(_HEADERS[name], *rows)
        for name, rows in tables.items()
    }


def write(folder: Path, files: Files) -> Path:
    """Writes the files into the folder, and nothing else that is there stays."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def pack_zip(target: Path, folder: Path) -> Path:
    """A zip of a folder's content."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return target


def pack_tar(target: Path, folder: Path) -> Path:
    """A tar of a folder's content, packed as the name says."""
    with tarfile.open(target, "w:gz" if target.suffix == ".gz" else "w") as archive:
        archive.add(folder, ".")
    return target


def pixels(width: int = 8, height: int = 6) -> NDArray[np.bool_]:
    """An object with a hole and a part of its own."""
    mask = np.zeros((height, width), dtype=np.bool_)
    mask[1:5, 1:5] = True
    mask[2:4, 2:4] = False
    mask[0, width - 1] = True
    return mask


def png(mask: NDArray[np.bool_] | None = None) -> bytes:
    """A mask as a file."""
    return encode(pixels() if mask is None else mask)


def picture(width: int = 20, height: int = 10, color: str = "red", kind: str = "JPEG") -> bytes:
    """A picture as a file."""
    target = io.BytesIO()
    Pillow.new("RGB", (width, height), color).save(target, kind)
    return target.getvalue()


def bring_in(source: Path, task: str = "t", *, check_first: bool = True, **options: Any) -> Result:
    """Imports, and holds what must hold of every import: all rows are accounted for, and the check foretold it all."""
    chosen = ImportOptions(**options)
    foretold = Importer(source, task, chosen).run(dry_run=True).report if check_first else None
    result = Importer(source, task, chosen).run()
    accounted(result.report)
    if foretold is not None:
        accounted(foretold)
        assert totals(foretold) == totals(result.report)
        assert told(foretold) == told(result.report)
    return result


def accounted(report: Report) -> None:
    """Of all rows that were read none is missing."""
    for kind, t in report.totals.items():
        assert t.read == t.added + t.updated + t.unchanged + sum(t.skipped.values()), (kind, t.as_dict())


def totals(report: Report) -> dict[str, dict[str, Any]]:
    """The totals by kind, without what is zero."""
    found = {kind: {k: v for k, v in t.as_dict().items() if v} for kind, t in report.totals.items()}
    return {kind: values for kind, values in found.items() if values}


def told(report: Report) -> list[str]:
    """Every issue: severity, code and text."""
    return [f"{issue.severity}: {issue.code}: {issue}" for issue in report.issues()]


def codes(report: Report) -> list[str]:
    """The codes of the issues."""
    return [issue.code for issue in report.issues()]


def imported(source: Path, task: str = "t", **options: Any) -> Result:
    """An import that must be written without an issue, but that boxes came back rounded."""
    result = bring_in(source, task, **options)
    found = [line for line in told(result.report) if not line.startswith("note: coordinates-kept: ")]
    assert not found, found
    assert result.committed
    return result


def shapes(kind: ShapeKind | None = None, task: str = "t") -> list[Shape]:
    """The shapes of a task in their order."""
    rows = Shape.objects.filter(task__name=task).select_related("image", "label", "mask").order_by("pk")
    return list(rows.filter(kind=kind) if kind else rows)


def only_shape(kind: ShapeKind | None = None, task: str = "t") -> Shape:
    """The one shape that there is."""
    (shape,) = shapes(kind, task)
    return shape


def image_names(task: str = "t") -> list[tuple[str, str]]:
    """Subset and name of a task's images in their order."""
    return list(Image.objects.filter(task__name=task).order_by("pk").values_list("subset", "name"))


def everything(task: str = "t") -> str:
    """All rows of a task as text, keys and revisions included, times left out."""
    found = Task.objects.get(name=task)
    rows: list[Any] = [found.pk, found.revision]
    rows += found.images.order_by("pk").values()
    rows += found.labels.order_by("pk").values()
    for label in found.labels.order_by("pk"):
        rows += label.child_edges.order_by("pk").values()
        rows += label.attribute_specs.order_by("pk").values()
    rows += found.shapes.order_by("pk").values()
    rows += [
        [shape.mask.width, shape.mask.height, shape.mask.path, shape.mask.clicks, bytes(shape.mask.png).hex()]
        for shape in shapes(task=task)
        if hasattr(shape, "mask")
    ]
    return json.dumps(rows, default=str, indent=1)
