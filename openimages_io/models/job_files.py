"""The files of jobs go when the jobs go."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

from django.apps import apps
from django.core.files.storage import Storage
from django.db import transaction

from openimages_io.conf import JOB_PREFIX
from openimages_io.models.installation import Proof, claim

log = logging.getLogger(__name__)

_BATCH: Final = 500
_DEEP: Final = 4


def current_job_storage() -> Storage:
    """The storage that the files of jobs lie in: the one that the site had chosen when it started."""
    storage: Storage = apps.get_model("openimages_io", "Job")._meta.get_field("source").storage
    return storage


def job_folder(key: Any, using: str) -> str:
    """The folder for what this job stores from now on, within one that is marked as this installation's."""
    return f"{claim(current_job_storage(), JOB_PREFIX, using)}/{key}"


def remove_files_of_jobs(field: str, keys: Iterable[Any], using: str) -> None:
    """Has the files of the jobs with these keys removed once the transaction has committed."""
    jobs = apps.get_model("openimages_io", "Job")._base_manager.using(using)
    ordered = list(keys)
    gone: list[Any] = []
    names: list[str] = []
    for start in range(0, len(ordered), _BATCH):
        batch = jobs.filter(**{f"{field}__in": ordered[start : start + _BATCH]})
        for key, *files in batch.values_list("pk", "source", "result", "report"):
            gone.append(key)
            names += filter(None, files)
    if gone:
        transaction.on_commit(lambda: remove_job_files(gone, names, using), using=using, robust=True)


def remove_job_files(keys: Iterable[Any], names: Iterable[str], using: str) -> None:
    """Removes the folders of these jobs with all that is in them, and these files, which a storage may not list.

    What nothing proves that this installation has stored stays, and is logged.
    """
    storage = current_job_storage()
    proof = Proof(storage, using)
    for name in own_job_files(proof, keys, names):
        storage.delete(name)
    owned = proof.owned(JOB_PREFIX) + [JOB_PREFIX] * proof.is_original(JOB_PREFIX)
    for key in keys:
        for folder in owned:
            remove_folder(storage, f"{folder}/{key}")


def own_job_files(proof: Proof, keys: Iterable[Any], names: Iterable[str]) -> Iterator[str]:
    """Those of the files of these jobs that this installation has stored."""
    old = tuple(f"{JOB_PREFIX}/{key}/" for key in keys)
    for name in names:
        if proof.holds(name) or (name.startswith(old) and proof.is_original(JOB_PREFIX)):
            yield name
        else:
            log.warning("The file %s stays: nothing proves that this installation has stored it.", name)


def remove_folder(storage: Storage, folder: str, deep: int = _DEEP) -> None:
    """Removes a folder that we made; a storage that cannot list has none."""
    try:
        folders, files = storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError, NotImplementedError):
        return
    for name in files:
        storage.delete(f"{folder}/{name}")
    for name in folders if deep else ():
        remove_folder(storage, f"{folder}/{name}", deep - 1)
    with suppress(OSError, ValueError):  # one that is not empty; storages without folders have nothing to remove
        storage.delete(folder)
