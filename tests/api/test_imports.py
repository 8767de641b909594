"""Uploads of archives: their options, what is hostile about them, and what they cost."""

import re
from typing import Any

import pytest
from pytest_django import Settings

from openimages_io.models import Image, Job, Task
from openimages_io.transfer.options import ImportOptions, as_json
from tests.api.job_factories import client, paths, scenes, task, upload, url, user

pytestmark = pytest.mark.django_db
EVERYTHING = {
    "mode": "replace",
    "missing_images": "skip",
    "missing_labels": "create",
    "missing_attributes": "create",
    "on_error": "skip",
    "subsets": ["train", "validation"],
    "labels": ["Cat", " /m/0 "],
    "match": "exact",
    "masks_as": "polygons",
    "replace_all_kinds": "true",
    "pictures": "false",
    "clip": "true",
    "dry_run": "true",
}


@pytest.fixture
def owner() -> Any:
    return user()


@pytest.fixture
def here(owner: Any) -> Task:
    return task(owner)


def post(who: Any, to: Task | None, **fields: Any) -> Any:
    path = url("imports") if to is None else url("task-imports", to.pk)
    return client(who).post(path, fields, format="multipart")


def test_an_import_is_accepted_as_a_job_with_a_place(here: Task, owner: Any) -> None:
    response = post(owner, here, archive=upload(scenes()))
    assert response.status_code == 202
    body = response.json()
    assert response["Location"] == f"http://testserver{url('job-detail', body['id'])}"
    assert (body["kind"], body["task"], body["task_name"]) == ("import", here.pk, "scenes")
    assert (body["created_by"]["username"], body["source_name"], body["dry_run"]) == ("owner", "scenes.zip", False)
    assert body["options"] == as_json(ImportOptions())


