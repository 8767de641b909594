"""Once through everything, on a site with the settings that MATRIX names."""

import html
import io
import os
import re
import subprocess
import sys
import time
import zipfile
from collections import Counter
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone
from rest_framework.test import APIClient

from openimages_io.jobs.heartbeat import open_channel
from openimages_io.jobs.rows import Attempt
from openimages_io.models import Image, Job, Label, Shape, Task, picture_storage
from openimages_io.models.primary import primary
from tests.matrix.replica import catch_up, writing

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SCENES: Final = ROOT / "fixtures" / "scenes"
_LINK: Final = re.compile(r'(?:href|src|action)="([^"#]*)')
_INLINE: Final = re.compile(
    r"<style|<script(?![^>]*(?:src=|application/json))|<[^>]*\s(?:style|on[a-z]+)=[^>]*>|[\"(]data:"
)
_TIMES: Final = 2
"""Pages of each view that are asked for."""


def main() -> None:
    """Everything, one after the other."""
    folder = Path(os.environ["MATRIX_FOLDER"])
    said("check", "--fail-level", "WARNING")
    said("makemigrations", "--check", "--dry-run")
    said("migrate", "--verbosity", "0")
    if os.environ["MATRIX"] == "strict-pages":
        said("collectstatic", "--no-input", "--verbosity", "0")
    user = _user()
    large_keys()
    catch_up()
    found = said("import_openimages", SCENES, "--task", "scenes", "--owner", user.get_username())
    assert "0 errors, 0 warnings" in found, found
    first = exported(folder / "first.zip")
    catch_up()
    if "second" in connections:
        in_the_second(folder)
    api(user, folder / "first.zip")
    catch_up()
    admin_pages(user)
    pruned()
    same_bytes(first, exported(folder / "last.zip"))
    if apps.is_installed("tests.matrix.notes"):
        from tests.matrix.other_apps import rows_of_other_apps  # noqa: PLC0415  (its models want the app)

        rows_of_other_apps(user, run_jobs)
    sys.stdout.write("went through\n")


def said(*words: Any) -> str:
    """Runs a command of Django's; returns what it printed."""
    out = io.StringIO()
    try:
        with writing():
            call_command(*map(str, words), stdout=out, stderr=out)
    except SystemExit as stopped:
        raise AssertionError(f"{words}: {stopped}: {out.getvalue()}") from stopped
    return out.getvalue()


def _user(using: str = "default") -> Any:

    model = get_user_model()
    name = "ada@example.org" if model.USERNAME_FIELD == "email" else "ada"
    others = dict.fromkeys(model.REQUIRED_FIELDS, "ada@example.org")
    manager: Any = model._default_manager.db_manager(using)
    return manager.create_superuser(**{model.USERNAME_FIELD: name}, **others)


def large_keys() -> None:
    """Has keys go on from a million, so that their digits could be grouped."""
    task = Task.objects.create(pk=1_234_567, name="far")
    label = Label.objects.create(pk=1_234_567, task=task, name="/m/0far")
    image = Image.objects.create(pk=1_234_567, task=task, name="far")
    Shape.objects.create(pk=1_234_567, task=task, image=image, label=label, kind="tag")


def exported(path: Path) -> bytes:
    """The task as an archive."""
    found = said("export_openimages", "scenes", path)
    assert "0 errors, 0 warnings" in found, found
    return path.read_bytes()


def same_bytes(before: bytes, after: bytes) -> None:
    """Two archives are one, byte by byte; where they are not, it says where."""
    if before == after:
        return
    with zipfile.ZipFile(io.BytesIO(before)) as one, zipfile.ZipFile(io.BytesIO(after)) as other:
        assert other.namelist() == one.namelist()
        for name in one.namelist():
            assert other.read(name) == one.read(name), name
        packed = [(info.filename, info.compress_size) for info in one.infolist()]
        assert [(info.filename, info.compress_size) for info in other.infolist()] == packed
    raise AssertionError("what is packed is the same, and so are the sizes, but not the bytes")


