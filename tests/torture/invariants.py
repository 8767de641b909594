"""What holds of a site at any moment, whatever was done to it or to the processes that wrote."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import F

from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Job, Mask, Shape, picture_storage
from tests.torture.sites import SQLITE, Site

_CATALOGUE = """
    SELECT conrelid::regclass::text, conname, contype::text, convalidated::text, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION SELECT tablename, indexname, 'index', '', indexdef FROM pg_indexes WHERE schemaname = 'public'
    ORDER BY 1, 2, 3, 4, 5
"""


Rows = dict[str, list[tuple[Any, ...]]]
"""By the name of the model."""


def rows() -> Rows:
    """All rows of the app, keys and times included."""
    found = {}
    for model in apps.get_app_config("openimages_io").get_models():
        values = model._base_manager.order_by("pk").values_list()
        found[model.__name__] = [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in values]
    return found


def digest(site: Site, *, files: bool = True) -> str:
    """One word for all rows and files of a site."""
    return hashlib.sha256(repr((rows(), site.files() if files else None)).encode()).hexdigest()


def catalogue() -> str:
    """The tables, indexes and constraints that there are: a load takes some away for a while."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")
        else:
            cursor.execute(_CATALOGUE)
        text = "\n".join(map(repr, cursor.fetchall()))
    # A constraint's name may be made again with another random end; its definition stays.
    return re.sub(r"\s+", " ", text)


def faults(site: Site, catalogue_before: str) -> Iterator[str]:
    """What is not as it must be."""
    yield from _missing_files()
    if Shape._base_manager.exclude(image__task_id=F("task_id"), label__task_id=F("task_id")).exists():
        yield "a shape belongs to another task than its image or label"
    if HierarchyEdge._base_manager.exclude(parent__task_id=F("child__task_id")).exists():
        yield "an edge leads to another task's label"
    for model in (Mask, Shape, AttributeSpec, HierarchyEdge):
        yield from _dangling(model)
    if Job._base_manager.filter(kind="import", committed=True).exclude(state="succeeded").exists():
        yield "a job has committed and not succeeded"
    if site.vendor == SQLITE:
        yield from _faults_of_file()
    if catalogue() != catalogue_before:
        yield "tables, indexes or constraints are not what they were"


def _missing_files() -> Iterator[str]:
    storage = picture_storage()
    names = Image._base_manager.exclude(file="").values_list("file", flat=True)
    if missing := [name for name in names if not storage.exists(name)]:
        yield f"{len(missing)} of {len(names)} images name files that are not there, such as {missing[0]}"
    for field in ("source", "result", "report"):
        kept = Job._base_manager.filter(pruned=None).exclude(**{field: ""})
        for name in kept.values_list(field, flat=True):
            if not storage.exists(name):
                yield f"a job's {field} names the file {name}, which is not there"


def _faults_of_file() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        if (said := cursor.fetchall()) != [("ok",)]:
            yield f"SQLite's check of the file finds {said}"
        cursor.execute("PRAGMA foreign_key_check")
        if said := cursor.fetchall():
            yield f"rows point to nothing: {said[:5]}"


def _dangling(model: Any) -> Iterator[str]:
    for field in model._meta.concrete_fields:
        if field.is_relation and not field.null:
            target = field.related_model._base_manager.values("pk")
            if model._base_manager.exclude(**{f"{field.attname}__in": target}).exists():
                yield f"a {model.__name__} points to a {field.related_model.__name__} that is not there"
