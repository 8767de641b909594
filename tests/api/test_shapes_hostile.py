"""Whatever a client sends, it is told what is wrong with it, and nothing is written."""

import base64
import json
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from openimages_io.annotations.shapes import items, submitted_masks
from openimages_io.annotations.shapes.drafts import Drafts
from openimages_io.api.shapes import serialization
from openimages_io.models import Image, Label, Mask, Shape, Task
from tests.api.responses import refusal
from tests.api.shapes_client import BOX, RING, Frontend, faults, png

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.shapes_client")]
HUGE = "1" + "0" * 400
GOOD = {"size": [2, 3], "counts": [6]}


@pytest.fixture
def frontend(db: None) -> Frontend:
    return Frontend()


@pytest.mark.parametrize(
    "body",
    [
        " ",
        "{",
        "nonsense",
        b"\xff\xfe{}",
        b"\xed\xa0\x80",
        "\ufeff{}",
        '{"shapes": [NaN]}',
        '{"shapes": [-Infinity]}',
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        "1" * 5000,
    ],
    ids=lambda body: repr(body)[:20],
)
def test_no_json(frontend: Frontend, body: Any) -> None:
    shape = frontend.draw()
    for response in (frontend.put(body), frontend.post(body), frontend.patch(shape, body)):
        assert (response.status_code, response.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize("charset", ["utf-16", "zlib", "hex", "rot13", "nonsense", "unicode_escape"])
def test_json_is_utf_8_whatever_the_charset_says(frontend: Frontend, charset: str) -> None:
    data = json.dumps([frontend.item(source="ß")], ensure_ascii=False).encode()
    response = frontend.client.generic("POST", frontend.url, data, f"application/json; charset={charset}")
    assert response.status_code == 201


def test_other_content_is_not_taken(frontend: Frontend) -> None:
    response = frontend.client.post(frontend.url, {"kind": "tag"})
    assert response.status_code == 415


def test_no_body_is_an_empty_object(frontend: Frontend) -> None:
    shape = frontend.draw()
    assert faults(frontend.put("")).keys() == {"shapes"}
    assert faults(frontend.post("")).keys() == {"kind", "label"}
    assert frontend.patch(shape, "").status_code == 200


@pytest.mark.parametrize("value", ["null", "5", "true", '"x"', "[]", "[null]", HUGE])
def test_no_object(frontend: Frontend, value: str) -> None:
    shape = frontend.draw()
    assert frontend.put(value if value != "[]" else "[1]").status_code == 400
    assert frontend.patch(shape, value).status_code == 400
    assert frontend.put(f'{{"shapes": {value if value != "[]" else "{}"}}}').status_code == 400
    assert faults(frontend.post(f"[{value}]")).keys() == {"[0]"}
    assert Shape.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        *(
            (side, value, side)
            for side in ("x_min", "y_max")
            for value in ("true", "1e400", HUGE, '"0.5"', "[]", "null")
        ),
        ("x_min", "-1e-300", "x_min"),
        *(("score", value, "score") for value in ("true", "1e400", HUGE, "2", '"x"', "{}")),
        *(("rotation", value, "rotation") for value in ("true", "1e400", "360", '"x"', "{}")),
        *(("group", value, "group") for value in ("true", "1.5", "-1", "9223372036854775808", HUGE, '"1"')),
        *(("occluded", value, "occluded") for value in ("1", '"true"', "[]")),
        *(("source", value, "source") for value in ("null", "5", "[]", '"a\\u0000"', '"\\ud800"', f'"{"x" * 65}"')),
        *(("kind", value, "kind") for value in ("null", "5", "[]", "{}", '"track"', '"\\ud800"', '"TAG"')),
        *(
            ("label", value, "label")
            for value in ("null", "true", "0", "-1", "1.0", HUGE, '"1"', "[]", "9223372036854775808")
        ),
        *(("attributes", value, "attributes") for value in ("null", "5", "[]", '"x"')),
        ("attributes", '{"mood": 1}', "attributes.mood"),
        ("attributes", '{"\\ud800": 1}', "attributes"),
        ("attributes", '{"pose": "\\ud800"}', "attributes.pose"),
        ("attributes", f'{{"legs": {HUGE}}}', "attributes.legs"),
        ("attributes", '{"legs": 1e400}', "attributes.legs"),
        ("attributes", '{"legs": true}', "attributes.legs"),
        ("attributes", f'{{"pose": {"[" * 400}{"]" * 400}}}', "attributes.pose"),
        ("attributes", '{"box_id": {}}', "attributes.box_id"),
        ("attributes", '{"score": 1}', "attributes.score"),
        ("points", "[]", "points"),
        ("clicks", "[[0, 0], [0, 0], [0, 0], [0, true]]", "clicks[3][1]"),
        ("clicks", f"{'[' * 400}{']' * 400}", "clicks"),
        ("mask", "5", "mask"),
        ("mask", "[]", "mask"),
        ("scroe", "1", "scroe"),
        ("task", "1", "task"),
        ("", "1", ""),
        ("\\ud800", "1", ""),
        ("id", "1", "id"),
        ("id", "[]", "id"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_each_fault_has_its_path(frontend: Frontend, field: str, value: str, path: str) -> None:
    shape = frontend.draw()
    good = frontend.item()
    good.pop(field, None)
    text = json.dumps(good)[:-1] + f', "{field}": {value}}}'
    assert list(faults(frontend.post(text))) == [path]
    assert list(faults(frontend.post(f"[{json.dumps(frontend.item())}, {text}]"))) == [f"[1].{path}" if path else "[1]"]
    for query in ("", "?units=pixels"):
        expected = [f"shapes[0].{path}" if path else "shapes[0]"]
        body = f'{{"shapes": [{text}]}}'
        if path not in {"id", "x_min", "y_max"}:
            assert list(faults(frontend.put(body.replace('"y_max": 0.6', '"y_max": 1'), query=query))) == expected
    assert list(Shape.objects.all()) == [shape]


def test_hostile_points(frontend: Frontend) -> None:
    for points, paths in (
        ([[*RING[:5], True]], ["points[0][5]"]),
        ([[*RING, 10**400, "x"]], ["points[0][6]", "points[0][7]"]),
        ([RING, 5, RING[:3]], ["points[1]", "points[2]"]),
        ([[RING]], ["points[0]", "points[0][0]"]),
        ({}, ["points"]),
    ):
        item = {"kind": "polygon", "label": frontend.cat.pk, "points": points}
        for query in ("", "?units=pixels"):
            assert list(faults(frontend.post(item, query=query))) == paths


def test_ids_that_are_not_this_picture_s(frontend: Frontend) -> None:
    other = frontend.draw(image=Image.objects.create(task=frontend.task, name="b"))
    shape = frontend.draw()
    body = [{"id": shape.pk}, {"id": other.pk}, {"id": shape.pk, "score": 1}, {"id": 2**63}, {"id": True}, {"id": 1.0}]
    assert faults(frontend.put(body)).keys() == {f"shapes[{place}].id" for place in range(1, 6)}
    assert Shape.objects.count() == 2


def test_labels_of_another_task(frontend: Frontend) -> None:
    foreign = Label.objects.create(task=Task.objects.create(name="other", owner=frontend.user), name="/m/cat")
    assert list(faults(frontend.post(frontend.item(label=foreign.pk)))) == ["label"]


def test_very_many_faults_and_very_many_labels(frontend: Frontend) -> None:
    body = [frontend.item(label=10**6 + number) for number in range(1500)]
    response = frontend.post(body)
    assert len(faults(response)) == 1001
    assert faults(response)[""] == "There are more faults: looking for them ended after the first 1,000."


@pytest.mark.long
@pytest.mark.parametrize("bad", [{}, {"no": 1}, 5, {"kind": "rectangle", "label": 0, "x_min": 2, "x_max": "a"}])
def test_faults_without_end_are_not_all_looked_for(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch, bad: Any
) -> None:
    drafts = _calls(monkeypatch, Drafts, "make")
    response = frontend.put([bad] * 4000)
    assert len(faults(response)) == 1001
    assert faults(response)[""] == "There are more faults: looking for them ended after the first 1,000."
    assert len(drafts) <= 1001
    response = frontend.put([frontend.item(attributes={f"a{number}": 1 for number in range(20_000)})])
    assert len(faults(response)) == 1001


def test_what_one_request_may_cost(frontend: Frontend, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"MAX_BODY_SHAPES": 2}
    assert "has 3 shapes; this site allows 2" in refusal(frontend.put([frontend.item()] * 3), 413)
    assert "has 3 shapes; this site allows 2" in refusal(frontend.post([frontend.item()] * 3), 413)
    settings.OPENIMAGES_IO = {"MAX_BODY_VALUES": 10}
    assert "more than 10 values" in refusal(frontend.put([frontend.item()] * 3), 413)
    settings.OPENIMAGES_IO = {"MAX_SHAPE_POINTS": 3}
    points = [[0.1, 0.1, 0.2, 0.1, 0.2, 0.2], [0.5, 0.5, 0.6, 0.5, 0.6, 0.6]]
    polygon = frontend.item(kind="polygon", points=points)
    assert faults(frontend.put([polygon])) == {"shapes[0].points": "It has 6 points, more than 3 (MAX_SHAPE_POINTS)."}
    settings.OPENIMAGES_IO = {"MAX_SHAPE_POINTS": 6}
    assert frontend.put([polygon]).status_code == 200
    assert not Shape.objects.exclude(kind="polygon").exists()


@pytest.mark.parametrize(
    ("mask", "path"),
    [
        ({"png": 5}, "mask.png"),
        ({"png": ""}, "mask.png"),
        ({"png": "ß"}, "mask.png"),
        ({"png": "\ud800"}, "mask.png"),
        ({"png": "AA=A"}, "mask.png"),
        ({"png": base64.b64encode(b"x").decode()}, "mask.png"),
        ({"png": base64.b64encode(png([[1]])[:-9]).decode()}, "mask.png"),
        ({"png": base64.b64encode(png([[1]])).decode(), "rle": GOOD}, "mask.rle"),
        ({"rle": []}, "mask.rle"),
        ({"rle": {}}, "mask.rle"),
        ({"rle": {**GOOD, "more": 1}}, "mask.rle"),
        ({"rle": {**GOOD, "size": [2, 3, 1]}}, "mask.rle.size"),
        ({"rle": {**GOOD, "size": [2, True]}}, "mask.rle.size"),
        ({"rle": {**GOOD, "size": [2, 3.0]}}, "mask.rle.size"),
        ({"rle": {**GOOD, "size": [-2, -3]}}, "mask.rle"),
        ({"rle": {**GOOD, "size": [0, 0]}}, "mask.rle"),
        ({"rle": {"size": [10**6, 10**6], "counts": [10**12]}}, "mask.rle"),
        ({"rle": {"size": [10**400, 1], "counts": [10**400]}}, "mask.rle"),
        ({"rle": {**GOOD, "counts": None}}, "mask.rle.counts"),
        ({"rle": {**GOOD, "counts": 6}}, "mask.rle.counts"),
        ({"rle": {**GOOD, "counts": [7]}}, "mask.rle"),
        ({"rle": {**GOOD, "counts": [7, -1]}}, "mask.rle"),
        ({"rle": {**GOOD, "counts": "ß"}}, "mask.rle"),
        ({"rle": {**GOOD, "counts": "o" * 100}}, "mask.rle"),
        ({"rle": GOOD, "clicks": None}, "mask.clicks"),
        ({"rle": GOOD, "clicks": "a\0"}, "mask.clicks"),
        ({"rle": GOOD, "width": 2}, "mask.width"),
        ({"rle": GOOD, "height": "2"}, "mask.height"),
        ({"rle": GOOD, "url": 5}, "mask.url"),
        ({"rle": GOOD, "path": "../../etc/passwd"}, "mask.path"),
        ({"png": None, "rle": None}, "mask"),
        ({}, "mask"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_hostile_masks(frontend: Frontend, mask: dict[str, Any], path: str) -> None:
    item = {"kind": "mask", "label": frontend.cat.pk, "mask": mask}
    assert list(faults(frontend.post(item))) == [path]
    assert not Shape.objects.exists()


@pytest.mark.parametrize("size", [(2560, 1920), (2561, 1920), (2560, 1921)])
@pytest.mark.parametrize("is_png", [True, False])
def test_a_mask_of_many_times_the_image_is_refused_before_it_is_unpacked(
    frontend: Frontend, size: tuple[int, int], is_png: bool
) -> None:
    width, height = size
    one: dict[str, Any] = {"rle": {"size": [height, width], "counts": [width * height]}}
    if is_png:
        one = {"png": base64.b64encode(png(np.zeros((height, width)))).decode()}
    item = {"kind": "mask", "label": frontend.cat.pk, "mask": one}
    with patch.object(items, "check_pixels", wraps=submitted_masks.check_pixels) as looked:
        response = frontend.post(item)
    if size == (2560, 1920):  # four times 640 × 480
        assert response.status_code == 201
        return
    path = "mask.png" if is_png else "mask.rle.size"
    assert list(faults(response)) == [path]
    assert "and the image 640 × 480" in faults(response)[path]
    assert not looked.called
    frontend.image.width = frontend.image.height = None
    frontend.image.save()
    assert frontend.post(item).status_code == 201


def test_masks_of_more_pixels_than_one_request_may_have(frontend: Frontend, settings: Any) -> None:
    settings.OPENIMAGES_IO = {"MAX_BODY_MASK_PIXELS": 120}
    item = {"kind": "mask", "label": frontend.cat.pk, "mask": {"rle": GOOD}}
    assert frontend.post([item] * 20).status_code == 201
    for response in (
        frontend.post([item] * 21),
        frontend.put([item] * 21),
        frontend.send("patch", frontend.url, {"create": [item] * 21}),
    ):
        assert "more than 120 pixels" in refusal(response, 413)
    assert frontend.get("?masks=rle").status_code == 200
    assert frontend.post([item]).status_code == 201
    assert "The masks of these shapes have 126 pixels" in refusal(frontend.get("?masks=rle"), 409)
    assert "Ask for masks=png, or for one mask at a time" in refusal(frontend.get("?masks=rle"), 409)
    assert frontend.get("?masks=png").status_code == 200
    settings.OPENIMAGES_IO = {"MAX_MASK_PIXELS": 6}
    large = {"png": base64.b64encode(png(np.ones((3, 3)))).decode()}
    assert list(faults(frontend.post({**item, "mask": large}))) == ["mask.png"]
    settings.OPENIMAGES_IO = {"MAX_MASK_BYTES": 30}
    assert "more than 30 bytes" in faults(frontend.post({**item, "mask": large}))["mask.png"]


def _calls(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[tuple[Any, ...]]:
    """The arguments of each call of a function from now on."""
    calls: list[tuple[Any, ...]] = []
    real = getattr(owner, name)

    def called(*args: Any) -> Any:
        calls.append(args)
        return real(*args)

    monkeypatch.setattr(owner, name, called)
    return calls


@pytest.mark.parametrize("kind", ["packed", "listed", "one bit", "colour"])
def test_no_pixel_is_looked_at_before_all_sizes_are_allowed(
    frontend: Frontend, settings: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms: dict[str, dict[str, Any]] = {
        "packed": {"rle": {"size": [20, 30], "counts": "hb0"}},
        "listed": {"rle": {"size": [20, 30], "counts": [600]}},
        "one bit": {"png": base64.b64encode(png(np.ones((20, 30)))).decode()},
        "colour": {"png": base64.b64encode(png(np.ones((20, 10)), "RGB")).decode()},
    }
    looked_at = [_calls(monkeypatch, submitted_masks, name) for name in ("check_png", "check_rle")]
    settings.OPENIMAGES_IO = {"MAX_BODY_MASK_PIXELS": 3 * 620}
    item = {"kind": "mask", "label": frontend.cat.pk, "mask": forms[kind]}
    assert frontend.post([item] * 3).status_code == 201
    assert sum(map(len, looked_at)) == 3
    assert frontend.post([item] * 4).status_code == 413
    assert sum(map(len, looked_at)) == 3


def test_masks_that_are_too_many_to_read_as_run_lengths_are_not_decoded(
    frontend: Frontend, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = _calls(monkeypatch, serialization, "decode")
    for _ in range(3):
        frontend.mask(np.ones((20, 30)))
    settings.OPENIMAGES_IO = {"MAX_BODY_MASK_PIXELS": 1800}
    assert frontend.get("?masks=rle").status_code == 200
    assert len(decoded) == 3
    settings.OPENIMAGES_IO = {"MAX_BODY_MASK_PIXELS": 1799}
    assert frontend.get("?masks=rle").status_code == 409
    Mask.objects.update(width=1, height=1)  # a row that says less than its PNG
    assert frontend.get("?masks=rle").status_code == 409
    assert len(decoded) == 3 + 2


def test_a_picture_of_more_shapes_than_a_save_may_have_is_changed_by_patch(frontend: Frontend, settings: Any) -> None:
    shapes = [frontend.draw() for _ in range(5)]
    settings.OPENIMAGES_IO = {"MAX_BODY_SHAPES": 4}
    everything, etag = frontend.read()
    assert "by PATCH with lists create, update and delete" in refusal(frontend.put(everything, etag), 413)
    assert "The picture has 5 shapes; this site allows 4 at once" in refusal(frontend.put([frontend.item()]), 413)
    changes = {
        "create": [frontend.item(key="new")],
        "update": [{"id": shapes[0].pk, "score": 0.5}, {"id": shapes[4].pk, "score": 0.25}],
        "delete": [shapes[1].pk],
    }
    response = frontend.send("patch", frontend.url, changes, etag)
    assert response.status_code == 200
    assert [shape.get("key") for shape in response.json()["shapes"]] == ["new", None, None]
    assert [shape["score"] for shape in response.json()["shapes"]] == [None, 0.5, 0.25]
    assert frontend.patch(shapes[2], {"score": 0.125}).status_code == 200
    assert Shape.objects.count() == 5


@pytest.mark.long
def test_a_patch_reads_what_it_is_about(frontend: Frontend, monkeypatch: pytest.MonkeyPatch) -> None:
    values: dict[str, Any] = {"task": frontend.task, "image": frontend.image, "label": frontend.cat, **BOX}
    Shape.objects.bulk_create([Shape(kind="rectangle", **values) for _ in range(1500)])
    first, *_, last = Shape.objects.order_by("pk")
    written, loaded = _calls(monkeypatch, serialization.ShapeWriter, "_write"), _calls(monkeypatch, Drafts, "make")
    body = {"update": [{"id": first.pk, "score": 0.5}, {"id": last.pk, "score": 0.5}]}
    assert frontend.send("patch", frontend.url, body).status_code == 200
    assert [row[1] for row in written] == [first.pk, last.pk]
    assert len(loaded) == 2
    keys = list(Shape.objects.values_list("pk", flat=True)[:501])
    assert (
        frontend.send("patch", frontend.url, {"update": [{"id": key, "score": 1} for key in keys]}).status_code == 200
    )
    assert [row[1] for row in written[2:]] == sorted(keys)


def test_requests_that_are_too_large(frontend: Frontend, settings: Any) -> None:
    settings.OPENIMAGES_IO = {"MAX_BODY_BYTES": 100}
    assert frontend.post([frontend.item()] * 2).status_code == 413
    assert frontend.post("[]").status_code == 201


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from([0, 1, 0.5, 10**400, 2**63]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6),
        st.dictionaries(st.sampled_from(["rle", "png", "size", "counts", "pose", "box_id"]), inner, max_size=3),
    ),
    max_leaves=12,
)
FIELDS = [
    "id",
    "kind",
    "label",
    *BOX,
    "points",
    "clicks",
    "rotation",
    "source",
    "group",
    "score",
    "occluded",
    "attributes",
    "mask",
]


@pytest.mark.long
@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["tag", "rectangle", "polygon", "mask", "ellipse"]),
    changes=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4),
    query=st.sampled_from(["", "?units=pixels", "?units=pixels&masks=rle"]),
)
def test_nothing_is_a_fault_of_ours(frontend: Frontend, kind: str, changes: dict[str, Any], query: str) -> None:
    item = {**frontend.item(kind=kind), **changes}
    shape = Shape.objects.first() or frontend.draw()
    for response, statuses in (
        (frontend.post(item, query=query), {201, 400}),
        (frontend.patch(shape, changes, query=query), {200, 400, 404}),
        (frontend.put([item, {"id": shape.pk}], query=query), {200, 400}),
        (frontend.put({**changes, "shapes": [item, *map(str, changes)]}, query=query), {200, 400}),
    ):
        assert response.status_code in statuses
        assert response.json() is not None
