"""Changes of many images: each row counted, nothing lost, and done only as it was shown."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from openimages_io import signals
from openimages_io.annotations.bulk.applying import PreviewMoved, carry_out
from openimages_io.annotations.bulk.changes import (
    Change,
    Delete,
    Duplicates,
    Move,
    NewLabelSpecs,
    Relabel,
    as_json,
    of_json,
)
from openimages_io.annotations.bulk.plan import Plan
from openimages_io.annotations.bulk.planning import make_plan
from openimages_io.annotations.errors import InvalidData, NotThere
from openimages_io.annotations.transactions import changing_image
from openimages_io.annotations.versions import Expected
from openimages_io.models import AttributeSpec, Image, Label, Mask, Shape, Task
from openimages_io.models.chosen_images import ChosenImages
from tests.api.concurrent_saves import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ALL = ChosenImages()
BOX = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}


class World:
    """A task with two labels."""

    def __init__(self) -> None:
        self.task = Task.objects.create(name="t")
        self.cat = self.label("/m/cat", "Cat")
        self.dog = self.label("/m/dog", "Dog")

    def label(self, name: str, shown: str) -> Label:
        return Label.objects.create(task=self.task, name=name, display_name=shown)

    def image(self, name: str, subset: str = "train") -> Image:
        return Image.objects.create(task=self.task, name=name, subset=subset)

    def box(self, image: Image, label: Label | None = None, **values: Any) -> Shape:
        given = {"kind": "rectangle", **BOX, **values}
        return Shape.objects.create(task=self.task, image=image, label=label or self.cat, **given)

    def tag(self, image: Image, label: Label | None = None, score: float = 1, source: str = "people") -> Shape:
        values = {"kind": "tag", "score": score, "source": source}
        return Shape.objects.create(task=self.task, image=image, label=label or self.cat, **values)

    def mask(self, image: Image, label: Label | None = None, png: bytes = b"png", **values: Any) -> Shape:
        shape = Shape.objects.create(task=self.task, image=image, label=label or self.cat, kind="mask", **BOX)
        Mask.objects.create(shape=shape, png=png, **values)
        return shape

    def plan(self, change: Change, chosen: ChosenImages = ALL) -> Plan:
        return make_plan(self.task, change, chosen, "default")

    def do(self, change: Change, chosen: ChosenImages = ALL, **values: Any) -> Plan:
        return carry_out(self.task, change, chosen, **values)

    def relabel(self, **values: Any) -> Relabel:
        return Relabel(label=self.cat.pk, new_label=self.dog.pk, **values)

    def revisions(self) -> list[int]:
        images = Image.objects.order_by("pk").values_list("revision", flat=True)
        return [Task.objects.get(pk=self.task.pk).revision, *images]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    found: list[dict[str, Any]] = []

    def hear(**values: Any) -> None:
        found.append({**values, "is_open": transaction.get_connection().in_atomic_block})

    signals.shapes_saved.connect(hear)
    yield found
    signals.shapes_saved.disconnect(hear)


def labels(*shapes: Shape) -> list[str]:
    return [str(Shape.objects.select_related("label").get(pk=shape.pk).label) for shape in shapes]


def totals(plan: Plan) -> dict[str, dict[str, Any]]:
    """What is not 0."""
    found = plan.report.totals_as_json()
    return {kind: {name: value for name, value in counts.items() if value} for kind, counts in found.items()}


def told(plan: Plan) -> list[str]:
    return [str(issue) for issue in plan.report.issues()]


def adds_up(plan: Plan) -> None:
    """Of the rows that a change is about none is missing in its report."""
    for counts in plan.report.totals_as_json().values():
        made = counts["updated"] + counts["removed"] + counts["unchanged"] + sum(counts["skipped"].values())
        assert made == counts["read"]


class TestMoving:
    """Images to another subset."""

    def test_images_move_and_what_is_there_already_stays(self, world: World) -> None:
        a, b = world.image("a"), world.image("b", "val")
        world.box(a)
        before = world.revisions()
        plan = world.plan(Move(subset="val"))
        assert (plan.images, plan.rows, totals(plan)) == (2, 1, {"images": {"read": 2, "updated": 1, "unchanged": 1}})
        assert world.revisions() == before
        done = world.do(Move(subset="val"))
        adds_up(done)
        assert list(Image.objects.values_list("name", "subset")) == [("a", "val"), ("b", "val")]
        assert world.revisions()[0] == before[0] + 1
        assert Image.objects.get(pk=a.pk).updated > Image.objects.get(pk=b.pk).updated

    def test_an_image_whose_name_the_subset_has_stays_and_is_named(self, world: World) -> None:
        for name, subset in (("a", "train"), ("a", "val"), ("b", "train")):
            world.image(name, subset)
        plan = world.do(Move(subset="val"), ChosenImages(asked={"subset": "train"}))
        adds_up(plan)
        assert totals(plan)["images"] == {"read": 2, "updated": 1, "skipped": {"name-taken": 1}}
        assert told(plan) == ['"train/a" stays in its subset: “val” has an image of that name already']
        assert sorted(Image.objects.values_list("subset", "name")) == [("train", "a"), ("val", "a"), ("val", "b")]

    def test_of_two_images_of_one_name_neither_is_guessed_to_be_the_right_one(self, world: World) -> None:
        for subset in ("train", "val"):
            world.image("a", subset)
        plan = world.do(Move(subset="test"))
        adds_up(plan)
        assert totals(plan)["images"]["skipped"] == {"name-shared": 2}
        assert [line.partition(" stays")[0] for line in told(plan)] == ['"train/a"', '"val/a"']
        assert sorted(Image.objects.values_list("subset", flat=True)) == ["train", "val"]

    @pytest.mark.parametrize("subset", ["", "..", "a/b", "a\0b", "x" * 256, "\ud800"])
    def test_a_subset_is_one_that_an_archive_can_have(self, world: World, subset: str) -> None:
        with pytest.raises(InvalidData) as caught:
            world.plan(Move(subset=subset))
        assert [(fault.path, fault.code) for fault in caught.value.faults] == [("subset", "bad_subset")]

    def test_no_shape_was_saved_by_it(self, world: World, heard: list[Any]) -> None:
        world.box(world.image("a"))
        world.do(Move(subset="val"))
        assert heard == []


class TestRelabelling:
    """Annotations to another label."""

    def test_every_kind_with_all_that_is_said_of_it(self, world: World, heard: list[Any]) -> None:
        image, other = world.image("a"), world.image("b")
        shapes = [
            world.box(image, score=0.5, group=3, occluded=True),
            world.tag(image, score=0),
            world.tag(image, source="machine"),
            world.mask(image),
            world.box(image, kind="polygon", points=[[0.1, 0.2, 0.5, 0.2, 0.5, 0.6]]),
            world.box(image, kind="ellipse", points=[0.3, 0.4, 0.2, 0.2]),
        ]
        kept = world.box(other, world.dog)
        before, rows = world.revisions(), list(Shape.objects.values().order_by("pk"))
        plan = world.do(world.relabel())
        adds_up(plan)
        assert totals(plan) == {
            kind: {"read": 1, "updated": 1}
            for kind in ("boxes", "human labels", "machine labels", "masks", "polygons", "ellipses")
        }
        after = list(Shape.objects.values().order_by("pk"))
        assert after == [{**row, "label_id": world.dog.pk} for row in rows]
        assert labels(kept, *shapes) == ["Dog"] * 7
        assert world.revisions() == [before[0] + 1, before[1] + 1, before[2]]
        (event,) = heard
        assert (event["task"], event["image_ids"], event["is_open"]) == (world.task, {image.pk}, False)
        assert (event["created"], event["changed"], event["deleted"]) == (0, 6, 0)
        assert event["kinds"] == {"rectangle", "tag", "mask", "polygon", "ellipse"}

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({}, ["Dog"] * 4),
            ({"kind": "rectangle"}, ["Dog", "Dog", "Cat", "Cat"]),
            ({"kind": "rectangle", "source": "x"}, ["Cat", "Dog", "Cat", "Cat"]),
            ({"score_max": 0.5}, ["Dog", "Cat", "Cat", "Dog"]),
            ({"presence": "absent"}, ["Cat", "Cat", "Cat", "Dog"]),
            ({"presence": "present"}, ["Dog", "Dog", "Dog", "Cat"]),
            ({"attribute": ["occluded"]}, ["Cat", "Dog", "Cat", "Cat"]),
            ({"source": "\0"}, ["Cat"] * 4),
        ],
    )
    def test_only_what_is_asked_for(self, world: World, asked: dict[str, Any], expected: list[str]) -> None:
        one, two = world.image("a"), world.image("b")
        shapes = [
            world.box(one, score=0.5),
            world.box(one, source="x", occluded=False, x_max=0.9),
            world.tag(one),
            world.tag(two, score=0),
        ]
        adds_up(world.do(world.relabel(asked=asked)))
        assert labels(*shapes) == expected

    def test_only_on_the_chosen_images(self, world: World) -> None:
        one, two, three = (world.image(name) for name in "abc")
        shapes = [world.box(image) for image in (one, two, three)]
        assert world.do(world.relabel(), ChosenImages(keys=(one.pk,))).rows == 1
        assert labels(*shapes) == ["Dog", "Cat", "Cat"]
        world.tag(three, world.dog, source="machine")
        assert world.do(world.relabel(), ChosenImages(asked={"label": [world.dog.pk], "kind": "tag"})).rows == 1
        assert labels(*shapes) == ["Dog", "Cat", "Dog"]

    def test_what_the_image_has_of_the_new_label_already_stays_as_it_is(self, world: World) -> None:
        image = world.image("a")
        same = world.box(image, score=0.5), world.box(image, world.dog, score=0.5)
        other = world.box(image, x_max=0.9, source="x"), world.box(image, world.dog, x_max=0.9, source="y")
        elsewhere = world.box(image, x_max=0.8)
        tags = world.tag(image), world.tag(image, world.dog, score=0)
        machine = world.tag(image, source="machine")
        plan = world.do(world.relabel())
        adds_up(plan)
        assert totals(plan) == {
            "boxes": {"read": 3, "updated": 1, "skipped": {"same-there": 1, "other-there": 1}},
            "human labels": {"read": 1, "skipped": {"other-there": 1}},
            "machine labels": {"read": 1, "updated": 1},
        }
        assert labels(*same, *other, elsewhere, *tags, machine) == [*("Cat", "Dog") * 2, "Dog", "Cat", "Dog", "Dog"]
        assert told(plan) == [
            f'"train/a" keeps its label ({said} of “Dog” {end}'
            for said, end in (
                (f"rectangle {same[0].pk}): the image has the same one", "already"),
                (f"rectangle {other[0].pk}): the image has one", "there that says something else"),
                (f"tag {tags[0].pk}): the image has one", "there that says something else"),
            )
        ]

    def test_what_says_the_same_is_deleted_where_that_is_asked_for(self, world: World, heard: list[Any]) -> None:
        image = world.image("a")
        same, _ = world.box(image), world.box(image, world.dog)
        other, _ = world.box(image, x_max=0.9, group=1), world.box(image, world.dog, x_max=0.9)
        mask, _ = world.mask(image, path="m.png"), world.mask(image, world.dog, path="m.png")
        masks = [world.mask(image, png=b"2", path="m.png"), world.mask(image, path="n.png")]
        plan = world.do(world.relabel(duplicates=Duplicates.DELETE))
        adds_up(plan)
        assert totals(plan) == {
            "boxes": {"read": 2, "removed": 1, "skipped": {"other-there": 1}},
            "masks": {"read": 3, "updated": 1, "removed": 1, "skipped": {"other-there": 1}},
        }
        assert not Shape.objects.filter(pk__in=[same.pk, mask.pk]).exists()
        assert Mask.objects.count() == 3
        assert labels(other, *masks) == ["Cat", "Dog", "Cat"]
        assert [(event["changed"], event["deleted"]) for event in heard] == [(1, 2)]

    def test_attributes_that_the_new_label_refuses_are_not_dropped(self, world: World) -> None:
        image = world.image("a")
        for name, kind, values in (("pose", "select", ["left", "right"]), ("truncated", "checkbox", [])):
            AttributeSpec.objects.create(label=world.cat, name=name, input_type=kind, values=values)
        AttributeSpec.objects.create(label=world.dog, name="pose", input_type="select", values=["left"])
        fits = world.box(image, attributes={"pose": "left", "box_id": "7"})
        wrong = world.box(image, attributes={"pose": "right"})
        flag = world.box(image, truncated=True, x_max=0.9)
        plan = world.do(world.relabel())
        adds_up(plan)
        assert totals(plan)["boxes"] == {"read": 3, "updated": 1, "skipped": {"attributes-refused": 2}}
        assert labels(fits, wrong, flag) == ["Dog", "Cat", "Cat"]
        assert told(plan) == [
            f'"train/a" keeps its label (rectangle {shape.pk}): “Dog” does not take its {why}'
            for shape, why in (
                (wrong, "pose: “right” is not one of: “left”."),
                (flag, "truncated: The label has no attribute “truncated”."),
            )
        ]
        plan = world.do(world.relabel(missing_specs=NewLabelSpecs.CREATE))
        assert labels(fits, wrong, flag) == ["Dog", "Cat", "Dog"]
        specs = list(world.dog.attribute_specs.values_list("name", "input_type", "position"))
        assert specs == [("pose", "select", 0), ("truncated", "checkbox", 1)]

    def test_a_spec_judges_columns_too(self, world: World) -> None:
        image = world.image("a")
        AttributeSpec.objects.create(label=world.dog, name="score", input_type="number", values=[0.5, 1])
        shapes = [world.box(image, score=score) for score in (0.4, 0.6, None)]
        world.do(world.relabel())
        assert labels(*shapes) == ["Cat", "Dog", "Dog"]

    def test_a_spec_is_not_made_for_nothing(self, world: World) -> None:
        AttributeSpec.objects.create(label=world.cat, name="pose", input_type="text")
        before = world.revisions()
        assert world.do(world.relabel(missing_specs=NewLabelSpecs.CREATE)).rows == 0
        assert not world.dog.attribute_specs.exists()
        assert world.revisions() == before

    def test_labels_are_two_of_the_task(self, world: World) -> None:
        other = Label.objects.create(task=Task.objects.create(name="other"), name="x")
        for change, path, code in (
            (Relabel(label=world.cat.pk, new_label=other.pk), "new_label", "unknown_label"),
            (Relabel(label=other.pk, new_label=world.cat.pk), "label", "unknown_label"),
            (Delete(label=other.pk), "label", "unknown_label"),
            (Relabel(label=world.cat.pk, new_label=world.cat.pk), "new_label", "repeated"),
        ):
            with pytest.raises(InvalidData) as caught:
                world.plan(change)
            assert [(fault.path, fault.code) for fault in caught.value.faults] == [(path, code)]


class TestDeleting:
    """Annotations of a label."""

    def test_annotations_go_with_their_masks_and_nothing_else(self, world: World, heard: list[Any]) -> None:
        image, other = world.image("a"), world.image("b")
        gone = [world.box(image), world.mask(image), world.tag(image, score=0)]
        kept = [world.box(image, world.dog), world.mask(image, world.dog)]
        before = world.revisions()
        plan = world.do(Delete(label=world.cat.pk))
        adds_up(plan)
        assert totals(plan) == {kind: {"read": 1, "removed": 1} for kind in ("boxes", "masks", "human labels")}
        assert list(Shape.objects.order_by("pk")) == kept
        assert list(Mask.objects.values_list("pk", flat=True)) == [kept[1].pk]
        assert world.revisions() == [before[0] + 1, before[1] + 1, before[2]]
        assert [(event["deleted"], event["image_ids"]) for event in heard] == [(len(gone), {image.pk})]
        assert other.pk not in plan.touched

    def test_only_what_is_asked_for(self, world: World) -> None:
        image = world.image("a")
        kept = world.box(image, score=0.9)
        world.box(image, score=0.1)
        assert world.do(Delete(label=world.cat.pk, asked={"score_max": 0.5})).rows == 1
        assert list(Shape.objects.all()) == [kept]


@pytest.mark.thorough
def test_more_rows_than_a_statement_takes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    image, double = world.image("a"), world.image("b")
    Shape.objects.bulk_create(
        Shape(task=world.task, image=image, label=world.cat, kind="tag", score=1, source=str(n)) for n in range(1234)
    )
    Shape.objects.bulk_create(
        Shape(task=world.task, image=double, label=label, kind="rectangle", **BOX)
        for label in (world.cat, world.dog)
        for _ in range(600)
    )
    seen: list[tuple[str, int, int]] = []
    plan = world.do(world.relabel(duplicates=Duplicates.DELETE), progress=lambda *progress: seen.append(progress))
    adds_up(plan)
    assert (plan.rows, len(plan.changed), len(plan.deleted)) == (1834, 1234, 600)
    assert Shape.objects.filter(label=world.cat).count() == 0
    assert seen[-1] == ("commit", 1834, 1834)
    kept = make_plan(world.task, Relabel(label=world.dog.pk, new_label=world.cat.pk), ALL, "default")
    assert kept.rows == 1834
    assert world.do(Delete(label=world.dog.pk)).rows == 1834


class TestPreviews:
    """What is done is what was shown."""

    def changes(self, world: World) -> list[Change]:
        return [Move(subset="val"), world.relabel(), Delete(label=world.cat.pk)]

    @pytest.mark.parametrize("which", range(3))
    def test_a_save_of_what_is_shown_refuses_the_change(self, world: World, which: int) -> None:
        image = world.image("a")
        world.box(image)
        change = self.changes(world)[which]
        shown = world.plan(change)
        expected = Expected([str(shown.version)])
        world.box(world.image("b"), x_max=0.9)
        before = world.revisions()
        with pytest.raises(PreviewMoved, match="it was 1 row, and would be 2 rows"):
            world.do(change, expected=expected)
        assert world.revisions() == before
        assert world.do(change, expected=Expected([str(world.plan(change).version)])).rows == 2

    @pytest.mark.parametrize("which", range(3))
    def test_what_does_not_matter_refuses_nothing(self, world: World, which: int) -> None:
        image = world.image("a")
        world.box(image)
        change = self.changes(world)[which]
        expected = Expected([str(world.plan(change).version)])
        world.box(image, world.dog, x_max=0.9)
        world.tag(world.image("z", "val"), world.dog)
        assert world.do(change, expected=expected).rows == 1

    def test_another_row_in_the_place_of_one_refuses_it(self, world: World) -> None:
        shape = world.box(world.image("a"))
        change = Delete(label=world.cat.pk)
        expected = Expected([str(world.plan(change).version)])
        shape.delete()
        other = world.box(Image.objects.get())
        with pytest.raises(PreviewMoved, match="no longer what was shown"):
            world.do(change, expected=expected)
        assert list(Shape.objects.all()) == [other]

    def test_a_collision_that_came_meanwhile_refuses_it(self, world: World) -> None:
        image = world.image("a")
        world.box(image)
        change = world.relabel()
        expected = Expected([str(world.plan(change).version)])
        world.box(image, world.dog)
        with pytest.raises(PreviewMoved, match="it was 1 row, and would be 0 rows"):
            world.do(change, expected=expected)

    def test_another_change_is_not_what_was_shown(self, world: World) -> None:
        world.box(world.image("a"))
        versions = {str(world.plan(change).version) for change in self.changes(world)}
        versions.add(str(world.plan(Move(subset="test")).version))
        assert len(versions) == 4
        with pytest.raises(PreviewMoved):
            world.do(Move(subset="val"), expected=Expected([*versions - {str(world.plan(Move(subset="val")).version)}]))

    def test_images_that_are_not_the_tasks_are_named(self, world: World) -> None:
        other = Image.objects.create(task=Task.objects.create(name="other"), name="x")
        one = world.image("a")
        with pytest.raises(InvalidData, match=f"no longer: {other.pk}"):
            world.do(Move(subset="val"), ChosenImages(keys=(one.pk, other.pk)))
        assert Image.objects.get(pk=one.pk).subset == "train"

    def test_a_task_that_has_gone(self, world: World) -> None:
        Task.objects.get(pk=world.task.pk).delete()
        with pytest.raises(NotThere):
            world.do(Move(subset="val"))

    def test_what_fails_at_the_end_has_changed_nothing(self, world: World, heard: list[Any]) -> None:
        shape = world.mask(world.image("a"))
        before = world.revisions()

        def fail(plan: Plan) -> None:
            raise RuntimeError

        for change in self.changes(world):
            with pytest.raises(RuntimeError):
                world.do(change, last=fail)
        assert (labels(shape), world.revisions(), heard, Mask.objects.count()) == (["Cat"], before, [], 1)
        assert Image.objects.get().subset == "train"


def test_changes_and_images_are_the_same_after_a_jobs_row(world: World) -> None:
    from django.utils import timezone  # noqa: PLC0415  (the one test that needs it)

    full = Relabel(
        label=1,
        new_label=2,
        asked={"kind": "tag", "attribute": ["a=b"], "score_min": 0.5},
        duplicates=Duplicates.DELETE,
        missing_specs=NewLabelSpecs.CREATE,
    )
    for change in (Move(subset="val"), Delete(label=1, asked={"source": ""}), full):
        assert of_json({**as_json(change), "expected": None}) == change
    asked = {"updated_since": timezone.now(), "label": [1, 2], "has_file": False}
    for chosen in (ALL, ChosenImages(keys=(3, 1)), ChosenImages(asked=asked)):
        assert ChosenImages.of_json(chosen.as_json()) == chosen


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite's test database is in memory, of one connection")
class TestOnAServer:
    """While others save."""

    def test_of_simultaneous_saves_nothing_is_lost(self, world: World) -> None:
        images = [world.image(str(number)) for number in range(4)]
        for _ in range(8):
            for image in images:
                world.box(image)
            before = Shape.objects.count()

            def draw(image: Image) -> int:
                with changing_image(image):
                    Shape.objects.create(task=world.task, image=image, label=world.cat, kind="rectangle", **BOX)
                return 0

            works: list[Callable[[], Any]] = [lambda image=image: draw(image) for image in images]  # type: ignore[misc]
            works += [lambda: world.do(world.relabel()).rows, lambda: world.do(Delete(label=world.dog.pk)).rows]
            *_, relabelled, deleted = at_once(works)
            assert Shape.objects.count() == before + 4 - deleted
            assert Shape.objects.filter(label=world.dog).count() in {0, relabelled}
            Shape.objects.all().delete()

    def test_of_two_changes_that_were_shown_the_same_one_is_made(self, world: World) -> None:
        world.box(world.image("a"))
        bird = world.label("/m/bird", "Bird")
        changes = [world.relabel(), Relabel(label=world.cat.pk, new_label=bird.pk)]
        versions = [Expected([str(world.plan(change).version)]) for change in changes]

        def change(place: int) -> int:
            try:
                return world.do(changes[place], expected=versions[place]).rows
            except PreviewMoved:
                return -1

        assert sorted(at_once([lambda: change(0), lambda: change(1)])) == [-1, 1]


def test_of_many_that_meet_the_new_label_some_are_left_undecided(world: World) -> None:
    """What was shown so is done later, as it would be without a limit; and not where something else is asked for."""
    for number in range(6):
        image = world.image(f"i{number}")
        world.tag(image)
        if number:
            world.tag(image, world.dog, source="people" if number % 2 else "others")
    full, some = world.plan(world.relabel()), make_plan(world.task, world.relabel(), ALL, "default", most=2)
    assert (full.undecided, full.rows, full.read) == (0, 1, 6)
    assert (some.undecided, some.rows, some.read) == (3, 1, 6)
    assert some.report.of("human labels").skipped.total() == 2
    assert str(some.version) != str(full.version)
    assert make_plan(world.task, world.relabel(), ALL, "default", most=5).version == full.version
    added = world.tag(world.image("new"))
    with pytest.raises(PreviewMoved):
        world.do(world.relabel(), expected=Expected([str(some.version)]))
    added.delete()
    done = world.do(world.relabel(), expected=Expected([str(some.version)]))
    assert (done.undecided, done.rows) == (0, full.rows)
