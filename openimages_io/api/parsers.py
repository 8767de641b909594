"""Request bodies: bounded, and without what no database or client could take back."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, Final, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.http import UnreadablePostError
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser

from openimages_io import conf
from openimages_io.annotations.errors import TooLarge
from openimages_io.api.validation import fault_detail
from openimages_io.archives.temporary import no_space
from openimages_io.error_codes import FaultCode
from openimages_io.format.json_size import has_more_values
from openimages_io.models.values import UNSTORABLE

MAX_DEPTH: Final = 500
"""Nesting of a JSON body."""
_SUSPECT: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])|[0-9][eE]\+?[0-9]{3}|[0-9]{200}")
"""What a value that cannot be stored is written with; few other bodies hold it."""
_STEPS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS: Final = bytes(set(range(256)) - _STEPS.keys())
_SHOWN: Final = 100


def read_body(stream: Any) -> bytes:
    """The whole body of a request without files. Raises `TooLarge`, also where the client has not said its size."""
    limit = conf.options().max_body_bytes
    data: bytes = stream.read(limit + 1)
    if len(data) > limit:
        raise TooLarge(f"The request's body is larger than the {limit:,} bytes that this site allows.")
    return data


class StrictJSONParser(BaseParser):
    """JSON in UTF-8 without NaN, numbers beyond every float, NUL and halves of characters, nested 500 deep at most."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The value.

        Raises `ParseError` for what is not JSON, `ValidationError` for values that cannot be stored, and `TooLarge`.
        """
        data = read_body(stream)
        most = conf.options().max_body_values
        if has_more_values(data, most):
            raise TooLarge(f"The request's JSON has more than {most:,} values, the most that this site allows.")
        try:
            value = json.loads(data.decode(), parse_constant=_refuse_constant)
        except UnicodeDecodeError as error:
            raise ParseError(f"The body is not UTF-8: byte {error.start} is 0x{data[error.start]:02x}.") from None
        except RecursionError:
            raise ParseError("The JSON is nested too deep.") from None
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}.") from None
        depth = max(accumulate(map(_STEPS.__getitem__, data.translate(None, _NO_BRACKETS))), default=0)
        if _SUSPECT.search(data) or depth > MAX_DEPTH:  # brackets in texts were counted, too
            _check(value)
        return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _check(value: Any) -> None:
    faults: dict[str, Any] = {}
    for path, reason in _faults(value):
        faults[path or "non_field_errors"] = fault_detail(reason, FaultCode.UNSTORABLE)
        if len(faults) == _SHOWN:
            break
    if faults:
        raise ValidationError(faults)


def _faults(document: Any) -> Iterator[tuple[str, str]]:
    """What cannot be stored, with its path."""
    open_ones: list[Iterator[tuple[str, Any]]] = [iter((("", document),))]
    while open_ones:
        found = next(open_ones[-1], None)
        if found is None:
            open_ones.pop()
            continue
        path, value = found
        if isinstance(value, str) and UNSTORABLE.search(value):
            yield path, "The text contains a NUL or an unpaired surrogate."
        elif isinstance(value, float) and not math.isfinite(value):
            yield path, "The number is too large."
        elif isinstance(value, dict | list):
            if len(open_ones) > MAX_DEPTH:
                raise ParseError("The JSON is nested too deep.")
            if isinstance(value, dict) and any(map(UNSTORABLE.search, value)):
                yield path, "A key contains a NUL or an unpaired surrogate."
            open_ones.append(_inner(path, value))


def _inner(path: str, value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        return ((f"{path}[{index}]", item) for index, item in enumerate(value))
    items = ((key, item) for key, item in value.items() if not UNSTORABLE.search(key))
    return ((f"{path}.{key}" if path else key, item) for key, item in items)


class StrictMultiPartParser(MultiPartParser):
    """Multipart with files, of which a site takes only so many bytes; Django puts large ones on disk."""

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> "DataAndFiles[Any, Any]":
        """Fields and files. Raises `TooLarge`, before a byte is read, `ParseError` and `NoTemporarySpace`."""
        # The check of CSRF tokens reads the body before the view has looked at its size.
        context = parser_context or {}
        check_length(context["request"].META.get("CONTENT_LENGTH"), conf.options().max_upload_bytes)
        try:
            return super().parse(stream, media_type=media_type, parser_context=context)
        except UnreadablePostError:  # the client has gone
            raise
        except OSError as error:
            raise no_space(error) from error
        except TooManyFilesSent:
            most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
            raise TooLarge(f"The request has more files than the {most} that this site allows.") from None
        except RequestDataTooBig:
            raise TooLarge("The fields beside the files are larger than this site allows.") from None
        except (SuspiciousOperation, ValueError, LookupError) as error:  # the last for an unknown encoding
            raise ParseError(f"The form cannot be read: {error}.") from None


def check_length(header: Any, limit: int) -> None:
    """Raises `TooLarge` if a request says that it has more bytes than this."""
    length = str(header or "0")
    if length.isdecimal() and (len(length) > len(str(limit)) + 1 or int(length) > limit):
        said = f"{int(length):,}" if len(length) < 20 else "very many"
        raise TooLarge(f"The request has {said} bytes; this site allows {limit:,} at most.")
