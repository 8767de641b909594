"""Pages of our own on the admin site: declared beside the method that answers, each with the permission it needs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Final, TypeVar

from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext

from openimages_io.admin.filters import chosen_key
from openimages_io.admin.permissions import PermissionsMixin, task_of
from openimages_io.admin.refusals import explained, passed
from openimages_io.models import Task

View = TypeVar("View", bound=Callable[..., Any])

Url = Callable[..., str]
"""Gives the address of a page of this site by its name and keys."""

_PAGE: Final = "openimages_page"
_URL: Final = "openimages_url"
"""The attribute of a shown row that gives addresses as who looks at it finds them."""


@dataclass(frozen=True, slots=True)
class Page:
    """The address of a page, and who may ask for it."""

    route: str
    """Below the model's list; its `key`, if it has one, is that of the row that the method takes."""
    name: str
    permission: str
    """What `has_…_permission` is asked, with the row if there is one, as for an action of Django's."""
    only_post: bool
    chosen: str
    """The parameter that chooses the rows which the method takes as a list; empty for none."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A button at the top of a list or of a row's page."""

    text: Any
    url: str
    is_post: bool = False
    title: Any = ""


def page(
    route: str, name: str, *, permission: str, only_post: bool = False, chosen: str = ""
) -> Callable[[View], View]:
    """Declares a method of a `PagesMixin` to be a page; it takes the request, the row if there is one, and the rest."""

    def declare(view: View) -> View:
        setattr(view, _PAGE, Page(route, name, permission, only_post, chosen))
        return view

    return declare


def declared_pages(admin_class: type) -> Iterator[tuple[str, Page]]:
    """The names of the methods that are pages, and what they declare."""
    for name in dir(admin_class):
        found = getattr(getattr(admin_class, name, None), _PAGE, None)
        if isinstance(found, Page):
            yield name, found


