"""The storages that the site has chosen."""

from typing import Any, Never

from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage, storages

from openimages_io import conf


class UnusableStorage(Storage):
    """Stands for a storage that the settings name and that is not there; whatever is asked of it says so.

    Models have their storages when they are imported. An error there would be a traceback before `manage.py check`
    could say which setting is wrong.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def _refuse(self, *args: Any, **kwargs: Any) -> Never:
        raise ImproperlyConfigured(self.reason)

    open = save = path = delete = exists = listdir = size = url = _refuse
    get_accessed_time = get_created_time = get_modified_time = _refuse


def chosen_storage(option: str) -> Storage:
    """The storage whose alias stands under this field of `conf.Options`."""
    try:
        return storages[getattr(conf.options(), option)]
    except ImproperlyConfigured as error:
        return UnusableStorage(f"{error} (OPENIMAGES_IO[{option.upper()!r}])")
