"""A page that is refused says which permission is missing, where Django's own says “403 Forbidden” and no more."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

_MISSING = "openimages_missing"
"""The attribute of a request that holds the permissions that its user was found not to have."""


def explained(site: AdminSite, view: Callable[..., Any]) -> Callable[..., Any]:
    """The view, which answers with a page of the admin site where it raises `PermissionDenied`.

    What is missing is what the user was found not to have on the way there, whoever has asked: Django, we, or the
    site's own permission class.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        missing: list[str] = []
        setattr(request, _MISSING, missing)
        _listen(request.user, missing)
        try:
            return view(request, *args, **kwargs)
        except PermissionDenied:
            return _refusal(site, request, _named(missing))

    return answer


def passed(request: HttpRequest) -> None:
    """Forgets what the user was found not to have so far, since that has not kept the user from it: an owner."""
    getattr(request, _MISSING, []).clear()


def _listen(user: Any, missing: list[str]) -> None:
    """Has the user object of this request note what it says no to."""
    has_perm = getattr(user, "has_perm", None)
    if has_perm is None or user.is_anonymous:
        return

    def noting(name: str, obj: Any = None) -> bool:
        has = bool(has_perm(name, obj))
        if not has and name not in missing:
            missing.append(name)
        return has

    user.has_perm = noting


def _named(missing: list[str]) -> list[tuple[str, str]]:
    """Permissions as people call them, and by name. Who may change rows may see them, so that one is not named too."""
    seen = {name.replace(".view_", ".change_") for name in missing if ".view_" in name}
    wanted = [name for name in missing if name not in seen]
    codes = [name.partition(".")[2] for name in wanted]
    found = Permission.objects.filter(codename__in=codes).select_related("content_type")
    words = {f"{each.content_type.app_label}.{each.codename}": each.name for each in found}
    return [(words.get(name, name), name) for name in wanted]


def _refusal(site: AdminSite, request: HttpRequest, missing: list[tuple[str, str]]) -> HttpResponse:
    request.current_app = site.name  # as Django's own pages do
    context = {**site.each_context(request), "title": _("You may not do this"), "missing": missing}
    return render(request, "admin/openimages_io/refused.html", context, status=403)
