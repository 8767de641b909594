"""Shapes as they are read: all of a picture at once, in fractions or pixels, with ETags."""

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it brings no types
from PIL import Image as Pillow
from pytest_django import Settings

from docs.generate_openapi import TARGET
from openimages_io.annotations.shapes.items import FIELDS
from openimages_io.geometry import decode_rle
from openimages_io.models import Image, Mask, Shape, Task
from tests.api.responses import refusal
from tests.api.shapes_client import BOX, ELLIPSE, RING, Frontend, faults, png

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.shapes_client")]
PIXELS = [[0, 1, 1], [0, 0, 1]]


@pytest.fixture
def frontend(db: None) -> Frontend:
    return Frontend()


def test_a_picture_without_shapes(frontend: Frontend) -> None:
    body, _ = frontend.read()
    assert body == {"image": frontend.image.pk, "revision": 0, "units": "fractions", "shapes": []}


def test_every_field_is_there_in_the_order_of_ids(frontend: Frontend) -> None:
    clicks = [[0.1, 0.2], [-1, None], [0.5, 0.6], [0, 1]]
    box = frontend.draw(clicks=clicks, rotation=10.0, source="xclick", group=2**62, score=0.5, occluded=True,
                        attributes={"pose": "left"})  # fmt: skip
    tag = frontend.draw("tag", label=frontend.dog, score=0.0)
    polygon = frontend.draw("polygon", points=[RING])
    body, _ = frontend.read()
    assert body["shapes"][0] == {
        "id": box.pk, "kind": "rectangle", "label": frontend.cat.pk, **BOX, "clicks": clicks,
        "rotation": 10.0, "source": "xclick", "group": 2**62, "score": 0.5, "occluded": True,
        "attributes": {"pose": "left"}, "mask": None,
    }  # fmt: skip
    assert [shape["id"] for shape in body["shapes"]] == [box.pk, tag.pk, polygon.pk]
    assert body["shapes"][1]["occluded"] is None
    assert body["shapes"][2]["points"] == [RING]


def test_a_shape_has_the_fields_of_its_kind(frontend: Frontend) -> None:
    frontend.draw("tag")
    frontend.draw()
    frontend.draw("polygon", points=[RING])
    frontend.draw("ellipse", points=ELLIPSE)
    frontend.draw("mask", **dict.fromkeys(BOX))
    every = {"id", "kind", "label", "source", "group", "score", "occluded", "attributes", "mask"}
    own = {shape["kind"]: shape.keys() - every for shape in frontend.read()[0]["shapes"]}
    assert own == {
        "tag": set(),
        "rectangle": {*BOX, "clicks", "rotation"},
        "polygon": {*BOX, "points"},
        "ellipse": {*BOX, "points", "rotation"},
        "mask": set(BOX),
    }


def test_other_pictures_have_their_own(frontend: Frontend) -> None:
    frontend.draw(image=Image.objects.create(task=frontend.task, name="b"))
    assert frontend.read()[0]["shapes"] == []


def test_pixels(frontend: Frontend) -> None:
    frontend.draw(clicks=[[0.1, 0.2], [-1, -1], [None, None], [1, 1]])
    frontend.draw("ellipse", points=ELLIPSE)
    frontend.draw("polygon", points=[RING, [0, 0, 1, 0, 1, 1]])
    frontend.draw("tag")
    body, _ = frontend.read("?units=pixels")
    box, ellipse, polygon, tag = body["shapes"]
    assert body["units"] == "pixels"
    assert [box[name] for name in BOX] == [64, 320, 96, 288]
    assert box["clicks"] == [[64, 96], [-1, -1], [None, None], [640, 480]]
    assert ellipse["points"] == [320, 240, 160, 60]
    assert polygon["points"] == [[64, 96, 320, 96, 320, 288], [0, 0, 640, 0, 640, 480]]
    assert "x_min" not in tag


