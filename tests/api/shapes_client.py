"""An annotation program that reads and saves the shapes of one picture."""

import io
import json
from typing import Any

import numpy as np
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import include, path, reverse
from PIL import Image as Pillow

from openimages_io.models import AttributeSpec, Image, InputType, Label, Mask, Shape, ShapeKind, Task

urlpatterns = [path("api/", include("openimages_io.urls"))]
"""`pytest.mark.urls("tests.api.shapes_client")` has the API whatever the demo site includes."""

BOX = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}
RING = [0.1, 0.2, 0.5, 0.2, 0.5, 0.6]
ELLIPSE = [0.5, 0.5, 0.25, 0.125]


def png(pixels: Any, mode: str = "1") -> bytes:
    """A PNG as some other program writes it."""
    file = io.BytesIO()
    Pillow.fromarray(np.array(pixels, dtype=bool)).convert(mode).save(file, "PNG", compress_level=1)
    return file.getvalue()


class Frontend:
    """A task with a picture, two labels and a user who owns them; and what that user's program asks for."""

    def __init__(self, size: tuple[int, int] | None = (640, 480)) -> None:
        self.user = get_user_model().objects.create_user("ann")
        self.task = Task.objects.create(name="scenes", owner=self.user)
        width, height = size or (None, None)
        self.image = Image.objects.create(task=self.task, name="a", width=width, height=height)
        self.cat = Label.objects.create(task=self.task, name="/m/cat")
        self.dog = Label.objects.create(task=self.task, name="/m/dog")
        AttributeSpec.objects.create(label=self.cat, name="pose", input_type=InputType.SELECT, values=["left", "right"])
        AttributeSpec.objects.create(label=self.cat, name="legs", input_type=InputType.NUMBER)
        self.client = Client()
        self.client.force_login(self.user)

    @property
    def url(self) -> str:
        """Where the picture's shapes are."""
        return reverse("openimages_io:image-shapes", args=[self.image.pk])

    def shape_url(self, shape: Shape | int, name: str = "shape-detail") -> str:
        """Where a shape is."""
        return reverse(f"openimages_io:{name}", args=[shape if isinstance(shape, int) else shape.pk])

    def draw(self, kind: str = ShapeKind.RECTANGLE, **values: Any) -> Shape:
        """Makes a shape past the API."""
        base: dict[str, Any] = {"task": self.task, "image": self.image, "label": self.cat, "kind": kind}
        return Shape.objects.create(**(base | ({} if kind == ShapeKind.TAG else BOX) | values))

    def mask(self, pixels: Any, **values: Any) -> Shape:
        """Makes a mask past the API."""
        shape = self.draw(ShapeKind.MASK)
        height, width = np.shape(pixels)
        values = {"path": "mask.png", "clicks": "0.1 0.2 1", "png": png(pixels)} | values
        Mask.objects.create(shape=shape, width=width, height=height, **values)
        return shape

    def get(self, query: str = "", **headers: str) -> Any:
        """Reads the shapes."""
        return self.client.get(self.url + query, headers=headers)

    def read(self, query: str = "") -> tuple[dict[str, Any], str]:
        """The shapes as they are read, and their ETag."""
        response = self.get(query)
        assert response.status_code == 200, response.content
        return response.json(), response.headers["ETag"]

    def put(self, body: Any, etag: str | None = "*", query: str = "") -> Any:
        """Saves; a list stands for the shapes alone."""
        given = {"shapes": body} if isinstance(body, list) else body
        return self.send("put", self.url + query, given, etag)

    def post(self, body: Any, etag: str | None = None, query: str = "") -> Any:
        """Adds."""
        return self.send("post", self.url + query, body, etag)

    def patch(self, shape: Shape | int, body: Any, etag: str | None = None, query: str = "") -> Any:
        """Changes one shape."""
        return self.send("patch", self.shape_url(shape) + query, body, etag)

    def delete(self, shape: Shape | int, etag: str | None = None) -> Any:
        """Deletes one shape."""
        return self.client.delete(self.shape_url(shape), headers={"If-Match": etag} if etag else {})

    def send(self, method: str, url: str, body: Any, etag: str | None = None) -> Any:
        """Sends JSON, or text that may be none."""
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        headers = {"If-Match": etag} if etag else {}
        return getattr(self.client, method)(url, data, content_type="application/json", headers=headers)

    def item(self, **values: Any) -> dict[str, Any]:
        """A new rectangle, or what the keywords say."""
        return {"kind": "rectangle", "label": self.cat.pk, **BOX, **values}

    @property
    def revisions(self) -> tuple[int, int]:
        """Of the task and the picture."""
        return Task.objects.get(pk=self.task.pk).revision, Image.objects.get(pk=self.image.pk).revision


def faults(response: Any, status: int = 400) -> dict[str, str]:
    """The faults that a response tells of, by path."""
    assert response.status_code == status, (response.status_code, response.content)
    return {error["path"]: error["message"] for error in response.json()["errors"]}
