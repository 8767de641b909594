"""The labels of one page are told apart."""

import itertools
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from openimages_io.models import Label, Task, color_of
from openimages_io.models.colors import oklab
from openimages_io.viewing.colors import APART, FEW, colors_of, page_colors, task_colors


def labels_of(names: list[str], **chosen: str) -> list[Label]:
    return [Label(pk=key, name=name, color=chosen.get(name, color_of(name))) for key, name in enumerate(names, start=1)]


def closest(colors: dict[int, str]) -> float:
    pairs = itertools.combinations(map(oklab, colors.values()), 2)
    return min((math.dist(one, other) for one, other in pairs), default=math.inf)


@given(st.lists(st.text(min_size=1), max_size=12, unique=True))
def test_twelve_labels_are_told_apart_whatever_they_are_called(names: list[str]) -> None:
    assert closest(page_colors(labels_of(names))) >= APART - 0.005


@pytest.mark.parametrize(("count", "apart"), [(36, 0.08), (FEW, 0.055)])
def test_many_labels_are_told_apart_as_well_as_can_be(count: int, apart: float) -> None:
    assert closest(page_colors(labels_of([f"/m/{number:05x}" for number in range(count)]))) >= apart


def test_a_colour_stays_where_none_is_close_to_it() -> None:
    names = [f"/m/{number:05x}" for number in range(8)]
    rows = labels_of(names)
    found = page_colors(rows)
    kept = [row for row in rows if found[row.pk] == row.color]
    for row in rows:
        others = [found[other.pk] for other in rows if other.pk < row.pk]
        near = any(math.dist(oklab(row.color), oklab(color)) < APART for color in others)
        assert near == (row not in kept)
    assert len(kept) > len(rows) / 2


def test_the_older_label_keeps_its_own_and_the_order_of_rows_changes_nothing() -> None:
    rows = [Label(pk=key, name=name, color=color_of(name)) for key, name in ((1, "/m/a"), (2, "/m/b"), (3, "/m/c"))]
    for row in rows[1:]:
        row.name = "/m/a"
        row.color = color_of("/m/a")
    found = page_colors(rows)
    assert found[1] == color_of("/m/a")
    assert len(set(found.values())) == 3
    assert page_colors(reversed(rows)) == found


def test_what_somebody_has_chosen_stays_even_if_it_is_the_same() -> None:
    rows = labels_of(["/m/a", "/m/b", "/m/c"])
    rows[1].color = rows[2].color = color_of("/m/a")
    found = page_colors(rows)
    assert found[2] == found[3] == color_of("/m/a")
    assert math.dist(oklab(found[1]), oklab(found[2])) >= APART


def test_a_task_with_few_labels_tells_all_of_them_apart_and_one_with_many_none(task: Task) -> None:
    Label.objects.bulk_create(Label(task=task, name=f"/m/{number:05x}", position=number) for number in range(FEW))
    first = task_colors(task)
    assert len(first) == FEW
    assert closest(first) >= 0.055
    task.labels.order_by("pk").last().delete()  # type: ignore[union-attr]
    fewer = task_colors(task)
    assert fewer == {key: first[key] for key in fewer}  # a new label changes no other's colour
    Label.objects.bulk_create(Label(task=task, name=f"/m/x{number}", position=number) for number in range(2))
    assert task_colors(task) == {}


def test_labels_of_several_tasks_have_the_colours_of_their_tasks_in_few_queries(
    task: Task, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tasks = [task, *(Task.objects.create(name=f"more {number}") for number in range(3))]
    for number, each in enumerate(tasks):
        count = FEW + 1 if number == 3 else 30
        Label.objects.bulk_create(Label(task=each, name=f"/m/{place:05x}", position=place) for place in range(count))
    every = list(Label.objects.all())
    expected = {key: shown for each in tasks for key, shown in task_colors(each).items()}
    assert len(expected) == 90
    assert any(expected[label.pk] != label.color for label in every if label.pk in expected)
    with django_assert_num_queries(1):
        assert colors_of(every) == {label.pk: expected.get(label.pk, label.color) for label in every}
    one = every[5]
    assert colors_of([one]) == {one.pk: expected[one.pk]}
    assert colors_of([]) == {}


@pytest.mark.thorough
def test_very_many_labels_take_no_time() -> None:
    rows = labels_of([f"/m/{number:05x}" for number in range(10_000)])
    page_colors(rows[:10])
    begin = time.process_time()  # others may have the processor meanwhile
    assert len(page_colors(rows)) == 10_000
    assert time.process_time() - begin < 10