def in_the_second(folder: Path) -> None:
    """The commands do everything in another database, and nothing of it in the usual one."""
    said("migrate", "--verbosity", "0", "--database", "second")
    before = Image.objects.count(), Job.objects.count()
    _user("second")
    said("import_openimages", SCENES, "--task", "other", "--owner", "ada", "--database", "second")
    said("export_openimages", "other", folder / "other.zip", "--database", "second")
    with zipfile.ZipFile(folder / "first.zip") as one, zipfile.ZipFile(folder / "other.zip") as other:
        assert one.namelist() == other.namelist()
    long_ago = timezone.now() - timedelta(days=30)
    dead = Job(kind="check", state="running", task_name="other", queued=long_ago, started=long_ago, heartbeat=long_ago)
    dead.save(using="second")
    assert "Marked 1 job as failed" in said("prune_openimages_jobs", "--database", "second")
    assert "Marked 0 jobs as failed" in said("prune_openimages_jobs")
    assert (Image.objects.count(), Job.objects.count()) == before
    try:
        said("export_openimages", "other", folder / "none.zip")
    except CommandError:
        return
    raise AssertionError("the usual database has what was imported into the second")


def api(user: Any, archive: Path) -> None:
    """What a frontend asks for: reads, what was read sent back, and an import, an export and a check as jobs."""
    client = APIClient()
    client.force_authenticate(user)

    def ask(verb: str, path: str, data: Any = None, status: int = 200, form: str = "json", **headers: str) -> Any:
        with nullcontext() if verb == "get" else writing():
            answer = getattr(client, verb)(path, data, headers=headers, **({"format": form} if verb != "get" else {}))
        assert answer.status_code == status, (verb, path, answer.status_code, content(answer)[:2000])
        return answer

    def read(path: str, data: Any = None) -> Any:
        return ask("get", path, data).json()

    def followed(found: Any, root: str) -> None:
        """Every address in an answer leads to the API that was asked, and to something."""
        for value in found.values():
            if isinstance(value, str) and value.startswith("http://testserver/"):
                assert value.startswith(f"http://testserver{root}/"), (value, root)
                content(ask("get", value))

    written(ask)
    jobs = []
    for root in ("/api/v1", "/second/v1"):
        task = next(task for task in read(f"{root}/tasks/")["results"] if task["name"] == "scenes")
        place = f"{root}/tasks/{task['id']}"
        whole = read(f"{place}/")
        owner = whole["owner"]["id"]
        assert ask("patch", f"{place}/", {"owner": owner}).json()["owner"] == whole["owner"]
        me = read(f"{root}/me/", {"task": task["id"]})
        assert (me["id"], me["username"]) == (owner, user.get_username())
        assert "change_shape" in me["task"]["permissions"]
        for nobody in ("nobody", 2.5, [owner]):
            ask("patch", f"{place}/", {"owner": nobody}, 400)
        for what in ("labels", "hierarchy", "images"):
            read(f"{place}/{what}/")
        image = read(f"{place}/images/", {"search": "cat-window"})["results"][0]
        followed(image, root)
        beside = read(f"{root}/images/{image['id']}/neighbours/", {"ordering": "-name", "kind": "tag"})
        after = read(f"{place}/images/", {"ordering": "-name", "kind": "tag", "after": image["id"], "count": "true"})
        assert after["results"][0]["id"] == beside["next"]
        shapes = ask("get", image["shapes"])
        masks = [shape["mask"]["url"] for shape in shapes.json()["shapes"] if shape["mask"]]
        assert masks
        for signed in (image["file"], image["thumbnail"], *masks):
            shown = APIClient().get(signed)  # nobody is logged in
            assert shown.status_code == 200, (signed, content(shown)[:2000])
            assert content(shown)
        back = ask("put", image["shapes"], shapes.json(), if_match=shapes.headers["ETag"])
        assert back.json()["shapes"] == shapes.json()["shapes"]
        upload = SimpleUploadedFile("again.zip", archive.read_bytes())
        jobs += [
            ask("post", f"{root}/imports/", {"archive": upload, "task_name": f"again {root}"}, 202, "multipart"),
            ask("post", f"{place}/exports/", {}, 202),
            ask("post", f"{place}/checks/", {}, 202),
        ]
    admin_pages(user, waiting=True)
    watched(read)
    admin_pages(user, waiting=True)
    run_jobs()
    for root, job in zip(("/api/v1",) * 3 + ("/second/v1",) * 3, jobs, strict=True):
        found = read(job.headers["Location"])
        assert (found["state"], found["errors"], found["warnings"]) == ("succeeded", 0, 0), found
        followed(found, root)
    listed, page = [], f"{root}/jobs/?page_size=4"
    while page:
        found = read(page)
        listed += found["results"]
        page = found["next"]
    assert len(listed) == 6
    made = content(ask("get", read(jobs[1].headers["Location"])["file"]))
    same_bytes(archive.read_bytes(), made)


