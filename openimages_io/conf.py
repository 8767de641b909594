"""The app's settings: one dictionary, `OPENIMAGES_IO`; its keys are fields of `Limits` and `Options` in capitals."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from openimages_io.archives.safety import unsafe_form
from openimages_io.format.limits import Limits

SETTING = "OPENIMAGES_IO"
JOB_PREFIX = "openimages-jobs"
"""The folder of the job storage; within it each installation has one of its own. Pictures never lie there."""
_LONGEST_PREFIX = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a site chooses about stored files, jobs and the REST API."""

    picture_prefix: str = "openimages"
    """The folder of the picture storage that pictures are stored in; within it each installation has one of its own."""
    picture_storage: str = "default"
    """The alias in `STORAGES` of the storage for pictures and thumbnails; site and workers must reach it."""
    job_backend: str = "default"
    """The alias in `TASKS` of the backend that runs jobs."""
    job_queue: str = "default"
    """The queue of that backend."""
    job_storage: str = "default"
    """The alias in `STORAGES` of the storage for uploaded archives, exports and reports; every worker must reach it."""
    job_silence: int = 60
    """Seconds without a sign of life after which a job's worker counts as dead."""
    job_days: int = 7
    """Days for which the files of a finished job are kept."""
    max_upload_bytes: int = 16 * 2**30
    """Size of one request with uploaded files."""
    max_upload_files: int = 100
    """Pictures in one request."""
    max_body_bytes: int = 32 * 2**20
    """Size of one request without files."""
    max_body_values: int = 1_500_000
    """Values, keys and lists in the JSON of one request."""
    max_body_shapes: int = 5_000
    """Shapes in one request."""
    max_body_mask_pixels: int = 512_000_000
    """Pixels of all masks in one request, and in one answer that has them as run lengths; a PNG of more than a byte a
    pixel counts by its unpacked bytes."""
    page_size: int = 100
    """Rows on a page unless the client asks for another number."""
    max_page_size: int = 1000
    """Rows on a page at most."""
    throttle_rate: str = "1200/min"
    """Requests of one user."""
    picture_rate: str = "6000/min"
    """Pictures, thumbnails, overlays and masks that one user asks for; at signed addresses one IP address."""
    upload_rate: str = "120/min"
    """Uploads, imports and exports that one user may start."""
    max_issues_per_code: int = 10_000
    """Issues of one code that a report lists; of more it has the number and the lines."""
    delete_at_once: int = 100_000
    """Shapes and images up to which a task is deleted within the request; one of more is hidden, and a job does it."""
    bulk_at_once: int = 5_000
    """Images, or annotations, up to which a bulk change is made within the request; a job makes a larger one."""
    downloads: str = "stream"
    """What sends an export's archive: `stream` this site, `redirect` the storage at a URL of its own, `x-sendfile` the
    web server, `x-accel:/folder/` nginx, whose internal location that is, followed by the name in the storage."""
    signed_addresses: bool = True
    """Whether the API gives addresses of pictures and masks that need no login until they end."""
    signed_address_seconds: int = 4 * 3600
    """They end at every multiple of so many seconds, and are good for one to two times as long."""
    permissions: str = "openimages_io.permissions.TaskPermissions"
    """The class that says who may do what."""


_LIMITS: Final = frozenset(field.name for field in fields(Limits))
_OPTIONS: Final = frozenset(field.name for field in fields(Options))
_KNOWN: Final[Mapping[Any, Field[Any]]] = {field.name.upper(): field for field in (*fields(Limits), *fields(Options))}


def limits() -> Limits:
    """The limits in force. Read at each call, so that tests may override the setting.

    Raises `ImproperlyConfigured` for a key or a value that makes no sense.
    """
    return Limits(**{name: value for name, value in _given().items() if name in _LIMITS})


def options() -> Options:
    """What the site has chosen. Read at each call; raises as `limits` does."""
    return Options(**{name: value for name, value in _given().items() if name in _OPTIONS})


def _given() -> dict[str, Any]:
    given = getattr(settings, SETTING, {})
    if not isinstance(given, dict):
        raise ImproperlyConfigured(f"{SETTING} must be a dictionary, not {type(given).__name__}.")
    for key, value in given.items():
        if key not in _KNOWN:
            raise ImproperlyConfigured(f"{SETTING} has an unknown key {key!r}; known are {', '.join(sorted(_KNOWN))}.")
        if _KNOWN[key].type is str:
            if not isinstance(value, str) or not value:
                raise ImproperlyConfigured(f"{SETTING}[{key!r}] must be a text, not {value!r}.")
        elif _KNOWN[key].type is bool:
            if not isinstance(value, bool):
                raise ImproperlyConfigured(f"{SETTING}[{key!r}] must be True or False, not {value!r}.")
        elif not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ImproperlyConfigured(f"{SETTING}[{key!r}] must be a whole number above 0, not {value!r}.")
        if key == "PICTURE_PREFIX" and not _is_prefix(value):
            raise ImproperlyConfigured(
                f"{SETTING}['PICTURE_PREFIX'] must be the path of a folder within the storage, such as "
                f"'site/openimages', with {_LONGEST_PREFIX} characters at most, not {value!r}."
            )
    return {_KNOWN[key].name: value for key, value in given.items()}


def _is_prefix(value: str) -> bool:
    steps = value.split("/")
    is_safe = unsafe_form(value) is None and not {"", ".", ".."}.intersection(steps) and value == value.strip()
    return is_safe and len(value) <= _LONGEST_PREFIX and steps[0] != JOB_PREFIX
