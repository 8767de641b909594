"""What tests of the export share: small tasks, and their archives as texts."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openimages_io.format.limits import Limits
from openimages_io.format.masks import decode, encode
from openimages_io.models import Image, Label, Mask, Shape, Task
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ExportOptions
from openimages_io.transfer.report import Report

WHOLE: dict[str, Any] = {"x_min": 0.0, "x_max": 1.0, "y_min": 0.0, "y_max": 1.0}
SQUARE = [0.25, 0.25, 0.75, 0.25, 0.75, 0.75, 0.25, 0.75]
CORNER = [0.0, 0.0, 0.5, 0.0, 0.0, 0.5]


class Made:
    """A task of one label and one image, to which tests add."""

    def __init__(self, *, label: str = "/m/01yrx", subset: str = "train", image: str = "a", **size: int | None) -> None:
        self.task = Task.objects.create(name="t")
        self.label = self.add_label(label, "Cat")
        self.image = self.add_image(image, subset, **({"width": 40, "height": 20} | size))

    def add_label(self, name: str, display: str = "", *, listed: bool = True) -> Label:
        position = self.task.labels.count()
        return Label.objects.create(
            task=self.task, name=name, display_name=display, position=position, is_listed=listed
        )

    def add_image(self, name: str, subset: str = "train", **values: Any) -> Image:
        return Image.objects.create(task=self.task, subset=subset, name=name, **values)

    def add(self, kind: str, **values: Any) -> Shape:
        given = {"task": self.task, "image": self.image, "label": self.label} | values
        return Shape.objects.bulk_create([Shape(kind=kind, **given)])[0]

    def add_mask(self, pixels: "NDArray[np.bool_] | None" = None, *, path: str = "", **values: Any) -> Shape:
        shape = self.add("mask", **values)
        mask = np.eye(6, 9, dtype=bool) if pixels is None else pixels
        Mask.objects.create(shape=shape, png=encode(mask), width=mask.shape[1], height=mask.shape[0], path=path)
        return shape

    def export(self, dest: Path, **options: Any) -> Report:
        """Exports the task; of each kind no row is unaccounted for."""
        report = Exporter(self.task, dest, ExportOptions(**options)).run().report
        for kind, totals in report.totals.items():
            assert totals.read == totals.written + sum(totals.skipped.values()), kind
        return report


def lines(folder: Path, name: str) -> list[str]:
    """The lines of an annotation file, without its header."""
    return (folder / "annotations" / name).read_text("utf-8").splitlines()[1:]


def told(report: Report) -> list[str]:
    """Code and value of each issue."""
    return [f"{issue.code}: {issue.value}" if issue.value else issue.code for issue in report.issues()]


def mask_pixels(path: Path) -> "NDArray[np.bool_]":
    """The object of a mask file."""
    return decode(path.read_bytes(), Limits())


def read_again(folder: Path, name: str = "again") -> Task:
    """The task that an import of the archive makes; nothing speaks against it."""
    result = Importer(folder, name).run()
    assert result.committed, [str(issue) for issue in result.report.issues()]
    assert result.task is not None
    return result.task