def test_pixels_of_a_picture_of_unknown_size(db: None) -> None:
    frontend = Frontend(size=None)
    shape = frontend.draw()
    detail = "The size of this picture is unknown, so pixels cannot be used."
    for response in (
        frontend.get("?units=pixels"),
        frontend.put([], query="?units=pixels"),
        frontend.post([frontend.item()], query="?units=pixels"),
        frontend.patch(shape, {}, query="?units=pixels"),
        frontend.client.get(frontend.shape_url(shape) + "?units=pixels"),
    ):
        assert (response.status_code, response.json()["detail"]) == (409, detail)
    assert Shape.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("?units=pixel", "units"),
        ("?units=", "units"),
        ("?units=%ed%a0%80", "units"),
        ("?masks=", "masks"),
        ("?masks=PNG", "masks"),
    ],
)
def test_a_query_that_means_nothing(frontend: Frontend, query: str, path: str) -> None:
    assert list(faults(frontend.get(query))) == [path]


def test_masks_are_named_and_their_pixels_are_taken_if_wanted(frontend: Frontend) -> None:
    shape = frontend.mask(PIXELS)
    stored = bytes(Mask.objects.get(shape=shape).png)
    url = frontend.read()[0]["shapes"][0]["mask"]["url"]
    assert url.startswith(f"http://testserver{frontend.shape_url(shape)}mask/")
    plain = {"width": 3, "height": 2, "url": url, "clicks": "0.1 0.2 1"}
    assert frontend.read()[0]["shapes"][0]["mask"] == plain
    with_png = frontend.read("?masks=png")[0]["shapes"][0]["mask"]
    assert with_png == {**plain, "png": base64.b64encode(stored).decode()}
    with_rle = frontend.read("?masks=rle")[0]["shapes"][0]["mask"]
    assert with_rle.keys() == {*plain, "rle"}
    assert with_rle["rle"]["size"] == [2, 3]
    assert decode_rle(with_rle["rle"]["counts"], 3, 2, 6).tolist() == np.array(PIXELS, dtype=bool).tolist()
    assert frontend.client.get(url).content == stored


def test_a_mask_whose_file_never_came(frontend: Frontend) -> None:
    shape = frontend.draw("mask")
    Mask.objects.create(shape=shape, path="x.png")
    for query in ("", "?masks=png", "?masks=rle"):
        mask = frontend.read(query)[0]["shapes"][0]["mask"]
        assert (mask["url"], mask.get("png"), mask.get("rle")) == (None, None, None)
    assert frontend.client.get(frontend.shape_url(shape, "shape-mask")).status_code == 404


def test_a_polygon_that_was_traced_has_the_size_of_its_mask(frontend: Frontend) -> None:
    shape = frontend.draw("polygon", points=[RING])
    Mask.objects.create(shape=shape, width=30, height=20)
    expected = {"width": 30, "height": 20, "url": None, "clicks": ""}
    assert frontend.read()[0]["shapes"][0]["mask"] == expected


@pytest.mark.long
def test_the_number_of_queries_does_not_grow(frontend: Frontend, django_assert_num_queries: Any) -> None:
    for count in (0, 5, 40):
        for _ in range(count):
            frontend.draw("polygon", points=[RING])
            frontend.mask(PIXELS)
        with django_assert_num_queries(5):  # session, user, picture with task, size of the answer, shapes
            frontend.get("?units=pixels&masks=png")


def test_an_answer_is_no_larger_than_a_request_may_be(frontend: Frontend, settings: Settings) -> None:
    for _ in range(3):
        frontend.draw("polygon", points=[RING])
    settings.OPENIMAGES_IO = {"MAX_BODY_BYTES": 100}
    said = refusal(frontend.get(), 409)
    assert "more than the 100 that this site answers with; export the task instead" in said
    settings.OPENIMAGES_IO = {"MAX_BODY_BYTES": 1000}
    assert frontend.get().status_code == 200
    frontend.mask(np.random.default_rng(1).random((100, 100)) < 0.5)
    assert frontend.get().status_code == 200
    assert "export the task" in refusal(frontend.get("?masks=png"), 409)


