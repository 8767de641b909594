"""The archive of an export as an answer over HTTP: whole, in parts, and only when it is not there already."""

from typing import Final
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from openimages_io import conf
from openimages_io.exceptions import OpenImagesError
from openimages_io.jobs.files import result_name
from openimages_io.models import Job, JobState
from openimages_io.viewing.stored import stored_response

CONTENT_TYPE: Final = "application/zip"


class ArchiveGone(OpenImagesError):
    """The archive is not there, or not there any more."""


def archive_response(request: HttpRequest, job: Job) -> HttpResponseBase:
    """Answer with the archive of an export, or with 304 or 412 by what the client has.

    Its ETag is its SHA-256. Raises `ArchiveGone` and `RangeBeyondEnd`.
    """
    if not job.result or job.state != JobState.SUCCEEDED:
        raise ArchiveGone("There is no archive: it is not ready, or was removed.")
    etag = f'"{job.result_digest}"'
    conditional = get_conditional_response(request, etag=etag)
    if conditional is not None:
        conditional["ETag"] = etag
        return conditional
    if request.method == "GET" and conf.options().downloads != "stream":
        return _handed_over(job)
    try:
        return stored_response(request, job.result.storage, str(job.result), etag, _headers(job))
    except OSError:
        raise ArchiveGone("The archive is missing in the storage; export the task again.") from None


def _headers(job: Job) -> dict[str, str]:
    return {
        "Cache-Control": "private, no-cache, no-transform",
        "Content-Disposition": content_disposition_header(True, result_name(job.task_name)) or "attachment",
        "Content-Type": CONTENT_TYPE,
    }


def _handed_over(job: Job) -> HttpResponseBase:
    """The answer by which something else sends the archive, as the site has set it."""
    storage, name, way = job.result.storage, str(job.result), conf.options().downloads
    if way == "redirect":
        return HttpResponseRedirect(storage.url(name), headers={"Cache-Control": "private, no-store"})
    if way == "x-sendfile":
        return HttpResponse(headers={**_headers(job), "X-Sendfile": storage.path(name)})
    return HttpResponse(headers={**_headers(job), "X-Accel-Redirect": way.removeprefix("x-accel:") + quote(name)})
