"""A picture's shapes made as given: by id, all or nothing, and no more than what changes."""

import base64
from typing import Any

import numpy as np
import pytest

from openimages_io.geometry import encode_rle
from openimages_io.models import AttributeSpec, Mask, Shape
from openimages_io.transfer.exporter import Exporter
from tests.api.shapes_client import BOX, ELLIPSE, RING, Frontend, faults, png

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.shapes_client")]
PIXELS = [[0, 1, 1], [0, 0, 1]]
OTHERS = [[1, 0, 0, 1], [1, 1, 0, 1], [0, 0, 0, 1]]
ALL_FORMS = [
    f"?units={units}{masks}" for units in ("fractions", "pixels") for masks in ("", "&masks=png", "&masks=rle")
]


@pytest.fixture
def frontend(db: None) -> Frontend:
    return Frontend()


def rows(frontend: Frontend) -> list[dict[str, Any]]:
    found: Any = Shape.objects.filter(image=frontend.image).order_by("pk").values()
    return list(found)


def furnished(frontend: Frontend) -> None:
    """One shape of every kind, with every field that it may have."""
    values: dict[str, Any] = {"rotation": 10.0, "source": "xclick", "group": 7, "score": 0.5, "occluded": True}
    attributes = {"pose": "left", "legs": 4.0}
    frontend.draw(clicks=[[0.1, 0.2], [-1, None], [0.5, 0.6], [0, 1]], attributes=attributes, **values)
    frontend.draw("tag", label=frontend.dog, score=0.0)
    frontend.draw("polygon", points=[RING, [0, 0, 1, 0, 1, 1]])
    frontend.draw("ellipse", points=ELLIPSE, rotation=45.0)
    frontend.mask(PIXELS)
    traced = frontend.draw("polygon", points=[RING])
    Mask.objects.create(shape=traced, width=30, height=20, path="b.png", clicks="0.1 0.2 1")
    Mask.objects.create(shape=frontend.draw("mask", **dict.fromkeys(BOX)), path="c.png")


@pytest.mark.parametrize("query", ALL_FORMS)
def test_saving_what_was_read_changes_nothing(frontend: Frontend, query: str) -> None:
    furnished(frontend)
    before, masks, revisions = rows(frontend), list(Mask.objects.order_by("pk").values()), frontend.revisions
    body, etag = frontend.read(query)
    response = frontend.put(body, etag, query)
    assert response.status_code == 200, response.content
    assert (response.json(), response.headers["ETag"]) == (body, etag)
    assert (rows(frontend), list(Mask.objects.order_by("pk").values())) == (before, masks)
    assert frontend.revisions == revisions


def test_a_save_changes_makes_and_deletes_and_raises_the_revisions_once(frontend: Frontend) -> None:
    kept, gone, moved = frontend.draw(), frontend.draw(), frontend.draw(source="xclick", attributes={"pose": "left"})
    body, etag = frontend.read()
    task, image = frontend.revisions
    changed = {"id": moved.pk, "x_min": 0.25, "label": frontend.dog.pk, "attributes": {}}
    response = frontend.put([{"id": kept.pk}, changed, frontend.item(score=1)], etag)
    assert response.status_code == 200, response.content
    assert frontend.revisions == (task + 1, image + 1)
    saved = response.json()
    assert saved == frontend.read()[0]
    assert response.headers["ETag"] == frontend.read()[1] != etag
    assert saved["revision"] == image + 1
    assert saved["shapes"][0] == body["shapes"][0]
    assert saved["shapes"][1] == {**body["shapes"][2], "x_min": 0.25, "label": frontend.dog.pk, "attributes": {}}
    assert [shape["id"] for shape in saved["shapes"][:2]] == [kept.pk, moved.pk]
    assert saved["shapes"][2]["score"] == 1.0
    assert not Shape.objects.filter(pk=gone.pk).exists()


def test_fields_can_be_emptied(frontend: Frontend) -> None:
    shape = frontend.draw(clicks=[[0, 0]] * 4, rotation=5.0, group=1, score=0.5, occluded=False, source="x")
    empty = {"clicks": None, "rotation": None, "group": None, "score": None, "occluded": None, "source": ""}
    assert frontend.put([{"id": shape.pk, **empty}]).status_code == 200
    shape.refresh_from_db()
    assert {name: getattr(shape, name) for name in empty} == empty
    assert Shape.objects.filter(clicks__isnull=True).count() == 1  # NULL, not JSON's null


