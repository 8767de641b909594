"""Answers of one type."""

from typing import Any

from rest_framework.negotiation import BaseContentNegotiation


class IgnoreAccept(BaseContentNegotiation):
    """The view says what the answer is, whatever `Accept` says, as for a browser's `<img>`; only errors are JSON."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        """These views read no body."""
        return next(iter(parsers), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        """That of the errors; `format` in a query is the view's own."""
        return renderers[0], renderers[0].media_type
