"""A picture to be shown with its boxes, and the same to be kept."""

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from openimages_io.format.orientation import as_stored
from tests.api.test_pictures import AddImage, add_image, at, body  # noqa: F401  (a fixture)
from tests.format.test_orientation import turned


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_file_is_as_it_came_or_shows_what_is_stored(
    api: APIClient,
    add_image: AddImage,  # noqa: F811
    kind: str,
) -> None:
    content = turned(6, kind)
    image = add_image(content)
    kept, shown = api.get(at(image, "file/")), api.get(at(image, "file/"), {"as_stored": "1"})
    assert body(kept) == content
    assert body(shown) == as_stored(content) != content
    assert kept["Content-Type"] == shown["Content-Type"]
    assert kept["ETag"] != shown["ETag"]
    assert api.get(at(image, "file/"), {"as_stored": "1"}, headers={"If-None-Match": shown["ETag"]}).status_code == 304
    assert api.get(at(image, "file/"), {"as_stored": "yes"}).status_code == 400
    assert api.get(at(image, "file/"), {"stored": "1"}).status_code == 400


def test_a_file_too_large_to_be_changed(
    api: APIClient,
    add_image: AddImage,  # noqa: F811
    settings: Settings,
) -> None:
    image = add_image(turned(6))
    settings.OPENIMAGES_IO = {**getattr(settings, "OPENIMAGES_IO", {}), "MAX_PICTURE_BYTES": 100}
    assert api.get(at(image, "file/"), {"as_stored": "1"}).status_code == 404
    assert body(api.get(at(image, "file/"))) == turned(6)