def test_one_shape(frontend: Frontend) -> None:
    frontend.draw()
    shape = frontend.mask(PIXELS)
    for query in ("", "?units=pixels&masks=rle"):
        response = frontend.client.get(frontend.shape_url(shape) + query)
        body, of_all = frontend.read(query)
        assert response.json() == body["shapes"][1]
        etag = response.headers["ETag"]
        assert etag != of_all  # which moves with others, too
        again = frontend.client.get(frontend.shape_url(shape) + query, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")


def test_etags(frontend: Frontend, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"SIGNED_ADDRESSES": False}  # they have a moment in their ETags
    frontend.draw()
    tags = {
        frontend.read(query)[1]
        for query in ("", "?units=pixels", "?masks=png", "?masks=rle", "?units=pixels&masks=png")
    }
    assert len(tags) == 5
    assert all(tag.startswith('"1') for tag in tags)
    assert frontend.read("?units=fractions")[1] == '"1"'
    before = frontend.read("?units=pixels")[1]
    Image.objects.filter(pk=frontend.image.pk).update(width=641)
    assert frontend.read("?units=pixels")[1] != before
    assert frontend.read()[1] == '"1"'
    frontend.draw()
    assert frontend.read()[1] == '"2"'


def test_what_is_known_is_not_sent_again(frontend: Frontend, django_assert_num_queries: Any) -> None:
    frontend.draw()
    _, etag = frontend.read()
    for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        with django_assert_num_queries(3):
            response = frontend.get(**{"If-None-Match": known})
        assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", etag)
        assert "no-cache" in response.headers["Cache-Control"]
    assert frontend.get("?masks=png", **{"If-None-Match": etag}).status_code == 200
    frontend.draw()
    assert frontend.get(**{"If-None-Match": etag}).status_code == 200


def test_only_for_those_who_may(frontend: Frontend) -> None:
    shape = frontend.mask(PIXELS)
    another_user, anonymous = Client(), Client()
    another_user.force_login(get_user_model().objects.create_user("bob"))
    for url in (frontend.url, frontend.shape_url(shape), frontend.shape_url(shape, "shape-mask")):
        assert another_user.get(url).status_code == 404
        assert anonymous.get(url).status_code in {401, 403}
    for client, statuses in ((another_user, {404}), (anonymous, {401, 403})):
        calls = [client.put(frontend.url, "{}", "application/json", headers={"If-Match": "*"})]
        calls += [client.post(frontend.url, "{}", "application/json"), client.delete(frontend.shape_url(shape))]
        calls.append(client.patch(frontend.shape_url(shape), "{}", "application/json"))
        assert {response.status_code for response in calls} <= statuses
    assert Shape.objects.count() == 1


@pytest.mark.long
def test_staff_need_the_permissions_of_shapes(frontend: Frontend) -> None:
    from django.contrib.auth.models import Permission  # noqa: PLC0415

    shape = frontend.draw()
    staff = get_user_model().objects.create_user("eve", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_task"))
    Task.objects.update(owner=None)

    def statuses() -> list[int]:
        frontend.client.force_login(staff)
        calls = [frontend.get(), frontend.post([]), frontend.patch(shape, {}), frontend.put([{"id": shape.pk}])]
        return [response.status_code for response in calls]

    expected = [403, 403, 403, 403]
    assert statuses() == expected
    for place, verb in enumerate(("view", "add", "change")):
        staff.user_permissions.add(Permission.objects.get(codename=f"{verb}_shape"))
        expected[place] = 201 if verb == "add" else 200
        assert statuses() == expected
    assert frontend.delete(shape).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="delete_shape"))
    assert statuses() == [200, 201, 200, 200]
    assert frontend.delete(shape).status_code == 204


