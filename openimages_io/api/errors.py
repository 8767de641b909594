"""Errors as the API says them: a sentence in `detail`, and in `errors` every fault with its path in the request."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from openimages_io.annotations.errors import ChangedMeanwhile, Conflict, InvalidData, NotThere, TooLarge
from openimages_io.database.locking import is_lock_conflict
from openimages_io.exceptions import CannotBeStored, CommitUnknown, NoTemporarySpace

logger = logging.getLogger(__name__)

NON_FIELD = "non_field_errors"


class RequestTooLarge(exceptions.APIException):
    """The request is larger than the site takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request is too large."
    default_code = "too_large"


class StateConflict(exceptions.APIException):
    """What is asked for does not go with the state that things are in."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "This is not possible now."
    default_code = "conflict"


class Gone(exceptions.APIException):
    """What was there has been removed."""

    status_code = status.HTTP_410_GONE
    default_detail = "It is no longer there."
    default_code = "gone"


class PreconditionFailed(exceptions.APIException):
    """Somebody else has changed it meanwhile."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "Another user has changed it since you read it; read it again."
    default_code = "changed_meanwhile"


class PreconditionRequired(exceptions.APIException):
    """Without saying what it was made from, a save could be one over somebody else's."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = "Send the ETag that you have read as If-Match, or If-Match: * to overwrite any version."
    default_code = "precondition_required"


class MaybeSaved(exceptions.APIException):
    """The database did not say whether it has committed."""

    status_code = status.HTTP_500_INTERNAL_SERVER_ERROR
    default_detail = (
        "The connection to the database broke while committing, so this may have been saved: "
        "read what is there before you send it again."
    )
    default_code = "maybe_saved"


class StorageFull(exceptions.APIException):
    """The server has no disk space for what was sent, or cannot write there."""

    status_code = 507
    default_code = "no_room"


class Busy(exceptions.APIException):
    """Somebody else has been writing for longer than the site waits, or two waited for each other."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "Another user is writing at the moment; try again shortly."
    default_code = "busy"
    wait = 1
    """Seconds, which DRF says as Retry-After."""


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception; None for one that is a fault of ours."""
    exc = _of_annotations(exc)
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    elif is_lock_conflict(exc):
        exc = Busy()
    elif isinstance(exc, CannotBeStored | NoTemporarySpace):
        logger.error("A request could not be stored.", exc_info=exc)
        exc = StorageFull("The server has no disk space for this, or cannot write to its disk. Nothing was saved.")
    elif isinstance(exc, CommitUnknown):
        logger.error("It is unknown whether a request was committed.", exc_info=exc)
        exc = MaybeSaved()
    response = exception_handler(exc, context)
    if response is None or not isinstance(exc, exceptions.APIException):
        return response
    if isinstance(exc, exceptions.ValidationError):
        errors = [{"path": path, "message": str(fault), "code": fault.code} for path, fault in faults(exc.detail)]
        one = len(errors) == 1
        detail = "One value of the request is wrong." if one else f"{len(errors)} values of the request are wrong."
        response.data = {"detail": detail, "code": "invalid", "errors": errors}
    else:
        response.data = {"detail": str(exc.detail), "code": str(exc.get_codes()), "errors": []}
    return response


def _of_annotations(exc: Exception) -> Exception:
    """DRF's own exception for one of the annotations'."""
    if isinstance(exc, InvalidData):
        found: dict[str, list[exceptions.ErrorDetail]] = {}
        for fault in exc.faults:
            detail = exceptions.ErrorDetail(readable(fault.message), code=fault.code)
            found.setdefault(readable(fault.path), []).append(detail)
        return exceptions.ValidationError(found)
    if isinstance(exc, ChangedMeanwhile):
        return PreconditionFailed()
    if isinstance(exc, NotThere):
        return exceptions.NotFound()
    if isinstance(exc, Conflict):
        return StateConflict(str(exc))
    return RequestTooLarge(str(exc)) if isinstance(exc, TooLarge) else exc


def readable(text: str) -> str:
    """Text that can be answered with: halves of characters cannot be written in UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def faults(detail: Any, path: str = "") -> Iterator[tuple[str, exceptions.ErrorDetail]]:
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
            is_text = isinstance(inner, exceptions.ErrorDetail)
            yield from faults(inner, path if is_text else f"{path}[{index}]")
    elif isinstance(detail, exceptions.ErrorDetail):
        yield path, detail
