"""The site's first page: what is where. From memory, like its icon, so that it needs no static files."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

_POLICY: Final = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
_STYLE: Final = """\
:root { color-scheme: light dark; --text: #1d2b33; --faint: #51616b; --page: #f4f6f7; --card: #fff; --line: #d5dde1;
  --link: #205067; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf1; --faint: #a3b3bc; --page: #12191d; --card: #1b252b; --line: #33424b; --link: #8fd0ea; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1rem; }
header { display: flex; gap: 1rem; align-items: center; margin-bottom: 1.5rem; }
header img { width: 3rem; height: 3rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; }
p { margin: 0; color: var(--faint); }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
li { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; }
a { color: var(--link); font-weight: 600; overflow-wrap: anywhere; }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
footer { margin-top: 1.5rem; }
code { font-size: .95em; color: var(--text); }
"""
_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>openimages_io</title>
<link rel="icon" href="{icon}">
<link rel="stylesheet" href="{style}">
</head>
<body>
<main>
<header><img src="{icon}" alt=""><div><h1>openimages_io</h1>
<p>Image annotations in a database, in and out as Open Images archives.</p></div></header>
<ul>
{places}
</ul>
<footer><p>Everything is explained in <code>docs/README.md</code> of the project; the example data set is
<code>fixtures/scenes</code>.</p></footer>
</main>
</body>
</html>
"""


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Shows where the admin site, the API and frontends are; nothing of what is in them, so it needs no login."""
    places = [
        (reverse("admin:index"), "Admin site", "Look at pictures with their annotations, correct, import and export."),
        (reverse("docs"), "API documentation", "Every address of the REST API, to be tried in the browser."),
        (reverse("openimages_io:api-root"), "REST API", "Read and sent as pages, too; needs a login or a token."),
        (reverse("schema"), "OpenAPI document", "What clients are generated from."),
        *(
            (origin, f"Frontend at {origin}", "A page of another origin that may use this API.")
            for origin in getattr(settings, "CORS_ALLOWED_ORIGINS", ())
        ),
    ]
    items = format_html_join("\n", '<li><a href="{}">{}</a><p>{}</p></li>', places)
    page = format_html(_PAGE, icon=reverse("icon"), style=reverse("home-style"), places=items)
    return HttpResponse(page, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"})


@require_safe
@cache_control(public=True, max_age=24 * 3600)
def style(request: HttpRequest) -> HttpResponse:
    """Returns how the page looks."""
    return HttpResponse(_STYLE, content_type="text/css; charset=utf-8")
