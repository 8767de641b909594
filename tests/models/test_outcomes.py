"""What came of a job is stored as a code with parameters; the sentence is made when it is shown."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from openimages_io.exceptions import Failure
from openimages_io.models import Job
from openimages_io.models.outcomes import Outcome


def job(outcome: Any, **values: Any) -> Job:
    return Job(kind="import", state="succeeded", task_name="x", queued=timezone.now(), outcome=outcome, **values)


def test_the_sentence_is_made_of_the_row() -> None:
    totals = {"boxes": {"added": 1204, "updated": 1}, "images": {"added": 1}, "odd rows": {"added": 2}, "masks": 5}
    made = job(Outcome.IMPORTED.stored(), totals=totals, warnings=1)
    assert made.message == "Imported: 1 image, 1,204 boxes and 2 odd rows added; 1 box updated; 1 warning."
    made.outcome = Outcome.DRY_RUN.stored()
    assert made.message.startswith("A dry run, so nothing was written. An import would do this: 1 image,")
    assert job(Outcome.UNCHANGED.stored(), dry_run=True).message.endswith("so nothing would change.")
    assert job(Outcome.ERROR.stored(error="{no} {changes}")).message == "{no} {changes}"
    failed = Failure("no-subset", subsets=["a{b}", "c"]).as_param()
    assert job(Outcome.ERROR.stored(error=failed)).message == "The task has no subset “a{b}”, “c”."
    later = {"code": "of-another-version", "params": {"x": 1}}
    assert job(Outcome.ERROR.stored(error=later)).message == "of-another-version, x: 1"


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_a_sentence(outcome: Outcome) -> None:
    said = job(outcome.stored(error="E", text="T")).message
    assert said
    assert "{" not in said


@pytest.mark.django_db
@pytest.mark.parametrize(
    "outcome",
    [{}, [], "so", 5, {"code": "of-tomorrow", "params": {}}, {"code": ["x"]}, {"code": "error", "params": [1]},
     {"code": "error"}, {"code": "error", "params": {"error": {"a": 1}}}],
    ids=str,
)  # fmt: skip
def test_whatever_is_stored_is_shown_somehow(outcome: Any) -> None:
    boss = get_user_model().objects.create_superuser("boss")
    kept = job(outcome, created_by=boss, finished=timezone.now(), totals=["junk"] if outcome == [] else {})
    kept.save()
    client = Client()
    client.force_login(boss)
    assert client.get(reverse("admin:openimages_io_job_change", args=[kept.pk])).status_code == 200
    if outcome != []:
        answer = client.get(reverse("openimages_io:job-detail", args=[kept.pk]))
        assert answer.status_code == 200
        assert isinstance(answer.json()["message"], str)
