"""An ETag names one representation: JSON, JSON written otherwise, a page. A save may be based on any of them."""

import time
from typing import Any, Final

import numpy as np
import pytest
from django.utils import timezone
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.test import APIClient

from openimages_io.api.shapes.views import ShapeViewSet
from openimages_io.format.masks import encode
from openimages_io.models import Image, Job, Label, Mask, Shape, Task
from tests.api.responses import ok, refusal, send

HTML: Final = "text/html,application/xhtml+xml,*/*;q=0.8"
INDENTED: Final = "application/json; indent=4"
PLACES: Final = {
    "root": "/api/v1/",
    "me": "/api/v1/me/",
    "task": "/api/v1/tasks/{task}/",
    "label": "/api/v1/labels/{label}/",
    "hierarchy": "/api/v1/tasks/{task}/hierarchy/",
    "image": "/api/v1/images/{image}/",
    "shapes": "/api/v1/images/{image}/shapes/",
    "shape": "/api/v1/shapes/{shape}/",
    "job": "/api/v1/jobs/{job}/",
}
EDITS: Final[dict[str, tuple[str, Any]]] = {
    "task": ("PATCH", {"name": "avenue"}),
    "label": ("PATCH", {"attribute_specs": []}),
    "hierarchy": ("PUT", {"LabelName": "/m/0jbk", "Subcategory": [{"LabelName": "/m/01yrx"}]}),
    "image": ("PATCH", {"rotation": 90.0}),
    "shapes": ("PUT", {"shapes": []}),
    "shape": ("PATCH", {"score": 0.25}),
}


@pytest.fixture
def urls(task: Task) -> dict[str, str]:
    label = Label.objects.create(task=task, name="/m/01yrx")
    Label.objects.create(task=task, name="/m/0jbk")
    image = Image.objects.create(task=task, name="a", width=4, height=3)
    shape = Shape.objects.create(task=task, image=image, label=label, kind="tag")
    job = Job.objects.create(kind="check", task=task, task_name=task.name, queued=timezone.now(), created_by=task.owner)
    keys = {"task": task.pk, "label": label.pk, "image": image.pk, "shape": shape.pk, "job": job.pk}
    return {name: path.format(**keys) for name, path in PLACES.items()}


@pytest.mark.parametrize("what", PLACES)
def test_each_representation_has_an_etag_of_its_own(api: APIClient, urls: dict[str, str], what: str) -> None:
    tags: dict[str, str] = {}
    for accepted in ("application/json", INDENTED, HTML):
        response = api.get(urls[what], headers={"Accept": accepted})
        ok(response) if accepted != HTML else None
        assert "Accept" in response["Vary"]
        tags[accepted] = response["ETag"]
    assert len({tag.removeprefix("W/") for tag in tags.values()}) == 3
    assert tags[HTML].startswith("W/")
    for accepted in ("application/json", INDENTED):
        for given, tag in tags.items():
            again = api.get(urls[what], headers={"Accept": accepted, "If-None-Match": tag})
            assert (again.status_code == 304) == (given == accepted), (accepted, given)


