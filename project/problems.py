"""What goes wrong outside the views of the API is answered below its address as the API answers, and else as a page."""

from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from openimages_io.api.problems import PROBLEM_JSON, problem
from openimages_io.error_codes import ErrorCode

_API: Final = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that Django itself refuses."""
    if request.path_info.startswith(_API):
        return _answer(ErrorCode.PARSE_ERROR, 400, "The server refuses to read this request.")
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A path that leads nowhere."""
    if request.path_info.startswith(_API):
        return _answer(ErrorCode.NOT_FOUND, 404, "This address does not exist.")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours."""
    if request.path_info.startswith(_API):
        return _answer(ErrorCode.ERROR, 500, "The server has failed; its log says why.")
    return defaults.server_error(request)


def _answer(code: ErrorCode, status: int, detail: str) -> JsonResponse:
    return JsonResponse(problem(code, status, detail), status=status, content_type=PROBLEM_JSON)
