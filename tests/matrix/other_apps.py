"""What becomes of rows of other apps that point to ours: what their foreign keys say, whichever way ours go."""

import io
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import Model
from django.test import Client, override_settings
from django.urls import reverse
from rest_framework.test import APIClient

from openimages_io.annotations.bulk.applying import PreviewMoved, carry_out
from openimages_io.annotations.bulk.changes import Delete
from openimages_io.annotations.bulk.planning import make_plan
from openimages_io.annotations.errors import Conflict
from openimages_io.annotations.versions import Expected
from openimages_io.models import Image, Label, Shape, Task
from openimages_io.models.chosen_images import ChosenImages
from tests.matrix.notes.models import Answer, Assignment, Guide, Invoice, Mark, Note, Review

SCENES: Final = Path(__file__).resolve().parent.parent.parent / "fixtures" / "scenes"
_THEIRS: Final[tuple[type[Model], ...]] = (Note, Answer, Mark, Review, Guide, Assignment, Invoice)
_OURS: Final[tuple[type[Model], ...]] = (Task, Image, Label, Shape)
_EVERY: Final = (*_THEIRS, *_OURS)


class _World:
    """A task with boxes, and rows of another app that point to all that it has."""

    def __init__(self, user: Any, run_jobs: Callable[[], None], *, forbids: bool) -> None:
        for model in (*_THEIRS, *_OURS[:1]):
            rows(model).all().delete()
        words = ("import_openimages", SCENES, "--task", "pointed", "--no-progress")
        call_command(*map(str, words), stdout=io.StringIO())
        self.user, self.run_jobs, self.forbids = user, run_jobs, forbids
        self.task = Task.objects.get()
        self.image = Image.objects.filter(shapes__kind="rectangle").order_by("pk")[0]
        self.boxes = self.image.shapes.filter(kind="rectangle").order_by("pk")
        for box in self.boxes:
            rows(Answer).create(note=rows(Note).create(shape=box))
            rows(Mark).create(shape=box)
        rows(Review).create(image=self.image).compared.set(Image.objects.all())
        self.label = Label.objects.filter(shapes=None)[0]
        rows(Guide).create(label=self.label)
        rows(Assignment).create(task=self.task)
        if forbids:
            rows(Invoice).create(shape=self.boxes[0])
        self.before = counts()
        self.client = APIClient()
        self.client.force_authenticate(user)
        self.pages = Client()
        self.pages.force_login(user)

    def answered(self, answer: Any, *codes: int) -> None:
        """The API has done it, or said which rows forbid it."""
        if not self.forbids:
            assert answer.status_code in codes, (answer.status_code, answer.content)
            return
        assert answer.status_code == 409, (answer.status_code, answer.content)
        found = answer.json()
        assert (found["code"], "invoice" in found["detail"]) == ("in_use_elsewhere", True), found

    def forbidden(self, error: type[Exception]) -> AbstractContextManager[Any]:
        """What raises this if rows forbid it, and names them."""
        return pytest.raises(error, match="invoice") if self.forbids else nullcontext()

    def look(self, way: str, *gone: type[Model]) -> None:
        """All of these went, and if something forbade it, nothing."""
        now = counts()
        if self.forbids:
            assert now == self.before, (way, now, self.before)
            return
        for model in (*gone, *_OURS):
            assert (now[model.__name__] == 0) == (model in gone), (way, model, now)
        unmarked = rows(Mark).filter(shape=None).count()
        assert unmarked == (self.before["Mark"] if Note in gone else 0), (way, unmarked)


def rows(model: type[Model]) -> Any:
    """The model's manager: its app is not installed where types are checked."""
    return model._default_manager


def counts() -> Counter[str]:
    """Rows of every model, ours and theirs."""
    return Counter({model.__name__: rows(model).count() for model in _EVERY})


def rows_of_other_apps(user: Any, run_jobs: Callable[[], None]) -> None:
    """Rows of ours go with those of others that go with them, and stay where others forbid it."""
    for forbids in (False, True):
        for way in (by_import, by_save, by_bulk_change, by_image, by_task, by_job, by_admin, by_admin_job):
            way(_World(user, run_jobs, forbids=forbids))
    by_label(_World(user, run_jobs, forbids=False))
    for model in (*_THEIRS, *_OURS[:1]):
        rows(model).all().delete()


