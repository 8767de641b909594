"""What the OpenAPI document says of the headers of jobs."""

from typing import Final

from drf_spectacular.utils import OpenApiParameter

from openimages_io.api.idempotency import HEADER, LONGEST


def header(name: str, description: str, codes: list[int]) -> OpenApiParameter:
    """A header of the answers with these status codes."""
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, response=codes, description=description)


ACCEPTED: Final = [
    header("Location", "The job.", [202]),
    header("Retry-After", "Seconds to wait before reading the job.", [202]),
]
"""What every answer 202 has."""
STARTED: Final = [
    *ACCEPTED,
    OpenApiParameter(
        HEADER,
        {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!-~]+$"},
        OpenApiParameter.HEADER,
        description="A key of the client's own, such as a UUID. If the same request comes again within a day, it is "
        "answered with the job that it has started, and starts none.",
    ),
]
"""What every request that starts a job has."""
