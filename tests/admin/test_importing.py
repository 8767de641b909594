"""The way in: a dry run first, its issues, and then what it said."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from openimages_io.jobs.reports import summary
from openimages_io.models import Job, JobState, Task
from tests.admin.conftest import BOXES, Changes, pack, text_of

ADMIN = "/admin/openimages_io"
FORM = {
    "on_error": "abort",
    "match": "lenient",
    "masks_as": "masks",
    "pictures": "on",
    "missing_images": "create",
    "missing_labels": "create",
    "missing_attributes": "create",
}


def test_a_dry_run_is_confirmed(send: Any, boss: Client, good_archive: Path) -> None:
    response = send(f"{ADMIN}/task/import/", {"task_name": "new", **FORM}, upload=good_archive)
    job = Job.objects.get()
    assert response.headers["Location"] == f"{ADMIN}/job/{job.pk}/change/"
    page = text_of(boss.get(response.headers["Location"]))
    assert "What the import would do" in page
    assert "Confirm: import it" in page
    assert "would be added" in page
    assert not Task.objects.exists()

    assert send(f"{ADMIN}/job/{job.pk}/confirm/").status_code == 302
    task = Task.objects.get()
    assert (task.name, task.owner, task.shapes.count()) == ("new", User.objects.get(username="boss"), 131)
    page = text_of(boss.get(f"{ADMIN}/job/{job.pk}/change/"))
    assert "What the job did" in page
    assert "Open the task" in page
    assert "Confirm" not in page
    again = send(f"{ADMIN}/job/{job.pk}/confirm/")
    assert "Only the dry run of an import can be confirmed." in text_of(boss.get(again.headers["Location"]))


def test_a_broken_row_is_shown_with_file_and_line(send: Any, boss: Client, broken_archive: Path) -> None:
    response = send(f"{ADMIN}/task/import/", {"task_name": "new", **FORM}, upload=broken_archive)
    page = text_of(boss.get(response.headers["Location"]))
    row = re.search(r'<tr class="oi-error">(.*?)</tr>', page, re.DOTALL)
    assert row is not None
    cells = [re.sub("<.*?>", "", cell) for cell in re.findall("<td.*?>(.*?)</td>", row[1], re.DOTALL)]
    assert cells == ["error", BOXES, "3", "XMin", "left", "is not a number"]
    assert "Confirm: import it" not in page
    assert "has errors" in page
    job = Job.objects.get()
    table = b"".join(boss.get(f"{ADMIN}/job/{job.pk}/issues.csv").streaming_content).decode()  # type: ignore[attr-defined]
    kind, issue = csv.DictReader(io.StringIO(table))
    assert (kind["row"], kind["code"], kind["count"], issue["row"]) == ("summary", "bad-fraction", "1", "issue")
    assert (issue["file"], issue["line"], issue["column"], issue["value"]) == (BOXES, "3", "XMin", "left")
    send(f"{ADMIN}/job/{job.pk}/confirm/")
    assert not Task.objects.exists()
    # The form of the next try begins with what was chosen.
    form = text_of(boss.get(f"{ADMIN}/task/import/?again={job.pk}"))
    assert 'value="new"' in form


def test_the_table_of_issues_names_the_forms_fields_as_the_page_does(
    send: Any, boss: Client, good_archive: Path
) -> None:
    send(f"{ADMIN}/task/import/", {"task_name": "new", **FORM, "labels": "Cow"}, upload=good_archive)
    job = Job.objects.get()
    table = b"".join(boss.get(f"{ADMIN}/job/{job.pk}/issues.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert "--label" not in table
    assert {row["column"] for row in csv.DictReader(io.StringIO(table))} >= {"“Only these labels”"}
    assert "“Only these labels”" in text_of(boss.get(f"{ADMIN}/job/{job.pk}/change/"))


def test_the_bad_rows_are_left_out_by_one_click_after_the_dry_run(
    send: Any, boss: Client, broken_archive: Path
) -> None:
    response = send(f"{ADMIN}/task/import/", {"task_name": "new", **FORM}, upload=broken_archive)
    page = text_of(boss.get(response.headers["Location"]))
    assert "Import without the bad row</button>" in page
    job = Job.objects.get()
    send(f"{ADMIN}/job/{job.pk}/confirm/", {"on_error": "skip"})
    assert Task.objects.get().shapes.count() == 130
    page = text_of(boss.get(response.headers["Location"]))
    assert "Import without" not in page
    assert re.search(r'<th scope="row">Took</th><td>[\d.]+ s</td>', page)
    assert re.search(r'<th scope="row">Finished</th><td>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d</td>', page)


def test_the_browser_asks_for_a_name_before_the_file_is_sent(boss: Client) -> None:
    page = text_of(boss.get(f"{ADMIN}/task/import/"))
    assert "novalidate" not in page
    assert re.search(r'<input type="text" name="task_name"[^>]* required', page)


def test_bad_rows_are_left_out_if_so_chosen(send: Any, boss: Client, broken_archive: Path) -> None:
    response = send(f"{ADMIN}/task/import/", {"task_name": "new", **FORM, "on_error": "skip"}, upload=broken_archive)
    page = text_of(boss.get(response.headers["Location"]))
    assert "the bad rows are left out" in page
    send(f"{ADMIN}/job/{Job.objects.get().pk}/confirm/")
    assert Task.objects.get().shapes.count() == 130


def test_into_a_task_that_is_there(send: Any, boss: Client, scenes: Task, good_archive: Path) -> None:
    send(f"{ADMIN}/task/{scenes.pk}/import/", {**FORM, "mode": "merge"}, upload=good_archive)
    job = Job.objects.get()
    assert job.task == scenes
    assert "nothing would change" in text_of(boss.get(f"{ADMIN}/job/{job.pk}/change/"))


def test_what_to_do_names_the_fields_of_the_form(send: Any, boss: Client, scenes: Task, tmp_path: Path) -> None:
    def others(data: bytes) -> bytes:
        head, first, *lines = data.decode().splitlines()
        rows = [f"--clip{number},{first.partition(',')[2]}" for number in range(2)]
        return "\n".join([head, *rows, re.sub(",0[.][0-9]+", ",1.001", lines[0], count=1)]).encode()

    archive = pack(tmp_path / "others.zip", {BOXES: others})
    refused = {"missing_images": "error", "mode": "merge"}
    response = send(f"{ADMIN}/task/{scenes.pk}/import/", {**FORM, **refused}, upload=archive)
    page = text_of(boss.get(response.headers["Location"]))
    advice = "choose “Add them” or “Skip their annotations, and count them in the report” under “Unknown images”."
    assert advice in page
    assert "“Clip coordinates” takes such coordinates as the edge" in page
    assert set(re.findall("--[a-z]+[0-9]?", page.partition('id="issues"')[2])) == {"--clip0", "--clip1"}
    (kind,) = (each for each in summary(Job.objects.get()) if each.code == "unknown-image")
    assert kind.advice == "Check that ids and image names agree, or choose --missing-images create or skip."


@pytest.mark.long
def test_more_than_a_hundred_issues_are_paged(send: Any, boss: Client, tmp_path: Path) -> None:
    def all_broken(data: bytes) -> bytes:
        head, *lines = data.decode().splitlines()
        return "\n".join([head, *[line.replace(",1,", ",yes,", 1) for line in lines * 9]]).encode()

    archive = pack(tmp_path / "broken.zip", {BOXES: all_broken})
    response = send(f"{ADMIN}/task/import/", {"task_name": "new", **FORM}, upload=archive)
    address = response.headers["Location"]
    seen: list[str] = []
    query = "?severity=error"
    while query:
        page = text_of(boss.get(address + query))
        lines = re.findall(r'<tr class="oi-error">.*?class="oi-number">(\d+)</td>', page, re.DOTALL)
        assert 0 < len(lines) <= 100
        seen += lines
        found = re.search(r'href="(\?severity=error&amp;cursor=[^"#]+)#issues">The next', page)
        query = found[1].replace("&amp;", "&") if found else ""
        assert page.count('<tr class="oi-kind-error">') == 1
    assert len(seen) == Job.objects.get().errors > 200
    assert seen == sorted(seen, key=int)
    assert text_of(boss.get(f"{address}?cursor=nonsense")).count('<tr class="oi-error">') == 100
    assert text_of(boss.get(f"{address}?severity=nonsense")).count('<tr class="oi-error">') == 100


@pytest.mark.long
def test_what_the_form_refuses(send: Any, scenes: Task, good_archive: Path, settings: Settings) -> None:
    taken = send(f"{ADMIN}/task/import/", {"task_name": "scenes", **FORM}, upload=good_archive)
    assert "A task with this name exists" in text_of(taken)
    assert "required" in text_of(send(f"{ADMIN}/task/import/", {"task_name": "", **FORM}, upload=good_archive))
    assert "required" in text_of(send(f"{ADMIN}/task/import/", {"task_name": "new", **FORM}))
    nul = send(f"{ADMIN}/task/import/", {"task_name": "a\0b", **FORM}, upload=good_archive)
    assert "errornote" in text_of(nul)
    odd = send(f"{ADMIN}/task/import/", {"task_name": "new", **FORM, "on_error": "perhaps"}, upload=good_archive)
    assert "not one of the available choices" in text_of(odd)
    settings.OPENIMAGES_IO = {**settings.OPENIMAGES_IO, "MAX_UPLOAD_BYTES": 1000}
    large = send(f"{ADMIN}/task/import/", {"task_name": "new", **FORM}, upload=good_archive)
    assert "larger than this site allows" in text_of(large)
    assert not Job.objects.exists()


def test_what_is_no_archive_says_so(send: Any, boss: Client, tmp_path: Path) -> None:
    nothing = tmp_path / "notes.zip"
    nothing.write_bytes(b"no archive at all")
    response = send(f"{ADMIN}/task/import/", {"task_name": "new", **FORM}, upload=nothing)
    page = text_of(boss.get(response.headers["Location"]))
    assert "Confirm: import it" not in page
    assert '<tr class="oi-error">' in page


def test_chosen_subsets_and_labels_arrive(send: Any, good_archive: Path) -> None:
    body = {"task_name": "new", **FORM, "subsets": "train\r\n\r\n validation ", "labels": "Cat"}
    send(f"{ADMIN}/task/import/", body, upload=good_archive)
    options = Job.objects.get().options
    assert (options["subsets"], options["labels"]) == (["train", "validation"], ["Cat"])


@pytest.mark.long
def test_hostile_names_are_text(send: Any, boss: Client, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"

    def rename(data: bytes) -> bytes:
        return data.replace(b"Cat", f'"{evil}"'.encode())

    def break_it(data: bytes) -> bytes:
        lines = data.decode().splitlines()
        cells = lines[1].split(",")
        cells[4] = evil
        return "\n".join([lines[0], ",".join(cells), *lines[2:]]).encode()

    changes: Changes = {"annotations/class-descriptions.csv": rename, BOXES: break_it}
    archive = pack(tmp_path / f"{evil.replace('/', '')}.zip", changes)
    body = {"task_name": evil, **FORM, "on_error": "skip"}
    response = send(f"{ADMIN}/task/import/", body, upload=archive)
    job = Job.objects.get()
    first = [boss.get(response.headers["Location"]), boss.get(f"{ADMIN}/job/")]
    send(f"{ADMIN}/job/{job.pk}/confirm/")
    task = Task.objects.get(name=evil)
    label = task.labels.get(display_name=evil)
    shape = label.shapes.all()[0]
    places = (
        f"job/{job.pk}/change/",
        "task/",
        f"task/{task.pk}/change/",
        f"task/{task.pk}/delete/",
        f"task/{task.pk}/hierarchy/",
        f"task/{task.pk}/import/",
        f"task/export/?task={task.pk}",
        f"label/?task={task.pk}",
        f"label/{label.pk}/change/",
        f"label/{label.pk}/delete/",
        f"shape/?image={shape.image_id}",
        f"shape/{shape.pk}/change/",
        f"image/?task={task.pk}",
    )
    pages = [*first, *(boss.get(f"{ADMIN}/{where}") for where in places)]
    for page in pages:
        assert page.status_code == 200
        assert evil not in text_of(page), page.request["PATH_INFO"]
    assert "&lt;script&gt;alert(1)" in text_of(pages[0])


def test_the_poller_is_told(send: Any, boss: Client, good_archive: Path) -> None:
    send(f"{ADMIN}/task/import/", {"task_name": "new", **FORM}, upload=good_archive)
    job = Job.objects.get()
    answer = boss.get(f"{ADMIN}/job/{job.pk}/status/")
    assert answer.json()["over"] is True
    assert "no-store" in answer.headers["Cache-Control"]
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)
    answer = boss.get(f"{ADMIN}/job/{job.pk}/status/")
    assert answer.json()["waiting"] is True
    page = text_of(boss.get(f"{ADMIN}/job/{job.pk}/change/"))
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert "Waiting for a worker" in page
    send(f"{ADMIN}/job/{job.pk}/cancel/")
    assert Job.objects.get().state == JobState.CANCELLED
    send(f"{ADMIN}/job/{job.pk}/retry/")
    assert Job.objects.get().state == JobState.SUCCEEDED
