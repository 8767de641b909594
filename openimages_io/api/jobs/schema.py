"""What the OpenAPI document says of the headers of jobs."""

from typing import Final

from drf_spectacular.utils import OpenApiParameter


def header(name: str, description: str, codes: list[int]) -> OpenApiParameter:
    """A header of the answers with these status codes."""
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, response=codes, description=description)


ACCEPTED: Final = [
    header("Location", "The job.", [202]),
    header("Retry-After", "Seconds to wait before reading the job.", [202]),
]
"""What every answer 202 has."""
