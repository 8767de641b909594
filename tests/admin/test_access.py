"""Who may do what on the admin site: owners in their own tasks, staff by Django's permissions, others nothing."""

import re
import sys
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Job, Label, Shape, Task
from openimages_io.permissions import TaskPermissions, Verb
from tests.admin.conftest import Browser, text_of
from tests.admin.test_editing import inlines, label_form, shape_form
from tests.api.test_access import OfOneTask
from tests.conftest import ROOT

ADMIN = "/admin/openimages_io"
WORD = "Geheimnis"


class Rows:
    """A task with a row of each kind, every name with a word that nobody else is to read."""

    def __init__(self, owner: User | None, word: str) -> None:
        self.task = Task.objects.create(name=f"{word}-task", owner=owner)
        self.label = Label.objects.create(task=self.task, name=f"/m/{word}", display_name=word)
        self.part = Label.objects.create(task=self.task, name=f"/m/{word}-part", display_name=f"{word} part")
        HierarchyEdge.objects.create(parent=self.label, child=self.part, kind="part")
        self.image = Image.objects.create(task=self.task, name=f"{word}-image", subset=f"{word}-subset")
        self.shape = Shape.objects.create(
            task=self.task, image=self.image, label=self.label, kind="rectangle", x_min=0, x_max=1, y_min=0, y_max=1
        )
        self.job = Job.objects.create(
            kind="check", state="succeeded", task=self.task, task_name=self.task.name, queued=timezone.now()
        )

    def pages(self) -> list[str]:
        """The addresses of all that may be looked at."""
        rows = {name: getattr(self, name).pk for name in ("task", "label", "image", "shape", "job")}
        own = ["task/{task}/gallery/", "task/{task}/hierarchy/", "image/{image}/picture/", "job/{job}/status/"]
        rest = [f"{name}/{{{name}}}/{page}/" for name in rows for page in ("change", "history", "delete")]
        return [f"{ADMIN}/{page.format(**rows)}" for page in (*own, "job/{job}/issues.csv", *rest)]

    def lists(self) -> list[str]:
        """The addresses of lists and searches that may name rows."""
        task, image = self.task.pk, self.image.pk
        kinds = ("task", "label", "image", "shape", "job")
        searched = [("image", "task"), ("label", "task"), ("shape", "image"), ("shape", "label")]
        return [
            *(f"{ADMIN}/{kind}/{query}" for kind in kinds for query in ("", "?q=Geheim", "?_popup=1")),
            *(f"{ADMIN}/{kind}/?task={task}" for kind in ("label", "image", "shape", "job")),
            f"{ADMIN}/shape/?image={image}",
            f"{ADMIN}/image/?task={task}&subset=train",
            f"{ADMIN}/task/export/?task={task}",
            *(
                f"/admin/autocomplete/?app_label=openimages_io&model_name={model}&field_name={field}&term="
                for model, field in searched
            ),
        ]


@pytest.fixture
def person(as_staff: Browser) -> tuple[Client, User]:
    """Somebody who may log in and has no permission at all."""
    client = as_staff(name="person")
    return client, User.objects.get(username="person")


@pytest.fixture
def mine(person: tuple[Client, User]) -> Rows:
    """What that somebody owns."""
    return Rows(person[1], "mine")


@pytest.fixture
def theirs(db: None) -> Rows:
    """What somebody else owns."""
    return Rows(User.objects.create_user("else"), WORD)


@pytest.mark.long
def test_who_owns_nothing_and_has_no_permission_gets_nothing(person: tuple[Client, User], theirs: Rows) -> None:
    client, _user = person
    for address in (*theirs.pages(), *theirs.lists()):
        response = client.get(address, follow=True)
        is_back_at_the_index = response.redirect_chain == [("/admin/", 302)]  # Django's way to say that there is no row
        assert response.status_code in {403, 404} or is_back_at_the_index, address
        assert WORD not in text_of(response), address
    assert "openimages_io" not in text_of(client.get("/admin/"))


