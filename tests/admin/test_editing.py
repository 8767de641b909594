"""Rows as a person edits them: labels, specs, the hierarchy, shapes, and deleting."""

import re
from typing import Any

import pytest
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.test import Client
from django.urls import path
from pytest_django import Settings

from openimages_io.admin import TaskAdmin
from openimages_io.admin.hierarchy import Graph
from openimages_io.admin.spec_forms import default_as_text, read_default, read_values, values_as_text
from openimages_io.jobs import queue
from openimages_io.jobs.running import run_job
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Job, JobKind, JobState, Label, Shape, Task
from tests.admin.conftest import Browser, text_of

ADMIN = "/admin/openimages_io"


def inlines(**sizes: int) -> dict[str, str]:
    """The management forms of a label's page: how many rows each has, and how many of these are there already."""
    names = {"specs": "attribute_specs", "parents": "parent_edges", "children": "child_edges"}
    body = {}
    for short, name in names.items():
        body[f"{name}-TOTAL_FORMS"] = str(sizes.get(short, 0))
        body[f"{name}-INITIAL_FORMS"] = "0"
    return body


def label_form(label: Label, **more: Any) -> dict[str, Any]:
    own = {"name": label.name, "display_name": label.display_name, "color": label.color, "position": label.position}
    return {**own, "is_listed": "on", **inlines(**dict.fromkeys(more.pop("one", ()), 1)), **more}


@pytest.fixture
def task(db: None) -> Task:
    return Task.objects.create(name="t")


@pytest.fixture
def cat(task: Task) -> Label:
    return Label.objects.create(task=task, name="/m/01yrx", display_name="Cat", color="#112233")


@pytest.mark.parametrize(
    ("input_type", "values", "default", "stored", "stored_default"),
    [
        ("radio", "red\r\n  green \r\n\r\nblue", "red", ["red", "green", "blue"], "red"),
        ("select", '["a b", "[", "c\\nd"]', "[", ["a b", "[", "c\nd"], "["),
        ("number", "0\r\n10\r\n0.5", "2.5", [0, 10, 0.5], 2.5),
        ("number", "-\r\n10", "", [None, 10], None),
        ("checkbox", "", "false", [], False),
        ("text", "", '""', [], ""),
        ("text", "", "“quoted”", [], "“quoted”"),
    ],
)
def test_specs_are_written_as_lines(
    boss: Client, cat: Label, input_type: str, values: str, default: str, stored: Any, stored_default: Any
) -> None:
    spec = {"name": "look", "input_type": input_type, "values": values, "default_value": default, "mutable": "on"}
    body = label_form(cat, one=["specs"]) | {f"attribute_specs-0-{name}": value for name, value in spec.items()}
    response = boss.post(f"{ADMIN}/label/{cat.pk}/change/", body)
    assert response.status_code == 302, text_of(response)
    made = AttributeSpec.objects.get()
    assert (made.values, made.default_value) == (stored, stored_default)
    assert type(made.default_value) is type(stored_default)


@pytest.mark.parametrize(
    ("input_type", "values", "default", "said"),
    [
        ("radio", "", "", "at least one"),
        ("radio", "a\na", "", "A choice occurs twice."),
        ("radio", "a\nb", "c", "is not one of"),
        ("number", "one", "", "This is not valid JSON."),
        ("number", "10\n0", "", "larger than the largest"),
        ("number", "0\n1", "5", "above"),
        ("number", "true", "", "is not a number"),
        ("number", "NaN", "", "smallest value"),
        ("number", "9" * 5000, "", "This is not valid JSON."),
        ("checkbox", "a", "", "no values to choose from"),
        ("checkbox", "", "perhaps", "is not true or false"),
        ("text", "", '"a', "This is not valid JSON."),
        ("select", '["\\ud800"]', "", "must be a list of texts"),
        ("select", '["\\u0000"]', "", "must be a list of texts"),
        ("select", "[" * 100_000, "", "This is not valid JSON."),
        ("select", "[1]", "", "must be a list of texts"),
    ],
)
def test_specs_that_are_refused(
    boss: Client, cat: Label, input_type: str, values: str, default: str, said: str
) -> None:
    spec = {"name": "look", "input_type": input_type, "values": values, "default_value": default}
    body = label_form(cat, one=["specs"]) | {f"attribute_specs-0-{name}": value for name, value in spec.items()}
    response = boss.post(f"{ADMIN}/label/{cat.pk}/change/", body)
    assert response.status_code == 200
    assert said in text_of(response)
    assert not AttributeSpec.objects.exists()