@pytest.mark.parametrize("what", PLACES)
def test_a_page_is_not_kept_as_it_shows_who_reads_it(api: APIClient, urls: dict[str, str], what: str) -> None:
    page = api.get(urls[what], headers={"Accept": HTML})
    assert page["Cache-Control"] == "private, no-store"
    again = api.get(urls[what], headers={"Accept": HTML, "If-None-Match": page["ETag"]})
    assert (again.status_code, again["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("accepted", [HTML, INDENTED])
@pytest.mark.parametrize("what", EDITS)
def test_a_save_may_be_based_on_any_representation(
    api: APIClient, urls: dict[str, str], what: str, accepted: str
) -> None:
    method, body = EDITS[what]
    tag = api.get(urls[what], headers={"Accept": accepted})["ETag"]
    ok(send(api, method, urls[what], body, headers={"If-Match": tag}))
    if what != "label":  # of which nothing has changed
        refusal(send(api, method, urls[what], body, headers={"If-Match": tag}), 412)


class TextRenderer(BaseRenderer):
    """A site's own, under the name of another format."""

    media_type = "application/json"
    format = "lines"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return "\n".join(map(str, data)).encode()


def test_a_site_s_own_format_is_another_representation(
    api: APIClient, urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ShapeViewSet, "renderer_classes", [JSONRenderer, TextRenderer])
    tag = api.get(urls["shapes"])["ETag"]
    other = api.get(f"{urls['shapes']}?format=lines", headers={"If-None-Match": tag})
    assert other.content.startswith(b"image\nrevision")
    assert other["ETag"] != tag
    assert api.get(f"{urls['shapes']}?format=lines", headers={"If-None-Match": other["ETag"]}).status_code == 304


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all addresses had ended that are signed now."""
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 40 * 24 * 3600)


def test_shapes_without_addresses_keep_their_etag_when_those_of_others_end(
    api: APIClient, urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tags() -> list[str]:
        return [str(api.get(urls[what])["ETag"]) for what in ("shapes", "shape")]

    before = tags()
    later(monkeypatch)
    assert tags() == before


def test_shapes_with_an_address_get_another_etag_when_it_ends(
    api: APIClient, urls: dict[str, str], task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, label = Image.objects.get(), Label.objects.get(name="/m/01yrx")
    masked = Shape.objects.create(task=task, image=image, label=label, kind="mask")
    Mask.objects.create(shape=masked, png=encode(np.ones((3, 4), dtype=bool)), width=4, height=3)
    places = {"shapes": urls["shapes"], "masked": f"/api/v1/shapes/{masked.pk}/", "tag": urls["shape"]}

    def tags() -> dict[str, str]:
        return {name: str(api.get(url)["ETag"]) for name, url in places.items()}

    before = tags()
    old = api.get(places["masked"]).json()["mask"]["url"]
    later(monkeypatch)
    after = tags()
    assert {name for name in places if after[name] != before[name]} == {"shapes", "masked"}
    assert api.get(places["masked"], headers={"If-None-Match": before["masked"]}).json()["mask"]["url"] != old
    ok(send(api, "PATCH", places["masked"], {"score": 0.5}, headers={"If-Match": before["masked"]}))


@pytest.mark.long
def test_a_shape_s_etag_moves_with_the_shape_alone(api: APIClient, urls: dict[str, str], task: Task) -> None:
    image, label = Image.objects.get(), Label.objects.get(name="/m/01yrx")
    masked = Shape.objects.create(task=task, image=image, label=label, kind="mask")
    Mask.objects.create(shape=masked, png=encode(np.ones((3, 4), dtype=bool)), width=4, height=3)
    url = f"/api/v1/shapes/{masked.pk}/"
    tag, of_all = api.get(url)["ETag"], api.get(urls["shapes"])["ETag"]
    ok(send(api, "PATCH", urls["shape"], {"score": 0.5}))  # another one
    assert api.get(url)["ETag"] == tag
    refusal(send(api, "PATCH", url, {"score": 0.5}, headers={"If-Match": of_all}), 412)
    seen = {tag}
    for change in (
        {"score": 0.5},
        {"occluded": True},
        {"source": "by hand"},
        {"mask": {"clicks": "0.5 0.5 1"}},
        {"mask": {"rle": {"size": [3, 4], "counts": [4, 8]}}},
    ):
        saved = send(api, "PATCH", url, change, headers={"If-Match": tag})
        ok(saved)
        refusal(send(api, "PATCH", url, {"score": 0.1}, headers={"If-Match": tag}), 412)
        refusal(api.delete(url, headers={"If-Match": tag}), 412)
        tag = saved["ETag"]
        assert tag == api.get(url)["ETag"]
        assert tag not in seen, change
        seen.add(tag)
    ok(send(api, "PATCH", url, {"score": 0.75}, headers={"If-Match": api.get(urls["shapes"])["ETag"]}))
    assert api.delete(url, headers={"If-Match": api.get(url)["ETag"]}).status_code == 204
