"""What OPTIONS answers."""

from typing import Any

from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request


class Metadata(SimpleMetadata):
    """What a view is, and the media types that it reads and writes; its fields stand in the OpenAPI document.

    DRF's own looks the row up by the rules of OPTIONS to say the fields of PUT, and we have no such rules.
    """

    def determine_actions(self, request: Request, view: Any) -> dict[str, Any]:
        """None."""
        return {}
