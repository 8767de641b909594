"""Lists: orders, pages that are exact whatever changes meanwhile, counts, starts, and neighbours."""

import json
import uuid
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils.timezone import now
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from openimages_io.api import pagination
from openimages_io.models import Image, Label, Shape, Task
from tests.api.responses import faults, ok, pages

OF_SHAPES = ["shape_count", "-shape_count", "score"]
SAME = datetime(2026, 1, 1, tzinfo=UTC)


def many(task: Task, query: str = "") -> str:
    return f"/api/v1/tasks/{task.pk}/images/?{query}"


def names(rows: list[Any]) -> list[str]:
    return [row["name"] for row in rows]


@pytest.fixture
def images(task: Task) -> list[Image]:
    """Of the same moment in pairs, of the same name in threes, with up to two tags."""
    label = Label.objects.create(task=task, name="/m/shapes")
    made = [Image(task=task, subset=f"s{index}", name="cbaä"[index % 4]) for index in range(12)]
    Image.objects.bulk_create(made)
    Shape.objects.bulk_create(
        Shape(task=task, image=image, label=label, kind="tag", score=(index + number) % 4 / 3)
        for index, image in enumerate(made)
        for number in range(index % 3)
    )
    for index, image in enumerate(made):
        Image.objects.filter(pk=image.pk).update(updated=SAME + timedelta(days=index // 2 * 5 % 6))
    return list(task.images.order_by("pk"))


@pytest.mark.parametrize("ordering", ["id", "name", "updated"])
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 12])
def test_pages_of_every_order_have_each_row_once_in_both_directions(
    api: APIClient, task: Task, images: list[Image], ordering: str, sign: str, size: int
) -> None:
    expected = list(task.images.order_by(f"{sign}{ordering}", f"{sign}pk").values_list("pk", flat=True))
    read_both_ways(api, many(task, f"ordering={sign}{ordering}&page_size={size}"), expected)


@pytest.mark.parametrize("ordering", OF_SHAPES)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 12])
@pytest.mark.parametrize("wanted", ["", "&score_min=0.4", "&name=a"])
def test_pages_ordered_by_numbers_of_shapes(
    api: APIClient, task: Task, images: list[Image], ordering: str, size: int, wanted: str
) -> None:
    def number(image: Image) -> tuple[float, int]:
        scores = [shape.score or 0.0 for shape in image.shapes.all()]
        if "score_min" in wanted:
            scores = [score for score in scores if score >= 0.4]
        if ordering == "score":
            return min((score for score in scores if score), default=2), image.pk
        return len(scores), image.pk

    kept = [image for image in images if wanted != "&name=a" or image.name == "a"]
    if "score_min" in wanted:
        kept = [image for image in kept if number(image)[0] not in ({2} if ordering == "score" else {0})]
    expected = [image.pk for image in sorted(kept, key=number, reverse=ordering.startswith("-"))]
    assert expected
    read_both_ways(api, many(task, f"ordering={ordering}&page_size={size}{wanted}"), expected)


def read_both_ways(api: APIClient, first: str, expected: list[int]) -> None:
    """Reads pages to the end and back."""
    address: str | None = first
    found: list[list[int]] = []
    last = None
    while address:
        body = ok(api.get(address))
        assert (body["previous"] is None) == (not found)
        found.append([image["id"] for image in body["results"]])
        last, address = body, body["next"]
    assert [key for page in found for key in page] == expected
    back = []
    while last and last["previous"]:
        last = ok(api.get(last["previous"]))
        back.append([image["id"] for image in last["results"]])
        assert last["next"]
    assert back == found[-2::-1]


CHANGES = st.lists(st.tuples(st.sampled_from(["delete", "add", "skip"]), st.integers(0, 11)), max_size=6)


@pytest.mark.long
@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=CHANGES,
    ordering=st.sampled_from(
        ["id", "-id", "name", "-name", "updated", "-updated", "shape_count", "-shape_count", "score"]
    ),
)
def test_rows_that_stay_are_neither_skipped_nor_doubled_whatever_comes_and_goes(
    api: APIClient, task: Task, changes: list[tuple[str, int]], ordering: str
) -> None:
    task.images.all().delete()
    rows = [Image(task=task, subset=f"s{index}", name="cba"[index % 3], updated=SAME) for index in range(12)]
    Image.objects.bulk_create(rows)
    stay = set(task.images.values_list("pk", flat=True))
    address: str | None = many(task, f"ordering={ordering}&page_size=3")
    found: list[int] = []
    for change, index in [*changes, *[("skip", 0)] * 20]:
        if address is None:
            break
        body = ok(api.get(address))
        found += [image["id"] for image in body["results"]]
        address = body["next"]
        if change == "delete":  # one that was shown, the last one of the page too, or one that was not
            stay.discard(rows[index].pk)
            Image.objects.filter(pk=rows[index].pk).delete()
        elif change == "add":
            name, subset = "abc"[index % 3], str(uuid.uuid4())
            Image.objects.create(task=task, subset=subset, name=name)
    assert len(found) == len(set(found))
    assert stay <= set(found)