def test_every_option_reaches_the_job(here: Task, owner: Any) -> None:
    body = post(owner, here, archive=upload(), **EVERYTHING).json()
    assert body["options"] == {
        **{name: EVERYTHING[name] for name in EVERYTHING if name not in {"labels", "dry_run"}},
        "replace_all_kinds": True,
        "labels": [" /m/0 ", "Cat"],
        "pictures": False,
        "clip": True,
    }
    assert body["dry_run"] is True


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"mode": "mix"}, "mode", "invalid_choice"),
        ({"mode": ""}, "mode", "invalid_choice"),
        ({"missing_images": "drop"}, "missing_images", "invalid_choice"),
        ({"missing_labels": "drop"}, "missing_labels", "invalid_choice"),
        ({"missing_attributes": "skip"}, "missing_attributes", "invalid_choice"),
        ({"on_error": "abort "}, "on_error", "invalid_choice"),
        ({"masks_as": "MASKS"}, "masks_as", "invalid_choice"),
        ({"pictures": "perhaps"}, "pictures", "wrong_type"),
        ({"dry_run": ""}, "dry_run", "wrong_type"),
        ({"dry_run": "1"}, "dry_run", "wrong_type"),
        ({"mode": ["merge", "append"]}, "mode", "repeated"),
        ({"dry_run": ["true", "true"]}, "dry_run", "repeated"),
        ({"subsets": ["train", ""]}, "subsets[1]", "blank"),
        ({"subsets": ["x" * 256]}, "subsets[0]", "too_long"),
        ({"labels": ["a\0b"]}, "labels[0]", "unstorable"),
        ({"labels": ["x"] * 1001}, "labels", "too_long"),
        ({"modus": "merge"}, "modus", "unknown"),
        ({"subset": "train"}, "subset", "unknown"),
        ({"task_name": "other"}, "task_name", "unknown"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(
    here: Task, owner: Any, settings: Settings, fields: dict[str, Any], path: str, code: str
) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
    response = post(owner, here, archive=upload(), **fields)
    assert response.status_code == 400
    assert [(fault["path"], fault["code"]) for fault in response.json()["errors"]] == [(path, code)]
    assert not Job.objects.exists()


def test_all_faults_are_said_at_once(here: Task, owner: Any) -> None:
    response = post(owner, here, mode="mix", on_error=["skip", "skip"], colour="red", subsets="")
    assert sorted(paths(response)) == ["archive", "colour", "mode", "on_error", "subsets[0]"]
    assert response.json()["detail"] == "5 values of the request are wrong."


@pytest.mark.parametrize(
    ("archive", "code"),
    [
        ([upload(), upload()], "repeated"),
        (upload(b""), "too_short"),
        ("a text", "wrong_type"),
    ],
)
def test_one_file_with_something_in_it(here: Task, owner: Any, archive: Any, code: str) -> None:
    response = post(owner, here, archive=archive)
    assert response.status_code == 400
    assert [(fault["path"], fault["code"]) for fault in response.json()["errors"]] == [("archive", code)]


def test_a_second_file_under_another_name_is_refused(here: Task, owner: Any) -> None:
    assert paths(post(owner, here, archive=upload(), other=upload())) == ["other"]
    assert paths(post(owner, here, archive=upload(), mode=upload())) == ["mode"]
    assert paths(post(owner, here, archive=upload(), subsets=upload())) == ["subsets[0]"]


def raw(name: bytes) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="archive"; filename="%s"\r\n' % name
    return head + b"Content-Type: application/zip\r\n\r\nPK\r\n--b--\r\n"


@pytest.mark.parametrize(
    "name",
    [b"../../etc/passwd", b"..\\..\\boot.ini", b"a\0b.zip", b"\xff\xfe.zip", "ü".encode() * 200 + b".zip", b"/", b"..",
     b"con.zip", b"x" * 900, "\u202egnp.zip".encode(), b"&#0;&lt;b&gt;.zip", b"a\nb"],
)  # fmt: skip
def test_a_hostile_file_name_is_only_a_name(here: Task, owner: Any, name: bytes) -> None:
    who = client(owner)
    response = who.post(url("task-imports", here.pk), raw(name), content_type="multipart/form-data; boundary=b")
    assert response.status_code in {202, 400}
    if response.status_code == 202:
        made = Job.objects.get()
        assert len(made.source_name) <= 255
        assert not set(made.source_name) & set("/\0\n")
        assert re.match(rf"openimages-jobs/[0-9a-f]{{32}}/{made.pk}/source/", str(made.source))
        assert made.source.read() == b"PK"
        made.source.close()


@pytest.mark.parametrize(
    "body",
    [
        raw(b"x" * 10_000),
        b"",
        b"--b",
        b"--b\r\n\r\n\r\n--b--",
        b"--b\r\nContent-Disposition: form-data; name=archive\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--b--",
        raw(b"a.zip").replace(b'"archive"', b'"\xed\xa0\x80"'),
        raw(b"a.zip").replace(b"--b--", b""),
    ],
    ids=["a header of 10 kB", "nothing", "a start", "no name", "bad base64", "an unpaired surrogate", "no end"],
)
def test_a_form_that_is_none_is_400(here: Task, owner: Any, body: bytes) -> None:
    who = client(owner)
    response = who.post(url("task-imports", here.pk), body, content_type="multipart/form-data; boundary=b")
    assert response.status_code in {202, 400} if body.startswith(raw(b"a.zip")[:60]) else response.status_code == 400
    is_job = response.status_code == 202
    assert response["Content-Type"] == ("application/json" if is_job else "application/problem+json")


def test_json_is_415(here: Task, owner: Any) -> None:
    response = client(owner).post(url("task-imports", here.pk), {"archive": "x"}, format="json")
    assert response.status_code == 415
    assert "application/json" in response.json()["detail"]


def test_too_much_is_413_before_it_is_read(here: Task, owner: Any, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"MAX_UPLOAD_BYTES": 1000, "MAX_BODY_BYTES": 10}
    assert post(owner, here, archive=upload(b"x" * 500)).status_code == 202
    response = post(owner, here, archive=upload(b"x" * 1000))
    assert response.status_code == 413
    assert "1,000 at most" in response.json()["detail"]


def test_too_many_fields_and_files_are_refused(here: Task, owner: Any, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = settings.DATA_UPLOAD_MAX_NUMBER_FILES = 3
    assert post(owner, here, archive=upload(), subset=["a"] * 5).status_code in {400, 413}
    assert post(owner, here, archive=[upload() for _ in range(5)]).status_code in {400, 413}
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert post(owner, here, archive=upload(), subset="a" * 100).status_code in {400, 413}


def test_too_often_is_429_with_the_time_to_come_back(here: Task, owner: Any, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"UPLOAD_RATE": "2/hour"}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "throttle"}}
    assert [post(owner, here, archive=upload()).status_code for _ in range(3)] == [202, 202, 429]
    response = client(owner).post(url("task-exports", here.pk), {}, format="json")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 3000
    assert client(owner).get(url("job-list")).status_code == 200


def test_a_task_is_made_of_an_archive(owner: Any) -> None:
    response = post(owner, None, archive=upload(scenes()), task_name=" fresh ")
    assert response.status_code == 202
    made = Job.objects.get(pk=response.json()["id"])
    assert made.task_name == "fresh"


def test_a_name_that_a_task_has_is_refused(here: Task, owner: Any) -> None:
    for who in (owner, user("another")):
        response = post(who, None, archive=upload(), task_name="scenes")
        assert response.status_code == 400
        assert [(fault["path"], fault["code"]) for fault in response.json()["errors"]] == [("task_name", "unique")]


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "x" * 256, "two\nlines"])
def test_a_name_that_no_task_can_have_is_refused(owner: Any, name: str) -> None:
    assert set(paths(post(owner, None, archive=upload(), task_name=name))) == {"task_name"}
    assert paths(post(owner, None, archive=upload())) == ["task_name"]


def test_who_may_import(here: Task, owner: Any) -> None:
    another_user, weak = user("another"), user("weak", may=())
    staff = user("staff", may=("import_task", "view_task", "change_task"), is_staff=True)
    theirs = task(weak, "theirs")
    assert post(None, here, archive=upload()).status_code == 401
    assert post(another_user, here, archive=upload()).status_code == 404
    assert post(weak, theirs, archive=upload()).status_code == 403
    assert post(weak, None, archive=upload(), task_name="fresh").status_code == 403
    assert post(staff, here, archive=upload()).status_code == 202
    assert not Image.objects.exists()
