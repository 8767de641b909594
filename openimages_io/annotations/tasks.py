"""Tasks: renamed, given to somebody else, deleted."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import QuerySet

from openimages_io.annotations.errors import InvalidData
from openimages_io.annotations.transactions import changing_task
from openimages_io.annotations.versions import ANY, Expected, version_of_task
from openimages_io.error_codes import FaultCode
from openimages_io.models import Task
from openimages_io.models.primary import primary

NAME_TAKEN: Final = "A task with that name exists already."


def change_task(task: Task, values: Mapping[str, Any], expected: Expected = ANY) -> Task:
    """Gives a task this name or owner; returns it as it is then.

    Raises `InvalidData` if another task has the name, `ChangedMeanwhile`, `NotThere` and `Conflict`.
    """
    with changing_task(task) as current:
        expected.check_edit(version_of_task(current))
        if "name" in values and _others(current).filter(name=values["name"]).exists():
            raise InvalidData.of("name", NAME_TAKEN, FaultCode.UNIQUE)
        if values:
            for name, value in values.items():
                setattr(current, name, value)
            current.save(update_fields=[*values, "updated"])
    # The revision in memory is an expression.
    return primary(Task).select_related("owner").get(pk=task.pk)


def delete_task(task: Task, expected: Expected = ANY) -> None:
    """Deletes a task with its images, labels, shapes, files and jobs. Raises `ChangedMeanwhile` and `NotThere`."""
    with changing_task(task) as current:
        expected.check_deletion(version_of_task(current))
        current.delete()


def _others(task: Task) -> "QuerySet[Task]":
    return primary(Task).exclude(pk=task.pk)
