"""What `startproject` makes, with this app, and with what the configuration in MATRIX has otherwise."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dj_database_url
import django

FOLDER = Path(os.environ["MATRIX_FOLDER"])
_FRAMEWORK = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"

SECRET_KEY = "of a site that nobody reaches"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "tests.matrix.urls"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "openimages_io",
    "rest_framework",
    "django_tasks_db",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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


def _database(name: str) -> dict[str, Any]:
    """A file in the folder, or with MATRIX_POSTGRES a database of the server that it names."""
    if server := os.environ.get("MATRIX_POSTGRES"):
        known: dict[str, Any] = {**dj_database_url.parse(server)}
        return known | {"NAME": f"{known['NAME']}_{name}"}
    options = {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / f"{name}.sqlite3", "OPTIONS": options}


DATABASES: dict[str, dict[str, Any]] = {"default": _database("db")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = FOLDER / "static"
MEDIA_URL = "media/"
MEDIA_ROOT = FOLDER / "media"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "jobs": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": FOLDER / "jobs", "base_url": None},
    },
}
TASKS: dict[str, dict[str, Any]] = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
OPENIMAGES_IO: dict[str, Any] = {"JOB_STORAGE": "jobs"}


def _naive_times() -> dict[str, Any]:
    return {"USE_TZ": False, "TIME_ZONE": "America/New_York"}


def _uuid_users() -> dict[str, Any]:
    return {"INSTALLED_APPS": [*INSTALLED_APPS, "tests.matrix.people"], "AUTH_USER_MODEL": "people.Person"}


def _other_apps() -> dict[str, Any]:
    return {
        "INSTALLED_APPS": [*INSTALLED_APPS, "tests.matrix.notes"],
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    }


def _german() -> dict[str, Any]:
    return {"LANGUAGE_CODE": "de", "USE_THOUSAND_SEPARATOR": True}


def _replica() -> dict[str, Any]:
    other = _database("replica")
    return {"DATABASES": DATABASES | {"replica": other}, "DATABASE_ROUTERS": ["tests.matrix.replica.Router"]}


def _atomic_requests() -> dict[str, Any]:
    return {"DATABASES": {"default": DATABASES["default"] | {"ATOMIC_REQUESTS": True}}}


def _second_database() -> dict[str, Any]:
    return {"DATABASES": DATABASES | {"second": _database("second")}}


def _own_picture_storage() -> dict[str, Any]:
    pictures = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": FOLDER / "pictures"}}
    never = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": "/dev/null/nowhere"}}
    return {
        "STORAGES": STORAGES | {"pictures": pictures, "default": never},
        "OPENIMAGES_IO": OPENIMAGES_IO | {"PICTURE_STORAGE": "pictures"},
    }


def _celery() -> dict[str, Any]:
    options = {"CELERY_APP": "tests.matrix.celery_app.app"}
    return {
        "TASKS": {"default": {"BACKEND": "django_tasks_celery.CeleryBackend", "OPTIONS": options}},
        "SILENCED_SYSTEM_CHECKS": [
            "django_tasks_celery.W001",
            "django_tasks_celery.W002",
        ],  # rows say what came of a job
    }


def _s3() -> dict[str, Any]:
    def bucket(name: str, **options: Any) -> dict[str, Any]:
        known = {"bucket_name": name, "endpoint_url": os.environ["S3_URL"], "region_name": "us-east-1"}
        secrets = {"access_key": "a", "secret_key": "b"}
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": known | secrets | options}

    chosen = {"default": bucket("pictures"), "jobs": bucket("jobs")}
    return {"STORAGES": STORAGES | chosen}


def _strict_pages() -> dict[str, Any]:
    manifest = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    return {"STORAGES": STORAGES | {"staticfiles": manifest}}


def _small_keys() -> dict[str, Any]:
    return {"DEFAULT_AUTO_FIELD": "django.db.models.SmallAutoField"}


def _int_keys() -> dict[str, Any]:
    return {"DEFAULT_AUTO_FIELD": "django.db.models.AutoField"}


CONFIGURATIONS: dict[str, Callable[[], dict[str, Any]]] = {
    "stock": dict,
    "naive-times": _naive_times,
    "uuid-users": _uuid_users,
    "other-apps": _other_apps,
    "german": _german,
    "replica": _replica,
    "atomic-requests": _atomic_requests,
    "second-database": _second_database,
    "own-picture-storage": _own_picture_storage,
    "celery": _celery,
    "s3": _s3,
    "strict-pages": _strict_pages,
    "small-keys": _small_keys,
    "int-keys": _int_keys,
}

globals().update(CONFIGURATIONS[os.environ["MATRIX"]]())
