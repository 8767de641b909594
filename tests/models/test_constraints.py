"""What the database itself refuses, whichever way the row comes in, and what it must not refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Value

from openimages_io.models import AttributeSpec, EdgeKind, HierarchyEdge, Image, InputType, Label, Mask, Shape, Task

Make = Callable[..., Shape]
RINGS = [[0.1, 0.2, 0.5, 0.2, 0.5, 0.6]]
ELLIPSE = [0.3, 0.4, 0.2, 0.2]
NO_BOX = dict.fromkeys(("x_min", "x_max", "y_min", "y_max"))


def refuses(constraint: str, row: models.Model) -> bool:
    """Inserts the row past `clean` and past our own querysets; tells whether this very constraint refuses it."""
    rows: models.QuerySet[Any] = models.QuerySet(type(row))
    try:
        with transaction.atomic():
            models.QuerySet.bulk_create(rows, [row])
    except IntegrityError as error:
        return constraint in str(error)
    return False


@pytest.mark.parametrize(
    "values",
    [
        {"x_min": -0.001},
        {"x_max": 1.001},
        {"y_min": -1e-12},
        {"y_max": 1.0000000000000002},
        {"x_min": 0.6},
        {"y_max": 0.1},
        {"x_min": None},
        {"x_max": None},
        {"y_min": None},
        {"y_max": None},
        {"x_min": None, "x_max": None},
        {"y_min": float("nan")},
        {"y_max": float("nan")},
        {"x_min": float("-inf")},
        {"x_max": float("inf")},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["rectangle", "mask", "polygon", "ellipse"])
def test_a_box_is_whole_in_range_and_not_inside_out(unsaved: Make, kind: str, values: dict[str, Any]) -> None:
    points = {"polygon": RINGS, "ellipse": ELLIPSE}.get(kind)
    assert refuses("openimages_shape_box", unsaved(kind=kind, points=points, **values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"x_min": 0.0, "x_max": 1.0, "y_min": 0.0, "y_max": 1.0},
        {"x_min": 0.5, "x_max": 0.5},
        {"kind": "tag"},
        {"kind": "mask"},
        {"kind": "mask", **NO_BOX},
        {"kind": "polygon", "points": RINGS},
        {"kind": "ellipse", "points": ELLIPSE, "rotation": 30.0},
        {"rotation": -359.0, "clicks": [[-1, -1]] * 4},
        {"score": 0.0},
        {"score": 1.0, "occluded": False, "group": 0},
    ],
    ids=str,
)
def test_good_shapes_go_in_more_than_once(unsaved: Make, values: dict[str, Any]) -> None:
    for _ in range(2):
        Shape.objects.bulk_create([unsaved(**values)])
    assert Shape.objects.count() == 2


@pytest.mark.parametrize("kind", ["rectangle", "polygon", "ellipse"])
def test_only_tags_and_masks_may_be_without_a_box(unsaved: Make, kind: str) -> None:
    points = {"polygon": RINGS, "ellipse": ELLIPSE}.get(kind)
    assert refuses("openimages_shape_box", unsaved(kind=kind, points=points, **NO_BOX))


@pytest.mark.parametrize("values", [{"x_min": 0.1}, {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}], ids=str)
def test_a_tag_has_no_box(unsaved: Make, values: dict[str, Any]) -> None:
    assert refuses("openimages_shape_box", unsaved(kind="tag", **values))


@pytest.mark.parametrize("kind", ["", "track", "Rectangle", "skeleton"])
def test_an_unknown_kind(unsaved: Make, kind: str) -> None:
    assert refuses("openimages_shape_box", unsaved(kind=kind))


@pytest.mark.parametrize("kind", ["polygon", "ellipse"])
def test_a_polygon_or_ellipse_has_points(unsaved: Make, kind: str) -> None:
    assert refuses("openimages_shape_box", unsaved(kind=kind, points=None))
    assert refuses("openimages_shape_points", unsaved(kind=kind, points=[]))
    assert refuses("openimages_shape_points", unsaved(kind=kind, points=Value(None, models.JSONField())))


@pytest.mark.parametrize("kind", ["tag", "rectangle", "mask"])
def test_other_kinds_have_none(unsaved: Make, kind: str) -> None:
    assert refuses("openimages_shape_points", unsaved(kind=kind, points=RINGS))


@pytest.mark.parametrize(("kind", "points"), [("tag", None), ("mask", None), ("polygon", RINGS), ("ellipse", ELLIPSE)])
def test_only_a_rectangle_has_extreme_clicks(unsaved: Make, kind: str, points: Any) -> None:
    assert refuses("openimages_shape_clicks", unsaved(kind=kind, points=points, clicks=[[0, 0]] * 4))


@pytest.mark.parametrize("score", [-0.01, 1.01, float("inf"), float("-inf")])
def test_a_score_is_between_0_and_1(unsaved: Make, score: float) -> None:
    assert refuses("openimages_shape_score", unsaved(score=score))


@pytest.mark.parametrize("field", ["score", "rotation"])
def test_nan_is_no_number(unsaved: Make, field: str) -> None:
    row = unsaved(**{field: float("nan")})
    if connection.vendor == "postgresql":
        assert refuses(f"openimages_shape_{field}", row)
    else:  # SQLite stores NaN as NULL
        row.save()
        row.refresh_from_db()
        assert getattr(row, field) is None


@pytest.mark.parametrize(("kind", "points"), [("tag", None), ("mask", None), ("polygon", RINGS)])
def test_only_rectangles_and_ellipses_are_turned(unsaved: Make, kind: str, points: Any) -> None:
    assert refuses("openimages_shape_rotation", unsaved(kind=kind, points=points, rotation=10.0))


@pytest.mark.parametrize("rotation", [-360.0, 360.0, 1e9, float("inf")])
def test_a_turn_is_less_than_full(unsaved: Make, rotation: float) -> None:
    assert refuses("openimages_shape_rotation", unsaved(rotation=rotation))


def test_a_group_is_not_negative(unsaved: Make) -> None:
    assert refuses("group", unsaved(group=-1))


@pytest.mark.parametrize(
    "size", [{"width": 0, "height": 5}, {"width": 5, "height": 0}, {"width": 5}, {"height": 5}], ids=str
)
def test_a_size_is_known_whole_or_not_at_all(task: Task, shape: Shape, size: dict[str, int]) -> None:
    assert refuses("openimages_image_size", Image(task=task, name="b", **size))
    assert refuses("openimages_mask_size", Mask(shape=shape, **size))
    assert not refuses("", Mask(shape=shape, width=1, height=2))


@pytest.mark.parametrize("rotation", [-361.0, 361.0, float("inf")])
def test_the_rotation_of_an_image(task: Task, rotation: float) -> None:
    assert refuses("openimages_image_rotation", Image(task=task, name="b", rotation=rotation))


def test_names_are_not_empty(task: Task, label: Label) -> None:
    assert refuses("openimages_task_has_a_name", Task(name=""))
    assert refuses("openimages_image_has_names", Image(task=task, name=""))
    assert refuses("openimages_image_has_names", Image(task=task, name="b", subset=""))
    assert refuses("openimages_label_has_a_name", Label(task=task, name=""))
    assert refuses("openimages_spec_has_a_name", AttributeSpec(label=label, name="", input_type=InputType.TEXT))


def taken(row: models.Model) -> bool:
    """Whether the database refuses the row because there is one like it."""
    return refuses("UNIQUE", row) or refuses("unique", row)


def test_names_are_unique_where_they_must_be_and_there_alone(task: Task, image: Image, label: Label) -> None:
    other = Task.objects.create(name="Scenes")
    cat = Label.objects.create(task=task, name="cat", display_name="Cat")
    AttributeSpec.objects.create(label=label, name="pose", input_type=InputType.TEXT)
    HierarchyEdge.objects.create(parent=label, child=cat, kind=EdgeKind.PART)
    assert taken(Task(name="scenes"))
    assert taken(Image(task=task, subset="default", name="a"))
    assert taken(Label(task=task, name="/m/01yrx", display_name="Other"))
    assert taken(AttributeSpec(label=label, name="pose", input_type=InputType.NUMBER))
    assert taken(HierarchyEdge(parent=label, child=cat, kind=EdgeKind.PART, position=5))
    for row in (
        Image(task=task, subset="train", name="a"),
        Image(task=task, name="A"),
        Image(task=other, name="a"),
        Label(task=other, name="/m/01yrx"),
        AttributeSpec(label=cat, name="pose", input_type=InputType.TEXT),
        HierarchyEdge(parent=label, child=cat, kind=EdgeKind.SUBCATEGORY),
        HierarchyEdge(parent=cat, child=label, kind=EdgeKind.PART),
    ):
        assert not refuses("", row)


def test_kinds_of_specs_and_edges(task: Task, label: Label) -> None:
    cat = Label.objects.create(task=task, name="cat")
    assert refuses("openimages_spec_input_type", AttributeSpec(label=label, name="x", input_type="slider"))
    assert refuses("openimages_edge_kind", HierarchyEdge(parent=label, child=cat, kind="sibling"))
    assert refuses("openimages_edge_no_loop", HierarchyEdge(parent=label, child=label, kind=EdgeKind.PART))


def test_the_database_has_defaults_for_rows_that_are_loaded_past_django(shape: Shape) -> None:
    columns = "task_id, image_id, label_id, kind"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO openimages_io_shape ({columns}) SELECT task_id, image_id, label_id, 'tag'"
            " FROM openimages_io_shape"
        )
    tag = Shape.objects.get(kind="tag")
    assert (tag.source, tag.attributes) == ("", {})