def test_kinds_can_change(frontend: Frontend) -> None:
    shape = frontend.draw("polygon", points=[RING])
    assert frontend.put([{"id": shape.pk, "kind": "rectangle", "points": None}]).status_code == 200
    assert Shape.objects.filter(kind="rectangle", points__isnull=True).count() == 1
    assert frontend.put([{"id": shape.pk, "kind": "tag", **dict.fromkeys(BOX)}]).status_code == 200
    assert frontend.put([{"id": shape.pk, "kind": "ellipse", "points": ELLIPSE}]).status_code == 200
    shape.refresh_from_db()
    assert (shape.kind, shape.x_min, shape.x_max) == ("ellipse", 0.25, 0.75)
    assert faults(frontend.put([{"id": shape.pk, "kind": "polygon"}])).keys() == {
        f"shapes[0].points[{n}]" for n in range(4)
    }


def test_the_box_is_the_one_around_the_points(frontend: Frontend) -> None:
    shapes = [
        frontend.item(kind="polygon", points=[RING]),
        {**frontend.item(kind="polygon", points=[[0.3, 0.3, 0.4, 0.3, 0.4, 0.9]]), **BOX},
        {"kind": "ellipse", "label": frontend.cat.pk, "points": ELLIPSE},
        {"kind": "ellipse", "label": frontend.cat.pk, "points": ELLIPSE, "rotation": 90},
    ]
    assert frontend.post(shapes).status_code == 201
    expected = [(0.1, 0.5, 0.2, 0.6), (0.3, 0.4, 0.3, 0.9), (0.25, 0.75, 0.375, 0.625)]
    columns = Shape.objects.order_by("pk").values_list("x_min", "x_max", "y_min", "y_max")
    assert list(columns[:3]) == expected
    # Turned by a quarter in 640 x 480 pixels: radii of 160 and 60 pixels become 60 and 160.
    assert columns[3] == pytest.approx((0.5 - 60 / 640, 0.5 + 60 / 640, 0.5 - 160 / 480, 0.5 + 160 / 480))
    first = Shape.objects.order_by("pk")[0]
    revisions = frontend.revisions
    assert frontend.patch(first, {"x_min": 0.4}).status_code == 200
    assert frontend.revisions == revisions
    assert frontend.patch(first, {"points": [[0, 0, 0.5, 0, 0.5, 0.5]]}).json()["x_min"] == 0


def test_a_stored_box_stays_while_the_points_do(frontend: Frontend) -> None:
    shape = frontend.draw("polygon", points=[RING], x_min=0.05)
    assert frontend.patch(shape, {"score": 0.5, "points": [RING]}).json()["x_min"] == 0.05


def test_a_turned_ellipse_on_a_picture_of_unknown_size(db: None) -> None:
    frontend = Frontend(size=None)
    item = {"kind": "ellipse", "label": frontend.cat.pk, "points": ELLIPSE, "rotation": 30}
    found = faults(frontend.post(item))
    assert list(found) == ["x_min"]
    assert "depends on the image's width and height" in found["x_min"]
    assert frontend.post({**item, **BOX}).status_code == 201
    assert Shape.objects.get().x_min == 0.1


def test_nothing_is_written_if_anything_is_wrong(frontend: Frontend) -> None:
    shape, gone = frontend.draw(), frontend.draw()
    before, revisions = rows(frontend), frontend.revisions
    body = [
        {"id": shape.pk, "x_min": 0.3},
        frontend.item(),
        {"id": 10**6, "scroe": 1, "x_min": 2},
        frontend.item(label=0, x_max=7),
    ]
    assert faults(frontend.put(body)) == {
        "shapes[2].scroe": "A shape has no such field; it has: id, key, kind, label, x_min, x_max, y_min, y_max, "
        "points, clicks, rotation, source, group, score, occluded, attributes, mask.",
        "shapes[2].id": "The picture has no shape 1000000.",
        "shapes[3].label": "The task has no such label.",
        "shapes[3].x_max": "7 is not between 0 and 1.",
    }
    assert (rows(frontend), frontend.revisions) == (before, revisions)
    assert Shape.objects.filter(pk=gone.pk).exists()


