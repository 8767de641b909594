"""Exports of images whose names are easily taken for each other's, brought in again: no box changes its picture."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from openimages_io.format.names import split_ending
from openimages_io.models import Image, Shape, Task
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ImportOptions, Missing, OnError
from openimages_io.transfer.pictures.storing import digest_of
from tests.transfer.datasets import BOXES_HEADER, csv_text, picture, told, write

pytestmark = pytest.mark.django_db

NAMES = ("a", "a.jpg", "a.png", "x/a", "x/a.jpg", "y/a", "r/x/a", "r/a", "r/x/a.png", "b", "x/b")


def fill(chance: random.Random, folder: Path) -> Task:
    """A task of some of the names, some with a picture, each with a box that no other has."""
    task = Task.objects.create(name="one")
    label = task.labels.create(name="/m/01yrx", position=0)
    for subset in chance.sample(("train", "val"), chance.randint(1, 2)):
        for name in chance.sample(NAMES, chance.randint(1, 6)):
            image = task.images.create(subset=subset, name=name)
            x = 0.001 * image.pk % 0.9
            Shape.objects.create(
                task=task, image=image, label=label, kind="rectangle", x_min=x, x_max=x + 0.05, y_min=0.1, y_max=0.2
            )
    files: dict[str, str | bytes] = {}
    for number, image in enumerate(task.images.all()):
        if chance.random() < 0.6:
            ending = chance.choice(((".jpg", "JPEG"), (".png", "PNG")))
            data = picture(width=20 + number, kind=ending[1])
            files[f"images/{image.subset}/{image.name}{ending[0]}"] = data
    if files:
        assert Importer(write(folder, files), "one").run().committed
    return task


def boxes(task: str) -> Counter[tuple[Any, ...]]:
    """Every box with the picture that it lies on."""
    rows = Shape.objects.filter(task__name=task).values_list("x_min", "image__subset", "image__file_digest")
    return Counter((round(x or 0, 6), subset, digest) for x, subset, digest in rows)


@pytest.mark.parametrize("seed", range(20))
def test_no_box_changes_its_picture(seed: int, tmp_path: Path) -> None:
    task = fill(random.Random(seed), tmp_path / "pictures")
    Exporter(task, tmp_path / "one").run()
    before = Image.objects.filter(task=task).count()

    result = Importer(tmp_path / "one", "two").run()

    assert result.committed, told(result.report)
    assert boxes("two") == boxes("one"), told(result.report)
    assert Image.objects.filter(task__name="two").count() == before
    assert Importer(tmp_path / "one", "one").run().changed is False
    Exporter(Task.objects.get(name="two"), tmp_path / "two").run()
    third = Importer(tmp_path / "two", "three").run()
    names = [sorted(Image.objects.filter(task__name=name).values_list("subset", "name")) for name in ("two", "three")]
    assert names[0] == names[1], told(third.report)
    assert boxes("three") == boxes("one")


def may_be_one(row: str, other: str) -> bool:
    """Whether a name of a row and a picture's path, or a task's image, may be of one image at all."""
    (stem, ending), (other_stem, other_ending) = split_ending(row), split_ending(other)
    agree = ending == other_ending or not ending or not other_ending or row == other_stem
    if row == other_stem:
        return True
    return agree and (f"/{stem}".endswith(f"/{other_stem}") or f"/{other_stem}".endswith(f"/{stem}"))


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("policy", [Missing.CREATE, Missing.ERROR, Missing.SKIP])
def test_no_row_and_no_picture_meet_an_image_that_is_another(seed: int, policy: Missing, tmp_path: Path) -> None:
    chance = random.Random(seed)
    rows, of_task = (chance.sample(NAMES, chance.randint(1, 6)) for _ in range(2))
    task = Task.objects.create(name="t")
    task.labels.create(name="/m/01yrx", position=0)
    if policy is not Missing.CREATE or chance.random() < 0.5:
        Image.objects.bulk_create([Image(task=task, subset="train", name=name) for name in of_task])
    lines = [f"{row},,/m/01yrx,1,0.{NAMES.index(row):02},0.5,0.2,0.6,0,0,0,0,0" for row in rows]
    files: dict[str, str | bytes] = {"annotations/train-annotations-bbox.csv": csv_text(BOXES_HEADER, *lines)}
    paths: dict[str, str] = {}
    for number, name in enumerate(chance.sample(NAMES, chance.randint(0, 6))):
        data = picture(width=20 + number)
        path = f"{name}{chance.choice(('.jpg', ''))}" if split_ending(name)[1] == ".jpg" else f"{name}.jpg"
        if f"images/train/{path}" not in files:
            paths[digest_of(data)] = path
            files[f"images/train/{path}"] = data

    Importer(write(tmp_path / "in", files), "t", ImportOptions(missing_images=policy, on_error=OnError.SKIP)).run()

    for x, name, digest in Shape.objects.values_list("x_min", "image__name", "image__file_digest"):
        row = NAMES[round((x or 0) * 100)]
        assert may_be_one(row, name)
        assert not digest or may_be_one(row, paths[digest]), (row, name, paths[digest])
    for name, digest in Image.objects.exclude(file_digest="").values_list("name", "file_digest"):
        assert may_be_one(name, paths[digest]), (name, paths[digest])
    doubled = Counter(Image.objects.exclude(file_digest="").values_list("file_digest", flat=True))
    assert set(doubled.values()) <= {1}