def test_an_empty_page_leads_back_to_what_there_is(api: APIClient, task: Task, images: list[Image]) -> None:
    """All that lay behind a cursor was deleted while it was read."""
    first = ok(api.get(many(task, "page_size=6&ordering=name")))
    shown = [image["id"] for image in first["results"]]
    task.images.exclude(pk__in=shown).delete()
    empty = ok(api.get(first["next"]))
    assert (empty["results"], empty["next"]) == ([], None)
    back = ok(api.get(empty["previous"]))
    assert [image["id"] for image in back["results"]] == shown
    assert back["next"] is None
    task.images.all().delete()
    nothing = ok(api.get(empty["previous"]))
    assert (nothing["results"], nothing["previous"], nothing["next"]) == ([], None, None)


def test_a_cursor_holds_for_its_order_alone(api: APIClient, task: Task, images: list[Image]) -> None:
    following = ok(api.get(many(task, "page_size=2&ordering=name")))["next"]
    assert api.get(following.replace("ordering=name", "ordering=updated")).status_code == 404
    assert api.get(following.replace("ordering=name", "ordering=-name")).status_code == 404


@pytest.mark.parametrize("value", ["nan", "inf", "x", 0.5, None, True, [], "1e999"])
def test_a_cursor_of_no_score_is_not_found(api: APIClient, task: Task, images: list[Image], value: Any) -> None:
    said = json.dumps([0, "score", [value, 1]])
    cursor = urlsafe_b64encode(said.encode()).decode().rstrip("=")
    assert api.get(many(task, f"ordering=score&cursor={cursor}")).status_code == 404


def test_long_names_fit_into_a_cursor(api: APIClient, task: Task) -> None:
    long = ["\N{CAT FACE}" * 254 + end for end in "abc"]
    Image.objects.bulk_create([Image(task=task, name=name) for name in long])
    found = pages(api, many(task, "page_size=1&ordering=name"))
    assert [names(page) for page in found] == [[name] for name in long]


def test_rows_are_counted_if_that_is_asked_and_up_to_a_limit(
    api: APIClient, task: Task, images: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "COUNTED", 7)
    assert {"count", "count_capped"}.isdisjoint(ok(api.get(many(task))))
    assert {"count", "count_capped"}.isdisjoint(ok(api.get(many(task, "count=false"))))
    body = ok(api.get(many(task, "count=true&page_size=2")))
    assert (body["count"], body["count_capped"]) == (7, True)
    assert ok(api.get(body["next"]))["count"] == 7
    body = ok(api.get(many(task, "count=true&page_size=2&name=a")))
    assert (body["count"], body["count_capped"], len(body["results"])) == (3, False, 2)
    assert ok(api.get(body["next"]))["count"] == 3
    for address in ("/api/v1/tasks/", f"/api/v1/tasks/{task.pk}/labels/", "/api/v1/jobs/"):
        body = ok(api.get(f"{address}?count=true"))
        assert (body["count"], body["count_capped"]) == (len(body["results"]), False)


@pytest.mark.parametrize("ordering", ["id", "-id", "name", "-updated", *OF_SHAPES])
def test_a_list_starts_after_any_image_in_its_order(
    api: APIClient, task: Task, images: list[Image], ordering: str
) -> None:
    filtered = f"ordering={ordering}&name=a"
    every = [image["id"] for image in ok(api.get(many(task, f"ordering={ordering}")))["results"]]
    of_a = set(task.images.filter(name="a").values_list("pk", flat=True))
    for key in every:
        after = [other for other in every[every.index(key) + 1 :] if other in of_a]
        body = ok(api.get(many(task, f"{filtered}&after={key}&page_size=2")))
        found = [image["id"] for image in body["results"]]
        while body["next"]:
            assert "after" not in parse_qs(urlsplit(body["next"]).query)
            body = ok(api.get(body["next"]))
            found += [image["id"] for image in body["results"]]
        assert found == after