@pytest.mark.parametrize(
    "values", [[], ["a", "b"], ["[a"], [" a"], ["a\nb"], [""], [0, 1, 0.1], [None, 5], [1.0], ["-"], ["a\x85b"]]
)
def test_values_come_back_as_they_were(values: list[Any]) -> None:
    kind = "number" if not all(isinstance(value, str) for value in values) or not values else "select"
    text = values_as_text(values)
    assert read_values(text.strip(), kind) == values
    assert [type(value) for value in read_values(text, kind)] == [type(value) for value in values]


@pytest.mark.parametrize("default", ["a", "", " a", '"', "true", "12", "a\nb", "ä"])
def test_defaults_come_back_as_they_were(default: str) -> None:
    assert read_default(default_as_text(default), "text") == default


def test_two_specs_of_one_name_are_refused(boss: Client, cat: Label) -> None:
    AttributeSpec.objects.create(label=cat, name="look", input_type="text")
    spec = {"name": "look", "input_type": "text", "values": "", "default_value": ""}
    body = label_form(cat, one=["specs"]) | {f"attribute_specs-0-{name}": value for name, value in spec.items()}
    assert "already exists" in text_of(boss.post(f"{ADMIN}/label/{cat.pk}/change/", body))


@pytest.mark.long
def test_specs_are_ordered_by_their_positions_and_new_ones_come_last(boss: Client, cat: Label) -> None:
    first, second = (
        AttributeSpec.objects.create(label=cat, name=name, input_type="text", position=position)
        for position, name in enumerate("ab")
    )
    body = label_form(cat) | {"attribute_specs-TOTAL_FORMS": "4", "attribute_specs-INITIAL_FORMS": "2"}
    rows = [(first.pk, "1", "a"), (second.pk, "0", "b"), ("", "", "d"), ("", "", "c")]
    for index, (key, position, name) in enumerate(rows):
        row = {"id": key, "label": cat.pk, "position": position, "name": name, "input_type": "text"}
        body |= {f"attribute_specs-{index}-{field}": value for field, value in row.items()}
    response = boss.post(f"{ADMIN}/label/{cat.pk}/change/", body)
    assert response.status_code == 302, text_of(response)
    found = list(cat.attribute_specs.values_list("name", flat=True))
    assert found == ["b", "a", "d", "c"]
    page = boss.get(f"{ADMIN}/label/{cat.pk}/change/").content.decode()
    places = [page.index(f'value="{name}"') for name in found]
    assert places == sorted(places)
    too_far = body | {"attribute_specs-0-position": str(2**31)}
    assert boss.post(f"{ADMIN}/label/{cat.pk}/change/", too_far).status_code == 200


def test_a_label_that_is_saved_as_it_is_changes_nothing_but_its_revision_of_the_row(boss: Client, cat: Label) -> None:
    spec = AttributeSpec.objects.create(label=cat, name="look", input_type="radio", values=["a", "b"])
    before = Task.objects.get().revision
    body = label_form(cat) | {
        "attribute_specs-TOTAL_FORMS": "1",
        "attribute_specs-INITIAL_FORMS": "1",
        "attribute_specs-0-id": spec.pk,
        "attribute_specs-0-label": cat.pk,
        "attribute_specs-0-position": "0",
        "attribute_specs-0-name": "look",
        "attribute_specs-0-input_type": "radio",
        "attribute_specs-0-values": "a\r\nb",
        "attribute_specs-0-default_value": "",
        "attribute_specs-0-mutable": "on",
    }
    assert boss.post(f"{ADMIN}/label/{cat.pk}/change/", body).status_code == 302
    spec.refresh_from_db()
    assert spec.values == ["a", "b"]
    assert Task.objects.get().revision == before + 1  # the label's own row alone was written


