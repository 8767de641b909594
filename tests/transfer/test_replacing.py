"""Mode replace says what it takes, takes only kinds that the archive has a file for, and loses nothing to bad rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openimages_io.models import Image, Shape, Task
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.options import ImportOptions, Missing, Mode, OnError, from_json
from tests.transfer import generated
from tests.transfer.datasets import BOX, CLASSES, Files, bring_in, documented, imported, png, totals, write

pytestmark = pytest.mark.django_db

MASK = "a_aaaaaaaa.png,a,/m/01yrx,aaaaaaaa,0.1,0.5,0.2,0.6,0.9,"
HUMAN = "a,verification,/m/01yrx,1"
MACHINE = "a,machine,/m/0k4j,0.7"


def box(x_max: float | str, image: str = "a") -> str:
    return BOX.replace("0.5", str(x_max)).replace("a,", f"{image},", 1)


@pytest.fixture
def again(tmp_path: Path) -> Callable[[Files], Path]:
    return lambda files: write(tmp_path / "again", files)


@pytest.fixture
def task(again: Callable[[Files], Path]) -> Task:
    files = documented(
        classes=CLASSES,
        labels=[HUMAN, HUMAN.replace("a,", "b,", 1)],
        machine=[MACHINE],
        boxes=[box(0.5), box(0.4), box(0.5, "b"), box(0.4, "b")],
        masks=[MASK],
    )
    imported(again(files | {"masks/train/a_aaaaaaaa.png": png()}))
    return Task.objects.get()


def kept(kind: str, image: str = "a") -> list[Any]:
    return list(Shape.objects.filter(kind=kind, image__name=image).order_by("pk").values_list("x_max", flat=True))


def said(result: Result, code: str) -> list[str]:
    return [str(issue) for issue in result.report.issues() if issue.code == code]


def replaced(source: Path, *, dry_run: bool = False, **options: Any) -> Result:
    chosen = ImportOptions(mode=Mode.REPLACE, on_error=OnError.SKIP, **options)
    return Importer(source, "t", chosen).run(dry_run=dry_run)


def test_only_kinds_that_the_archive_has_a_file_for(task: Task, again: Callable[[Files], Path]) -> None:
    mask = Shape.objects.get(kind="mask")
    source = again(documented(boxes=[box(0.7), box(0.5)]))
    for dry_run in (True, False):
        result = replaced(source, dry_run=dry_run)
        assert said(result, "annotations-removed") == ["Mode replace removes 2 annotations of 1 image (boxes: 2)"]
        assert said(result, "kinds-kept") == [
            (
                "3 annotations stay because the archive has no file of their kind "
                "(human labels: 1, machine labels: 1, masks: 1)"
            )
        ]
        assert totals(result.report)["boxes"] == {"read": 2, "added": 2, "removed": 2}
    assert kept("rectangle") == [0.7, 0.5]
    assert kept("rectangle", "b") == [0.5, 0.4]
    assert len(kept("tag")) == 2
    # The mask that stayed has the box that is in the place of the one that it had.
    new = Shape.objects.get(kind="rectangle", image__name="a", x_max=0.5)
    mask.refresh_from_db()
    assert mask.group == new.group
    assert mask.group is not None


def test_tags_of_people_and_of_machines_are_kinds_of_their_own(task: Task, again: Callable[[Files], Path]) -> None:
    result = replaced(again(documented(machine=["a,machine,/m/01yrx,0.1"])))
    assert totals(result.report) == {"machine labels": {"read": 1, "added": 1, "removed": 1}}
    assert Shape.objects.human_tags().count() == 2
    assert Shape.objects.filter(kind="tag", image__name="a").count() == 2


def test_a_file_of_one_subset_takes_nothing_of_another(again: Callable[[Files], Path]) -> None:
    files = documented(classes=CLASSES, boxes=[box(0.5)])
    other = {"annotations/test-annotations-bbox.csv": files["annotations/train-annotations-bbox.csv"]}
    imported(again(files | other))
    names = {
        "annotations/test-annotations-human-imagelabels.csv": "ImageID,Source,LabelName,Confidence\na,,/m/0k4j,1\n"
    }
    replaced(again(documented(boxes=[box(0.7)]) | names))
    assert Image.objects.count() == 2
    boxes = Shape.objects.filter(kind="rectangle").values_list("image__subset", "x_max")
    assert sorted(boxes) == [("test", 0.5), ("train", 0.7)]


def test_all_kinds_if_so_chosen(task: Task, again: Callable[[Files], Path]) -> None:
    result = replaced(again(documented(boxes=[box(0.7)])), replace_all_kinds=True)
    assert said(result, "annotations-removed") == [
        "Mode replace removes 5 annotations of 1 image (boxes: 2, human labels: 1, machine labels: 1, masks: 1)"
    ]
    assert not said(result, "kinds-kept")
    assert (kept("tag"), kept("mask"), kept("rectangle")) == ([], [], [0.7])


@pytest.mark.parametrize("bad", ["1.5", "left"])
def test_an_image_with_a_bad_row_keeps_its_rows_and_its_good_rows_merge(
    bad: str, task: Task, again: Callable[[Files], Path]
) -> None:
    keys = set(Shape.objects.filter(kind="rectangle", image__name="a").values_list("pk", flat=True))
    rows = [box(0.5).replace("xclick", "freeform"), box(bad), box(0.7), box(0.3, "b")]
    source = again(documented(boxes=rows))
    for dry_run in (True, False):
        result = replaced(source, dry_run=dry_run)
        assert totals(result.report)["boxes"] == {
            "read": 4, "added": 2, "updated": 1, "removed": 2, "skipped": {"bad": 1},
        }  # fmt: skip
        assert said(result, "rows-kept") == [
            "1 image keeps all annotations of a kind with a skipped row; good rows of that kind are merged there"
        ]
    assert kept("rectangle") == [0.5, 0.4, 0.7]
    assert keys < set(Shape.objects.filter(kind="rectangle", image__name="a").values_list("pk", flat=True))
    assert kept("rectangle", "b") == [0.3]


def test_where_the_image_of_a_bad_row_is_unknown_all_keep_theirs(task: Task, again: Callable[[Files], Path]) -> None:
    source = again(documented(boxes=[box(0.5), "a,xclick", box(0.3, "b")], labels=["a,,/m/0k4j,1"]))
    result = replaced(source)
    (said_of_it,) = said(result, "rows-kept")
    assert "rows were skipped whose image cannot be read (“boxes”)" in said_of_it
    assert kept("rectangle") == [0.5, 0.4]
    assert kept("rectangle", "b") == [0.5, 0.4, 0.3]
    assert totals(result.report)["human labels"] == {"read": 1, "added": 1, "removed": 2}


def test_a_bad_row_of_a_new_image_keeps_nothing_of_others(task: Task, again: Callable[[Files], Path]) -> None:
    """The next import finds the image, and says the same: else it would take what the first has kept."""
    picture = {"images/train/x/c.png": generated.picture((1, 2, 3), (6, 4), "PNG")}  # names are matched as a whole
    source = again(documented(boxes=[box(0.3, "b"), box(0.6, "c"), box(1.5, "c")]) | picture)
    for number in range(2):
        result = replaced(source, missing_images=Missing.CREATE)
        assert len(said(result, "rows-kept")) == number
        assert (kept("rectangle"), kept("rectangle", "b"), kept("rectangle", "c")) == ([0.5, 0.4], [0.3], [0.6])


def test_a_missing_mask_keeps_the_masks(task: Task, again: Callable[[Files], Path]) -> None:
    other = MASK.replace("aaaaaaaa", "bbbbbbbb")
    result = replaced(again(documented(masks=[other]) | {"masks/train/x.png": png()}))
    assert result.committed
    assert len(kept("mask")) == 1
    assert "removed" not in totals(result.report)["masks"]


def test_options_of_a_job_from_before_are_read() -> None:
    assert from_json(ImportOptions, {"mode": "replace", "pictures": False}) == ImportOptions(
        mode=Mode.REPLACE, pictures=False
    )


def test_nothing_is_said_in_other_modes(task: Task, again: Callable[[Files], Path]) -> None:
    result = bring_in(again(documented(boxes=[box(0.7)])))
    assert not [issue for issue in result.report.issues() if issue.code in {"annotations-removed", "kinds-kept"}]
