"""The annotations of a picture: all at once, as an annotation tool saves them, or one by one."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils.cache import patch_cache_control
from rest_framework import status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from openimages_io.annotations.shapes.items import Items
from openimages_io.annotations.shapes.pixels import png_of
from openimages_io.annotations.shapes.saving import Saver, locked
from openimages_io.api.base import ApiView
from openimages_io.api.errors import fault_detail
from openimages_io.api.etags import check_match, is_known, require_match
from openimages_io.api.permissions import Rules, may
from openimages_io.api.shapes import schema
from openimages_io.api.shapes.formats import ShapeFormat, etag_of, requested_format, size_of
from openimages_io.api.shapes.serialization import ShapeWriter
from openimages_io.api.strict import unknown
from openimages_io.error_codes import FaultCode
from openimages_io.models import Image, Shape
from openimages_io.permissions import Verb

_VERBS: Final[Mapping[str, Verb]] = {"create": "add", "update": "change", "delete": "delete"}
"""What the lists of a PATCH need."""


class ShapesView(ApiView):
    """What the views of shapes share."""

    def writer(self, image: Image, form: ShapeFormat) -> ShapeWriter:
        """Writes shapes of the picture as they are asked for. Raises `Conflict`."""
        return ShapeWriter(self.request, form, size_of(image, form))

    def answer(self, body: str, image: Image, form: ShapeFormat, status: int = status.HTTP_200_OK) -> HttpResponse:
        """An answer with its ETag, which caches may keep for this user but must ask about."""
        response = HttpResponse(body, content_type="application/json", status=status)
        response["ETag"] = etag_of(image.revision, form, size_of(image, form))
        patch_cache_control(response, private=True, no_cache=True)
        return response

    def answer_saved(
        self, saver: Saver, items: Items, keys: Sequence[int], form: ShapeFormat, code: int = status.HTTP_200_OK
    ) -> HttpResponse:
        """The shapes that a request was about, as they are now."""
        body = self.writer(saver.image, form).saved(saver.shapes, saver.image, keys, items.client_keys(keys))
        return self.answer(body, saver.image, form, code)


class PictureShapes(ShapesView):
    """All shapes of a picture."""

    rules = Rules(
        get=may("view", of=Shape),
        put=may("add", "change", "delete", of=Shape),
        patch=may("view", of=Shape),
        post=may("add", of=Shape),
    )

    @schema.list_shapes
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Reads all shapes of a picture, in the order of their ids."""
        image, form = self.get_row(Image, pk), requested_format(request)
        if is_known(request, etag_of(image.revision, form, size_of(image, form))):
            return self.answer("", image, form, status.HTTP_304_NOT_MODIFIED)
        shapes = Shape.objects.filter(image=image)
        return self.answer(self.writer(image, form).together(shapes, image), image, form)

    @schema.save_shapes
    def put(self, request: Request, pk: int) -> HttpResponse:
        """Replaces all shapes of a picture, unless they have changed since they were read.

        A shape with an id keeps its key, its PNG and every field that is left out. One without is made. One that is
        not named is deleted.
        """
        image, form = self.get_row(Image, pk), requested_format(request)
        require_match(request)
        items = Items(in_pixels=form.pixels)
        items.read_save(request.data, image.pk)
        with locked(image) as saver:
            check_match(request, saver.image.revision)
            return self.answer_saved(saver, items, saver.make_them(items), form)

    @schema.patch_shapes
    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Creates, changes and deletes shapes of a picture, all or none; every other shape stays as it is.

        The answer has those that were created and changed, in the order of the request, a created one with the `key`
        that the client gave it.
        """
        image, form = self.get_row(Image, pk), requested_format(request)
        items = Items(in_pixels=form.pixels)
        items.read_patch(request.data)
        needed = {_VERBS[name] for name in _VERBS if isinstance(request.data, dict) and request.data.get(name)}
        if not may(*needed, of=Shape).allows(self.permissions, request.user, image):
            raise PermissionDenied
        with locked(image) as saver:
            check_match(request, saver.image.revision)
            return self.answer_saved(saver, items, saver.patch(items), form)

    @schema.add_shapes
    def post(self, request: Request, pk: int) -> HttpResponse:
        """Adds a shape, or a list of them, to a picture."""
        image, form = self.get_row(Image, pk), requested_format(request)
        items = Items(in_pixels=form.pixels)
        items.read_new(request.data)
        with locked(image) as saver:
            check_match(request, saver.image.revision)
            return self.answer_saved(saver, items, saver.add(items), form, status.HTTP_201_CREATED)


class OneShape(ShapesView):
    """One shape: read, change, delete."""

    rules = Rules(
        get=may("view", of=Shape),
        patch=may("change", of=Shape),
        delete=may("delete", of=Shape),
    )

    @schema.read_shape
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Reads a shape."""
        shape, form = self.get_row(Shape, pk, "image"), requested_format(request)
        if is_known(request, etag_of(shape.image.revision, form, size_of(shape.image, form))):
            return self.answer("", shape.image, form, status.HTTP_304_NOT_MODIFIED)
        return self._one(shape.image, form, Shape.objects.filter(pk=pk))

    @schema.change_shape
    def patch(self, request: Request, pk: int) -> HttpResponse:
        """Changes some fields of a shape."""
        shape, form = self.get_row(Shape, pk, "image"), requested_format(request)
        items = Items(in_pixels=form.pixels)
        items.read_changes(request.data, pk)
        with locked(shape.image) as saver:
            check_match(request, saver.image.revision)
            saver.change(items, pk)
            return self._one(saver.image, form, saver.shapes.filter(pk=pk))

    @schema.delete_shape
    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Deletes a shape with its mask."""
        shape = self.get_row(Shape, pk, "image")
        with locked(shape.image) as saver:
            check_match(request, saver.image.revision)
            saver.delete(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _one(self, image: Image, form: ShapeFormat, shapes: QuerySet[Shape]) -> HttpResponse:
        for body in self.writer(image, form).each(shapes).values():
            return self.answer(body, image, form)
        raise Http404  # it was deleted meanwhile


class ShapeMask(ShapesView):
    """The pixels of a shape."""

    rules = Rules(get=may("view", of=Shape))

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Clients that accept only PNGs get them; errors are JSON."""
        return super().perform_content_negotiation(request, force=True)

    @schema.read_mask
    def get(self, request: Request, pk: int) -> HttpResponse:
        """The PNG of a mask, byte by byte as it is stored; with `?draw=1` any shape that covers pixels, drawn."""
        shape = self.get_row(Shape, pk, "image")
        drawn = request.query_params.get("draw", "0")
        faults: dict[str, Any] = unknown(request.query_params, ("draw",))
        if drawn not in {"0", "1"}:
            faults["draw"] = fault_detail("Write 1 to draw the shape, or 0.", FaultCode.INVALID_CHOICE)
        if faults:
            raise ValidationError(faults)
        png = png_of(shape, draws=drawn == "1")
        etag = f'"{blake2b(png, digest_size=16).hexdigest()}"'
        if is_known(request, etag):
            response = HttpResponse(status=status.HTTP_304_NOT_MODIFIED)
        else:
            response = HttpResponse(png, content_type="image/png")
            response["X-Content-Type-Options"] = "nosniff"
        response["ETag"] = etag
        patch_cache_control(response, private=True, no_cache=True)
        return response