class PagesMixin(PermissionsMixin):
    """An admin class with pages and buttons of our own, behind the site's log-in."""

    own_actions: tuple[str, ...] = ()
    """Actions of a mixin, beside those of the class that has it."""

    class Media:
        css = {"all": ("openimages_io/admin.css",)}  # noqa: RUF012  (Django's own way)

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)
        if self.actions is not None:
            own = [name for base in type(self).__mro__ for name in vars(base).get("own_actions", ())]
            self.actions = tuple(dict.fromkeys((*self.actions, *own)))

    def get_urls(self) -> list[Any]:
        own: list[URLPattern] = [
            path(found.route, self._answering(name, found), name=f"openimages_io_{self.opts.model_name}_{found.name}")
            for name, found in declared_pages(type(self))
        ]
        patterns: list[Any] = [*own, *super().get_urls()]
        for pattern in patterns:
            pattern.callback = explained(self.admin_site, pattern.callback)
        return patterns

    def _answering(self, method: str, found: Page) -> Callable[..., Any]:
        """Asks for the permission before the method is called. What does not exist for the user is 404."""

        def answer(request: HttpRequest, **kwargs: Any) -> Any:
            if found.only_post and request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            allows = getattr(self, f"has_{found.permission}_permission")
            if found.chosen:
                rows = self._chosen_rows(request, found.chosen)
                taken, is_allowed = [rows], all(allows(request, row) for row in rows)
            elif "key" in kwargs:
                taken = [self.row_or_404(request, kwargs.pop("key"))]
                passed(request)
                is_allowed = allows(request, taken[0])
            else:
                taken, is_allowed = [], allows(request)
            if not is_allowed:
                raise PermissionDenied
            return getattr(self, method)(request, *taken, **kwargs)

        return update_wrapper(self.admin_site.admin_view(answer), getattr(self, method))

    def _chosen_rows(self, request: HttpRequest, parameter: str) -> list[Any]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        keys = {chosen_key(text) for text in request.GET.getlist(parameter)} - {None}
        rows = list(self.get_queryset(request).filter(pk__in=keys))
        if not rows:
            raise Http404
        return rows

    def row_or_404(self, request: HttpRequest, key: Any) -> Any:
        """The row, if it exists for the user. Raises `Http404`, and `PermissionDenied` for who sees no such rows."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, str(key))
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def tools(self, request: HttpRequest, row: Any = None) -> list[Tool]:
        """The buttons of a row's page; without a row, of the list."""
        return []

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):  # first, so that a refusal names nothing else
            raise PermissionDenied
        return super().changelist_view(request, {"tools": self.tools(request), **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if (row := context.get("original")) is not None:
            context["tools"] = self.tools(request, row)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            self.find_links(request, row)
        return row

    def find_links(self, request: HttpRequest, row: Any) -> None:
        """Makes a row that is to be shown ready for `link`."""
        setattr(row, _URL, self.url_for(request, task_of(row)))

    def url_for(self, request: HttpRequest, task: Task | None) -> Url:
        """`url` as one user finds it: empty for a page of the task, or of none, that the user may not open."""
        may: dict[str, bool] = {}

        def find(name: str, *args: Any) -> str:
            if name not in may:
                may[name] = self._may_open(request, name, task)
            return self.url(name, *args) if may[name] else ""

        return find

    def _may_open(self, request: HttpRequest, name: str, task: Task | None) -> bool:
        """Asks what the page itself will ask, of a row that stands for any of the task's."""
        model_name, _, what = name.partition("_")
        model = apps.get_model(self.opts.app_label, model_name)
        if not self.admin_site.is_registered(model):
            return False
        other: Any = self.admin_site.get_model_admin(model)
        declared = {found.name: found.permission for _, found in declared_pages(type(other))}
        allows = getattr(other, f"has_{declared.get(what, 'view')}_permission")
        if task is None or what == "changelist":
            return bool(allows(request))
        return bool(allows(request, task if model is Task else model(task=task)))

    def url(self, name: str, *args: Any) -> str:
        """The address of a page of this site; empty where there is none, as when a model was unregistered."""
        try:
            return reverse(f"admin:openimages_io_{name}", args=args, current_app=self.admin_site.name)
        except NoReverseMatch:
            return ""

    def link(self, row: Any, text: Any, name: str, *args: Any, query: str = "") -> str:
        """A link from a row that is shown to a page of this site; empty where the user may not open it."""
        address = self.address(row, name, *args)
        return anchor(text, f"{address}{query}") if address else ""

    def address(self, row: Any, name: str, *args: Any) -> str:
        """The address of a page of this site for a row that is shown; empty where the user may not open it."""
        found: str = getattr(row, _URL, self.url)(name, *args)
        return found

    def render(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """A page of our own."""
        request.current_app = self.admin_site.name  # as Django's own pages do
        site = self.admin_site.each_context(request)
        crumbs = self._crumbs(request, site["available_apps"], context.get("task"))
        every = {**site, "opts": self.opts, "media": self.media, "crumbs": crumbs, **context}
        return render(request, f"admin/openimages_io/{template}", every)

    def _crumbs(self, request: HttpRequest, apps_of_user: list[Any], task: Task | None) -> list[tuple[Any, str]]:
        """The way to a page of our own: texts, and addresses where the user may open them."""
        crumbs: list[tuple[Any, str]] = [(gettext("Home"), reverse("admin:index", current_app=self.admin_site.name))]
        crumbs += [(app["name"], app["app_url"]) for app in apps_of_user if app["app_label"] == self.opts.app_label]
        find = self.url_for(request, task)
        if task is None or self.model is Task:
            address = find(f"{self.opts.model_name}_changelist")
            crumbs += [(capfirst(self.opts.verbose_name_plural), address)] if address else []
        if task is not None:
            crumbs.append((Truncator(task).words(18), find("task_change", task.pk)))
        return crumbs


def anchor(text: Any, address: str) -> str:
    """A link, or without an address the text alone."""
    return format_html('<a href="{}">{}</a>', address, text) if address else format_html("{}", text)
