"""A bulk change in words, as its job has kept it."""

from collections.abc import Iterator
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from openimages_io.admin.bulk import ACTIONS
from openimages_io.admin.choosing import ALL, IMAGE, query_of
from openimages_io.admin.filter_words import conditions_of
from openimages_io.admin.returning import WITHIN
from openimages_io.annotations.bulk.changes import Delete, Move, Relabel, of_json
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.models import Job, JobKind, Task
from openimages_io.models.chosen_images import ChosenImages


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


def preview_query(job: Job) -> str:
    """What asks the page of bulk changes for the same change of the same images, as they are now."""
    assert job.task is not None
    change, images = of_json(job.options), ChosenImages.of_json(job.images)
    query = QueryDict(mutable=True)
    query["action"] = change.action
    within = images.as_json().get("filter", {})
    match change:
        case Move():
            query["subset"] = change.subset
        case Relabel() | Delete():
            query["label"] = _label_name(job.task, change.label)
            query["which"] = "asked" if change.asked else "all"
            of_label = {"label": change.label} if "presence" in change.asked else {}
            within = {**of_label, **change.asked, **within}
    if isinstance(change, Relabel):
        query["new_label"] = _label_name(job.task, change.new_label)
        query["duplicates"], query["missing_specs"] = change.duplicates.value, change.missing_specs.value
    if images.keys:
        query.setlist(IMAGE, [str(key) for key in images.keys])
    else:
        query[ALL] = "1"
    query[WITHIN] = query_of(within).urlencode()
    return query.urlencode()


def _label_name(task: Task, key: int) -> str:
    """How a form takes it; nothing for one that has gone."""
    return task.labels.filter(pk=key).values_list("name", flat=True).first() or ""


def _label(task: Task, key: int) -> str:
    """Its name, or the key of one that has gone."""
    return str(task.labels.filter(pk=key).first() or key)


def _asked(task: Task, asked: Any) -> Iterator[tuple[Any, Any]]:
    if words := conditions_of(ImageFilterSet(query_of(asked), task.images.all()), task):
        yield _("only these annotations"), ", ".join(words)
