"""The annotations of an image: all at once, as an annotation tool saves them, or one by one."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404
from django.http.response import HttpResponse, HttpResponseBase
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.annotations.shapes.items import Items
from openimages_io.annotations.shapes.saving import Saver, locked
from openimages_io.annotations.versions import Version, version_of_shape
from openimages_io.api.base import ApiViewSet
from openimages_io.api.etags import check_match, etag_of, expected, is_known, require_match, tag
from openimages_io.api.permissions import may
from openimages_io.api.shapes.formats import (
    IMAGE_HAS_ADDRESSES,
    ShapeFormat,
    has_addresses,
    made_from,
    requested_format,
    size_of,
)
from openimages_io.api.shapes.masks import send_mask
from openimages_io.api.shapes.serialization import ShapeWriter
from openimages_io.models import Image, Shape
from openimages_io.permissions import Verb

_VERBS: Final[Mapping[str, Verb]] = {"create": "add", "update": "change", "delete": "delete"}
"""What the lists of a PATCH need."""


class ShapeViewSet(ApiViewSet):
    """The annotations of an image, and each by itself."""

    rules = {  # noqa: RUF012  (how DRF declares)
        "list": may("view", of=Shape),
        "create": may("add", of=Shape),
        "bulk_update": may("add", "change", "delete", of=Shape),
        "partial_bulk_update": may("view", of=Shape),
        "retrieve": may("view", of=Shape),
        "partial_update": may("change", of=Shape),
        "destroy": may("delete", of=Shape),
        "mask": may("view", of=Shape),
    }
    queryset = Shape.objects.select_related("image")
    reads_query = (
        "list",
        "create",
        "bulk_update",
        "partial_bulk_update",
        "retrieve",
        "partial_update",
        "mask",
    )
    shows_pictures = ("mask",)
    pagination_class = None  # type: ignore[assignment]  # DRF takes None: a list is all shapes of one image

    def list(self, request: Request, pk: int) -> HttpResponseBase:
        """Reads all shapes of a picture, in the order of their ids."""
        image: Any = self.get_row(Image, pk, has_addresses=IMAGE_HAS_ADDRESSES)
        form = requested_format(request, image.task)
        etag = etag_of(request, made_from(image.revision, image, form, has_addresses=image.has_addresses))
        if is_known(request, etag):
            return self.answer("", etag, status.HTTP_304_NOT_MODIFIED)
        return self.answer(self._writer(image, form).together(Shape.objects.filter(image=image), image), etag)

    def create(self, request: Request, pk: int) -> HttpResponseBase:
        """Adds a shape, or a list of them, to a picture."""
        image = self.get_row(Image, pk)
        form = requested_format(request, image.task)
        items = Items(image, in_pixels=form.pixels)
        items.read_new(request.data)
        with locked(image, user=request.user) as saver:
            check_match(request, saver.image.revision)
            return self._answer_saved(saver, items, saver.add(items), form, status.HTTP_201_CREATED)

    def bulk_update(self, request: Request, pk: int) -> HttpResponseBase:
        """Replaces all shapes of a picture, unless they have changed since they were read.

        A shape with an id keeps its key, its PNG and every field that is left out. One without is made. One that is
        not named is deleted.
        """
        image = self.get_row(Image, pk)
        form = requested_format(request, image.task)
        require_match(request)
        items = Items(image, in_pixels=form.pixels)
        items.read_save(request.data, image.pk)
        with locked(image, user=request.user) as saver:
            check_match(request, saver.image.revision)
            return self._answer_saved(saver, items, saver.make_them(items), form)

    def partial_bulk_update(self, request: Request, pk: int) -> HttpResponseBase:
        """Creates, changes and deletes shapes of a picture, all or none; every other shape stays as it is.

        The answer has those that were created and changed, in the order of the request, a created one with the `key`
        that the client gave it.
        """
        image = self.get_row(Image, pk)
        form = requested_format(request, image.task)
        items = Items(image, in_pixels=form.pixels)
        items.read_patch(request.data)
        needed = {_VERBS[name] for name in _VERBS if isinstance(request.data, dict) and request.data.get(name)}
        if not may(*needed, of=Shape).allows(self.permissions, request.user, image):
            raise PermissionDenied
        with locked(image, user=request.user) as saver:
            check_match(request, saver.image.revision)
            return self._answer_saved(saver, items, saver.patch(items), form)

    def retrieve(self, request: Request, pk: int) -> HttpResponseBase:
        """Reads a shape."""
        shape = self.get_object()
        form = requested_format(request, shape.task)
        return self._one(shape.image, form, Shape.objects.filter(image=shape.image), pk)

    def partial_update(self, request: Request, pk: int) -> HttpResponseBase:
        """Changes some fields of a shape."""
        shape = self.get_object()
        form = requested_format(request, shape.task)
        items = Items(shape.image, in_pixels=form.pixels)
        items.read_changes(request.data, pk)
        with locked(shape.image, user=request.user) as saver:
            self._check_match(saver, pk)
            saver.change(items, pk)
            return self._one(saver.image, form, saver.shapes, pk)

    def destroy(self, request: Request, pk: int) -> Response:
        """Deletes a shape with its mask."""
        shape = self.get_object()
        with locked(shape.image, user=request.user) as saver:
            self._check_match(saver, pk)
            saver.delete(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def mask(self, request: Request, pk: int) -> HttpResponse:
        """The PNG of a mask, byte by byte as it is stored; with `?draw=1` any shape that covers pixels, drawn."""
        return send_mask(request, self.get_object())

    def answer(self, body: str, etag: str, code: int = status.HTTP_200_OK) -> HttpResponseBase:
        """An answer with its ETag.

        The text is JSON already; only another renderer than DRF's own for JSON gets what it says.
        """
        if type(self.request.accepted_renderer) is JSONRenderer or not body:
            response = HttpResponse(body, content_type="application/json", status=code)
        else:
            response = Response(json.loads(body), code)
        tag(self.request, response, etag)
        return response

    def _answer_saved(
        self, saver: Saver, items: Items, keys: Sequence[int], form: ShapeFormat, code: int = status.HTTP_200_OK
    ) -> HttpResponseBase:
        """The shapes that a request was about, as they are now."""
        body = self._writer(saver.image, form).saved(saver.shapes, saver.image, keys, items.client_keys(keys))
        shown = has_addresses(saver.shapes)
        made = made_from(saver.image.revision, saver.image, form, has_addresses=shown)
        return self.answer(body, etag_of(self.request, made), code)

    def _check_match(self, saver: Saver, key: int) -> None:
        """Raises `ChangedMeanwhile` unless If-Match names a version of the shape, or of all of its image."""
        expected(self.request).check_edit(version_of_shape(saver.shapes, key), Version(str(saver.image.revision)))

    def _one(self, image: Image, form: ShapeFormat, shapes: QuerySet[Shape], key: int) -> HttpResponseBase:
        """One of the shapes of an image. Raises `NotThere`."""
        one, version = shapes.filter(pk=key), version_of_shape(shapes, key)
        etag = etag_of(self.request, made_from(version, image, form, has_addresses=has_addresses(one)))
        if self.request.method in SAFE_METHODS and is_known(self.request, etag):
            return self.answer("", etag, status.HTTP_304_NOT_MODIFIED)
        for body in self._writer(image, form).each(one).values():
            return self.answer(body, etag)
        raise Http404  # it was deleted meanwhile

    def _writer(self, image: Image, form: ShapeFormat) -> ShapeWriter:
        """Writes shapes of the picture as they are asked for. Raises `Conflict`."""
        return ShapeWriter(self.request, form, size_of(image, form))
