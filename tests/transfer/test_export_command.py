"""`manage.py export_openimages`."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from openimages_io.management.filtering import NAMES
from openimages_io.models import Label, Task
from tests.conftest import ROOT
from tests.transfer.exporting import WHOLE, Made

pytestmark = pytest.mark.django_db


def run(*args: object) -> str:
    out = StringIO()
    call_command("export_openimages", *map(str, args), stdout=out, no_color=True)
    return out.getvalue()


def test_it_tells_what_was_written(tmp_path: Path) -> None:
    made = Made()
    made.add("rectangle", **WHOLE)
    made.add("polygon", points=[[0, 0]], **WHOLE)

    text = run("t", tmp_path / "out.zip")

    assert f"Exported the task “t” to {tmp_path / 'out.zip'}: 1 error, 0 warnings." in text
    assert "error: " in text
    assert "boxes" in text
    assert "1 skipped: cannot be written" in text


def test_a_task_by_name_or_by_id(tmp_path: Path) -> None:
    one = Task.objects.create(name="one")
    for label, task in (("of one", one), ("of the other", Task.objects.create(name=str(one.pk)))):
        Label.objects.create(task=task, name=label)

    run(one.pk, tmp_path / "by name")
    assert (
        tmp_path / "by name" / "annotations" / "class-descriptions.csv"
    ).read_text() == "of the other,of the other\n"
    Task.objects.filter(name=str(one.pk)).update(name="other")
    run(one.pk, tmp_path / "by id")
    assert (tmp_path / "by id" / "annotations" / "class-descriptions.csv").read_text() == "of one,of one\n"


@pytest.mark.parametrize("task", ["none", "4711", "9" * 30, "²", "-1", "\udcff", "a\0b"])
def test_a_task_that_is_not_there(tmp_path: Path, task: str) -> None:
    with pytest.raises(CommandError, match=f"There is no task “{task}”"):
        run(task, tmp_path / "out")


def test_the_options_reach_the_export(tmp_path: Path) -> None:
    made = Made()
    made.add_image("b", "val")
    made.add("polygon", points=[[0, 0, 1, 0, 1, 1]], **WHOLE)
    options = ["--layout=datumaro", "--label-names=display", "--subset=train", "--label=Cat", "--mask-size=image"]
    run("t", tmp_path / "out", *options, "--no-images", "--no-progress")
    annotations = tmp_path / "out" / "annotations"
    assert (annotations / "class-descriptions.csv").read_text() == "Cat,Cat\n"
    assert (annotations / "train-images-with-rotation.csv").exists()
    assert not list(annotations.glob("val-*"))


def test_the_whole_report_in_a_file(tmp_path: Path) -> None:
    made = Made()
    shape = made.add("polygon", points=[[0, 0]], **WHOLE)
    run("t", tmp_path / "out", "--report", tmp_path / "report.json")

    report = json.loads((tmp_path / "report.json").read_text("utf-8"))

    assert (report["task"], report["dest"], report["errors"]) == ("t", str(tmp_path / "out"), 1)
    assert report["totals"]["masks"]["skipped"] == {"unwritable": 1}
    (issue,) = report["issues"]
    assert issue["value"] == f"polygon {shape.pk} of /m/01yrx on train/a"


def test_what_stands_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    Made()
    (tmp_path / "there.zip").write_text("mine")
    with pytest.raises(CommandError, match="exists; it is overwritten only with --force"):
        run("t", tmp_path / "there.zip")
    with pytest.raises(CommandError, match="there is no folder"):
        run("t", tmp_path / "no" / "folder.zip")
    with pytest.raises(CommandError, match="no subset “none”"):
        run("t", tmp_path / "out.zip", "--subset", "none")
    with pytest.raises(CommandError, match=r"there\.zip is not overwritten: it is not a zip that an export wrote"):
        run("t", tmp_path / "there.zip", "--force")
    assert (tmp_path / "there.zip").read_text() == "mine"
    run("t", tmp_path / "new.zip")
    before = (tmp_path / "new.zip").stat().st_ino
    run("t", tmp_path / "new.zip", "--force")
    assert (tmp_path / "new.zip").stat().st_ino != before


@pytest.mark.parametrize("option", ["--layout=other", "--mask-size=huge", "--label-names=x"])
def test_words_that_are_no_choice(tmp_path: Path, option: str) -> None:
    Made()
    with pytest.raises(CommandError, match="invalid"):
        run("t", tmp_path / "out", option)


def test_words_that_call_command_hands_on_unchecked(tmp_path: Path) -> None:
    Made()
    report = str(tmp_path / "report.json")
    call_command("export_openimages", "t", tmp_path / "out", layout="datumaro", report=report, stdout=StringIO())
    assert (tmp_path / "report.json").exists()
    assert (tmp_path / "out" / "annotations" / "train-images-with-rotation.csv").exists()
    with pytest.raises(CommandError, match="“other” is not one of: documented, datumaro"):
        call_command("export_openimages", "t", tmp_path / "other", layout="other")


@pytest.fixture
def filtered() -> Made:
    """Image a has a cat, b an absent cat and a dog, c a box without a source."""
    made = Made()
    dog = made.add_label("/m/0bt9lr", "Dog")
    made.add("tag", score=1, source="verification")
    made.image = made.add_image("b", "val")
    made.add("tag", score=0, source="verification")
    made.add("tag", label=dog, score=0.5, source="machine")
    made.image = made.add_image("c", "val")
    made.add("rectangle", label=dog, occluded=True, **WHOLE)
    return made


def exported(folder: Path) -> str:
    """The ImageIDs, in order."""
    lists = folder.glob("annotations/*-image_ids_and_rotation.csv")
    return "".join(sorted(line.split(",")[0] for path in lists for line in path.read_text().splitlines()[1:]))


@pytest.mark.parametrize(
    ("query", "images"),
    [
        ("label=Cat", "a"),
        ("label=/m/01yrx&presence=any", "ab"),
        ("label={cat}&presence=absent", "b"),
        ("label=Cat&label=Dog", "abc"),
        ("without_label=Dog", "a"),
        ("?subset=val&page=3&ordering=-id&search=", "bc"),
        ("https://example.org/admin/openimages_io/task/1/gallery/?kind=tag&score_max=0.5&after=9", "b"),
        ("/admin/openimages_io/task/1/gallery/?attribute=occluded%3Dtrue", "c"),
        ("source=∅", "c"),
        ("source=%E2%88%85", "c"),
        ("has_shapes=false", ""),
        ("search=B&updated_since=2020-01-01T00:00:00Z", "b"),
    ],
)
def test_the_filter_of_a_gallerys_address(tmp_path: Path, filtered: Made, query: str, images: str) -> None:
    text = run("t", tmp_path / "out", "--filter", query.format(cat=filtered.label.pk), "--no-progress")
    assert exported(tmp_path / "out") == images
    assert "0 errors" in text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("labels=Cat", "images are not asked by “labels”, but by: name, search, subset, label"),
        ("Cat", "images are not asked by “Cat”"),
        ("", "asks for nothing"),
        ("/admin/openimages_io/task/1/gallery/", "asks for nothing"),
        ("subset=&page=2", "asks for nothing"),
        ("label=Unicorn", "label: the task “t” has no label “Unicorn”"),
        ("without_label=4711", "without_label: the task “t” has no label “4711”"),
        ("label=\0", "has no label"),
        ("label=Dog&label=Twin", "several labels are called “Twin”: write one of “x”, “y”"),
        ("presence=maybe", "presence: "),
        ("score_min=2", "score_min: "),
        ("score_min=0.5&score_max=0.2", "score_max: This is below score_min"),
        ("&".join(f"label={number}" for number in range(2000)), "asks for too much"),
        ("attribute=a&" * 30, "attribute: This is given 30 times; 20 times is the most"),
    ],
)
def test_a_filter_that_is_not_understood_exports_nothing(tmp_path: Path, filtered: Made, query: str, said: str) -> None:
    for name in "xy":
        filtered.add_label(name, "Twin")
    with pytest.raises(CommandError) as raised:
        run("t", tmp_path / "out", "--filter", query)
    assert str(raised.value).startswith("--filter: ")
    assert said in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_the_documentation_names_all_that_may_be_asked() -> None:
    section = (ROOT / "docs" / "export.md").read_text().partition("## The images of a filter")[2].partition("\n## ")[0]
    assert {name for name in NAMES if f"`{name}`" not in section} == set()