def test_where_a_list_cannot_start(api: APIClient, task: Task, images: list[Image]) -> None:
    of_another = Image.objects.create(task=Task.objects.create(name="other"), name="a")
    for key in (of_another.pk, 10**15):
        assert faults(api.get(many(task, f"after={key}"))) == {"after": "does_not_exist"}
    following = ok(api.get(many(task, "page_size=2")))["next"]
    assert faults(api.get(f"{following}&after={images[0].pk}")) == {"after": "mismatch"}
    assert faults(api.get("/api/v1/tasks/?after=1")) == {"after": "unknown"}


@pytest.mark.parametrize("ordering", ["id", "-id", "name", "-updated", *OF_SHAPES])
def test_the_neighbours_of_an_image_are_those_of_the_list(
    api: APIClient, task: Task, images: list[Image], ordering: str
) -> None:
    every = [image["id"] for image in ok(api.get(many(task, f"ordering={ordering}")))["results"]]
    for wanted in ("", "&name=a"):
        listed = [image["id"] for image in ok(api.get(many(task, f"ordering={ordering}{wanted}")))["results"]]
        for key in every:
            before = [other for other in every[: every.index(key)] if other in listed]
            after = [other for other in every[every.index(key) + 1 :] if other in listed]
            assert ok(api.get(f"/api/v1/images/{key}/neighbours/?ordering={ordering}{wanted}")) == {
                "previous": before[-1] if before else None,
                "next": after[0] if after else None,
            }


def test_neighbours_take_a_query_each(
    api: APIClient, task: Task, images: list[Image], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    label = Label.objects.create(task=task, name="/m/01yrx")
    for image in (images[0], images[7]):
        Shape.objects.create(task=task, image=image, label=label, kind="tag")
    with django_assert_num_queries(3):
        body = ok(api.get(f"/api/v1/images/{images[3].pk}/neighbours/?label={label.pk}&kind=tag"))
    assert body == {"previous": images[0].pk, "next": images[7].pk}


def test_neighbours_refuse_what_a_list_refuses(api: APIClient, images: list[Image]) -> None:
    address = f"/api/v1/images/{images[0].pk}/neighbours/"
    assert faults(api.get(f"{address}?lable=1&kind=x&page_size=1&after=1&cursor=a")) == {
        "lable": "unknown",
        "kind": "invalid_choice",
        "page_size": "unknown",
        "after": "unknown",
        "cursor": "unknown",
    }


def test_every_fault_of_a_query_is_told_at_once(api: APIClient, task: Task) -> None:
    query = "lable=1&kind=x&kind=y&page_size=x&count=x&score_min=2&label=x&updated_since=x&ordering=size"
    assert faults(api.get(many(task, query))) == {
        "lable": "unknown",
        "kind": "invalid_choice",
        "page_size": "wrong_type",
        "count": "wrong_type",
        "score_min": "out_of_range",
        "label": "wrong_type",
        "updated_since": "wrong_type",
        "ordering": "invalid_choice",
    }


def test_tasks_by_name_by_change_and_in_order(api: APIClient, task: Task, owner: Any) -> None:
    others = [Task.objects.create(name=name, owner=owner) for name in ("Street 2", "alley")]
    later = now() + timedelta(hours=1)
    Task.objects.filter(pk=others[1].pk).update(updated=later)

    def found(query: str) -> list[str]:
        return names(ok(api.get("/api/v1/tasks/", parse_qs(query)))["results"])

    assert found("name=street") == ["street"]
    assert found("search=STREET") == ["street", "Street 2"]
    assert found("ordering=-id") == ["alley", "Street 2", "street"]
    assert found("ordering=-updated")[0] == "alley"
    assert found(f"updated_since={later.isoformat().replace('+', '%2B')}") == ["alley"]
    assert faults(api.get("/api/v1/tasks/?ordering=owner")) == {"ordering": "invalid_choice"}


def test_labels_by_name_and_in_order(api: APIClient, task: Task) -> None:
    for name, shown, position in (("/m/b", "Cat", 2), ("/m/a", "Dog", 0), ("/m/c", "Ape", 1)):
        Label.objects.create(task=task, name=name, display_name=shown, position=position)

    def found(query: str) -> str:
        return "".join(n[-1] for n in names(ok(api.get(f"/api/v1/tasks/{task.pk}/labels/?{query}"))["results"]))

    assert found("") == "bac"
    assert found("name=/m/a") == "a"
    assert found("ordering=position") == "acb"
    assert found("ordering=-name") == "cba"
    assert found("ordering=display_name") == "cba"
    rows = pages(api, f"/api/v1/tasks/{task.pk}/labels/?ordering=position&page_size=1")
    assert [name[-1] for page in rows for name in names(page)] == list("acb")
