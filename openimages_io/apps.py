"""The app as Django sees it."""

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class OpenImagesConfig(AppConfig):
    """Registers the models and the system checks."""

    name = "openimages_io"
    verbose_name = _("Open Images")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from openimages_io import checks  # noqa: F401, PLC0415  (registers the checks; needs the app registry)

        if apps.is_installed("django.contrib.admin"):
            from openimages_io import history  # noqa: F401, PLC0415  (connects the receivers)
