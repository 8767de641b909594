"""Faults with their paths, as DRF's `ValidationError` has them; and the models' own rules said so."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from django.core.exceptions import ValidationError as ModelError
from django.db import models
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.fields import get_error_detail

from openimages_io.annotations.errors import MOST_SHOWN, more_faults
from openimages_io.error_codes import FaultCode

NON_FIELD: Final = "non_field_errors"
_FAULTS: Final[Mapping[str, FaultCode]] = {
    **dict.fromkeys(("invalid", "incorrect_type", "not_a_list", "not_a_dict"), FaultCode.WRONG_TYPE),
    **dict.fromkeys(("max_length", "max_string_length"), FaultCode.TOO_LONG),
    **dict.fromkeys(("min_length", "empty"), FaultCode.TOO_SHORT),
    **dict.fromkeys(("max_value", "min_value", "overflow"), FaultCode.OUT_OF_RANGE),
    "null_characters_not_allowed": FaultCode.UNSTORABLE,
    "surrogate_characters_not_allowed": FaultCode.UNSTORABLE,
}
"""Our codes for those of Django's and DRF's fields that have other words."""
_KNOWN: Final = frozenset(FaultCode)


def check(row: models.Model) -> None:
    """Raises DRF's `ValidationError` for what the model's own rules refuse, field by field."""
    try:
        row.clean()
    except ModelError as error:
        raise serializers.ValidationError(as_detail(error)) from error


def as_detail(error: ModelError) -> dict[str, Any]:
    """A model's faults as a serializer has them."""
    if not hasattr(error, "error_dict"):
        return {NON_FIELD: get_error_detail(error)}
    return {
        NON_FIELD if name == "__all__" else name: get_error_detail(ModelError(inner))
        for name, inner in error.error_dict.items()
    }


def fault(path: str, message: str, code: FaultCode) -> serializers.ValidationError:
    """One fault with its path."""
    return serializers.ValidationError({path: fault_detail(message, code)})


def fault_detail(message: str, code: FaultCode) -> list[ErrorDetail]:
    """One fault, as DRF's `ValidationError` has those of a field."""
    return [ErrorDetail(message, code=code)]


def readable(text: str) -> str:
    """Text that can be answered with: halves of characters cannot be written in UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def errors_of(exc: serializers.ValidationError) -> list[dict[str, str]]:
    """The faults of an exception, of very many the first, and how many more there are."""
    found = faults(exc.detail)
    errors = [
        {"path": path, "message": str(fault), "code": _code_of(fault)} for path, fault in islice(found, MOST_SHOWN)
    ]
    rest = list(found)
    if not rest:
        return errors
    # Who has ended the search has said so last, and knows more than is counted here.
    last = str(rest[-1][1]) if _code_of(rest[-1][1]) == FaultCode.MORE else more_faults(len(rest))
    return [*errors, {"path": "", "message": last, "code": FaultCode.MORE}]


def _code_of(fault: ErrorDetail) -> FaultCode:
    word = str(fault.code)
    return _FAULTS.get(word) or (FaultCode(word) if word in _KNOWN else FaultCode.INVALID)


def faults(detail: Any, path: str = "") -> Iterator[tuple[str, ErrorDetail]]:
    """Every fault of a validation error with its path, such as `shapes[3].attributes.pose`."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            if name == NON_FIELD:
                yield from faults(inner, path)
            elif isinstance(name, int):
                yield from faults(inner, f"{path}[{name}]")
            else:
                yield from faults(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            is_text = isinstance(inner, ErrorDetail)
            yield from faults(inner, path if is_text else f"{path}[{index}]")
    elif isinstance(detail, ErrorDetail):
        yield path, detail
