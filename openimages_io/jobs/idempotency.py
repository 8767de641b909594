"""Requests that may be sent again: of all that come with one key of a user's, one starts a job."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from openimages_io.annotations.errors import Conflict, NotThere
from openimages_io.database.locking import try_lock
from openimages_io.error_codes import ErrorCode
from openimages_io.exceptions import OpenImagesError
from openimages_io.jobs.rows import database, rows
from openimages_io.models import IdempotencyKey, Job

KEPT: Final = timedelta(days=1)


class KeyReused(OpenImagesError):
    """The key came with another request before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A request with a key."""

    user: Any
    route: str
    """What is asked for, with the key of the row that it is about."""
    key: str
    digest: str
    """Of all that was sent."""

    def job(self) -> Job | None:
        """The job that the request has started before; None if it comes for the first time.

        Raises `KeyReused` if it was another request, and `NotThere` if the job was deleted.
        """
        known = self._rows().filter(created__gte=timezone.now() - KEPT).first()
        if known is None:
            return None
        if known.digest != self.digest:
            raise KeyReused("This Idempotency-Key came with another request before; use a new one.")
        job = rows().select_related("task", "created_by").filter(pk=known.job).first()
        if job is None:
            raise NotThere("The job that this request has started was deleted.")
        return job

    def take(self, job: Job) -> None:
        """Takes the key for a job, within the transaction that starts it.

        Raises `Conflict` if another request with the key is about to start one, or has.
        """
        using = database()
        said = "Another request with this Idempotency-Key is being answered at the moment; try again shortly."
        if not try_lock(f"{self.user.pk} {self.route} {self.key}", using):
            raise Conflict(said, ErrorCode.KEY_IN_USE)
        now = timezone.now()
        self._rows().filter(created__lt=now - KEPT).delete()
        values = {"user_id": self.user.pk, "route": self.route, "key": self.key, "digest": self.digest}
        try:
            with transaction.atomic(using=using):
                QuerySet(IdempotencyKey, using=using).create(**values, job=job.pk, created=now)
        except IntegrityError:
            raise Conflict(said, ErrorCode.KEY_IN_USE) from None

    def _rows(self) -> QuerySet[IdempotencyKey]:
        every: QuerySet[IdempotencyKey] = QuerySet(IdempotencyKey, using=database())
        return every.filter(user=self.user.pk, route=self.route, key=self.key)


def start_once(claim: Claim | None, start: Callable[[], Job]) -> Job:
    """Starts a job, unless the same request has done so before; returns the job that it has started.

    Raises what `start` raises, `KeyReused` and `NotThere`.
    """
    if claim is None:
        return start()
    if (earlier := claim.job()) is not None:
        return earlier
    try:
        return start()
    except Conflict:  # what is in the way may be that the same request was here a moment ago
        if (earlier := claim.job()) is None:
            raise
        return earlier


def remove_expired() -> None:
    """Removes the keys that nobody asks for any more."""
    QuerySet(IdempotencyKey, using=database()).filter(created__lt=timezone.now() - KEPT).delete()