def test_a_name_that_is_taken_is_refused(boss: Client, cat: Label, task: Task) -> None:
    dog = Label.objects.create(task=task, name="/m/0bt9lr", display_name="Dog")
    response = boss.post(f"{ADMIN}/label/{dog.pk}/change/", label_form(dog) | {"name": cat.name})
    assert "already exists" in text_of(response)
    image = Image.objects.create(task=task, name="a", subset="train")
    Image.objects.create(task=task, name="b", subset="train")
    response = boss.post(f"{ADMIN}/image/{image.pk}/change/", {"name": "b", "subset": "train"})
    assert "already exists" in text_of(response)
    assert boss.post(f"{ADMIN}/image/{image.pk}/change/", {"name": "c", "subset": "train"}).status_code == 302


@pytest.mark.long
def test_parents_are_labels_of_the_task(boss: Client, cat: Label, task: Task) -> None:
    animal = Label.objects.create(task=task, name="/m/0jbk", display_name="Animal")
    of_another = Label.objects.create(task=Task.objects.create(name="other"), name="/m/1")
    edge = {"parent_edges-0-kind": "subcategory", "parent_edges-0-position": "0"}
    body = label_form(cat, one=["parents"]) | edge
    response = boss.post(f"{ADMIN}/label/{cat.pk}/change/", body | {"parent_edges-0-parent": of_another.pk})
    assert "Select a valid choice" in text_of(response)
    response = boss.post(f"{ADMIN}/label/{cat.pk}/change/", body | {"parent_edges-0-parent": cat.pk})
    assert "cannot be below itself" in text_of(response)
    assert not HierarchyEdge.objects.exists()
    assert boss.post(f"{ADMIN}/label/{cat.pk}/change/", body | {"parent_edges-0-parent": animal.pk}).status_code == 302
    assert str(HierarchyEdge.objects.get()) == f"{animal.pk} > {cat.pk} (subcategory)"
    again = boss.post(f"{ADMIN}/label/{cat.pk}/change/", body | {"parent_edges-0-parent": animal.pk})
    assert "already exists" in text_of(again)
    for odd in ("x", str(10**40), "-1", "a\0"):
        response = boss.post(f"{ADMIN}/label/{cat.pk}/change/", body | {"parent_edges-0-parent": odd})
        assert "errornote" in text_of(response)
    assert HierarchyEdge.objects.count() == 1


def test_a_new_label_and_a_new_image(boss: Client, task: Task) -> None:
    body = {"task": task.pk, "name": "/m/1", "display_name": "", "position": "3", "is_listed": "on", **inlines()}
    assert boss.post(f"{ADMIN}/label/add/", body).status_code == 302
    assert Label.objects.get().color.startswith("#")
    body = {"task": task.pk, "name": "a", "subset": "train", "width": "640", "height": "480"}
    assert boss.post(f"{ADMIN}/image/add/", body).status_code == 302
    assert str(Image.objects.get()) == "train/a"
    assert "errornote" in text_of(boss.post(f"{ADMIN}/image/add/", body))
    half = {"task": task.pk, "name": "b", "subset": "train", "width": "640"}
    assert "errornote" in text_of(boss.post(f"{ADMIN}/image/add/", half))


def shape_form(shape: Shape, **more: Any) -> dict[str, Any]:
    box = {name: getattr(shape, name) for name in ("x_min", "x_max", "y_min", "y_max")}
    own = {"image": shape.image_id, "label": shape.label_id, "attributes": "{}", "occluded": "unknown"}
    return {name: value for name, value in {**own, **box, **more}.items() if value is not None}


@pytest.fixture
def box(cat: Label, task: Task) -> Shape:
    image = Image.objects.create(task=task, name="a", subset="train")
    return Shape.objects.create(
        task=task, image=image, label=cat, kind="rectangle", x_min=0.1, x_max=0.2, y_min=0.3, y_max=0.4
    )


def test_a_shape_is_repaired_and_deleted_and_revisions_know_it(boss: Client, box: Shape) -> None:
    revision = Image.objects.get().revision
    address = f"{ADMIN}/shape/{box.pk}/change/"
    assert boss.post(address, shape_form(box, x_max="0.5", score="0.25")).status_code == 302
    box.refresh_from_db()
    assert (box.x_max, box.score, box.attributes, box.points) == (0.5, 0.25, {}, None)
    assert Image.objects.get().revision == revision + 1
    assert boss.post(address.replace("change", "delete"), {"post": "yes"}).status_code == 302
    assert Image.objects.get().revision == revision + 2
    assert boss.get(f"{ADMIN}/shape/add/").status_code == 403