def written(ask: Any) -> None:
    """What is written comes back with the answer as it was written."""
    task = ask("post", "/api/v1/tasks/", {"name": "new"}, 201).json()
    place = f"/api/v1/tasks/{task['id']}"
    catch_up()
    assert ask("patch", f"{place}/", {"name": "newer"}).json()["name"] == "newer"
    specs = [{"name": "worn", "input_type": "checkbox"}]
    label = ask("post", f"{place}/labels/", {"name": "/m/0k4j", "attribute_specs": specs}, 201).json()
    assert [spec["name"] for spec in label["attribute_specs"]] == ["worn"]
    below = ask("post", f"{place}/labels/", {"name": "/m/083wq"}, 201).json()
    assert below["position"] == label["position"] + 1
    tree = {"LabelName": "/m/0k4j", "Part": [{"LabelName": "/m/083wq"}]}
    assert ask("put", f"{place}/hierarchy/", tree, if_match="*").json() == tree
    sent = (SCENES / "images" / "train" / "boats-day.jpg").read_bytes()
    uploaded = {"files": [SimpleUploadedFile("boats-day.jpg", sent)], "subset": "train"}
    (image,) = ask("post", f"{place}/images/upload/", uploaded, 201, "multipart").json()["results"]
    (plain,) = ask("post", f"{place}/images/", [{"name": "plain"}], 201).json()["results"]
    catch_up()  # a key that was just given out is known to a replica later
    assert ask("patch", f"/api/v1/images/{plain['id']}/", {"width": 30, "height": 20}).json()["height"] == 20
    box = {"kind": "rectangle", "label": label["id"], "x_min": 0.1, "x_max": 0.5, "y_min": 0.1, "y_max": 0.5}
    (shape,) = ask("post", image["shapes"], [box | {"attributes": {"worn": True}}], 201).json()["shapes"]
    assert ask("patch", f"/api/v1/shapes/{shape['id']}/", {"x_max": 0.75}).json()["x_max"] == 0.75
    shapes = ask("put", image["shapes"], {"shapes": [box, box]}, if_match="*").json()["shapes"]
    assert len(shapes) == 2
    ask("delete", f"/api/v1/shapes/{shapes[0]['id']}/", status=204)
    changed = ask(
        "patch", f"/api/v1/labels/{label['id']}/", {"display_name": "Car", "attribute_specs": []}, if_match="*"
    ).json()
    assert (changed["display_name"], changed["attribute_specs"]) == ("Car", [])
    ask("delete", f"/api/v1/labels/{label['id']}/", status=409)
    ask("delete", f"/api/v1/labels/{below['id']}/", status=204)
    assert ask("put", f"{place}/hierarchy/", {"LabelName": "/m/0k4j"}, 200, if_match="*").json()
    ask("delete", f"/api/v1/images/{image['id']}/", status=204)
    ask("delete", f"{place}/", status=204)
    catch_up()


def content(answer: Any) -> bytes:
    """The whole of an answer."""
    found = b"".join(answer.streaming_content) if answer.streaming else answer.content
    answer.close()
    return found


def watched(read: Any) -> None:
    """Jobs that wait for long, that run, and whose worker has died are seen as what they are."""
    now = timezone.now()
    Job.objects.update(queued=now - timedelta(minutes=5))
    fresh, dead = (
        Job.objects.create(
            kind="check", task_name="scenes", state="running", attempt=1, queued=begun, started=begun, heartbeat=begun
        )
        for begun in (now, now - timedelta(minutes=5))
    )
    assert read(f"/api/v1/jobs/{fresh.pk}/")["state"] == "running"
    assert read(f"/api/v1/jobs/{dead.pk}/")["state"] == "failed"
    shows = open_channel(Attempt(dead, 1))
    assert shows is not None
    shows.publish("check", 3, 4)
    said("prune_openimages_jobs")
    seen = read(f"/api/v1/jobs/{dead.pk}/")
    assert (seen["state"], seen["done"]) == ("running", 3), seen
    primary(Job).filter(pk=dead.pk).update(heartbeat=now - timedelta(minutes=5))
    shows.close()
    said("prune_openimages_jobs")
    assert read(f"/api/v1/jobs/{dead.pk}/")["message"].startswith("The worker stopped unexpectedly")
    for job in (fresh, dead):
        job.delete()