def test_the_png_of_a_mask(frontend: Frontend) -> None:
    shape = frontend.mask(PIXELS)
    url = frontend.shape_url(shape, "shape-mask")
    response = frontend.client.get(url, headers={"Accept": "image/png"})
    assert response.content == png(PIXELS)
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    etag = response.headers["ETag"]
    assert frontend.client.get(url, headers={"If-None-Match": etag}).status_code == 304
    frontend.draw()
    assert frontend.client.get(url, headers={"If-None-Match": etag}).status_code == 304
    Mask.objects.update(png=png([[1]]))
    assert frontend.client.get(url, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("kind", "values", "covered"),
    [
        ("polygon", {"points": [[0, 0, 0.5, 0, 0.5, 1, 0, 1]]}, 320 * 480),
        ("rectangle", {"x_min": 0.25, "x_max": 0.75, "y_min": 0.25, "y_max": 0.75}, 320 * 240),
        ("ellipse", {"points": [0.5, 0.5, 0.25, 0.25]}, pytest.approx(np.pi * 160 * 120, rel=0.01)),
    ],
)
def test_shapes_are_drawn_if_wanted(frontend: Frontend, kind: str, values: dict[str, Any], covered: float) -> None:
    shape = frontend.draw(kind, **values)
    url = frontend.shape_url(shape, "shape-mask")
    assert frontend.client.get(url).status_code == 404
    response = frontend.client.get(f"{url}?draw=1")
    picture = Pillow.open(io.BytesIO(response.content))
    assert picture.size == (640, 480)
    assert np.asarray(picture).sum() == covered
    Mask.objects.create(shape=shape, width=64, height=48)
    assert Pillow.open(io.BytesIO(frontend.client.get(f"{url}?draw=1").content)).size == (64, 48)


def test_what_cannot_be_drawn(frontend: Frontend) -> None:
    tag, box = frontend.draw("tag"), frontend.draw()
    assert frontend.client.get(frontend.shape_url(tag, "shape-mask") + "?draw=1").status_code == 404
    url = frontend.shape_url(box, "shape-mask")
    assert list(faults(frontend.client.get(f"{url}?draw=yes"))) == ["draw"]
    Image.objects.update(width=None, height=None)
    response = frontend.client.get(f"{url}?draw=1")
    detail = "The rectangle cannot be drawn: the size of its image is not known."
    assert (response.status_code, response.json()["detail"]) == (409, detail)


@pytest.mark.parametrize("key", ["0", "999", str(2**63 - 1), str(2**63), "1" + "0" * 30, "1" + "0" * 5000], ids=len)
def test_what_is_not_there(frontend: Frontend, key: str) -> None:
    for path in (f"/api/v1/images/{key}/shapes/", f"/api/v1/shapes/{key}/", f"/api/v1/shapes/{key}/mask.png"):
        assert frontend.client.get(path).status_code == 404, path


def test_reader_writer_and_document_have_the_same_fields(frontend: Frontend) -> None:
    frontend.draw("tag")
    frontend.draw()
    frontend.draw("polygon", points=[RING])
    frontend.draw("ellipse", points=ELLIPSE)
    frontend.draw("mask", **dict.fromkeys(BOX))
    schemas = json.loads(TARGET.read_text("utf-8"))["components"]["schemas"]
    of_kinds = schemas["Shape"]["discriminator"]["mapping"]
    shapes = frontend.read()[0]["shapes"]
    assert {shape["kind"] for shape in shapes} == of_kinds.keys()
    for shape in shapes:
        described = schemas[of_kinds[shape["kind"]].rpartition("/")[2]]
        assert list(shape) == ["id", *(name for name in FIELDS if name in shape)]
        assert set(described["required"]) == set(shape)
        assert set(described["properties"]) == {"key", *shape}
    assert {name for shape in shapes for name in shape} == {"id", *FIELDS}
    assert schemas["ShapeFieldsUpdate"]["properties"].keys() == {"id", *FIELDS} - {"kind"}
    sent_back = Draft202012Validator({"$ref": "#/components/schemas/ShapeUpdate", "components": {"schemas": schemas}})
    for shape in shapes:
        sent_back.validate(shape)
        sent_back.validate({name: value for name, value in shape.items() if name != "kind"})
        assert not sent_back.is_valid({**shape, "kind": "tag" if shape["kind"] != "tag" else "rectangle", "x_min": ""})
