"""What each action of a ViewSet needs, declared in it, and the permission class that sees to it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from openimages_io.models import JobKind, Task
from openimages_io.permissions import TaskPermissions, User, Verb, permissions


@dataclass(frozen=True, slots=True)
class Rule:
    """Whether a user may do what an action does."""

    allows: Callable[[TaskPermissions, User, Any], bool]
    """Takes the row that the address names."""
    is_of_request: bool = False
    """Whether it is asked before anything is looked up, with None as the row."""


def may(*verbs: Verb, of: type[Model] | tuple[type[Model], ...]) -> Rule:
    """The user may do all this to rows of a model, or of several, in the task that the row is of."""
    models = of if isinstance(of, tuple) else (of,)

    def allows(site: TaskPermissions, user: User, row: Any) -> bool:
        task = row if isinstance(row, Task) else row.task
        return all(site.allows(user, verb, model, task) for model in models for verb in verbs)

    return Rule(allows)


SEES: Final = Rule(lambda site, user, row: True)
"""Whoever the row exists for."""
LISTS: Final = Rule(lambda site, user, row: True, is_of_request=True)
"""Everybody, for what exists for them."""
SIGNED: Final = Rule(lambda site, user, row: True)
"""Whoever has the address, which was signed for somebody who might see the row."""
CREATES_TASKS: Final = Rule(lambda site, user, row: site.may_create_tasks(user), is_of_request=True)
IMPORTS_NEW: Final = Rule(lambda site, user, row: site.may_import(user, None), is_of_request=True)
IMPORTS: Final = Rule(lambda site, user, task: site.may_import(user, task))
EXPORTS: Final = Rule(lambda site, user, task: site.may_export(user, task))
CONTROLS: Final = Rule(lambda site, user, job: site.may_control(user, job))
DOWNLOADS: Final = Rule(
    lambda site, user, job: job.kind != JobKind.EXPORT or job.task is None or site.may_export(user, job.task)
)
"""Of jobs other than exports there is no file, whoever asks."""


class DeclaredPermission(BasePermission):
    """Asks the rule that a ViewSet declares for the action; one without a rule is a fault of ours, and is refused."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the rule holds, if it needs no row."""
        rule = rule_of(view)
        view.was_asked = rule is not None and rule.is_of_request
        return rule is None or not rule.is_of_request or rule.allows(permissions(), request.user, None)

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        """Whether the rule holds for the row."""
        view.was_asked = True
        rule = rule_of(view)
        return rule is not None and (rule.is_of_request or rule.allows(permissions(), request.user, obj))


def rule_of(view: Any) -> Rule | None:
    """The rule of the action; None of OPTIONS, and of a method that the address doesn't have.

    Raises `ImproperlyConfigured`.
    """
    rule: Rule | None = view.rules.get(view.action)
    if rule is None and view.action not in {None, "metadata"}:
        raise ImproperlyConfigured(f"{type(view).__name__} says nothing of who may {view.action}.")
    return rule
