"""The pages that show pictures: a task's gallery, and an image large; what they need is loaded late."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from openimages_io.admin.pages import PagesMixin, Tool, page
from openimages_io.admin.permissions import may_here
from openimages_io.admin.task_pages import TaskPagesMixin
from openimages_io.admin.wording import kinds_in_words
from openimages_io.exceptions import OpenImagesError
from openimages_io.models import Image, Label, Shape, Task
from openimages_io.models.counting import small_tasks
from openimages_io.models.numbers import grouped
from openimages_io.permissions import permissions

COUNTED_LATE: Final = 1_000_000
"""Images, and shapes, of a task up to which a request counts it: some three seconds. A check counts larger ones."""


def may_be_counted(task: Task) -> bool:
    """Whether a request may count the task, if it has to be counted."""
    return bool(small_tasks([task.pk], COUNTED_LATE, task._state.db))


def may_see_pictures(request: HttpRequest, task: Task) -> bool:
    """Whether the user may see a task's images and what is drawn on them. Asks both, so that a refusal names both."""
    may = [may_here(request, "view", model, task) for model in (Image, Shape)]
    return all(may)


class GalleryMixin(TaskPagesMixin):
    """An admin class of tasks with galleries."""

    def has_gallery_permission(self, request: HttpRequest, obj: Task) -> bool:
        """Whether the user may see the task's images and what is drawn on them."""
        return may_see_pictures(request, obj)

    def tools(self, request: HttpRequest, row: Any = None) -> list[Tool]:
        others = super().tools(request, row)
        if row is None or not self.has_gallery_permission(request, row):
            return others
        return [Tool(_("Gallery"), self.url("task_gallery", row.pk)), *others]

    @page("<int:key>/gallery/", "gallery", permission="gallery")
    def gallery_view(self, request: HttpRequest, task: Task) -> HttpResponse:
        """The gallery of a task."""
        from openimages_io.admin.gallery import gallery_context  # noqa: PLC0415  (needs numpy and Pillow)

        return self.render(request, "gallery.html", **gallery_context(request, task, self.url_for(request, task)))

    @page("<int:key>/gallery/matches/", "matches", permission="gallery")
    def matches_view(self, request: HttpRequest, task: Task) -> HttpResponse:
        """How many images a gallery's filter has, for a page that doesn't wait for it."""
        from openimages_io.admin.gallery import matches_text  # noqa: PLC0415  (needs numpy and Pillow)

        return JsonResponse(matches_text(request, task))

    @page("<int:key>/gallery/numbers/", "numbers", permission="gallery")
    def numbers_view(self, request: HttpRequest, task: Task) -> HttpResponse:
        """How many images each choice beside a filter would find, for a page that doesn't wait for it."""
        from openimages_io.admin.gallery import chip_numbers  # noqa: PLC0415  (needs numpy and Pillow)

        return JsonResponse(chip_numbers(request, task))

    @page("<int:key>/counts/", "counts", permission="gallery")
    def counts_view(self, request: HttpRequest, task: Task) -> HttpResponse:
        """How many images and annotations a task has, for a page that shows it before anybody has counted."""
        from openimages_io.viewing.statistics import statistics  # noqa: PLC0415  (viewing needs numpy and Pillow)

        if not may_be_counted(task):
            return JsonResponse({})
        counted = statistics(task)
        kinds = {f"annotations:{task.pk}": kinds_in_words(counted.by_kind)}
        return JsonResponse({"text": grouped(counted.images), "numbers": kinds})


class PictureMixin(PagesMixin):
    """An admin class of images with their pictures."""

    def has_picture_permission(self, request: HttpRequest, obj: Image) -> bool:
        """Whether the user may see the image and what is drawn on it."""
        return may_see_pictures(request, obj.task)

    @page("<int:key>/picture/", "picture", permission="picture")
    def picture_view(self, request: HttpRequest, image: Image) -> HttpResponse:
        """The picture large, with its annotations."""
        from openimages_io.admin.picture import picture_context  # noqa: PLC0415  (needs numpy and Pillow)

        return self.render(
            request, "picture.html", **picture_context(request, image, self.url_for(request, image.task))
        )

    @page("<int:key>/place/", "place", permission="picture")
    def place_view(self, request: HttpRequest, image: Image) -> HttpResponse:
        """Which of how many the image is within a gallery's filter, for a page that doesn't wait for it."""
        from openimages_io.admin.within import Within  # noqa: PLC0415  (needs what the picture's page needs)

        return JsonResponse({"text": Within.of(request, image).place_of(image)})

    def has_labels_permission(self, request: HttpRequest, obj: Image) -> bool:
        """Whether the user may see the labels of the image's task."""
        return all(may_here(request, "view", model, obj.task) for model in (Image, Label))

    @page("<int:key>/labels/", "labels", permission="labels")
    def labels_view(self, request: HttpRequest, image: Image) -> HttpResponse:
        """Labels that the image's shapes may have, by what was typed of their names, for the editor."""
        from openimages_io.admin.picture_editor import offered_labels  # noqa: PLC0415  (as above)

        return JsonResponse({"labels": offered_labels(image, request.GET.get("q", ""))})

    def has_export_permission(self, request: HttpRequest, obj: Image) -> bool:
        """Whether the user may take the image with its annotations away."""
        return self.has_picture_permission(request, obj) and permissions().may_export(request.user, obj.task)

    @page("<int:key>/export/", "export", permission="export")
    def export_view(self, request: HttpRequest, image: Image) -> HttpResponseBase:
        """The image with its annotations, as an archive."""
        from openimages_io.admin.image_archive import image_archive  # noqa: PLC0415  (slow to load)

        try:
            return image_archive(image, request.user)
        except OpenImagesError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(self.url("image_picture", image.pk))

    @page("<int:key>/file/", "file", permission="view")
    def file_view(self, request: HttpRequest, image: Image) -> HttpResponseBase:
        """The picture's file, shown as its pixels are stored, as on the image's page."""
        from openimages_io.admin.picture import file_or_404  # noqa: PLC0415  (needs numpy and Pillow)

        return file_or_404(request, image)

    @page("<int:key>/thumbnail/<int:size>/", "thumbnail", permission="view")
    def thumbnail_view(self, request: HttpRequest, image: Image, size: int) -> HttpResponseBase:
        """A thumbnail of one of the sizes that are made."""
        from openimages_io.admin.picture import thumbnail_or_404  # noqa: PLC0415  (needs numpy and Pillow)

        return thumbnail_or_404(request, image, size)
