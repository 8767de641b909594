"""Pictures, thumbnails and masks at signed addresses: whoever has the address sees what it was signed for."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from openimages_io.api.base import ApiViewSet
from openimages_io.api.images.pictures import send_file, send_thumbnail
from openimages_io.api.permissions import SIGNED, DeclaredPermission
from openimages_io.api.shapes.masks import send_mask
from openimages_io.api.signing import CONTENT_LENGTH, Signed, check_signature, content_of
from openimages_io.api.throttling import PictureThrottle
from openimages_io.models import Image, Shape, Task
from openimages_io.models.png_digest import PngDigest


class ValidSignature(BasePermission):
    """The address was signed by this site, and has not ended; seen before anything is looked up."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Raises `PermissionDenied` and `NotFound`."""
        if view.action in view.rules:
            view.signed = check_signature(view.action, view.kwargs["pk"], view.kwargs["signature"])
        return True


class SignedViewSet(ApiViewSet):
    """What an `<img>` shows. Who asks is not looked at, so that a cookie makes no difference to a cache."""

    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes = (ValidSignature, DeclaredPermission)  # type: ignore[assignment]  # nobody logs in
    renderer_classes = (JSONRenderer,)
    """Of errors. With more than one, an answer would be another one for each `Accept`."""
    throttle_classes = (PictureThrottle,)
    rules: ClassVar = {"file": SIGNED, "thumbnail": SIGNED, "mask": SIGNED}
    reads_query = ("file", "thumbnail", "mask")
    signed: Signed

    def file(self, request: Request, pk: int, signature: str) -> HttpResponseBase:
        """The picture's file, as at the address that needs a login."""
        return send_file(request, self._image(pk), self.signed.cache_control)

    def thumbnail(self, request: Request, pk: int, signature: str) -> HttpResponseBase:
        """The thumbnail, as at the address that needs a login."""
        return send_thumbnail(request, self._image(pk), self.signed.cache_control)

    def mask(self, request: Request, pk: int, signature: str) -> HttpResponseBase:
        """The PNG of a mask, as at the address that needs a login."""
        rows = Shape.objects.annotate(content=PngDigest("mask__png"))
        shape: Any = self._found(rows, pk)
        self._check((shape.content or "")[:CONTENT_LENGTH])
        return send_mask(request, shape, self.signed.cache_control)

    def _image(self, pk: int) -> Image:
        image: Image = self._found(Image.objects.all(), pk)
        self._check(content_of(image))
        return image

    def _found(self, rows: QuerySet[Any], pk: int) -> Any:
        """The row, unless it or its task has gone. Raises `NotFound`."""
        row = rows.filter(pk=pk, task__in=Task.objects.all()).select_related("task").first()
        if row is None:
            raise NotFound
        return self.checked_row(row)

    def _check(self, content: str) -> None:
        """Raises `NotFound` if it is not what the address was signed for."""
        if content != self.signed.content:
            raise NotFound("It is another one by now; read its address again.")