@pytest.mark.parametrize(
    "odd",
    [
        {"x_max": ""},
        {"x_min": "0.9"},
        {"x_max": "1.5"},
        {"x_max": "nan"},
        {"x_max": "inf"},
        {"score": "2"},
        {"rotation": "360"},
        {"attributes": "[]"},
        {"attributes": "{"},
        {"attributes": '{"pose": 1}'},
        {"attributes": '{"box_id": "\\u0000"}'},
        {"attributes": '{"box_id": "\\ud800"}'},
        {"attributes": "[" * 100_000},
        {"attributes": '{"a": ' * 100_000},
        {"attributes": '{"box_id": ' + "9" * 5000 + "}"},
        {"attributes": '{"box_id": NaN}'},
        {"attributes": '{"pose\\ud800": 1}'},
        {"clicks": "[[0, 0]]"},
        {"clicks": "[[" * 50_000},
        {"group": "-1"},
        {"group": str(10**30)},
        {"image": "999999"},
        {"image": str(10**30)},
        {"image": "x"},
        {"label": ""},
        {"source": "x" * 65},
        {"source": "a\0b"},
    ],
    ids=lambda odd: str(odd)[:30],
)
def test_a_shape_that_is_refused(boss: Client, box: Shape, odd: dict[str, str]) -> None:
    response = boss.post(f"{ADMIN}/shape/{box.pk}/change/", shape_form(box, **odd))
    assert response.status_code == 200
    assert "errornote" in text_of(response)


def test_a_shape_stays_in_its_task(boss: Client, box: Shape) -> None:
    other = Task.objects.create(name="other")
    image = Image.objects.create(task=other, name="z", subset="train")
    response = boss.post(f"{ADMIN}/shape/{box.pk}/change/", shape_form(box, image=image.pk))
    assert "It belongs to another task." in text_of(response)


def test_deleting_a_task_is_confirmed_with_numbers(boss: Client, scenes: Task) -> None:
    page = text_of(boss.get(f"{ADMIN}/task/{scenes.pk}/delete/"))
    for said in ("Images: 12", "Labels: 11", "Shapes: 131"):
        assert said in page
    assert "cat-sofa" not in page
    job = Job.objects.create(
        kind=JobKind.EXPORT, task=scenes, task_name="scenes", state=JobState.RUNNING, queued=scenes.created
    )
    page = text_of(boss.get(f"{ADMIN}/task/{scenes.pk}/delete/"))
    assert "has not ended: cancel it first." in page
    boss.post(f"{ADMIN}/task/{scenes.pk}/delete/", {"post": "yes"})
    assert Task.objects.exists()
    job.delete()
    boss.post(f"{ADMIN}/task/", {"action": "delete_selected", "_selected_action": [scenes.pk], "post": "yes"})
    assert not Task.objects.exists()
    assert not Shape.objects.exists()


