"""A job and its issues as JSON."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from openimages_io.api.option_names import api_name
from openimages_io.api.reverse import reverse_url
from openimages_io.api.users import UserSerializer
from openimages_io.format.issues import Issue, Severity
from openimages_io.jobs.reports import summary
from openimages_io.jobs.status import Status, Workers, job_statuses, workers
from openimages_io.jobs.transitions import bad_rows, can_cancel, can_confirm, can_retry
from openimages_io.models import Job, JobState
from openimages_io.models.primary import primary
from openimages_io.sentences import OptionName
from openimages_io.transfer.summary import IssueKind


class TotalsSerializer(serializers.Serializer[Any]):
    """The rows of one kind: what was read, and what became of it."""

    read = serializers.IntegerField()
    added = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    removed = serializers.IntegerField()
    written = serializers.IntegerField()
    skipped = serializers.DictField(
        child=serializers.IntegerField(), help_text="By the code of the reason, as docs/issues.md lists them."
    )


class WordsField(serializers.CharField):
    """What an issue, or a kind of issues, says: options have the names that they have in the API."""

    def __init__(self, words: Callable[[Any, OptionName], str | None], **kwargs: Any) -> None:
        super().__init__(source="*", **kwargs)
        self._words = words

    def to_representation(self, value: Any) -> Any:
        """The words of the issue that `value` is."""
        return self._words(value, api_name)


class IssueSerializer(serializers.Serializer[Any]):
    """One finding with its place."""

    severity = serializers.ChoiceField(choices=[severity.value for severity in Severity])
    code = serializers.CharField(help_text="A stable name for machines, such as `bad-fraction`.")
    params = serializers.DictField(child=serializers.JSONField(), help_text="The parameters of the sentence, by name.")
    file = serializers.CharField(help_text="The path inside the archive; empty when it is about the whole.")
    line = serializers.IntegerField(allow_null=True, help_text="The line on which the record starts, from 1.")
    column = WordsField(Issue.column_with, allow_null=True, help_text="The column, or the path inside a JSON document.")
    value = serializers.CharField(allow_null=True, help_text="What was there.")
    reason = WordsField(Issue.reason_with, help_text="What was expected.")
    text = WordsField(Issue.text_with, help_text="All of it as a sentence.")


class LinesSerializer(serializers.Serializer[Any]):
    """Issues of one file that are not listed, by line."""

    file = serializers.CharField()
    first_line = serializers.IntegerField(source="first", allow_null=True)
    last_line = serializers.IntegerField(source="last", allow_null=True)
    count = serializers.IntegerField(help_text="Lines between the two that have no issue are not counted.")


class IssueKindSerializer(serializers.Serializer[Any]):
    """The issues of one code and severity."""

    code = serializers.CharField()
    severity = serializers.ChoiceField(choices=[severity.value for severity in Severity])
    count = serializers.IntegerField(
        help_text="How many findings they are: an issue that sums several up counts for each of them."
    )
    listed = serializers.IntegerField(help_text="How many of these are listed, in at most MAX_ISSUES_PER_CODE issues.")
    places = serializers.ListField(child=serializers.CharField(), help_text="The first, as `file:line`.")
    example = serializers.SerializerMethodField(help_text="The first issue, with shortened texts.")
    about = WordsField(IssueKind.about_with, help_text="What issues of this code mean.")
    advice = WordsField(IssueKind.advice_with, help_text="What to do about them.")
    unlisted = LinesSerializer(many=True, help_text="Line ranges of those that are not listed.")
    unlisted_elsewhere = serializers.IntegerField(
        source="elsewhere", help_text="How many more there are without a recorded place."
    )

    def get_example(self, kind: IssueKind) -> Any:
        return IssueSerializer(Issue.of_dict(kind.example)).data if kind.example else None


class OutcomeSerializer(serializers.Serializer[Any]):
    """What came of a job, for machines."""

    code = serializers.CharField(help_text="A stable name, such as `imported`; docs/issues.md lists them.")
    params = serializers.DictField(child=serializers.JSONField(), help_text="What the sentence has besides.")


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job as a poller sees it now."""

    state = serializers.SerializerMethodField()
    created_by = UserSerializer(read_only=True, allow_null=True, help_text="The user who requested it.")
    phase = serializers.SerializerMethodField(help_text="The current step.")
    done = serializers.SerializerMethodField(help_text="How much of `total` is done in this phase.")
    total = serializers.SerializerMethodField(help_text="0 if unknown.")
    outcome = serializers.SerializerMethodField(help_text="The outcome; null until it has ended.")
    message = serializers.SerializerMethodField(help_text="The outcome in a sentence; empty until it has ended.")
    waiting = serializers.SerializerMethodField(help_text="Whether it is still waiting for a worker.")
    worker_seen = serializers.SerializerMethodField(
        help_text="For a waiting job: when a worker last started, ran or ended a job; null if "
        "none ever has. An idle worker starts a job within seconds, so if a job waits for "
        "longer and no worker is busy, no worker is running."
    )
    worker_busy = serializers.SerializerMethodField(
        help_text="For a waiting job: whether a worker is busy with another job."
    )
    cancelling = serializers.SerializerMethodField(help_text="Whether it will stop soon.")
    options = serializers.DictField(help_text="The chosen options, by name.")
    images = serializers.DictField(
        help_text="The only images that an export or a bulk change is of: `keys` are their ids, `filter` is what they "
        "were asked by; empty for all."
    )
    totals = serializers.DictField(child=TotalsSerializer(), help_text="By kind of rows, such as `boxes`.")
    can_cancel = serializers.SerializerMethodField()
    can_confirm = serializers.SerializerMethodField()
    bad_rows = serializers.SerializerMethodField(
        help_text="For a dry run that was refused because of its rows: how many are left out if it is confirmed with "
        "`on_error` skip; 0 where it cannot be."
    )
    can_retry = serializers.SerializerMethodField(
        help_text="Whether it failed or was cancelled, or has waited for longer than JOB_SILENCE although no worker is "
        "busy or one has started a later job, and its archive is there."
    )
    summary = serializers.SerializerMethodField(
        help_text="The issues by kind: errors before warnings before notes, the most frequent first. Empty for a job "
        "that was run before summaries were kept."
    )
    issues = serializers.SerializerMethodField(help_text="The URL of the issues.")
    file = serializers.SerializerMethodField(help_text="The URL of the export; null while there is none.")

    class Meta:
        model = Job
        fields = (
            "id",
            "kind",
            "state",
            "task",
            "task_name",
            "created_by",
            "dry_run",
            "options",
            "images",
            "source_name",
            "phase",
            "done",
            "total",
            "waiting",
            "worker_seen",
            "worker_busy",
            "cancelling",
            "outcome",
            "message",
            "created",
            "queued",
            "started",
            "finished",
            "totals",
            "summary",
            "errors",
            "warnings",
            "notes",
            "committed",
            "changed",
            "refused",
            "can_cancel",
            "can_confirm",
            "bad_rows",
            "can_retry",
            "issues",
            "file",
        )
        read_only_fields = fields
        extra_kwargs = {  # noqa: RUF012  (how DRF declares)
            "finished": {"help_text": "When it ended; null until then. Poll the job until this is not null."}
        }

    def get_state(self, job: Job) -> str:
        return self._status(job).state.value

    def get_phase(self, job: Job) -> str:
        return self._status(job).phase

    def get_done(self, job: Job) -> int:
        return self._status(job).done

    def get_total(self, job: Job) -> int:
        return self._status(job).total

    def get_outcome(self, job: Job) -> Any:
        stored: Any = self._status(job).outcome
        is_one = isinstance(stored, dict) and isinstance(stored.get("params"), dict) and "code" in stored
        return OutcomeSerializer(stored).data if is_one else None

    def get_message(self, job: Job) -> str:
        return self._status(job).message

    def get_waiting(self, job: Job) -> bool:
        return self._status(job).waiting

    def get_worker_seen(self, job: Job) -> datetime | None:
        known = self._workers(job)
        return known.seen if known else None

    def get_worker_busy(self, job: Job) -> bool | None:
        known = self._workers(job)
        return known.busy if known else None

    def get_cancelling(self, job: Job) -> bool:
        return self._status(job).cancelling

    def get_can_cancel(self, job: Job) -> bool:
        return can_cancel(job)

    def get_can_confirm(self, job: Job) -> bool:
        return can_confirm(job)

    def get_bad_rows(self, job: Job) -> int:
        return bad_rows(job)

    def get_can_retry(self, job: Job) -> bool:
        return can_retry(job, self.context["workers"])

    def get_summary(self, job: Job) -> Any:
        return IssueKindSerializer(summary(job), many=True).data

    def get_issues(self, job: Job) -> str:
        return reverse_url("job-issues", self.context["request"], job.pk)

    def get_file(self, job: Job) -> str | None:
        there = job.result and job.pruned is None and self._status(job).state == JobState.SUCCEEDED
        return reverse_url("job-file", self.context["request"], job.pk) if there else None

    def _workers(self, job: Job) -> Workers | None:
        known: Workers | None = self.context["workers"]
        return known if self._status(job).waiting else None

    def _status(self, job: Job) -> Status:
        found: Status = self.context["statuses"][job.pk]
        return found


def serialize_job(job: Job, request: Request) -> Any:
    """A job as JSON."""
    return serialize_jobs([job], request)[0]


def serialize_jobs(jobs: Sequence[Job], request: Request) -> Any:
    """Jobs as JSON; asks once how they all stand, once more for those that have ended since, and twice if any waits."""
    now = {job.pk: found for job, found in zip(jobs, job_statuses(jobs), strict=True)}
    ended = [job.pk for job in jobs if now[job.pk].state != job.state]
    fresh = primary(Job).select_related("created_by").in_bulk(ended) if ended else {}
    latest = [fresh.get(job.pk, job) for job in jobs]
    for job in latest:
        # A job whose worker is silent has failed, though its row doesn't say so yet.
        job.state, job.finished = now[job.pk].state, now[job.pk].finished
    known = workers() if any(status.waiting for status in now.values()) else None
    context = {"request": request, "statuses": now, "workers": known}
    return JobSerializer(latest, many=True, context=context).data