def test_a_shape_that_was_wrong_already_can_be_changed_elsewhere(frontend: Frontend) -> None:
    shape = frontend.draw(attributes={"pose": "left", "mood": "stale"})
    AttributeSpec.objects.filter(name="pose").update(values=["up"])
    assert (
        frontend.put([{"id": shape.pk, "x_min": 0.2, "attributes": {"pose": "left", "mood": "stale"}}]).status_code
        == 200
    )
    found = faults(frontend.put([{"id": shape.pk, "attributes": {"pose": "right", "mood": "stale"}}]))
    assert found == {"shapes[0].attributes.pose": "“right” is not one of: “up”."}


def test_the_number_of_queries_does_not_grow(frontend: Frontend, django_assert_max_num_queries: Any) -> None:
    for _ in range(60):
        frontend.draw()
    body, etag = frontend.read()
    for shape in body["shapes"]:
        shape["score"] = 0.5
    gone = body["shapes"][40:]
    new = [{name: value for name, value in shape.items() if name != "id"} for shape in gone]
    body["shapes"] = [*body["shapes"][:40], *new]
    with django_assert_max_num_queries(22) as found:
        assert frontend.put(body, etag).status_code == 200
    few = len(found)
    one, etag = frontend.read()
    shapes = [{**one["shapes"][0], "score": 0.25}, *one["shapes"][1:-1], {**new[0]}]
    with django_assert_max_num_queries(few):
        assert frontend.put(shapes, etag).status_code == 200
    assert Shape.objects.count() == 60


@pytest.mark.long
def test_a_save_needs_an_etag_and_not_an_old_one(frontend: Frontend) -> None:
    shape = frontend.draw()
    body, etag = frontend.read()
    response = frontend.put(body, None)
    assert (response.status_code, response.json()["code"]) == (428, "precondition_required")
    for other in ('"0"', '"11"', f'"{etag}', "1", '"x1"', '".1"', "W/", '"' + "9" * 5000 + '"'):
        response = frontend.put([], other)
        assert (response.status_code, response.json()["code"]) == (412, "changed_meanwhile"), other
    assert Shape.objects.filter(pk=shape.pk).exists()
    for query in ALL_FORMS:
        etag = frontend.read(query)[1]
        for form in (etag, f"W/{etag}", f'"0", {etag}'):
            assert frontend.put(body, form).status_code == 200, form


def test_other_changes_honour_an_etag_but_need_none(frontend: Frontend) -> None:
    shape = frontend.draw()
    for etag, statuses in (('"0"', [412, 412, 412]), (None, [201, 200, 204])):
        calls = [
            frontend.post(frontend.item(), etag),
            frontend.patch(shape, {"score": 0.5}, etag),
            frontend.delete(shape, etag),
        ]
        assert [response.status_code for response in calls] == statuses
    etag = frontend.read()[1]
    other = Shape.objects.get()
    response = frontend.post(frontend.item(), etag)
    assert response.status_code == 201
    response = frontend.patch(other, {"score": 0.5}, response.headers["ETag"])
    assert response.status_code == 200
    assert frontend.delete(other, etag).status_code == 412
    assert frontend.delete(other, response.headers["ETag"]).status_code == 204


def test_new_shapes_one_or_many(frontend: Frontend) -> None:
    frontend.draw()
    one = frontend.post(frontend.item(group=3))
    assert one.status_code == 201
    assert one.json()["shapes"][0]["group"] == 3
    many = frontend.post([frontend.item(kind="tag", **dict.fromkeys(BOX)), frontend.item(score=0.5)])
    assert [shape["kind"] for shape in many.json()["shapes"]] == ["tag", "rectangle"]
    assert many.headers["ETag"] == frontend.read()[1]
    assert frontend.read()[0]["shapes"][1:] == one.json()["shapes"] + many.json()["shapes"]
    revisions = frontend.revisions
    assert frontend.post([]).json()["shapes"] == []
    assert frontend.revisions == revisions
    assert faults(frontend.post([frontend.item(), frontend.item(id=5, y_max=3)])).keys() == {"[1].id", "[1].y_max"}
    assert faults(frontend.post([frontend.item(id=None), frontend.item(key=None)])).keys() == {"[0].id", "[1].key"}
    assert faults(frontend.post({})).keys() == {"kind", "label"}


