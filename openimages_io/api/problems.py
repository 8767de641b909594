"""Problem details as RFC 9457 has them, for whoever answers in JSON that a request was refused."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rest_framework.response import Response

from openimages_io.error_codes import ErrorCode

PROBLEM_JSON: Final = "application/problem+json"
CODES: Final[Mapping[int, tuple[ErrorCode, ...]]] = {
    400: (ErrorCode.INVALID, ErrorCode.PARSE_ERROR, ErrorCode.BAD_IDEMPOTENCY_KEY),
    401: (ErrorCode.AUTHENTICATION_FAILED, ErrorCode.NOT_AUTHENTICATED),
    403: (
        *(ErrorCode.PERMISSION_DENIED, ErrorCode.NOT_AUTHENTICATED, ErrorCode.AUTHENTICATION_FAILED),
        *(ErrorCode.BAD_SIGNATURE, ErrorCode.SIGNATURE_EXPIRED),
    ),
    404: (ErrorCode.NOT_FOUND,),
    405: (ErrorCode.METHOD_NOT_ALLOWED,),
    406: (ErrorCode.NOT_ACCEPTABLE,),
    409: (
        *(ErrorCode.CONFLICT, ErrorCode.KEY_IN_USE, ErrorCode.SIZE_UNKNOWN, ErrorCode.HAS_PICTURE),
        *(
            ErrorCode.LABEL_IN_USE,
            ErrorCode.IN_USE_ELSEWHERE,
            ErrorCode.NOT_A_TREE,
            ErrorCode.CANNOT_BE_DRAWN,
            ErrorCode.TOO_MUCH_TO_SHOW,
        ),
        *(ErrorCode.NOT_READY, ErrorCode.JOB_FAILED, ErrorCode.JOB_CANCELLED, ErrorCode.JOB_NOT_ENDED),
        *(ErrorCode.NOT_CANCELLABLE, ErrorCode.NOT_CONFIRMABLE, ErrorCode.NOT_RETRIABLE, ErrorCode.ARCHIVE_REMOVED),
    ),
    410: (ErrorCode.GONE,),
    412: (ErrorCode.CHANGED_MEANWHILE,),
    413: (ErrorCode.TOO_LARGE,),
    415: (ErrorCode.UNSUPPORTED_MEDIA_TYPE,),
    416: (ErrorCode.RANGE_NOT_SATISFIABLE,),
    422: (ErrorCode.KEY_REUSED,),
    428: (ErrorCode.PRECONDITION_REQUIRED,),
    429: (ErrorCode.THROTTLED,),
    500: (ErrorCode.ERROR, ErrorCode.MAYBE_SAVED),
    503: (ErrorCode.BUSY,),
    507: (ErrorCode.NO_ROOM,),
}
"""What each status may mean; the first also whatever else a site's own exceptions of that status mean.

Where nobody can log in by a header, DRF answers 403 instead of 401.
"""


def problem(code: ErrorCode, http_status: int, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """The members of a problem's details; `code` and `errors` are extensions of ours."""
    return {
        "type": f"urn:openimages-io:problem:{code}",
        "title": code.meaning,
        "status": http_status,
        "detail": detail,
        "code": code,
        "errors": errors,
    }


class ProblemResponse(Response):
    """An answer that says why a request was refused, as whatever the client accepts."""

    @property
    def rendered_content(self) -> Any:
        """The body; as JSON it has a type of its own."""
        if self.accepted_renderer.media_type.endswith("json"):
            self.content_type = PROBLEM_JSON
        return super().rendered_content
