"""The page of a change of many images: what is to be done, what that would do, and its confirmation."""

from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

from openimages_io import conf
from openimages_io.admin.bulk_forms import LABELS, SUBSETS, ChangeForm, offered_labels
from openimages_io.admin.choosing import Choice, hidden, images_in_words
from openimages_io.admin.gallery import cards_of
from openimages_io.admin.pages import Url
from openimages_io.admin.returning import WITHIN
from openimages_io.admin.wording import totals_table
from openimages_io.annotations.bulk.changes import Delete, Move
from openimages_io.annotations.bulk.plan import Plan
from openimages_io.annotations.bulk.planning import make_plan
from openimages_io.annotations.errors import Conflict, InvalidData
from openimages_io.jobs.rows import database
from openimages_io.models import Image, JobKind, Task
from openimages_io.models.kinds import row_kind
from openimages_io.models.numbers import Number, grouped
from openimages_io.transfer.rows_of_others import OTHERS, issues_of_others

_EXAMPLES: Final = 6
_ISSUES: Final = 20
_MOST_SUBSETS: Final = 200


def bulk_context(request: HttpRequest, task: Task, choice: Choice, form: ChangeForm, url: Url) -> dict[str, Any]:
    """What the page shows: the form, and of a valid one what its change would do."""
    assert choice.images is not None
    plan = None
    if form.is_bound and form.is_valid():
        try:
            plan = make_plan(task, form.change(), choice.images, database(), most=conf.options().bulk_at_once)
        except Conflict as error:  # rows of other apps are in the way
            form.add_error(None, str(error))
        except InvalidData as error:
            for fault in error.faults:
                form.add_error(fault.path if fault.path in form.fields else None, fault.message)
    words, conditions = images_in_words(choice.images, task)
    query = request.GET.get(WITHIN, "")
    gallery = url("task_gallery", task.pk)
    return {
        "title": form.verb,
        "task": task,
        "form": form,
        "errors": form.errors,
        "images": words,
        "conditions": conditions,
        "kept": [*hidden(choice.query), ("action", form.action)],
        "labels": offered_labels(task),
        "labels_id": LABELS,
        "subsets": _subsets(task),
        "subsets_id": SUBSETS,
        "back_url": f"{gallery}?{query}" if gallery else "",
        "is_deletion": form.action == Delete.action,
        **(_shown(task, choice, plan, url, query) if plan is not None else {}),
    }


def _shown(task: Task, choice: Choice, plan: Plan, url: Url, query: str) -> dict[str, Any]:
    assert choice.images is not None
    totals = plan.report.totals_as_json()
    images = list(Image.objects.filter(pk__in=sorted(plan.touched)[:_EXAMPLES]).order_by("pk"))
    stays = sum(sum(counts["skipped"].values()) for counts in totals.values())
    return {
        "plan": plan,
        "table": totals_table(JobKind.BULK, totals, dry_run=True),
        "is_anything": plan.rows or plan.undecided,
        "button": _button(plan),
        "touched": Number(len(plan.touched)),
        "undecided": Number(plan.undecided),
        "others": [issue.reason for issue in issues_of_others(plan.others)],
        "issues": [issue for issue in plan.report.first_issues(_ISSUES) if issue.code != OTHERS],
        "stays": Number(stays),
        "new_specs": [spec.name for spec in plan.new_specs],
        "is_large": plan.read > conf.options().bulk_at_once,
        "cards": cards_of(url, task, images, query)[0],
    }


def _button(plan: Plan) -> str:
    """The verb with its number."""
    is_move, number = isinstance(plan.change, Move), plan.rows + plan.undecided
    noun = row_kind("images" if is_move else "shapes")
    rows = f"{grouped(number)} {noun.one if number == 1 else noun.many}"
    words = {"rows": _("up to %s") % rows if plan.undecided else rows, **plan.names}
    if is_move:
        return _("Move %(rows)s to the subset “%(subset)s”") % words
    if isinstance(plan.change, Delete):
        return _("Delete %(rows)s of “%(label)s”") % words
    return _("Relabel %(rows)s from “%(label)s” to “%(new_label)s”") % words


def _subsets(task: Task) -> list[str]:
    return list(task.images.order_by("subset").values_list("subset", flat=True).distinct()[:_MOST_SUBSETS])