def test_one_shape_is_changed_and_deleted(frontend: Frontend) -> None:
    shape, other = frontend.draw(), frontend.draw()
    response = frontend.patch(shape, {"id": shape.pk, "attributes": {"pose": "left"}, "x_max": 1})
    assert response.status_code == 200
    assert response.json() == frontend.read()[0]["shapes"][0]
    assert (response.json()["x_max"], response.json()["attributes"]) == (1, {"pose": "left"})
    assert faults(frontend.patch(shape, {"id": other.pk})) == {"id": f"This is shape {shape.pk}, not {other.pk}."}
    assert faults(frontend.patch(shape, {"x_min": "a", "attributes": {"legs": "b"}})).keys() == {
        "x_min",
        "attributes.legs",
    }
    revisions = frontend.revisions
    assert frontend.patch(shape, {"x_max": 1.0}).status_code == 200
    assert frontend.revisions == revisions
    assert frontend.delete(shape).status_code == 204
    assert frontend.delete(shape).status_code == 404
    assert frontend.patch(shape, {}).status_code == 404
    assert frontend.revisions == (revisions[0] + 1, revisions[1] + 1)
    assert Shape.objects.get() == other


@pytest.mark.parametrize("form", ["png", "packed", "counts"])
def test_masks_are_given(frontend: Frontend, form: str) -> None:
    pixels = np.array(OTHERS, dtype=bool)
    forms: dict[str, dict[str, Any]] = {
        "png": {"png": base64.b64encode(png(OTHERS, "RGBA")).decode()},
        "packed": {"rle": {"size": [3, 4], "counts": encode_rle(pixels)}},
        "counts": {"rle": {"size": [3, 4], "counts": [0, 2, 2, 1, 4, 3]}},
    }
    item = {"kind": "mask", "label": frontend.cat.pk, "mask": {**forms[form], "clicks": "0.5 0.5 1"}}
    response = frontend.post(item)
    assert response.status_code == 201, response.content
    mask = Mask.objects.get()
    assert (mask.width, mask.height, mask.path, mask.clicks) == (4, 3, "", "0.5 0.5 1")
    if form == "png":
        assert bytes(mask.png) == png(OTHERS, "RGBA")
    body, _ = frontend.read("?masks=rle")
    assert body["shapes"][0]["mask"]["rle"] == {"size": [3, 4], "counts": encode_rle(pixels)}
    assert response.json()["shapes"][0]["mask"]["url"] == body["shapes"][0]["mask"]["url"]


def test_a_mask_keeps_its_png_while_its_pixels_are_the_same(frontend: Frontend) -> None:
    shape = frontend.mask(PIXELS, png=png(PIXELS, "RGBA"))
    before, revisions = Mask.objects.values().get(), frontend.revisions
    rle = {"size": [2, 3], "counts": encode_rle(np.array(PIXELS, dtype=bool))}
    assert frontend.patch(shape, {"mask": {"rle": rle}}).status_code == 200
    assert (Mask.objects.values().get(), frontend.revisions) == (before, revisions)
    assert frontend.patch(shape, {"mask": {"clicks": ""}}).json()["mask"]["clicks"] == ""
    assert Mask.objects.values().get() == {**before, "clicks": ""}
    assert frontend.patch(shape, {"mask": {"png": base64.b64encode(png(PIXELS)).decode()}}).status_code == 200
    after = Mask.objects.get()
    assert (bytes(after.png), after.path) == (png(PIXELS), "mask.png")
    assert frontend.revisions == (revisions[0] + 2, revisions[1] + 2)
    rle = {"size": [1, 2], "counts": [1, 1]}
    assert frontend.patch(shape, {"mask": {"rle": rle, "width": 2}}).json()["mask"]["width"] == 2


def test_masks_and_kinds(frontend: Frontend) -> None:
    pixels = {"rle": {"size": [1, 2], "counts": [1, 1]}}
    box, mask = frontend.draw(), frontend.mask(PIXELS)
    assert faults(frontend.patch(box, {"mask": pixels})).keys() == {"mask"}
    assert faults(frontend.patch(box, {"mask": {"clicks": ""}})).keys() == {"mask"}
    assert faults(frontend.patch(box, {"kind": "mask"})).keys() == {"mask"}
    assert faults(frontend.patch(mask, {"mask": None})).keys() == {"mask"}
    assert faults(frontend.patch(mask, {"kind": "rectangle"})).keys() == {"kind"}
    assert faults(frontend.patch(mask, {"mask": {"width": 5, "height": True, "url": None}})).keys() == {
        "mask.width",
        "mask.height",
    }
    assert faults(frontend.post({"kind": "mask", "label": frontend.cat.pk})).keys() == {"mask"}
    assert frontend.patch(box, {"mask": None}).status_code == 200
    assert frontend.patch(box, {"kind": "mask", "mask": pixels}).json()["mask"]["width"] == 2
    assert frontend.patch(mask, {"kind": "rectangle", "mask": None}).json()["mask"] is None
    assert Mask.objects.get().shape_id == box.pk
    traced = frontend.draw("polygon", points=[RING])
    Mask.objects.create(shape=traced, width=3, height=2)
    assert frontend.patch(traced, {"mask": {"clicks": "0 0 0"}}).json()["mask"]["clicks"] == "0 0 0"
    assert faults(frontend.patch(traced, {"kind": "mask", "points": None})).keys() == {"mask"}
    assert frontend.patch(traced, {"mask": None}).json()["mask"] is None
    assert frontend.delete(box).status_code == 204
    assert not Mask.objects.exists()


