"""Keys by which a request that is sent again is known."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class IdempotencyKey(models.Model):
    """A key of a client's, and the job that the request with it has started. What was sent is not kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    route = models.CharField(_("route"), max_length=100)
    """The name of the address, with the key of the row that it is about."""
    key = models.CharField(_("key"), max_length=255)
    digest = models.CharField(_("SHA-256 of the request"), max_length=64)
    job = models.UUIDField(_("job"))
    created = models.DateTimeField(_("created"), db_index=True)

    class Meta:
        default_permissions = ()
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = (
            models.UniqueConstraint(fields=("user", "route", "key"), name="openimages_idempotency_key_unique"),
        )

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
