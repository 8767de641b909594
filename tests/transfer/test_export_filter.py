"""An export of the images that a filter has: looked for once, whatever the database knows of its tables."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from openimages_io.annotations.bulk.changes import Change, Delete, Move, Relabel
from openimages_io.annotations.bulk.planning import is_beyond, make_plan
from openimages_io.exceptions import Failure
from openimages_io.models import Task
from openimages_io.models.chosen_images import ChosenImages
from openimages_io.transfer.exporter import Exporter
from openimages_io.transfer.options import ExportOptions
from tests.transfer.exporting import WHOLE, Made

SHAPES, IMAGES = '"openimages_io_shape"', '"openimages_io_image"'


@pytest.fixture
def made(db: None) -> Made:
    """Images of two subsets with boxes, clicks, people, groups, tags and a mask of two labels; one without any."""
    made = Made()
    dog = made.add_label("/m/0bt9lr", "Dog")
    for number, subset in enumerate(("train", "train", "validation", "test")):
        made.image = made.add_image(f"b{number}", subset, width=40, height=20)
        made.add("rectangle", score=0.2 * number, source="xclick", clicks="0.5 0.5 0", **WHOLE)
        made.add("rectangle", label=dog if number % 2 else made.label, attributes={"gender": "Feminine"}, **WHOLE)
        made.add("rectangle", group=number + 1, **WHOLE)
        made.add("rectangle", group=number + 1, **WHOLE)
        made.add("tag", label=dog, score=number % 2, source="verification", attributes={"pose": "left"})
        made.add_mask(**WHOLE)
    return made


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}


def asked_of(made: Made) -> list[dict[str, Any]]:
    """A filter of each sort."""
    cat, dog = made.task.labels.order_by("pk").values_list("pk", flat=True)
    return [
        {"label": [cat], "score_min": 0.3},
        {"label": [dog], "presence": "absent"},
        {"without_label": [dog]},
        {"kind": "rectangle", "subset": "train", "attribute": ["gender"]},
        {"has_shapes": False},
        {"search": "B", "has_file": False},
    ]


@pytest.mark.long
@pytest.mark.parametrize("layout", ["documented", "datumaro"])
def test_it_is_that_of_the_same_images_selected_one_by_one(made: Made, tmp_path: Path, layout: str) -> None:
    options = ExportOptions(layout=layout)  # type: ignore[arg-type]  # the word is the choice
    for number, asked in enumerate(asked_of(made)):
        keys = tuple(made.task.images.annotated(**asked).values_list("pk", flat=True))
        assert 0 < len(keys) < made.task.images.count()
        reports = []
        for name, chosen in (("filter", ChosenImages(asked=asked)), ("keys", ChosenImages(keys=keys))):
            dest = tmp_path / f"{name}-{number}"
            report = Exporter(made.task, dest, options, images=chosen).run().report
            reports.append((report.totals_as_json(), [issue.code for issue in report.issues()]))
        assert reports[0] == reports[1]
        assert reports[0][0]["images"]["written"] == len(keys)
        assert files(tmp_path / f"filter-{number}") == files(tmp_path / f"keys-{number}")


@pytest.mark.parametrize("subsets", [[], ["train", "validation"]])
def test_no_query_looks_for_images_while_it_reads_shapes(made: Made, tmp_path: Path, subsets: list[str]) -> None:
    """A database that knows nothing of its tables joins the two in a way that doesn't end."""
    for number, asked in enumerate(asked_of(made)[:3]):
        options = ExportOptions(subsets=frozenset(subsets))
        with CaptureQueriesContext(connection) as queries:
            Exporter(made.task, tmp_path / str(number), options, images=ChosenImages(asked=asked)).run()
        both_are_apart(queries)


def test_nor_does_a_bulk_change(made: Made) -> None:
    cat, dog = made.task.labels.order_by("pk").values_list("pk", flat=True)
    changes: tuple[Change, ...] = (Move(subset="x"), Relabel(label=cat, new_label=dog), Delete(label=cat))
    for asked in asked_of(made)[:3]:
        for change in changes:
            with CaptureQueriesContext(connection) as queries:
                plan = make_plan(made.task, change, ChosenImages(asked=asked), "default")
                assert is_beyond(made.task, change, ChosenImages(asked=asked), "default", 0)
            assert plan.images
            both_are_apart(queries)


def both_are_apart(queries: CaptureQueriesContext) -> None:
    read = [query["sql"] for query in queries if f"FROM {SHAPES}" in query["sql"]]
    assert read
    assert not [sql for sql in read if IMAGES in sql]


def test_images_of_another_task_are_never_among_them(made: Made, tmp_path: Path) -> None:
    other = Task.objects.create(name="other")
    keys = tuple(made.task.images.values_list("pk", flat=True))
    assert list(ChosenImages(keys=keys).found(other.pk, "default").images()) == []
    assert ChosenImages(asked={"kind": "tag"}).found(other.pk, "default").count() == 0


def test_a_subset_of_which_the_filter_has_no_image_is_not_missing(made: Made, tmp_path: Path) -> None:
    options, chosen = ExportOptions(subsets=frozenset(["test"])), ChosenImages(asked={"subset": "train"})
    assert Exporter(made.task, tmp_path / "a", options, images=chosen).run().report.of("images").written == 0
    with pytest.raises(Failure, match="no subset “nowhere”"):
        Exporter(made.task, tmp_path / "b", ExportOptions(subsets=frozenset(["nowhere"])), images=chosen).run()