def test_what_was_made_is_exported(frontend: Frontend, tmp_path: Any) -> None:
    mask = {"rle": {"size": [2, 3], "counts": [0, 1, 1, 1, 1, 2]}}
    shapes = [
        {"kind": "mask", "label": frontend.cat.pk, "mask": mask},
        frontend.item(kind="polygon", points=[RING]),
        frontend.item(),
    ]
    assert frontend.post(shapes).status_code == 201
    report = Exporter(frontend.task, tmp_path / "out").run().report
    assert (report.errors, report.of("masks").written, report.of("boxes").written) == (0, 2, 1)
    names = sorted(path.name for path in (tmp_path / "out").rglob("*.png"))
    assert len(names) == 2
    assert all(name.startswith("a_mcat_") for name in names)


def test_flags_are_attributes_to_callers_and_columns_where_they_are_true_or_false(frontend: Frontend) -> None:
    for name in ("truncated", "is_inside"):
        AttributeSpec.objects.create(label=frontend.cat, name=name, input_type="checkbox")
    AttributeSpec.objects.create(label=frontend.cat, name="is_group_of", input_type="select", values=["yes", "no"])
    given = {"truncated": True, "pose": "left", "is_group_of": "yes"}
    (saved,) = frontend.put([frontend.item(attributes=given)]).json()["shapes"]
    assert saved["attributes"] == given
    stored = Shape.objects.get()
    assert (stored.truncated, stored.is_group_of, stored.attributes) == (
        True,
        None,
        {"pose": "left", "is_group_of": "yes"},
    )

    body, etag = frontend.read()
    revisions = frontend.revisions
    assert frontend.put(body, etag).status_code == 200
    assert frontend.revisions == revisions

    shape = Shape.objects.get()
    response = frontend.patch(shape, {"attributes": {"is_inside": False}})
    assert response.json()["attributes"] == {"is_inside": False}
    stored = Shape.objects.get()
    assert (stored.truncated, stored.is_inside, stored.attributes) == (None, False, {})
    assert frontend.patch(shape, {"score": 0.5}).json()["attributes"] == {"is_inside": False}
    assert frontend.patch(shape, {"attributes": {}}).json()["attributes"] == {}
    assert Shape.objects.get().is_inside is None


def test_flags_are_judged_by_their_specs(frontend: Frontend) -> None:
    AttributeSpec.objects.create(label=frontend.cat, name="truncated", input_type="text")
    given = {"truncated": True, "is_inside": False}
    assert faults(frontend.put([frontend.item(attributes=given)])).keys() == {
        "shapes[0].attributes.truncated",
        "shapes[0].attributes.is_inside",
    }


@pytest.mark.parametrize("stored", [{}, {"pose": "ß}"}, {"truncated": "no", "pose": {"a": []}}, ["what"], "{", 5])
def test_columns_are_read_among_whatever_is_stored(frontend: Frontend, stored: Any) -> None:
    frontend.draw(attributes=stored, truncated=True, is_inside=False)
    (shape,) = frontend.read()[0]["shapes"]
    assert shape["attributes"] == Shape.objects.get().all_attributes
    assert shape["attributes"]["truncated"] is True


@pytest.mark.parametrize("kind", ["polygon", "ellipse"])
def test_a_side_that_is_found_around_the_points_is_a_number_all_the_same(frontend: Frontend, kind: str) -> None:
    points = {"polygon": [RING], "ellipse": ELLIPSE}[kind]
    odd = frontend.item(kind=kind, points=points, x_min="0.1", x_max=[], y_min=True, y_max=None)
    assert faults(frontend.post(odd)).keys() == {"x_min", "x_max", "y_min"}
    assert frontend.post(frontend.item(kind=kind, points=points, x_min=0.9, x_max=None)).status_code == 201