def run_jobs() -> None:
    """Does the jobs that wait."""
    if apps.is_installed("django_tasks_db") and "CELERY_QUEUE" not in os.environ:
        said("db_worker", "--batch", "--no-startup-delay", "--interval", "0")
    else:
        with_celery()
    assert not primary(Job).filter(state__in=("queued", "running")).exists()


def with_celery() -> None:
    """Has Celery's own worker do the jobs that wait."""
    command = [sys.executable, "-m", "celery", "-A", "tests.matrix.celery_app", "worker", "--pool", "solo"]
    worker = subprocess.Popen([*command, "--loglevel", "INFO"], stdin=subprocess.DEVNULL, stdout=sys.stderr)
    try:
        end = time.monotonic() + 60
        while primary(Job).filter(state__in=("queued", "running")).exists():
            assert time.monotonic() < end, "Celery's worker has not done the jobs"
            time.sleep(0.1)
    finally:
        worker.terminate()
        worker.wait(30)


def admin_pages(user: Any, *, waiting: bool = False) -> None:
    """Follows the links of the admin site, to two pages of each view; with `waiting` to the jobs alone."""
    client = Client()
    client.force_login(user)
    catch_up()  # the session
    start = "admin:openimages_io_job_changelist" if waiting else "admin:index"
    wanted, seen, times = [reverse(start)], set(), Counter[str]()
    while wanted:
        path = wanted.pop(0)
        name = resolve(urlsplit(path).path).view_name
        if path in seen or times[name] == _TIMES or (waiting and "_job_" not in name):
            continue
        seen.add(path)
        times[name] += 1
        answer = client.get(path, follow=True)
        assert answer.status_code in {200, 405}, (path, answer.status_code)
        page = content(answer)
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        text = page.decode()
        look(path, text)
        links = (html.unescape(urljoin(path, link)) for link in _LINK.findall(text))
        wanted += [link for link in links if link.startswith("/admin/") and "logout" not in link]
        if name.endswith("_changelist"):
            found = client.get(path, {"q": "e"})
            assert found.status_code == 200, f"{path}: the search is {found.status_code} {found.headers}"
    if not waiting:
        assert times["admin:openimages_io_image_picture"]
        assert times["admin:openimages_io_task_gallery"]


def look(path: str, text: str) -> None:
    """What a page has for its scripts agrees with itself: keys are keys, whatever the language."""
    found = re.search(r'(?:data-(?:row|label|shape)|name="label" value)="(?!\d*")[^"]*"', text)
    assert found is None, f"{path}: {found} is not a key"
    inline = _INLINE.search(text)
    assert inline is None, f"{path}: a strict content security policy forbids {inline}"
    grouped = re.search(r'="[^"]*1[^\d"/;&]234[^\d"]5[^"]*"', text)
    assert grouped is None, f"{path}: {grouped} has a key with its digits grouped"
    values = set(re.findall(r'name="label" value="([^"]*)"', text))
    assert set(re.findall(r'data-label="([^"]*)"', text)) <= values or not values, path


def pruned() -> None:
    """A job of long ago and a picture without a row go; what is used stays."""
    job = primary(Job).filter(kind="export")[0]
    storage, name = job.result.storage, str(job.result)
    assert job.finished is not None
    primary(Job).filter(pk=job.pk).update(finished=job.finished - timedelta(days=30))
    before = listed_files(picture_storage())
    said("prune_openimages_jobs", "--dry-run", "--pictures")
    assert storage.exists(name)
    found = said("prune_openimages_jobs", "--pictures")
    assert "Removed the files of 1 job that ended" in found, found
    assert not storage.exists(name)
    assert listed_files(picture_storage()) == before


def listed_files(storage: Any, folder: str = "") -> list[str]:
    """Every file of a storage."""
    folders, files = storage.listdir(folder)
    inner = [name for each in folders for name in listed_files(storage, f"{folder}{each}/")]
    return sorted([*inner, *(f"{folder}{name}" for name in files)])
