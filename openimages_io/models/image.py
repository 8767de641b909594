"""An image: a picture's name, size and provenance; the picture file itself may be absent."""

from collections.abc import Iterable
from typing import Any, Unpack

from django.core.files.storage import Storage
from django.db import models, router, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from openimages_io.models import storages
from openimages_io.models.deletion import clear_images, picture_folder
from openimages_io.models.image_filters import ImageFilter, ShapeFilter, annotated, numbered
from openimages_io.models.revisions import (
    Owners,
    RevisedModel,
    RevisedQuerySet,
    RevisionField,
    lock,
    only_of_querysets,
)
from openimages_io.models.task import Task

DEFAULT_SUBSET = "default"
PROVENANCE = {
    "OriginalURL": "original_url",
    "OriginalLandingURL": "original_landing_url",
    "License": "license",
    "AuthorProfileURL": "author_profile_url",
    "Author": "author",
    "Title": "title",
    "OriginalSize": "original_size",
    "OriginalMD5": "original_md5",
    "Thumbnail300KURL": "thumbnail_300k_url",
}
"""What the official image lists say of where a picture is from: their columns, and the image's fields."""


def picture_place(image: "Image", name: str) -> str:
    """Where a picture is stored that does not come through us: `image.file.save(name, content)`."""
    using = image._state.db or router.db_for_write(Image, instance=image)
    return f"{picture_folder(image.file.storage, using)}/{name}"


def chosen_storage() -> Storage:
    """The storage that the site has chosen for pictures; a callable, so that no migration names it."""
    return storages.chosen_storage("picture_storage")


class ImageQuerySet(RevisedQuerySet["Image"]):
    """Images of tasks."""

    def annotated(self, **asked: Unpack[ImageFilter]) -> "ImageQuerySet":
        """Images of which one shape has all that is asked for, as `ImageFilter` says it; None asks for nothing."""
        return annotated(self, asked)

    def numbered(self, number: str, **asked: Unpack[ShapeFilter]) -> "ImageQuerySet":
        """Images with an `ImageNumber` to order them by, of those of their shapes that have all that is asked."""
        return numbered(self, number, **asked)

    def update(self, **kwargs: Any) -> int:
        """Updates the images, and when they were."""
        return super().update(**{"updated": timezone.now()} | kwargs)

    def bulk_update(self, objs: Iterable["Image"], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Updates these fields of the images, and when they were."""
        images, now = list(objs), timezone.now()
        for image in images:
            image.updated = now
        return super().bulk_update(images, {*fields, "updated"}, batch_size)

    @only_of_querysets
    def owners(self) -> Owners:
        """The tasks alone: the images themselves are what changes."""
        return Owners(set(self.order_by().values_list("task_id", flat=True).distinct()))

    @only_of_querysets
    def delete(self) -> tuple[int, dict[str, int]]:
        """Deletes the images with their shapes; picture files go when the transaction has committed."""
        self._for_write = True
        with transaction.atomic(using=self.db):
            lock("Task", self.db, pk__in=self.owners().tasks)
            counts = clear_images(list(self.values_list("pk", flat=True)), using=self.db)
            total, own = super().delete()
        return total + sum(counts.values()), counts | own


class Image(RevisedModel):
    """One picture of a task, named by its ImageID within its subset.

    Width and height are pixels and may be unknown: no official file says them. The nine columns from `original_url` to
    `thumbnail_300k_url` hold the provenance of the official image lists.
    """

    task = models.ForeignKey(
        Task, on_delete=models.CASCADE, related_name="images", db_index=False, verbose_name=_("task")
    )
    subset = models.CharField(_("subset"), max_length=255, default=DEFAULT_SUBSET)
    name = models.CharField(_("ImageID"), max_length=255)
    """The file's name without its extension; folders belong to it."""
    file = models.FileField(_("file"), max_length=255, blank=True, storage=chosen_storage, upload_to=picture_place)
    file_suffix = models.CharField(_("file extension"), max_length=32, blank=True, default="")
    """The picture's own extension as it came, with the dot; the stored file has a name by content."""
    file_digest = models.CharField(_("SHA-256"), max_length=64, blank=True, default="", editable=False)
    width = models.PositiveIntegerField(_("width"), null=True, blank=True)
    height = models.PositiveIntegerField(_("height"), null=True, blank=True)
    rotation = models.FloatField(_("rotation"), null=True, blank=True)
    """Degrees counter-clockwise to turn picture and shapes by for display."""
    original_url = models.TextField(_("OriginalURL"), blank=True, default="")
    original_landing_url = models.TextField(_("OriginalLandingURL"), blank=True, default="")
    license = models.TextField(_("License"), blank=True, default="")
    author_profile_url = models.TextField(_("AuthorProfileURL"), blank=True, default="")
    author = models.TextField(_("Author"), blank=True, default="")
    title = models.TextField(_("Title"), blank=True, default="")
    original_size = models.PositiveBigIntegerField(_("OriginalSize"), null=True, blank=True)
    """Bytes."""
    original_md5 = models.TextField(_("OriginalMD5"), blank=True, default="")
    thumbnail_300k_url = models.TextField(_("Thumbnail300KURL"), blank=True, default="")
    revision = RevisionField(_("revision"), default=0, editable=False)
    """Raised by every change of the image's annotations."""
    updated = models.DateTimeField(_("updated"), auto_now=True)
    """When the image or its annotations last changed, in whatever way."""

    objects = ImageQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("image")
        verbose_name_plural = _("images")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("task", "subset", "name"), name="openimages_image_unique_name"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(subset=""), name="openimages_image_has_names"),
            models.CheckConstraint(
                condition=Q(width=None, height=None)
                | Q(width__isnull=False, height__isnull=False, width__gt=0, height__gt=0),
                name="openimages_image_size",
            ),
            models.CheckConstraint(
                condition=Q(rotation=None) | Q(rotation__gte=-360, rotation__lte=360), name="openimages_image_rotation"
            ),
        )
        indexes = (
            models.Index(fields=("task", "id"), name="openimages_image_in_order"),
            models.Index(fields=("task", "name", "id"), name="openimages_image_by_name"),
            models.Index(fields=("task", "updated", "id"), name="openimages_image_by_update"),
        )

    def __str__(self) -> str:
        return f"{self.subset}/{self.name}"

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Saves the image, and when."""
        chosen = {*update_fields, "updated"} if update_fields else update_fields
        super().save(*args, update_fields=chosen, **kwargs)

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Deletes the image with its shapes; the picture file goes when the transaction has committed."""
        using = using or router.db_for_write(Image, instance=self)
        with transaction.atomic(using=using):
            lock("Task", using, pk=self.task_id)
            counts: dict[str, Any] = clear_images([self.pk], using=using)
            total, own = super().delete(using=using, keep_parents=keep_parents)
        return total + sum(counts.values()), counts | own


def picture_storage() -> Storage:
    """The storage that the picture files lie in."""
    field = Image._meta.get_field("file")
    assert isinstance(field, models.FileField)
    return field.storage
