"""Why a request is refused, as exceptions of DRF's, and what each is answered with."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler as of_drf

from openimages_io.annotations.errors import (
    ChangedMeanwhile,
    Conflict,
    InvalidData,
    NotThere,
    TooLarge,
)
from openimages_io.api.problems import CODES, ProblemResponse, problem
from openimages_io.api.validation import errors_of, fault_detail, readable
from openimages_io.database.locking import is_lock_conflict
from openimages_io.error_codes import ErrorCode
from openimages_io.exceptions import CannotBeStored, CommitUnknown, NoTemporarySpace
from openimages_io.jobs.idempotency import KeyReused
from openimages_io.sentences import LANGUAGE
from openimages_io.viewing.ranges import RangeBeyondEnd

logger = logging.getLogger(__name__)


class RequestTooLarge(exceptions.APIException):
    """The request is larger than the site takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request is too large."
    default_code = ErrorCode.TOO_LARGE


class StateConflict(exceptions.APIException):
    """What is asked for does not go with the state that things are in."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "This is not possible now."
    default_code = ErrorCode.CONFLICT


class RangeNotSatisfiable(exceptions.APIException):
    """The range that is asked for begins after the end of the file."""

    status_code = status.HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE
    default_code = ErrorCode.RANGE_NOT_SATISFIABLE

    def __init__(self, detail: str, headers: Mapping[str, str]) -> None:
        super().__init__(detail)
        self.headers = headers
        """Of the answer."""


class BadIdempotencyKey(exceptions.APIException):
    """The key is one that is not kept."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = "An Idempotency-Key has 1 to 255 visible characters of ASCII, such as a UUID."
    default_code = ErrorCode.BAD_IDEMPOTENCY_KEY


class OtherRequest(exceptions.APIException):
    """The key came with another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = ErrorCode.KEY_REUSED


class Gone(exceptions.APIException):
    """What was there has been removed."""

    status_code = status.HTTP_410_GONE
    default_detail = "It is no longer there."
    default_code = ErrorCode.GONE


class PreconditionFailed(exceptions.APIException):
    """Somebody else has changed it meanwhile."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "Another user has changed it since you read it; read it again."
    default_code = ErrorCode.CHANGED_MEANWHILE


class PreconditionRequired(exceptions.APIException):
    """Without saying what it was made from, a save could be one over somebody else's."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = "Send the ETag that you have read as If-Match, or If-Match: * to overwrite any version."
    default_code = ErrorCode.PRECONDITION_REQUIRED


class MaybeSaved(exceptions.APIException):
    """The database did not say whether it has committed."""

    status_code = status.HTTP_500_INTERNAL_SERVER_ERROR
    default_detail = (
        "The connection to the database broke while committing, so this may have been saved: "
        "read what is there before you send it again."
    )
    default_code = ErrorCode.MAYBE_SAVED


class StorageFull(exceptions.APIException):
    """The server has no disk space for what was sent, or cannot write there."""

    status_code = 507
    default_code = ErrorCode.NO_ROOM


class Busy(exceptions.APIException):
    """Somebody else has been writing for longer than the site waits, or two waited for each other."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "Another user is writing at the moment; try again shortly."
    default_code = ErrorCode.BUSY
    wait = 1
    """Seconds, which DRF says as Retry-After."""


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception: problem details, with every fault and its path; None for a fault of ours."""
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
    plain = of_drf(exc, context)
    if plain is None or not isinstance(exc, exceptions.APIException):
        return plain
    if isinstance(exc, exceptions.ValidationError):
        errors = errors_of(exc)
        one = len(errors) == 1
        said = "One value of the request is wrong." if one else f"{len(errors)} values of the request are wrong."
        data = problem(ErrorCode.INVALID, plain.status_code, said, errors)
    else:
        data = problem(_code_of_whole(exc), plain.status_code, _sentence(exc))
    response = ProblemResponse(data, plain.status_code)
    for name in ("WWW-Authenticate", "Retry-After"):
        if name in plain:
            response[name] = plain[name]
    for name, value in exc.headers.items() if isinstance(exc, RangeNotSatisfiable) else ():
        response[name] = value
    response["Content-Language"] = LANGUAGE
    return response


def _code_of_whole(exc: exceptions.APIException) -> ErrorCode:
    """The code of an exception, or for one of the site's that of its status."""
    words = CODES.get(exc.status_code, (ErrorCode.ERROR,))
    code = exc.get_codes()
    return next((word for word in words if word == code), words[0])


def _sentence(exc: exceptions.APIException) -> str:
    """What an exception says; a site's own may say more than a sentence."""
    said: Any = exc.detail
    if isinstance(said, Mapping):
        said = said.get("detail", exc.default_detail)
    return " ".join(map(str, said)) if isinstance(said, list) else str(said)


def _of_annotations(exc: Exception) -> Exception:
    """DRF's own exception for one of the annotations'."""
    if isinstance(exc, InvalidData):
        found: dict[str, list[exceptions.ErrorDetail]] = {}
        for fault in exc.faults:
            found.setdefault(readable(fault.path), []).extend(fault_detail(readable(fault.message), fault.code))
        return exceptions.ValidationError(found)
    if isinstance(exc, ChangedMeanwhile):
        return PreconditionFailed(str(exc) or None)
    if isinstance(exc, RangeBeyondEnd):
        return RangeNotSatisfiable(str(exc), exc.headers)
    if isinstance(exc, NotThere):
        return exceptions.NotFound(str(exc))
    if isinstance(exc, Conflict):
        return StateConflict(str(exc), exc.code)
    if isinstance(exc, KeyReused):
        return OtherRequest(str(exc))
    return RequestTooLarge(str(exc)) if isinstance(exc, TooLarge) else exc
