"""The site's icon, which browsers ask for at a fixed address whatever a page links to."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

_ICON: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">
<rect width="16" height="16" rx="3" fill="#205067"/>
<path d="M2 13l4-6 3 4 2-2 3 4z" fill="#79aec8"/>
<rect x="5.5" y="3.5" width="7" height="7" fill="none" stroke="#f5dd5d" stroke-width="1.5"/>
</svg>
"""
"""A box around a picture. Without styles or scripts, so that every content security policy lets it through."""


@require_safe
@cache_control(public=True, max_age=24 * 3600)
def favicon(request: HttpRequest) -> HttpResponse:
    """Return the icon from memory, so that it needs neither static files nor their manifest."""
    return HttpResponse(_ICON, content_type="image/svg+xml")
