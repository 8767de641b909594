"""What a confirmation of deleting says: numbers. Django's own would load, and list, each of a million shapes."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVar

from django.contrib.admin import AdminSite
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openimages_io.models import Image, Job, Label, Shape, Task
from openimages_io.models.job import UNDER_WAY
from openimages_io.models.primary import primary

_AT_ONCE: Final = 500
"""Rows that are deleted at once: the page that asks for confirmation names every one."""

Row = TypeVar("Row", bound=Model)
Deleted = tuple[list[Any], dict[str, int], set[str], list[Any]]
"""As `ModelAdmin.get_deleted_objects` returns it: lines, counts by name, permissions that lack, what forbids it."""


def of_tasks(tasks: Iterable[Task], request: HttpRequest, site: AdminSite) -> Deleted:
    """A line a task, and how many rows go with them; a job that runs forbids it."""
    tasks = _some(tasks)
    keys = [task.pk for task in tasks]
    forbidding = [
        _("The job “%(job)s” has not ended: cancel it first.") % {"job": job}
        for job in primary(Job).filter(task__in=keys, state__in=UNDER_WAY)
    ]
    return _summary(tasks, Task, (Image, Label, Shape, Job), {"task__in": keys}, request, site, forbidding)


def of_images(images: Iterable[Image], request: HttpRequest, site: AdminSite) -> Deleted:
    """A line an image, and how many shapes go with them."""
    images = _some(images)
    return _summary(images, Image, (Shape,), {"image__in": [image.pk for image in images]}, request, site, [])


def of_labels(labels: Iterable[Label], request: HttpRequest, site: AdminSite) -> Deleted:
    """A line a label; one that shapes have stays."""
    labels = _some(labels)
    used = primary(Label).filter(pk__in=[label.pk for label in labels], shapes__isnull=False).distinct().order_by()
    used_keys = set(used.values_list("pk", flat=True))
    forbidding = [
        _("Shapes have the label “%(label)s”: delete them, or give them another label, first.") % {"label": label}
        for label in labels
        if label.pk in used_keys
    ]
    return _summary(labels, Label, (), {}, request, site, forbidding)


def of_shapes(shapes: Iterable[Shape], request: HttpRequest, site: AdminSite) -> Deleted:
    """A line a shape; its mask goes with it."""
    return _summary(_some(shapes), Shape, (), {}, request, site, [])


def of_jobs(jobs: Iterable[Job], request: HttpRequest, site: AdminSite) -> Deleted:
    """A line a job; one that has not ended stays."""
    jobs = _some(jobs)
    forbidding = [
        _("The job “%(job)s” has not ended: cancel it first.") % {"job": job} for job in jobs if not job.is_final
    ]
    return _summary(jobs, Job, (), {}, request, site, forbidding)


def _some(rows: Iterable[Row]) -> list[Row]:
    """The rows, or one more than may be deleted at once."""
    return list(rows[: _AT_ONCE + 1] if isinstance(rows, QuerySet) else rows)


def _summary(
    rows: Sequence[Model],
    model: type[Model],
    others: Iterable[type[Model]],
    condition: dict[str, Any],
    request: HttpRequest,
    site: AdminSite,
    forbidding: list[Any],
) -> Deleted:
    if len(rows) > _AT_ONCE:
        return [], {}, set(), [_("Choose at most %(count)s to delete at once.") % {"count": _AT_ONCE}]
    counts = {_plural(model): len(rows)}
    lacking = _lacking(model, request, site)
    for other in others:
        every: QuerySet[Model] = QuerySet(other)
        count = every.filter(**condition).count()
        if count:
            counts[_plural(other)] = count
            lacking |= _lacking(other, request, site)
    lines = [f"{capfirst(row._meta.verbose_name)}: {row}" for row in rows]
    for name, count in list(counts.items())[1:]:
        lines.append(ngettext("and %(count)s %(name)s", "and %(count)s %(name)s", count) % _said(count, name))
    return lines, counts, lacking, forbidding


def _said(count: int, name: str) -> dict[str, str]:
    return {"count": localize(count, use_l10n=True), "name": name}


def _plural(model: type[Model]) -> str:
    return str(model._meta.verbose_name_plural)


def _lacking(model: type[Model], request: HttpRequest, site: AdminSite) -> set[str]:
    if not site.is_registered(model) or site.get_model_admin(model).has_delete_permission(request):
        return set()
    return {str(model._meta.verbose_name)}
