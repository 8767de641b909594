"""`python -m project.example PORT SITE`: serves examples/annotate on an origin of its own, as any web server could."""

import json
import sys
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parent.parent / "examples" / "annotate"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {site}; connect-src 'self' {site}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Handler(SimpleHTTPRequestHandler):
    """The files of the example, and `site.json`, which says where the site is."""

    def __init__(self, *args: Any, site: str, **kwargs: Any) -> None:
        self.site = site
        super().__init__(*args, directory=str(FOLDER), **kwargs)

    def do_GET(self) -> None:
        """Answers with a file."""
        if self.path != "/site.json":
            return super().do_GET()
        body = json.dumps({"site": self.site}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    def end_headers(self) -> None:
        """Has the browser load scripts of here alone, ask nobody but the site, and forget nothing old."""
        self.send_header("Content-Security-Policy", _POLICY.format(site=self.site))
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its name)
        """Says nothing."""


def main(words: list[str]) -> str | None:
    """Serves until it is ended; returns why it can't."""
    port, site = int(words[0]), words[1]
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, site=site))
    except OSError as error:
        return f"The example frontend is not served, because port {port} cannot be used: {error.strerror}."
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