def by_import(world: _World) -> None:
    words, told = ("--task", "pointed", "--mode", "replace", "--no-progress"), []
    for dry in (("--dry-run",), ()):
        assert counts() == world.before
        said = io.StringIO()
        with world.forbidden(CommandError):
            call_command("import_openimages", str(SCENES), *words, *dry, stdout=said, stderr=said)
        told.append([line for line in said.getvalue().splitlines() if "rows of “" in line])
    assert told[0] == told[1], told
    if not world.forbids:
        for model in (Note, Answer):
            rows_of = f"warning: {world.before[model.__name__]} rows of “{model.__name__.lower()}s”"
            assert any(line.startswith(rows_of) for line in told[0]), told
    world.look("import", Note, Answer)


def by_save(world: _World) -> None:
    place = reverse("openimages_io:image-shapes", args=(world.image.pk,))
    world.answered(world.client.put(place, {"shapes": []}, format="json", headers={"If-Match": "*"}), 200)
    world.look("save", Note, Answer)


def by_bulk_change(world: _World) -> None:
    shape = world.boxes[0]
    world.boxes.exclude(label=shape.label_id).delete()
    world.before = counts()
    change = Delete(label=shape.label_id)
    with world.forbidden(Conflict):
        plan = make_plan(world.task, change, ChosenImages(), "default")
        told = {name: world.before[name] for name in ("Note", "Answer")}
        assert {model.__name__: len(keys) for model, keys in plan.others.items()} == told
        said = {issue.reason for issue in plan.report.first_issues() if issue.code == "rows-of-other-apps"}
        assert "1 row of “notes” points to annotations that are removed, and goes with them" in said, (said, told)
        query: Any = {"all": 1, "action": "delete", "label": shape.label.name}
        place = reverse("admin:openimages_io_task_bulk", args=(world.task.pk,))
        page = world.pages.get(place, query).content.decode()
        assert all(words in page for words in said), page
        rows(Note).filter(shape=shape).first().delete()
        with pytest.raises(PreviewMoved):  # what goes is not what was shown
            carry_out(world.task, change, ChosenImages(), Expected([str(plan.version)]), user=world.user)
        world.before = counts()
    with world.forbidden(Conflict):
        carry_out(world.task, change, ChosenImages(), user=world.user)
    world.look("bulk change", Note, Answer)


def by_image(world: _World) -> None:
    world.answered(world.client.delete(reverse("openimages_io:image-detail", args=(world.image.pk,))), 204)
    world.look("image", Note, Answer, Review)


def by_label(world: _World) -> None:
    world.answered(world.client.delete(reverse("openimages_io:label-detail", args=(world.label.pk,))), 204)
    world.look("label", Guide)


def by_task(world: _World) -> None:
    world.answered(world.client.delete(reverse("openimages_io:task-detail", args=(world.task.pk,))), 204)
    world.look("task", Note, Answer, Review, Guide, Assignment, *_OURS)


def by_job(world: _World) -> None:
    with override_settings(OPENIMAGES_IO=settings.OPENIMAGES_IO | {"DELETE_AT_ONCE": 1}):
        world.answered(world.client.delete(reverse("openimages_io:task-detail", args=(world.task.pk,))), 202)
        world.run_jobs()
    world.look("job", Note, Answer, Review, Guide, Assignment, *_OURS)


def by_admin(world: _World) -> None:
    place = reverse("admin:openimages_io_image_delete", args=(world.image.pk,))
    page = world.pages.get(place).content.decode()
    assert ("invoice" in page) == world.forbids, page
    assert f"Notes: {world.before['Note']}" in page or world.forbids, page
    answer = world.pages.post(place, {"post": "yes"}, follow=True)
    assert answer.status_code == 200
    world.look("admin", Note, Answer, Review)


def by_admin_job(world: _World) -> None:
    place = reverse("admin:openimages_io_task_delete", args=(world.task.pk,))
    with override_settings(OPENIMAGES_IO=settings.OPENIMAGES_IO | {"DELETE_AT_ONCE": 1}):
        page = world.pages.get(place).content.decode()
        assert ("invoice" in page) == world.forbids, page
        assert world.pages.post(place, {"post": "yes"}, follow=True).status_code == 200
        world.run_jobs()
    world.look("admin's job", Note, Answer, Review, Guide, Assignment, *_OURS)
