"""A bulk change in words, as its job has kept it."""

from collections.abc import Iterator
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from openimages_io.admin.bulk import ACTIONS
from openimages_io.admin.filter_words import conditions_of
from openimages_io.annotations.bulk.changes import Delete, Move, Relabel, of_json
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.models import Job, JobKind, Task


def bulk_words(job: Job) -> Iterator[tuple[Any, Any]]:
    """What was chosen, a label and a text each; nothing for a job of another kind."""
    if job.kind != JobKind.BULK or job.task is None:
        return
    change = of_json(job.options)
    yield _("change"), next(text for known, text in ACTIONS if known.action == change.action)
    match change:
        case Move():
            yield _("subset"), change.subset
        case Relabel():
            yield _("label"), _label(job.task, change.label)
            yield _("new label"), _label(job.task, change.new_label)
            yield from _asked(job.task, change.asked)
            yield _("where the image has the same annotation already"), change.duplicates.label
            yield _("attributes without a spec"), change.missing_specs.label
        case Delete():
            yield _("label"), _label(job.task, change.label)
            yield from _asked(job.task, change.asked)


def _label(task: Task, key: int) -> str:
    """Its name, or the key of one that has gone."""
    return str(task.labels.filter(pk=key).first() or key)


def _asked(task: Task, asked: Any) -> Iterator[tuple[Any, Any]]:
    query = QueryDict(mutable=True)
    for name, value in asked.items():
        query.setlist(name, [str(one) for one in (value if isinstance(value, list) else [value])])
    if words := conditions_of(ImageFilterSet(query, task.images.all()), task):
        yield _("only these annotations"), ", ".join(words)
