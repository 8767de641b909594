"""Answers of one type."""

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation


class IgnoreAccept(DefaultContentNegotiation):
    """The view says what the answer is, whatever `Accept` says, as for a browser's `<img>`; only errors are JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        """That of the errors; `format` in a query is the view's own."""
        return renderers[0], renderers[0].media_type
