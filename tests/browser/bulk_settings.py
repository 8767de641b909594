"""The demo site's settings, where a change of more than six rows is a job."""

from tests.site_settings import *  # noqa: F403  (a settings module is its names)
from tests.site_settings import OPENIMAGES_IO as _USUAL

OPENIMAGES_IO = _USUAL | {"BULK_AT_ONCE": 6}