@pytest.mark.long
@pytest.mark.parametrize("way", ["page", "action"])
def test_a_large_task_is_gone_at_once_and_a_job_deletes_it(
    boss: Client, scenes: Task, way: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPENIMAGES_IO = {"DELETE_AT_ONCE": 1}
    monkeypatch.setattr(queue, "_put", lambda key, attempt: None)  # nobody comes for it
    name, image, label = scenes.name, scenes.images.all()[0], scenes.labels.all()[0]
    note = f"“{name}” is large, so a job will delete it."
    assert note in text_of(boss.get(f"{ADMIN}/task/{scenes.pk}/delete/"))
    assert "is large" not in text_of(boss.get(f"{ADMIN}/task/{Task.objects.create(name='small').pk}/delete/"))
    Task.objects.get(name="small").delete()
    if way == "page":
        response = boss.post(f"{ADMIN}/task/{scenes.pk}/delete/", {"post": "yes"}, follow=True)
    else:
        body = {"action": "delete_selected", "_selected_action": [scenes.pk], "post": "yes"}
        response = boss.post(f"{ADMIN}/task/", body, follow=True)
    job = Job.objects.get()
    assert (job.kind, job.state, job.task_name) == ("delete", "queued", name)
    page = text_of(response)
    assert f"“{name}” is large, so a job deletes it; it is hidden from everybody already." in page
    assert "uccessfully" not in page
    assert f"{ADMIN}/job/{job.pk}/change/" in page
    for rows in ("task", "image", "label", "shape"):
        assert boss.get(f"{ADMIN}/{rows}/").context_data["cl"].result_count == 0, rows  # type: ignore[index]
    for row in (f"task/{scenes.pk}", f"image/{image.pk}", f"label/{label.pk}"):
        assert boss.get(f"{ADMIN}/{row}/change/").status_code == 302
    assert f"Deletion of “{name}”" in text_of(boss.get(f"{ADMIN}/job/{job.pk}/change/"))
    run_job.call(str(job.pk))
    assert "The task was deleted" in text_of(boss.get(f"{ADMIN}/job/{job.pk}/change/"))
    assert not Image.objects.exists()


def test_of_several_tasks_it_is_said_which_are_deleted_and_which_will_be(
    boss: Client, scenes: Task, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OPENIMAGES_IO = {"DELETE_AT_ONCE": 1}
    monkeypatch.setattr(queue, "_put", lambda key, attempt: None)  # nobody comes for it
    keys = [scenes.pk, *(Task.objects.create(name=f"small {number}").pk for number in range(2))]
    body = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
    page = text_of(boss.post(f"{ADMIN}/task/", body, follow=True))
    assert "2 tasks were deleted." in page
    assert "“scenes” is large, so a job deletes it; it is hidden from everybody already." in page
    assert "uccessfully" not in page


def test_deleting_needs_the_permission_for_all_that_goes(scenes: Task, as_staff: Browser) -> None:
    some = as_staff("view_task", "delete_task", "delete_image", name="some")
    page = text_of(some.get(f"{ADMIN}/task/{scenes.pk}/delete/"))
    assert "your account doesn't have permission" in page.replace("&#x27;", "'")
    assert some.post(f"{ADMIN}/task/{scenes.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Task.objects.exists()
    every = as_staff("view_task", "delete_task", "delete_image", "delete_label", "delete_shape", name="every")
    assert every.post(f"{ADMIN}/task/{scenes.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Task.objects.exists()


def test_a_label_in_use_stays(boss: Client, box: Shape, cat: Label) -> None:
    assert "Shapes have the label “Cat”" in text_of(boss.get(f"{ADMIN}/label/{cat.pk}/delete/"))
    boss.post(f"{ADMIN}/label/{cat.pk}/delete/", {"post": "yes"})
    assert Label.objects.exists()
    page = text_of(boss.get(f"{ADMIN}/image/{box.image_id}/delete/"))
    assert "Shapes: 1" in page
    boss.post(f"{ADMIN}/image/{box.image_id}/delete/", {"post": "yes"})
    assert boss.post(f"{ADMIN}/label/{cat.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Label.objects.exists()


def test_the_tree_shows_several_parents_and_parts(boss: Client, scenes: Task) -> None:
    page = " ".join(text_of(boss.get(f"{ADMIN}/task/{scenes.pk}/hierarchy/")).split())
    assert page.count(">Window</a>") == 2
    assert "also below House" in page
    assert "also below Boat" in page
    assert page.count('class="oi-part">part<') == 4  # a legend, Wheel, and Window twice
    # Two levels are unfolded, however small it is: the root alone is open.
    assert re.findall(r"<details( open)?>", page.partition('class="oi-tree"')[2]) == [" open", "", "", "", "", ""]
    assert "5 classes<span" in page
    assert '1 class<span class="visually-hidden"> below Animal</span>' in page


def test_the_tree_says_how_it_is_changed_to_who_may_change_it(as_staff: Browser, scenes: Task) -> None:
    names = ("view_task", "view_label")
    clients = [as_staff(*names, "change_hierarchyedge", name="editor"), as_staff(*names, name="reader")]
    for words in ("Open a label to change its parents", "or set parents on the labels’ pages"):
        for client, is_said in zip(clients, (True, False), strict=True):
            page = text_of(client.get(f"{ADMIN}/task/{scenes.pk}/hierarchy/"))
            assert (words in page) is is_said
        HierarchyEdge.objects.filter(parent__task=scenes).delete()


def test_the_tree_is_searched_and_counts_annotations(boss: Client, scenes: Task) -> None:
    address = f"{ADMIN}/task/{scenes.pk}/hierarchy/"
    page = " ".join(text_of(boss.get(f"{address}?q=WIND")).split())
    found = page.partition('class="oi-found"')[2].partition("</section>")[0]
    window = Label.objects.get(display_name="Window")
    assert re.search(r"Entity › (\w+ › )+<a", found)
    assert found.count("<li>") == 1
    count = window.shapes.count()
    assert f"{count} annotations</span>" in found
    assert page.count(f"{count} annotations</span>") >= 3  # and at its two places
    assert "No class has this in its name." in text_of(boss.get(f"{address}?q=nothing"))
    root = Label.objects.get(name="/m/0bl9f")
    found = text_of(boss.get(f"{address}?q=0bl9f")).partition('class="oi-found"')[2]
    assert f'<a href="?root={root.pk}">Entity</a>' in found


@pytest.mark.long
def test_a_ring_a_diamond_and_a_deep_chain_are_drawn(boss: Client, task: Task) -> None:
    made = Label.objects.bulk_create(Label(task=task, name=f"/m/{n}", display_name=f"L{n}") for n in range(200))
    chain = [(made[n], made[n + 1]) for n in range(99)]
    ring = [(made[100], made[101]), (made[101], made[102]), (made[102], made[100])]
    diamonds = []
    for n in range(110, 155, 3):
        top, left, right, low = made[n : n + 4]
        diamonds += [(top, left), (top, right), (left, low), (right, low)]
    HierarchyEdge.objects.bulk_create(
        HierarchyEdge(parent=a, child=b, kind="subcategory") for a, b in chain + ring + diamonds
    )
    graph = Graph.of(task)
    assert [graph.labels[key].display_name for key in graph.roots()] == ["L0", "L110", "L100"]
    page = text_of(boss.get(f"{ADMIN}/task/{task.pk}/hierarchy/"))
    for number in (*range(40), *range(100, 103), *range(110, 156), 199):
        assert f">L{number}</a>" in page, number
    assert f"?root={made[39].pk}" in page
    assert page.count("</li>") < 600
    deeper = text_of(boss.get(f"{ADMIN}/task/{task.pk}/hierarchy/?root={made[39].pk}"))
    assert ">L60</a>" in deeper
    for root in ("x", "0", str(10**40), ""):
        assert boss.get(f"{ADMIN}/task/{task.pk}/hierarchy/?root={root}").status_code == 200


def test_a_task_without_a_hierarchy(boss: Client, task: Task, cat: Label) -> None:
    page = text_of(boss.get(f"{ADMIN}/task/{task.pk}/hierarchy/"))
    assert "have no hierarchy" in page
    assert ">Cat</a>" in page
    Label.objects.all().delete()
    assert "This task has no labels yet." in text_of(boss.get(f"{ADMIN}/task/{task.pk}/hierarchy/"))


class TestASiteThatHasTasksAlone:
    """A project may unregister what it does not want to show, or have a site of its own."""

    pytestmark = pytest.mark.urls(__name__)

    def test_its_pages_work(self, as_staff: Browser, scenes: Task) -> None:
        client = as_staff(superuser=True)
        for where in ("", f"{scenes.pk}/change/", f"{scenes.pk}/hierarchy/", f"{scenes.pk}/delete/", "import/"):
            assert client.get(f"/own/openimages_io/task/{where}").status_code == 200, where
        response = client.post(f"/own/openimages_io/task/{scenes.pk}/check/")
        assert response.status_code == 302
        assert response.headers["Location"] == "/own/openimages_io/task/"


own = AdminSite(name="own")
own.register(Task, TaskAdmin)
urlpatterns = [path("own/", own.urls)]


def test_owners_are_searched_only_by_those_who_may_see_users(as_staff: Browser, task: Task) -> None:
    User.objects.create_user("somebody-else")
    page = text_of(as_staff("view_task", "change_task").get(f"{ADMIN}/task/{task.pk}/change/"))
    assert "vForeignKeyRawIdAdminField" in page
    assert "somebody-else" not in page


def test_flags_are_fields_of_their_own(boss: Client, box: Shape) -> None:
    AttributeSpec.objects.create(label=box.label, name="truncated", input_type="checkbox")
    address = f"{ADMIN}/shape/{box.pk}/change/"
    assert boss.post(address, shape_form(box, truncated="true")).status_code == 302
    box.refresh_from_db()
    assert (box.truncated, box.is_inside, box.attributes) == (True, None, {})
    assert "truncated: yes" in text_of(boss.get(f"{ADMIN}/image/{box.image_id}/picture/"))
    assert "errornote" in text_of(boss.post(address, shape_form(box, is_inside="false")))
