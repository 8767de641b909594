"""What every write of tasks shares: the task is locked, and the models' own rules are said with paths."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.db import IntegrityError, models, router
from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import get_error_detail

from openimages_io.api.errors import NON_FIELD, Conflict
from openimages_io.database.commit import Commit
from openimages_io.models import Task
from openimages_io.models.revisions import lock


@contextmanager
def changing(task: Task, commit: Commit | None = None) -> Iterator[Task]:
    """A transaction in which nobody else changes the task's labels, hierarchy or images; yields the task as it is now.

    The task is locked first, as by those who save shapes, so that nobody waits in a ring. Raises `Http404` if it has
    gone, and `Conflict` if a row that came past the lock is in the way. `commit` is the transaction, for those who want
    to know its outcome.
    """
    using = router.db_for_write(Task, instance=task)
    try:
        with commit or Commit(using):
            if not lock("Task", using, pk=task.pk):
                raise Http404
            yield Task.objects.using(using).select_related("owner").get(pk=task.pk)
    except IntegrityError as error:
        raise Conflict("Another user has just saved something that conflicts with this; read it again.") from error


def check(row: models.Model) -> None:
    """Raises DRF's `ValidationError` for what the model's own rules refuse, field by field."""
    try:
        row.clean()
    except ModelError as error:
        raise serializers.ValidationError(as_detail(error)) from error


def as_detail(error: ModelError) -> dict[str, Any]:
    """A model's faults as a serializer has them."""
    if not hasattr(error, "error_dict"):
        return {NON_FIELD: get_error_detail(error)}
    return {
        NON_FIELD if name == "__all__" else name: get_error_detail(ModelError(inner))
        for name, inner in error.error_dict.items()
    }


def fault(path: str, message: str, code: str = "invalid") -> serializers.ValidationError:
    """One fault with its path."""
    return serializers.ValidationError({path: [ErrorDetail(message, code=code)]})
