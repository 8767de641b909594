"""Several programs that start the same job at once."""

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from openimages_io.models import IdempotencyKey, Job
from openimages_io.models.job_files import current_job_storage
from tests.api.concurrent_saves import at_once
from tests.api.job_factories import client, task, url, user
from tests.stored_files import stored_files

_STARTERS = 4


def archives() -> list[Path]:
    """Every file in the job storage."""
    return stored_files(Path(current_job_storage().path("")))


def start_at_once(rounds: int) -> None:
    """Of requests with one key one starts a job; the others are told its job, or that it is being started."""
    owner = user()
    made = task(owner)
    dry_run = Job.objects.create(kind="import", task=made, dry_run=True, queued=made.created)
    for turn in range(rounds):
        places: list[tuple[str, dict[str, Any]]] = [
            (url("task-exports", made.pk), {}),
            (url("task-imports", made.pk), {"archive": b"x" * 100_000}),
            (url("job-confirm", dry_run.pk), {}),
        ]
        for place, fields in places:
            Job.objects.exclude(pk=dry_run.pk).delete()
            dry_run.source.save("archive", SimpleUploadedFile("a.zip", b"x"), save=False)
            dry_run.dry_run, dry_run.state, dry_run.attempt = True, "succeeded", turn
            dry_run.save()
            files = len(archives())

            def start(place: str = place, fields: dict[str, Any] = fields, turn: int = turn) -> Any:
                sent = {name: SimpleUploadedFile("a.zip", value) for name, value in fields.items()}
                kind = "multipart" if sent else "json"
                return client(owner).post(place, sent, format=kind, headers={"Idempotency-Key": f"{turn}"})

            responses = at_once([start] * _STARTERS)
            statuses = {response.status_code for response in responses}
            assert statuses in ({202}, {202, 409}), [response.content for response in responses]
            keys = {response.json()["id"] for response in responses if response.status_code == 202}
            codes = {response.json()["code"] for response in responses if response.status_code == 409}
            assert codes <= {"key_in_use"}
            assert len(keys) == 1
            assert Job.objects.count() == (1 if "confirm" in place else 2)
            assert len(archives()) == files + ("archive" in fields)
            assert start().json()["id"] in keys
    assert IdempotencyKey.objects.count() == 3 * rounds
