"""The permission object as Django asks for permissions: `has_…_permission`, querysets and choices."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect, ForeignKeyRawIdWidget
from django.core.exceptions import EmptyResultSet, PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from openimages_io.models import Task
from openimages_io.models.revisions import RevisedQuerySet
from openimages_io.permissions import Verb, filter_once, permissions

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _Tabular = admin.TabularInline[Any, Any]
else:
    _ModelAdmin, _Tabular = admin.ModelAdmin, admin.TabularInline

_ASKED: Final = "openimages_asked"
"""The attribute of a request that keeps what was found out for it."""


def task_of(row: Any) -> Task | None:
    """The task that a row belongs to; None of a job that has none."""
    task: Task | None = row if isinstance(row, Task) else row.task
    return task


def visible(request: HttpRequest, rows: QuerySet[Any], verb: Verb = "view") -> QuerySet[Any]:
    """Those of the rows that are in tasks where the user may do this, and that no job is deleting."""
    path = "pk" if rows.model is Task else rows.task_path if isinstance(rows, RevisedQuerySet) else "task_id"
    condition = permissions().tasks_allowing(request.user, verb, rows.model)
    if rows.model is Task:
        return filter_once(rows, condition)  # its manager leaves out the others
    if condition:
        return rows.filter(**{f"{path}__in": filter_once(Task.objects.all(), condition).values("pk")})
    return rows.exclude(**{f"{path}__in": QuerySet(Task).filter(deleting=True).values("pk")})


def is_any_task(request: HttpRequest, condition: Q) -> bool:
    """Whether a condition picks any task; one query for each condition of a request, which asks for many a model."""
    asked: dict[str, bool] = request.__dict__.setdefault(_ASKED, {})
    tasks = Task.objects.filter(condition).order_by()
    try:
        words = str(tasks.query)
    except EmptyResultSet:
        return False
    if words not in asked:
        asked[words] = tasks.exists()
    return asked[words]


def lacks(request: HttpRequest, verb: Verb, models: Iterable[type[Model]], tasks: Sequence[Task]) -> list[type[Model]]:
    """Those of the models to whose rows the user may not do this in every one of the tasks."""
    site = permissions()
    site.prefetch_owned(request.user, tasks)
    return [model for model in models if not all(site.allows(request.user, verb, model, task) for task in tasks)]


class VisibleRawId(ForeignKeyRawIdWidget):
    """A key as a number. Django's own would name any row whose key is typed; this one only those that may be chosen.

    Nor does it lead to a list and to rows that the user may not open.
    """

    may_open = True

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        return context if self.may_open else {**context, "related_url": None, "link_url": None}

    def label_and_url_for_value(self, value: Any) -> tuple[str, str]:
        try:
            is_there = self.choices.queryset.filter(pk=value).exists()  # type: ignore[attr-defined]  # by the field
        except (ValueError, ValidationError, OverflowError):
            is_there = False
        return super().label_and_url_for_value(value) if is_there else ("", "")


class SearchSelect(AutocompleteSelect):
    """A choice by searching, which takes anything that a browser may send for a key."""

    def optgroups(self, name: str, value: Sequence[str], attrs: dict[str, Any] | None = None) -> Any:
        return super().optgroups(name, [key for key in value if self._is_key(key)], attrs)

    def _is_key(self, key: str) -> bool:
        field: Any = self.field
        own = field.remote_field.model._meta.pk
        try:
            own.run_validators(own.to_python(key))
        except ValidationError:
            return key == ""
        return True


class PermissionsMixin(_ModelAdmin):
    """A page for rows of tasks: who may do what, the site's class says, as it does in the API."""

    searched_fields: tuple[str, ...] = ()
    """Foreign keys that are chosen by searching, or by key where the other side is not registered or not to be seen."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows that exist for the user."""
        return self.visible_rows(request, super().get_queryset(request))

    def visible_rows(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the rows that exist for the user: by their tasks."""
        return visible(request, rows)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) or self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "add", None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "delete", obj)

    def _may(self, request: HttpRequest, verb: Verb, row: Any) -> bool:
        """In the row's task; without a row, in any task."""
        return may_here(request, verb, self.model, task_of(row) if row is not None else None)

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        return [name for name in self.searched_fields if self._can_search(request, name)]

    def _can_search(self, request: HttpRequest, name: str) -> bool:
        other = self.model._meta.get_field(name).related_model
        if not isinstance(other, type) or not self._may_open_list(request, other):
            return False
        return bool(self.admin_site.get_model_admin(other).get_search_fields(request))

    def _may_open_list(self, request: HttpRequest, model: type[Model]) -> bool:
        if not self.admin_site.is_registered(model):
            return False
        return bool(self.admin_site.get_model_admin(model).has_view_permission(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choices are rows that exist for the user; a task is one where the user may add rows such as this."""
        using, other = kwargs.get("using"), db_field.related_model
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", SearchSelect(db_field, self.admin_site, using=using))
        elif db_field.name in self.raw_id_fields:
            widget = VisibleRawId(db_field.remote_field, self.admin_site, using=using)
            widget.may_open = self._may_open_list(request, other)
            kwargs.setdefault("widget", widget)
        if other is Task:
            condition = permissions().tasks_allowing(request.user, "add", self.model)
            kwargs.setdefault("queryset", filter_once(Task.objects.all(), condition))
        elif other._meta.app_label == self.opts.app_label:
            kwargs.setdefault("queryset", visible(request, other._default_manager.all()))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Raises `PermissionDenied` if a new row is one that the user may not add to its task."""
        if not change and not isinstance(obj, Task) and not self._may(request, "add", obj):
            raise PermissionDenied
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Raises `PermissionDenied` likewise: when the rows' form was shown, nobody knew the task of a new label."""
        if not change and formset.has_changed():
            task = task_of(form.instance)
            if not may_here(request, "add", formset.model, task):
                raise PermissionDenied
        super().save_formset(request, form, formset, change)


class PermissionsInline(_Tabular):
    """Rows below a row of a task, with permissions of their own."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "add", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "delete", obj)

    def _may(self, request: HttpRequest, verb: Verb, above: Any) -> bool:
        return may_here(request, verb, self.model, task_of(above) if above is not None else None)


def may_here(request: HttpRequest, verb: Verb, model: type[Model], task: Task | None) -> bool:
    """Whether the user may do this to rows of a model in a task; with None, in any."""
    site = permissions()
    if task is not None:
        return site.allows(request.user, verb, model, task)
    has_permission = site.has_model_permission(request.user, verb, model)
    if model is Task and verb == "add":
        return has_permission and site.may_create_tasks(request.user)
    return has_permission or is_any_task(request, site.tasks_allowing(request.user, verb, model))
