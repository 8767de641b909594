"""The demo site's settings. What differs from place to place comes from the environment.

DATABASE_URL    where the rows are (default: SQLite in var/db.sqlite3)
MEDIA_ROOT      where the pictures are (default: var/media)
JOBS_ROOT       where uploaded archives, exports and reports are, which no URL leads to (default: var/jobs)
DEBUG           1 or 0 (default: 1)
SECRET_KEY      required when DEBUG is 0
ALLOWED_HOSTS   names divided by commas (default: this machine only)
CORS_ALLOWED_ORIGINS   origins of frontends that may use the API, divided by commas (default: none)
NUM_PROXIES     how many reverse proxies add to X-Forwarded-For (default: 0, and the header counts for nothing)
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from openimages_io import __version__

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

_TRUTH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_DEV_SECRET_KEY = "not-secret-and-refused-when-debug-is-off"  # noqa: S105  (public on purpose, see below)


def _debug() -> bool:
    text = os.environ.get("DEBUG") or "1"
    try:
        return _TRUTH[text.lower()]
    except KeyError:
        raise ImproperlyConfigured(f"DEBUG in the environment is {text!r}; say 1 or 0.") from None


def _secret_key() -> str:
    key = os.environ.get("SECRET_KEY") or _DEV_SECRET_KEY
    if key == _DEV_SECRET_KEY and not DEBUG:
        raise ImproperlyConfigured("With DEBUG off, SECRET_KEY must be set in the environment.")
    return key


def _proxies() -> int:
    text = os.environ.get("NUM_PROXIES") or "0"
    if not text.isdecimal():
        raise ImproperlyConfigured(f"NUM_PROXIES in the environment is {text!r}; say how many there are.")
    return int(text)


def _database() -> dict[str, Any]:
    url = os.environ.get("DATABASE_URL")
    if not url:
        VAR_DIR.mkdir(exist_ok=True)
        url = f"sqlite:///{VAR_DIR / 'db.sqlite3'}"
    config: dict[str, Any] = {**dj_database_url.parse(url)}
    if config["ENGINE"] == "django.db.backends.sqlite3":
        # Readers go on while an import commits, and a writer waits for its turn instead of failing half-way.
        config["OPTIONS"] = {
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        }
    else:
        config["CONN_MAX_AGE"] = 60
        config["CONN_HEALTH_CHECKS"] = True
    return config


DEBUG: bool = _debug()
SECRET_KEY: str = _secret_key()
ALLOWED_HOSTS: list[str] = (os.environ.get("ALLOWED_HOSTS") or "localhost,127.0.0.1,[::1]").split(",")

INSTALLED_APPS: list[str] = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "corsheaders",
    "django_tasks_db",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "openimages_io",
]

MIDDLEWARE: list[str] = [
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "project" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

ROOT_URLCONF = "project.urls"
LOGIN_URL = "rest_framework:login"
LOGIN_REDIRECT_URL = "openimages_io:api-root"
WSGI_APPLICATION = "project.wsgi.application"
ASGI_APPLICATION = "project.asgi.application"

DATABASES: dict[str, dict[str, Any]] = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Passwords can't be guessed: after ten failures an address must wait, at the admin site's form and for tokens.
AUTHENTICATION_BACKENDS: list[str] = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS: list[str] = ["ip_address"]
AXES_DISABLE_ACCESS_LOG = True  # failures alone are kept
AXES_CLIENT_IP_CALLABLE = "project.client_address.client_address"

# Frontends of other origins: what they may send, and what their scripts may read, as docs/frontend.md says.
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOWED_ORIGINS: list[str] = [one for one in (os.environ.get("CORS_ALLOWED_ORIGINS") or "").split(",") if one]
CORS_ALLOW_HEADERS: list[str] = [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "range",
    "x-csrftoken",
]
CORS_EXPOSE_HEADERS: list[str] = ["ETag", "Location", "Retry-After", "Content-Disposition", "Content-Range"]
CORS_ALLOW_CREDENTIALS = True
CSRF_TRUSTED_ORIGINS: list[str] = CORS_ALLOWED_ORIGINS

AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT: Path = VAR_DIR / "static"
MEDIA_URL = "media/"
MEDIA_ROOT: Path = Path(os.environ.get("MEDIA_ROOT") or VAR_DIR / "media")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "openimages_jobs": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": Path(os.environ.get("JOBS_ROOT") or VAR_DIR / "jobs"), "base_url": None},
    },
}

# Jobs wait in the database until `manage.py db_worker` takes them.
TASKS: dict[str, dict[str, Any]] = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
OPENIMAGES_IO: dict[str, Any] = {"JOB_STORAGE": "openimages_jobs"}

REST_FRAMEWORK: dict[str, Any] = {
    # The first one says how to log in, so that an answer to nobody is 401 and not 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "project.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    # What is not asked for as HTML is JSON; a browser gets DRF's own pages, and logs in at api/auth/login/.
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    # The schema and its page refuse requests as the API does.
    "EXCEPTION_HANDLER": "openimages_io.api.exceptions.exception_handler",
    # Whom throttles count: without a number anybody is a new one with every X-Forwarded-For.
    "NUM_PROXIES": _proxies(),
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "openimages_io",
    "DESCRIPTION": (
        "Image annotations in a database, in and out as Open Images archives.\n\n"
        "Begin at `GET /api/v1/`. Log in by `POST /api/token/` and send the token as `Authorization: Bearer …`, or by "
        "`POST /api/session/`, with the session's cookie and, in changes, its CSRF token. Lists have pages: `next` is "
        "the address of the next one. Send the `ETag` of what you have read as `If-Match` when you change it, and "
        "nobody's work is lost. Errors are `application/problem+json`, with a `code` for machines."
    ),
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    # Generated clients ask there if not told otherwise; the document that a site serves names that site.
    "SERVERS": [{"url": "http://127.0.0.1:8000", "description": "The site of `make demo`."}],
    "SCHEMA_PATH_PREFIX": "/api",
    "SERVE_INCLUDE_SCHEMA": False,
    # What is sent and what is received differ: keys, times and counts are only read.
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,  # most words are what they are called
    # Swagger UI from this machine: it works without the internet.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