@pytest.mark.long
def test_an_owner_sees_all_of_the_own_task_and_nothing_of_others(
    person: tuple[Client, User], mine: Rows, theirs: Rows
) -> None:
    client, _user = person
    for address in mine.pages():
        assert client.get(address).status_code == 200, address
    for kind in ("task", "label", "image", "shape", "job"):
        page = text_of(client.get(f"{ADMIN}/{kind}/"))
        assert f"{ADMIN}/{kind}/{getattr(mine, kind).pk}/" in page, kind
        assert f"{ADMIN}/{kind}/" in text_of(client.get("/admin/")), kind
    for address in (*theirs.pages(), *theirs.lists()):
        if "issues.csv" in address:
            assert client.get(address).status_code == 404
            continue
        assert WORD not in text_of(client.get(address, follow=True)), address


@pytest.mark.long
def test_an_owner_changes_and_deletes_all_in_the_own_task(
    person: tuple[Client, User], mine: Rows, theirs: Rows
) -> None:
    client, _user = person
    changes: list[tuple[str, Any, dict[str, Any], str]] = [
        ("task", mine.task, {"name": "renamed"}, "name"),
        ("label", mine.label, label_form(mine.label) | {"display_name": "renamed"}, "display_name"),
        ("image", mine.image, {"name": "renamed", "subset": "train"}, "name"),
        ("shape", mine.shape, shape_form(mine.shape, source="renamed"), "source"),
    ]
    for kind, row, body, field in changes:
        assert client.post(f"{ADMIN}/{kind}/{row.pk}/change/", body).status_code == 302, kind
        row.refresh_from_db()
        assert getattr(row, field) == "renamed"
        other = getattr(theirs, kind)
        client.post(f"{ADMIN}/{kind}/{other.pk}/change/", body)
        client.post(f"{ADMIN}/{kind}/{other.pk}/delete/", {"post": "yes"})
        client.post(f"{ADMIN}/{kind}/", {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"})
        other.refresh_from_db()
        assert getattr(other, field) != "renamed"
    assert client.post(f"{ADMIN}/task/{mine.task.pk}/check/").status_code == 302
    assert client.post(f"{ADMIN}/task/{theirs.task.pk}/check/").status_code == 404
    Job.objects.filter(state="queued").delete()
    assert client.post(f"{ADMIN}/task/{mine.task.pk}/delete/", {"post": "yes"}).status_code == 302
    assert list(Task.objects.all()) == [theirs.task]


def test_an_owner_adds_rows_to_the_own_task_alone(person: tuple[Client, User], mine: Rows, theirs: Rows) -> None:
    client, _user = person
    for kind, body in (
        ("image", {"name": "new", "subset": "train"}),
        ("label", {"name": "/m/new", "display_name": "", "position": "9", "is_listed": "on", **inlines()}),
    ):
        refused = client.post(f"{ADMIN}/{kind}/add/", {**body, "task": theirs.task.pk})
        assert "Select a valid choice" in text_of(refused)
        assert WORD not in text_of(refused)
        assert client.post(f"{ADMIN}/{kind}/add/", {**body, "task": mine.task.pk}).status_code == 302
    assert (theirs.task.images.count(), theirs.task.labels.count()) == (1, 2)
    assert (mine.task.images.count(), mine.task.labels.count()) == (2, 3)


@pytest.mark.long
def test_a_typed_key_of_a_row_that_does_not_exist_for_the_user_names_nothing(
    person: tuple[Client, User], mine: Rows, theirs: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _user = person
    for searched in (True, False):
        if not searched:
            monkeypatch.setattr("openimages_io.admin.permissions.PermissionsMixin.searched_fields", ())
            for admin_class in ("image.ImageAdmin", "label.LabelAdmin", "shape.ShapeAdmin"):
                monkeypatch.setattr(f"openimages_io.admin.{admin_class}.searched_fields", ())
        for typed in (theirs.task.pk, "x", 10**30, "\0"):
            page = text_of(client.post(f"{ADMIN}/image/add/", {"name": "", "task": typed}))
            assert "errornote" in page
            assert WORD not in page
        seen = text_of(client.post(f"{ADMIN}/image/add/", {"name": "", "task": mine.task.pk}))
        assert "mine-task" in seen
        body = shape_form(mine.shape, image=theirs.image.pk, label=theirs.label.pk)
        page = text_of(client.post(f"{ADMIN}/shape/{mine.shape.pk}/change/", body))
        assert page.count("Select a valid choice") == 2
        assert WORD not in page


def test_an_edge_leads_to_labels_of_the_same_task(person: tuple[Client, User], mine: Rows, theirs: Rows) -> None:
    client, _user = person
    edge = {"parent_edges-0-kind": "subcategory", "parent_edges-0-position": "0"}
    body = label_form(mine.label, one=["parents"]) | edge | {"parent_edges-0-parent": theirs.label.pk}
    page = text_of(client.post(f"{ADMIN}/label/{mine.label.pk}/change/", body))
    assert "Select a valid choice" in page
    assert WORD not in page
    body = label_form(mine.label, one=["children"]) | {
        "child_edges-INITIAL_FORMS": "1",
        "child_edges-0-id": HierarchyEdge.objects.get(parent=theirs.label).pk,
        "child_edges-0-parent": mine.label.pk,
        "child_edges-0-child": mine.part.pk,
        "child_edges-0-kind": "part",
        "child_edges-0-position": "0",
    }
    assert client.post(f"{ADMIN}/label/{mine.label.pk}/change/", body).status_code == 200
    assert HierarchyEdge.objects.filter(parent=theirs.label, child=theirs.part).count() == 1


def test_specs_of_a_new_label_need_their_own_permission_in_its_task(
    person: tuple[Client, User], mine: Rows, theirs: Rows
) -> None:
    _client, user = person
    user.user_permissions.set(Permission.objects.filter(codename__in=("view_task", "add_label", "view_label")))
    client = Client()
    client.force_login(user)
    spec = {"name": "look", "input_type": "text", "values": "", "default_value": ""}
    body = {"name": "/m/new", "position": "9", "is_listed": "on", **inlines(specs=1)}
    body |= {f"attribute_specs-0-{name}": value for name, value in spec.items()}
    assert client.post(f"{ADMIN}/label/add/", {**body, "task": theirs.task.pk}).status_code == 403
    assert (theirs.task.labels.count(), AttributeSpec.objects.count()) == (2, 0)
    assert client.post(f"{ADMIN}/label/add/", {**body, "task": mine.task.pk}).status_code == 302
    assert AttributeSpec.objects.get().label.task == mine.task


def test_an_owner_gives_no_task_away_and_sees_no_users(person: tuple[Client, User], mine: Rows, theirs: Rows) -> None:
    client, user = person
    page = text_of(client.get(f"{ADMIN}/task/{mine.task.pk}/change/"))
    assert 'name="owner"' not in page
    client.post(f"{ADMIN}/task/{mine.task.pk}/change/", {"name": "mine", "owner": theirs.task.owner_id})
    mine.task.refresh_from_db()
    assert (mine.task.name, mine.task.owner) == ("mine", user)
    assert client.get(f"{ADMIN}/task/add/").status_code == 403


def test_who_adds_a_task_owns_it(as_staff: Browser) -> None:
    client = as_staff("add_task", name="adder")
    assert 'name="owner"' not in text_of(client.get(f"{ADMIN}/task/add/"))
    assert client.post(f"{ADMIN}/task/add/", {"name": "new", "owner": ""}).status_code == 302
    assert Task.objects.get().owner == User.objects.get(username="adder")
    giver = as_staff("add_task", "change_task", name="giver")
    user = User.objects.get(username="giver")
    assert f'value="{user.pk}"' in text_of(giver.get(f"{ADMIN}/task/add/"))
    assert giver.post(f"{ADMIN}/task/add/", {"name": "free", "owner": ""}).status_code == 302
    assert Task.objects.get(name="free").owner is None


def test_owners_import_and_export_with_those_permissions(person: tuple[Client, User], mine: Rows, theirs: Rows) -> None:
    client, user = person
    places = (f"{ADMIN}/task/{mine.task.pk}/import/", f"{ADMIN}/task/export/?task={mine.task.pk}")
    assert [client.get(place).status_code for place in places] == [403, 403]
    user.user_permissions.set(Permission.objects.filter(codename__in=("import_task", "export_task")))
    client = Client()
    client.force_login(user)
    assert [client.get(place).status_code for place in places] == [200, 200]
    assert client.get(f"{ADMIN}/task/import/").status_code == 403  # new ones need Django's permission, too
    assert client.get(f"{ADMIN}/task/{theirs.task.pk}/import/").status_code == 404
    both = f"{ADMIN}/task/export/?task={mine.task.pk}&task={theirs.task.pk}"
    page = client.get(both)
    assert [task.name for task in page.context["tasks"]] == [mine.task.name]
    body = {"layout": "documented", "label_names": "mid", "mask_size": "native", "pictures": "on"}
    assert client.post(both, body).status_code == 302
    assert Job.objects.get(kind="export").task == mine.task


@pytest.mark.long
def test_staff_with_a_models_permissions_see_nothing_of_tasks_that_they_may_not_see(
    as_staff: Browser, theirs: Rows
) -> None:
    client = as_staff("view_image", "change_label", "delete_shape", "view_job")
    for address in (*theirs.pages(), *theirs.lists()):
        assert WORD not in text_of(client.get(address, follow=True)), address


def test_who_may_change_tasks_may_see_them_as_ever(as_staff: Browser, theirs: Rows) -> None:
    client = as_staff("change_task")
    assert client.get(f"{ADMIN}/task/{theirs.task.pk}/change/").status_code == 200
    assert WORD in text_of(client.get(f"{ADMIN}/task/"))


def team(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """`TeamPermissions`, as docs/permissions.md has it."""
    (code,) = re.findall(
        r"```python\n(# mysite/access.py.*?)```", (ROOT / "docs" / "permissions.md").read_text("utf-8"), re.DOTALL
    )
    module = ModuleType("mysite.access")
    exec(code, module.__dict__)  # noqa: S102  (it is what people copy)
    monkeypatch.setitem(sys.modules, "mysite", ModuleType("mysite"))
    monkeypatch.setitem(sys.modules, "mysite.access", module)
    settings.OPENIMAGES_IO = {"PERMISSIONS": "mysite.access.TeamPermissions"}


@pytest.mark.long
def test_a_sites_own_class_is_asked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, person: tuple[Client, User], mine: Rows, theirs: Rows
) -> None:
    team(settings, monkeypatch)
    client, user = person
    assert theirs.task.owner is not None
    for name in ("red", "blue"):
        Group.objects.create(name=name).user_set.add(user, theirs.task.owner)
    for address in theirs.pages():
        assert client.get(address).status_code == 200, address
    listed = client.get(f"{ADMIN}/task/").context["cl"]
    assert {task.name for task in listed.result_list} == {mine.task.name, theirs.task.name}
    assert listed.result_count == 2  # each once, though two groups are shared
    assert client.post(f"{ADMIN}/image/{theirs.image.pk}/change/", {"name": "x", "subset": "y"}).status_code == 302
    assert client.post(f"{ADMIN}/task/{theirs.task.pk}/delete/", {"post": "yes"}).status_code == 302


class NobodyAdds(TaskPermissions):
    """A site that takes nothing new."""

    def may_create_tasks(self, user: Any) -> bool:
        return False

    def allows(self, user: Any, verb: Verb, model: type[Model], task: Task) -> bool:
        return verb != "add" and super().allows(user, verb, model, task)


def test_a_sites_class_may_forbid_what_django_permits(settings: Settings, boss: Client, theirs: Rows) -> None:
    settings.OPENIMAGES_IO = {"PERMISSIONS": f"{__name__}.NobodyAdds"}
    assert boss.get(f"{ADMIN}/task/add/").status_code == 403
    assert boss.get(f"{ADMIN}/task/import/").status_code == 403
    body = {"name": "new", "subset": "train", "task": theirs.task.pk}
    assert boss.post(f"{ADMIN}/image/add/", body).status_code == 403
    assert theirs.task.images.count() == 1
    assert boss.get(f"{ADMIN}/task/{theirs.task.pk}/change/").status_code == 200


def test_permissions_of_single_tasks_hold(settings: Settings, as_staff: Browser) -> None:
    settings.AUTHENTICATION_BACKENDS = [
        "django.contrib.auth.backends.ModelBackend",
        f"{OfOneTask.__module__}.{OfOneTask.__name__}",
    ]
    street, river = Rows(None, "street"), Rows(None, "river")
    Task.objects.filter(pk=street.task.pk).update(name="street")
    client = as_staff("view_task", "view_label")
    for rows, may in ((street, True), (river, False)):
        body = label_form(rows.label) | {"display_name": "renamed"}
        assert client.post(f"{ADMIN}/label/{rows.label.pk}/change/", body).status_code == (302 if may else 403)
        assert client.get(f"{ADMIN}/task/export/?task={rows.task.pk}").status_code == (200 if may else 403)


@pytest.mark.long
@pytest.mark.parametrize("many", [1, 40])
def test_queries_do_not_grow_with_rows(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    person: tuple[Client, User],
    many: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    team(settings, monkeypatch)
    client, user = person
    owner = User.objects.create_user("else")
    Group.objects.create(name="red").user_set.add(user, owner)
    made = [Rows(owner, f"of-them-{number}") for number in range(many)]
    for kind, limit in (("task", 20), ("label", 16), ("image", 16), ("shape", 16), ("job", 24)):
        with django_assert_max_num_queries(limit):
            page = client.get(f"{ADMIN}/{kind}/")
        assert page.context["cl"].result_count == many * (2 if kind == "label" else 1)
        chosen = [getattr(rows, kind).pk for rows in made]
        with django_assert_max_num_queries(limit + 12):
            page = client.post(f"{ADMIN}/{kind}/", {"action": "delete_selected", "_selected_action": chosen})
        assert page.status_code == 200
        assert ("Shapes have the label" in text_of(page)) is (kind == "label")


def test_an_upload_to_a_task_of_others_is_not_even_stored(
    person: tuple[Client, User], mine: Rows, theirs: Rows
) -> None:
    client, user = person
    user.user_permissions.set(Permission.objects.filter(codename="import_task"))
    client = Client()
    client.force_login(user)
    body = {"mode": "merge", "upload": SimpleUploadedFile("a.zip", b"PK")}
    assert client.post(f"{ADMIN}/task/{theirs.task.pk}/import/", body).status_code == 404
    assert not Job.objects.filter(kind="import").exists()


def test_an_owner_is_not_told_to_lack_what_owning_gives(as_staff: Browser, scenes: Task) -> None:
    owner = as_staff(name="owner")
    Task.objects.update(owner=User.objects.get(username="owner"))
    assert owner.get(f"{ADMIN}/task/{scenes.pk}/change/").status_code == 200
    response = owner.get(f"{ADMIN}/task/{scenes.pk}/import/")
    assert response.status_code == 403
    assert [name for _words, name in response.context["missing"]] == ["openimages_io.import_task"]
