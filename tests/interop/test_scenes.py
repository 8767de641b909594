"""Datumaro reads the example data set, so that what else it reads can be compared with something known to be good."""

import csv
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fixtures.draw_scenes import FOLDER

READER = """
import json, sys
from datumaro.components.annotation import AnnotationType
from datumaro.components.dataset import Dataset

found = {}
for item in Dataset.import_from(sys.argv[1], "open_images"):
    kinds = found.setdefault(item.subset, {}).setdefault(item.id, {})
    for kind in ("label", "bbox", "mask"):
        kinds[kind] = sum(a.type == AnnotationType[kind] for a in item.annotations)
    kinds["pixels"] = sorted(int(a.image.sum()) for a in item.annotations if a.type == AnnotationType.mask)
print(json.dumps(found))
"""
"""Run by the other Python: subset -> item -> how many annotations of each kind."""


@pytest.fixture(scope="module")
def read(interop_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Datumaro sees, once the image lists have the name that it looks for."""
    folder = tmp_path_factory.mktemp("datumaro") / "scenes"
    shutil.copytree(FOLDER / "scenes", folder)
    for path in (folder / "annotations").glob("*-image_ids_and_rotation.csv"):
        path.rename(path.with_name(path.name.replace("image_ids_and", "images-with")))
    for path in (folder / "annotations").glob("*-machine-imagelabels.csv"):
        path.unlink()
    result = subprocess.run([interop_python, "-c", READER, folder], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def expected(subset: str, table: str, image: str) -> int:
    path = FOLDER / "scenes" / "annotations" / f"{subset}-annotations-{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return sum(row["ImageID"] == image for row in csv.DictReader(file))


def test_every_picture_is_an_item(read: dict[str, Any]) -> None:
    assert {subset: len(items) for subset, items in read.items()} == {"train": 8, "validation": 4}
    assert "b/c/2" in read["train"]


def test_every_row_is_an_annotation(read: dict[str, Any]) -> None:
    for subset, items in read.items():
        for image, kinds in items.items():
            assert kinds["label"] == expected(subset, "human-imagelabels", image)
            assert kinds["bbox"] == expected(subset, "bbox", image)
            assert kinds["mask"] == expected(subset, "object-segmentation", image)
            assert all(kinds["pixels"])
