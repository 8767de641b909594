"""Rows as they were written: a replica that a site's router has reads go to may lag behind."""

from typing import TypeVar

from django.db import models, router

M = TypeVar("M", bound=models.Model)


def primary(model: type[M]) -> models.QuerySet[M]:
    """All rows of a model, where they are written.

    Whatever is decided or answered for a write reads here: from a replica it would find what was there before.
    """
    return model._default_manager.using(router.db_for_write(model))
