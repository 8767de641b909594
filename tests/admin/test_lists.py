"""Lists that stay quick, say the truth, and take any address."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from openimages_io.admin import base, row_counts, viewing
from openimages_io.admin.hierarchy import Graph
from openimages_io.admin.row_counts import counts_of
from openimages_io.admin.wording import by_kind, duration, totals_table
from openimages_io.models import Image, Job, JobKind, JobState, Label, Shape, Task, TaskStatistics
from openimages_io.models.numbers import grouped
from openimages_io.models.outcomes import Outcome
from openimages_io.viewing.statistics import refresh
from tests.admin.conftest import Browser, text_of

ADMIN = "/admin/openimages_io"


def filled(name: str, shapes: int = 3) -> Task:
    """A task with two images and some tags."""
    task = Task.objects.create(name=name)
    images = Image.objects.bulk_create(Image(task=task, name=f"{name}-{n}", subset="train") for n in range(2))
    label = Label.objects.create(task=task, name="/m/01yrx", display_name="Cat")
    Shape.objects.bulk_create(Shape(task=task, image=images[n % 2], label=label, kind="tag") for n in range(shapes))
    return task


def queries(client: Client, where: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(f"{ADMIN}/{where}").status_code == 200
    return len(found)


@pytest.fixture
def growing(boss: Client) -> Any:
    """Asks a list with few rows and with many; returns how many queries each took."""

    def measure(where: str) -> tuple[int, int]:
        few = queries(boss, where)
        for number in range(15):
            task = filled(f"more {number}")
            if number % 3 == 0:
                refresh(task)
            Job.objects.create(
                kind=JobKind.EXPORT, task=task, task_name=task.name, state=JobState.RUNNING, queued=timezone.now()
            )
        return few, queries(boss, where)

    return measure


@pytest.mark.long
@pytest.mark.parametrize("where", ["task/", "image/", "label/", "shape/", "job/", "image/?task=1&q=a", "task/?q=o"])
@pytest.mark.django_db
def test_a_list_takes_as_many_queries_however_long_it_is(growing: Any, where: str) -> None:
    filled("first", 5)
    filled("second", 0)
    Job.objects.create(kind=JobKind.CHECK, task_name="x", state=JobState.RUNNING, queued=timezone.now())
    few, many = growing(where)
    assert many <= few
    assert many <= 14


@pytest.mark.django_db
def test_counts_are_those_of_now_for_small_tasks(boss: Client) -> None:
    task = filled("small", 3)
    assert "3 tags" in text_of(boss.get(f"{ADMIN}/task/"))
    refresh(task)
    Shape.objects.all()[0].delete()
    page = text_of(boss.get(f"{ADMIN}/task/"))
    assert "2 tags" in page
    assert "before the last change" not in page


@pytest.mark.django_db
def test_counts_of_a_large_task_are_those_that_were_kept(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_counts, "_SMALL", 2)
    task = filled("large", 4)
    response = boss.get(f"{ADMIN}/task/")
    page = text_of(response)
    assert "not counted yet" in page
    assert "4 tags" not in page
    assert f'href="{ADMIN}/task/{task.pk}/gallery/?count=1"' in response.content.decode()
    refresh(task)
    page = text_of(boss.get(f"{ADMIN}/task/"))
    assert "4 tags" in page
    assert "before the last change" not in page
    Shape.objects.all()[0].delete()
    for where in ("task/", f"task/{task.pk}/change/"):
        page = text_of(boss.get(f"{ADMIN}/{where}"))
        assert "4 tags" in page
        assert "before the last change" in page


@pytest.mark.django_db
def test_what_nobody_has_counted_is_counted_after_the_page(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_counts, "_SMALL", 2)
    task = filled("large", 4)
    late = f"{ADMIN}/task/{task.pk}/counts/"
    for where in ("task/", f"task/{task.pk}/change/"):
        page = boss.get(f"{ADMIN}/{where}").content.decode()
        assert f'data-late="{late}"' in page
        assert f'data-number="annotations:{task.pk}"' in page
        assert "openimages_io/late.js" in page
    monkeypatch.setattr(viewing, "COUNTED_LATE", 2)
    assert boss.get(late).json() == {}
    monkeypatch.undo()
    monkeypatch.setattr(row_counts, "_SMALL", 2)
    assert boss.get(late).json() == {"text": "2", "numbers": {f"annotations:{task.pk}": "4 tags"}}
    assert "data-late" not in boss.get(f"{ADMIN}/task/").content.decode()


@pytest.mark.parametrize("data", [{}, {"images": "many", "by_kind": {}}, {"images": 1, "by_kind": 3}, [], "x"])
@pytest.mark.django_db
def test_statistics_that_make_no_sense_are_none(data: Any) -> None:
    task = filled("odd", 3)
    TaskStatistics.objects.create(task=task, revision=task.revision, counted=timezone.now(), data=data)
    (counts,) = counts_of(Task.objects.select_related("statistics")).values()
    assert (counts.images, counts.by_kind, counts.stale) == (2, {"tag": 3}, None)


@pytest.mark.parametrize("model", ["task", "image", "label", "shape", "job"])
@pytest.mark.parametrize(
    "query",
    [
        "task=1",
        "task=x",
        "task=-1",
        f"task={10**30}",
        "task=%00",
        "image=%00",
        f"image={10**40}",
        "image=²",
        "subset=%00",
        "task=1&subset=" + "x" * 3000,
        "q=%00",
        "q=" + "x" * 3000,
        "q=%ED%A0%80",
        "p=x",
        "p=99999999999999999999999",
        "o=1.-99",
        "all=",
        "kind=%00",
        "nonsense=1",
        "id__exact=99999999999999999999999999",
        "_facets=True",
    ],
)
@pytest.mark.django_db
def test_no_address_is_too_odd(boss: Client, model: str, query: str) -> None:
    filled("first")
    response = boss.get(f"{ADMIN}/{model}/?{query}", follow=True)
    assert response.status_code == 200


@pytest.mark.parametrize("model", ["task", "image", "label", "shape", "job"])
@pytest.mark.parametrize("key", ["0", "x", "-1", str(10**40), "%00", "a_00"])
@pytest.mark.django_db
def test_no_row_of_that_key(boss: Client, model: str, key: str) -> None:
    response = boss.get(f"{ADMIN}/{model}/{key}/change/")
    assert response.status_code in {302, 404}
    assert boss.get(f"{ADMIN}/task/{10**40}/hierarchy/").status_code == 404


@pytest.mark.long
@pytest.mark.django_db
def test_no_page_names_every_image(boss: Client) -> None:
    task = filled("many", 1)
    Image.objects.bulk_create(Image(task=task, name=f"needle-{n}", subset="train") for n in range(300))
    shape = Shape.objects.get()
    for where in (
        f"shape/{shape.pk}/change/",
        f"image/{shape.image_id}/change/",
        f"task/{task.pk}/change/",
        "shape/",
        f"label/{shape.label_id}/change/",
        f"task/{task.pk}/delete/",
    ):
        assert text_of(boss.get(f"{ADMIN}/{where}")).count("needle") == 0, where
    assert text_of(boss.get(f"{ADMIN}/image/?task={task.pk}")).count(">needle") < 60


@pytest.mark.django_db
def test_a_list_counts_no_further_than_it_pages(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    task = filled("many", 1)
    Image.objects.bulk_create(Image(task=task, name=f"i{n}", subset="train") for n in range(300))
    monkeypatch.setattr(base, "CAP", 200)
    page = text_of(boss.get(f"{ADMIN}/image/"))
    assert "The first 200; search or filter to see others." in page
    assert "200 images" in page
    page = text_of(boss.get(f"{ADMIN}/image/?q=i1"))
    assert "The first" not in page


@pytest.mark.django_db
def test_subsets_are_offered_once_a_task_is_chosen(boss: Client) -> None:
    task = filled("one")
    Image.objects.create(task=task, name="z", subset="validation")
    assert "subset=validation" not in text_of(boss.get(f"{ADMIN}/image/"))
    assert "subset=validation" in text_of(boss.get(f"{ADMIN}/image/?task={task.pk}"))
    page = text_of(boss.get(f"{ADMIN}/image/?task={task.pk}&subset=validation"))
    assert "1 image\n" in page


@pytest.mark.long
@pytest.mark.django_db
def test_more_than_five_hundred_are_not_deleted_at_once(boss: Client) -> None:
    task = filled("many", 1)
    Image.objects.bulk_create(Image(task=task, name=f"i{n}", subset="train") for n in range(600))
    chosen = list(Image.objects.values_list("pk", flat=True)[:1])
    body = {"action": "delete_selected", "_selected_action": chosen, "select_across": "1"}
    assert "Choose at most 500" in text_of(boss.post(f"{ADMIN}/image/", body, follow=True))
    boss.post(f"{ADMIN}/image/", {**body, "post": "yes"})
    assert Image.objects.count() == 602
    page = text_of(boss.post(f"{ADMIN}/image/", {**body, "select_across": "0"}))
    assert "Are you sure" in page
    boss.post(f"{ADMIN}/image/", {**body, "select_across": "0", "post": "yes"})
    assert Image.objects.count() == 601


@pytest.mark.django_db
def test_a_search_for_labels_stays_in_the_task(boss: Client) -> None:
    task, other = filled("one"), filled("two")
    Label.objects.create(task=other, name="/m/x", display_name="Caterpillar")
    query = "term=cat&app_label=openimages_io&model_name=hierarchyedge&field_name=parent"
    found = boss.get(f"/admin/autocomplete/?{query}&task={task.pk}").json()["results"]
    assert [row["text"] for row in found] == ["Cat"]
    assert len(boss.get(f"/admin/autocomplete/?{query}").json()["results"]) == 3
    for key in ("x", "", str(10**40), "-1", "%00"):
        assert boss.get(f"/admin/autocomplete/?{query}&task={key}").json()["results"] == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.04, "0.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (61, "1 min 1 s"),
        (3599.6, "1 h 0 min"),
        (7505, "2 h 5 min"),
    ],
)
def test_a_job_says_how_long_it_took(seconds: float | None, words: str) -> None:
    started = timezone.now()
    job = Job(started=None if seconds is None else started)
    job.finished = None if seconds is None else started + timedelta(seconds=seconds)
    assert duration(job) == words


@pytest.mark.django_db
def test_images_are_shown_with_thumbnails_and_counts(boss: Client, scenes: Task) -> None:
    page = text_of(boss.get(f"{ADMIN}/image/?task={scenes.pk}"))
    rows = re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2], re.DOTALL)
    images = list(Image.objects.order_by("pk"))
    assert len(rows) == len(images) == 12
    for row, image in zip(rows, images, strict=True):
        assert f"/image/{image.pk}/thumbnail/128/" in row
        assert f'<td class="field-annotations">{image.shapes.count()}</td>' in row
    assert boss.get(f"{ADMIN}/image/{images[0].pk}/thumbnail/128/").status_code == 200


@pytest.mark.django_db
def test_lists_are_sorted_within_a_task(boss: Client, scenes: Task) -> None:
    names = sorted(Image.objects.values_list("name", flat=True), reverse=True)
    found = boss.get(f"{ADMIN}/image/?task={scenes.pk}&o=-2").context["cl"].result_list
    assert [image.name for image in found] == names
    assert 'class="sortable' in text_of(boss.get(f"{ADMIN}/image/?task={scenes.pk}"))
    assert 'class="sortable' not in text_of(boss.get(f"{ADMIN}/image/"))
    image = Image.objects.filter(shapes__score__gt=0).distinct()[0]
    found = boss.get(f"{ADMIN}/shape/?image={image.pk}&o=6").context["cl"].result_list
    scores = [shape.score for shape in found if shape.score is not None]
    assert scores == sorted(scores)


@pytest.mark.django_db
def test_labels_say_how_many_annotations_they_have(boss: Client, scenes: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    label = Label.objects.order_by("position")[0]
    column = f'<td class="field-annotations">{label.shapes.count()}</td>'
    monkeypatch.setattr("openimages_io.viewing.statistics._SMALL", 10)  # nobody waits while a large task is counted
    assert '<td class="field-annotations">–</td>' in text_of(boss.get(f"{ADMIN}/label/"))
    refresh(scenes)
    assert column in text_of(boss.get(f"{ADMIN}/label/"))
    TaskStatistics.objects.all().delete()
    monkeypatch.undo()
    assert column not in text_of(boss.get(f"{ADMIN}/label/"))
    assert column in text_of(boss.get(f"{ADMIN}/label/?task={scenes.pk}"))  # a small one that was chosen is counted


def listed(client: Client, query: str) -> set[int]:
    response = client.get(f"{ADMIN}/shape/?all=&{query}")
    assert response.status_code == 200, query
    return {shape.pk for shape in response.context["cl"].queryset}


@pytest.mark.django_db
def test_an_image_of_a_shape_breaks_between_its_subset_and_its_name(boss: Client, scenes: Task) -> None:
    page = boss.get(f"{ADMIN}/shape/?task={scenes.pk}").content.decode()
    assert '<td class="field-image_name">train/<wbr>house-morning</td>' in page


@pytest.mark.django_db
def test_shapes_are_found_by_label_source_score_and_search(boss: Client, scenes: Task) -> None:
    refresh(scenes)
    shapes = Shape.objects.filter(task=scenes)
    label = Label.objects.filter(shapes__isnull=False)[0]
    chosen = f"task={scenes.pk}"
    cases = {
        f"label={label.pk}": shapes.filter(label=label),
        "label=x": shapes.none(),
        "source=xclick": shapes.filter(source="xclick"),
        "source=%E2%88%85": shapes.filter(source=""),
        "score=0": shapes.filter(score=0),
        "score=none": shapes.filter(score=None),
        "score=low": shapes.filter(score__gt=0, score__lt=0.5),
        "score=high": shapes.filter(score__gte=0.5, score__lt=1),
        "score=odd": shapes.none(),
        f"q={label.display_name.upper()}": shapes.filter(label__display_name__icontains=label.display_name),
        f"q={shapes[0].image.name}": shapes.filter(image__name__contains=shapes[0].image.name),
    }
    for query, expected in cases.items():
        assert listed(boss, f"{chosen}&{query}") == set(expected.values_list("pk", flat=True)), query
    page = text_of(boss.get(f"{ADMIN}/shape/?{chosen}"))
    assert all(f"By {title}" in page for title in ("label", "source", "confidence"))
    assert listed(boss, "q=a") == set()


@pytest.mark.django_db
def test_an_empty_task_says_what_to_do_first(boss: Client, as_staff: Browser) -> None:
    task = Task.objects.create(name="empty")
    address = f"{ADMIN}/task/{task.pk}/change/"
    page = text_of(boss.get(address))
    assert "This task is empty." in page
    for link in (f"{ADMIN}/task/{task.pk}/import/", f"label/add/?task={task.pk}", f"image/add/?task={task.pk}"):
        assert link in page
        assert boss.get(link if link.startswith("/") else f"{ADMIN}/{link}").status_code == 200
    assert "This task is empty." not in text_of(as_staff("view_task").get(address))
    Image.objects.create(task=task, name="a", subset="train")
    assert "This task is empty." not in text_of(boss.get(address))


@pytest.mark.parametrize(("language", "words"), [("en", "899,319"), ("de", "899.319"), ("fr", "899\u202f319")])
def test_large_numbers_are_written_as_the_language_does(language: str, words: str) -> None:
    with translation.override(language):
        assert grouped(899_319).replace("\xa0", "\u202f") == words
        assert grouped(0) == "0"


@pytest.mark.parametrize(
    ("model", "query", "wanted"),
    [
        ("label", "is_listed=false", {"/m/0root"}),
        ("label", "is_listed=true&task={task}", {"/m/01yrx"}),
        ("label", "is_listed=maybe", set()),
        ("job", "kind=check", {"check"}),
        ("job", "kind=check&state=failed", set()),
        ("job", "state=queued&task={task}", {"check", "export"}),
        ("job", "state=nonsense", set()),
        ("job", "task=nonsense", set()),
        ("image", "task={task}&subset=test", {"b"}),
    ],
)
def test_a_list_means_by_a_filter_what_its_filterset_says(
    boss: Client, model: str, query: str, wanted: set[str]
) -> None:
    task = Task.objects.create(name="filtered")
    Label.objects.create(task=task, name="/m/01yrx")
    Label.objects.create(task=task, name="/m/0root", is_listed=False)
    for name, subset in (("a", "train"), ("b", "test")):
        Image.objects.create(task=task, name=name, subset=subset)
    for kind in ("check", "export"):
        Job.objects.create(kind=kind, task=task, task_name=task.name, queued=timezone.now())
    page: Any = boss.get(f"{ADMIN}/{model}/?{query.format(task=task.pk)}")
    rows = page.context_data["cl"].result_list
    assert {row.kind if model == "job" else row.name for row in rows} == wanted


def test_numbers_of_shapes_have_their_singular() -> None:
    assert [*by_kind({"mask": 1200, "polygon": 1, "tag": 0})] == ["1 polygon", "1,200 masks"]


def test_rows_are_called_the_same_in_tables_and_sentences() -> None:
    totals = {kind: {"added": 2} for kind in ("pictures", "human labels", "image sizes", "hierarchy edges")}
    job = Job(kind=JobKind.IMPORT, outcome=Outcome.IMPORTED.stored(), totals=totals)
    rows = totals_table("import", totals, dry_run=False).rows
    assert all(f"2 {row.kind}" in job.message for row in rows)
    assert "picture files" in {row.kind for row in rows}


@pytest.mark.parametrize("model", ["image", "label"])
def test_a_chosen_task_is_not_repeated_in_each_row(boss: Client, scenes: Task, model: str) -> None:
    assert "column-task" in boss.get(f"{ADMIN}/{model}/").content.decode()
    assert "column-task" not in boss.get(f"{ADMIN}/{model}/?task={scenes.pk}").content.decode()


@pytest.mark.django_db
def test_classes_that_begin_with_what_is_sought_come_first() -> None:
    task = Task.objects.create(name="classes")
    for number, name in enumerate(("Bobcat", "Scarf", "Cat", "Cattle")):
        Label.objects.create(task=task, name=f"/m/{number}", display_name=name, position=number)
    assert [str(place.label) for place, _above in Graph.of(task).search("ca")] == ["Cat", "Cattle", "Bobcat", "Scarf"]


def test_nobody_is_asked_for_a_permission_that_would_not_help(boss: Client) -> None:
    page = boss.get(f"{ADMIN}/shape/add/")
    assert page.status_code == 403
    assert "You are not allowed to do this here." in page.content.decode()
    assert "can give you what is missing" not in page.content.decode()


def test_djangos_own_counts_are_grouped_too(scenes: Task, boss: Client) -> None:
    Image.objects.bulk_create(Image(task=scenes, name=f"i{number}") for number in range(1200 - scenes.images.count()))
    page = text_of(boss.get(f"{ADMIN}/image/?task={scenes.pk}"))
    assert "1,200 results" in page
    assert "1,200 images" in page
    assert "Select all 1,200 images" in page
    assert "Images: 1,200" in text_of(boss.get(f"{ADMIN}/task/{scenes.pk}/delete/"))
    assert "1200" not in re.sub(r"<[^>]*>", "", page)
