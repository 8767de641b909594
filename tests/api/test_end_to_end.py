"""What a frontend does, from the login to the archive that comes out, over real HTTP and with a real worker."""

import csv
import io
import zipfile
from collections.abc import Iterator

import pytest

from docs.site import Site
from tests.api.http_client import Frontend
from tests.api.job_factories import scenes

BOXES = "annotations/train-annotations-bbox.csv"
GOOD, BAD = "0.443750", "1.2"

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        site.python(
            "from django.contrib.auth import get_user_model\n"
            "from django.contrib.auth.models import Permission\n"
            "users = get_user_model().objects\n"
            "for name in ('ada', 'eve'):\n"
            "    user = users.create_user(name, password='secret')\n"
            "    user.user_permissions.set(Permission.objects.filter(codename__in=['import_task', 'export_task']))\n"
        )
        yield site


def logged_in(site: Site, name: str) -> Frontend:
    frontend = Frontend(site.url)
    answer = frontend.ask("POST", "/api/token/", {"username": name, "password": "secret"})
    assert answer.status == 200, answer.body
    frontend.token = answer.json["token"]
    return frontend


def rows(archive: bytes, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as found:
        return list(csv.DictReader(io.StringIO(found.read(name).decode())))


def values(row: dict[str, str]) -> dict[str, str | float]:
    """The cells of a row as values: 0.50 is 0.5."""
    found: dict[str, str | float] = {}
    for name, cell in row.items():
        try:
            found[name] = float(cell) if name != "ImageID" else cell
        except ValueError:
            found[name] = cell
    return found


def test_from_the_login_to_the_archive(site: Site) -> None:
    ada = logged_in(site, "ada")
    made = ada.ask("POST", "/api/v1/tasks/", {"name": "scenes"})
    assert made.status == 201
    task = f"/api/v1/tasks/{made.json['id']}"
    policies = {"missing_images": "create", "missing_labels": "create", "missing_attributes": "create"}

    # A dry run of an archive with one broken row: nothing is written, the row is named, and it cannot be confirmed.
    broken = scenes(replace={BOXES: (GOOD, BAD)})
    answer = ada.ask("POST", f"{task}/imports/", form={"archive": broken, "dry_run": "true", **policies})
    assert answer.status == 202, answer.body
    job = ada.wait(answer.headers["Location"])
    assert (job["state"], job["refused"], job["committed"], job["errors"]) == ("succeeded", True, False, 1)
    assert not job["can_confirm"]
    (issue,) = ada.ask("GET", job["issues"]).json["results"]
    assert (issue["file"], issue["line"], issue["column"], issue["value"]) == (BOXES, 3, "XMax", BAD)
    answer = ada.ask("GET", f"{job['issues']}?format=csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    summary, row = csv.DictReader(io.StringIO(answer.body.decode()))
    assert (summary["code"], summary["count"], row["count"]) == ("bad-fraction", "1", "1")
    assert (row["file"], row["line"], row["column"], row["value"]) == (BOXES, "3", "XMax", BAD)
    refused = ada.ask("POST", f"{answer_place(job)}/confirm/")
    assert (refused.status, refused.json["code"]) == (409, "not_confirmable")

    # The repaired one: checked, confirmed as the same job, and there.
    answer = ada.ask("POST", f"{task}/imports/", form={"archive": scenes(), "dry_run": "true", **policies})
    job = ada.wait(answer.headers["Location"])
    assert (job["state"], job["errors"], job["can_confirm"]) == ("succeeded", 0, True)
    assert ada.ask("GET", f"{task}/images/").json["results"] == []
    answer = ada.ask("POST", f"{answer_place(job)}/confirm/")
    assert (answer.status, answer.json["id"]) == (202, job["id"])
    job = ada.wait(answer.headers["Location"])
    assert (job["state"], job["committed"], job["changed"], job["dry_run"]) == ("succeeded", True, True, False)
    assert job["totals"]["boxes"]["added"] == 40
    images, following = [], f"{task}/images/?page_size=5"
    while following:
        page = ada.ask("GET", following).json
        images += page["results"]
        following = page["next"]
    assert len(images) == 12
    assert len({image["id"] for image in images}) == 12

    # A shape is changed under If-Match; who has read it before cannot save over it.
    image = next(image for image in images if image["name"] == "house-morning")
    answer = ada.ask("GET", image["shapes"])
    etag, body = answer.headers["ETag"], answer.json
    box = next(shape for shape in body["shapes"] if shape["kind"] == "rectangle")
    old = box["x_min"]
    box["x_min"] = old / 2
    answer = ada.ask("PUT", image["shapes"], {"shapes": body["shapes"]}, If_Match=etag)
    assert answer.status == 200, answer.body
    assert answer.headers["ETag"] != etag
    stale = ada.ask("PUT", image["shapes"], {"shapes": []}, If_Match=etag)
    assert (stale.status, stale.json["code"]) == (412, "changed_meanwhile")
    assert len(ada.ask("GET", image["shapes"]).json["shapes"]) == image["shape_count"]

    # The export, taken in two parts, is the archive that came in but for that one cell.
    job = ada.wait(ada.ask("POST", f"{task}/exports/", {}).headers["Location"])
    assert job["state"] == "succeeded", job
    first = ada.ask("GET", job["file"], Range="bytes=0-9999")
    assert (first.status, len(first.body)) == (206, 10_000)
    rest = ada.ask("GET", job["file"], Range="bytes=10000-", If_Range=first.headers["ETag"])
    archive = first.body + rest.body
    assert archive == ada.ask("GET", job["file"]).body
    assert first.headers["Content-Disposition"] == 'attachment; filename="scenes.zip"'
    came_in = scenes()
    with zipfile.ZipFile(io.BytesIO(archive)) as out, zipfile.ZipFile(io.BytesIO(came_in)) as into:
        assert out.testzip() is None
        assert set(into.namelist()) <= set(out.namelist())
        for name in into.namelist():
            if not name.startswith("annotations/"):
                assert out.read(name) == into.read(name), name
            elif name.endswith(".csv") and "class-descriptions" not in name:
                before, after = rows(came_in, name), rows(archive, name)
                changed = [pair for pair in zip(before, after, strict=True) if values(pair[0]) != values(pair[1])]
                assert len(changed) == (name == BOXES), name
                for one, other in changed:
                    assert values(one) | {"XMin": old / 2} == values(other)
                    assert one["ImageID"] == "house-morning"

    # To anybody else nothing of this exists.
    eve = logged_in(site, "eve")
    for place in (f"{task}/", image["shapes"], answer_place(job) + "/", job["file"], job["issues"]):
        assert eve.ask("GET", place).status == 404
    assert eve.ask("GET", "/api/v1/jobs/").json["results"] == []
    assert len(ada.ask("GET", "/api/v1/jobs/").json["results"]) == 3


def answer_place(job: dict[str, str]) -> str:
    return job["issues"].removesuffix("/issues/")


@pytest.mark.thorough
def test_an_archive_makes_a_task_whose_shapes_hold_the_rules(site: Site) -> None:
    ada = logged_in(site, "ada")
    answer = ada.ask("POST", "/api/v1/imports/", form={"archive": scenes(pictures=False), "task_name": "fresh"})
    assert answer.status == 202, answer.body
    job = ada.wait(answer.headers["Location"])
    assert (job["state"], job["task_name"]) == ("succeeded", "fresh"), job
    task = ada.ask("GET", f"/api/v1/tasks/{job['task']}/").json
    assert (task["name"], task["owner"]["username"]) == ("fresh", "ada")
    again = ada.ask("POST", "/api/v1/imports/", form={"archive": b"PK", "task_name": "fresh"})
    assert [fault["path"] for fault in again.json["errors"]] == ["task_name"]
    answer = ada.ask("POST", f"/api/v1/tasks/{job['task']}/checks/")
    checked = ada.wait(answer.headers["Location"])
    assert (checked["kind"], checked["state"], checked["errors"]) == ("check", "succeeded", 0)
