"""JSON from strangers: what is no JSON, or too deep or too large to read, is the client's fault and told so."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from openimages_io import conf
from openimages_io.api.errors import TooLarge


class StrictJSONParser(JSONParser):
    """JSON in UTF-8, whatever charset the request names: no NaN, nothing nested deeper than Python can read."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The body's value. Raises `ParseError` or `TooLarge`."""
        limit = conf.options().max_body_bytes
        data = stream.read(limit + 1)
        if len(data) > limit:
            raise TooLarge(f"The request has more than {limit:,} bytes, which is the most that this site takes.")
        try:
            return json.loads(data.decode(), parse_constant=_refuse)
        except UnicodeDecodeError:
            raise ParseError("The request is not in UTF-8.") from None
        except RecursionError:
            raise ParseError("The request is nested too deeply.") from None
        except ValueError as fault:  # integers of thousands of digits, too
            raise ParseError(f"The request is not JSON: {fault}") from None


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
