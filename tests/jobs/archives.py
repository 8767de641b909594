"""Archives to import: a small one, and one that takes long enough to be watched."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from django.core.files.base import ContentFile

from tests.transfer.generated import picture

CLASSES = "/m/01yrx,Cat\n/m/0k4j,Car\n"
BOX_HEADER = (
    "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside"
)


def small(*, boxes: str = "a,xclick,/m/01yrx,1,0.1,0.5,0.2,0.6,0,0,0,0,0\n", pictures: int = 0) -> "ContentFile[bytes]":
    """A zip with two classes and these boxes, and perhaps pictures."""
    files: dict[str, str | bytes] = {
        "annotations/class-descriptions.csv": CLASSES,
        "annotations/train-annotations-bbox.csv": f"{BOX_HEADER}\n{boxes}",
    }
    drawn = {f"images/train/p{number}.png": picture((number, 2, 3), (20, 10), "PNG") for number in range(pictures)}
    return zip_of({**files, **drawn})


def zip_of(files: Mapping[str, str | bytes]) -> "ContentFile[bytes]":
    """A zip with these files, by path."""
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w") as archive:
            for path, data in files.items():
                archive.writestr(path, data)
        return ContentFile(buffer.getvalue(), name="small.zip")


def write_large(path: Path, rows: int) -> Path:
    """A zip with so many boxes, fifty an image."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("annotations/class-descriptions.csv", CLASSES)
        archive.writestr("images/train/i0.png", picture((1, 2, 3), (20, 10), "PNG"))
        with archive.open("annotations/train-annotations-bbox.csv", "w") as file:
            file.write(f"{BOX_HEADER}\n".encode())
            for start in range(0, rows, 10_000):
                file.write("".join(map(_row, range(start, min(start + 10_000, rows)))).encode())
    return path


def _row(number: int) -> str:
    x = number % 8999 / 10_000
    return (
        f"i{number // 50},xclick,/m/0{'1yrx' if number % 2 else 'k4j'},1,{x:.6f},{x + 0.1:.6f},0.25,0.75,0,1,0,-1,0\n"
    )
