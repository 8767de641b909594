"""Bodies as a client would send them: what a page makes of the components alone has no sense in it.

Tests send each of them to a task with an image 1, the labels 1 and 2 and the shapes 1 and 2.
"""

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample

_BOX: Final[dict[str, Any]] = {
    "kind": "rectangle",
    "label": 1,
    "x_min": 0.125,
    "x_max": 0.5,
    "y_min": 0.25,
    "y_max": 0.75,
}
_TAG: Final[dict[str, Any]] = {"kind": "tag", "label": 2, "score": 1, "source": "verification"}
_ALL: Final[dict[str, Any]] = {
    "source": "xclick",
    "group": None,
    "score": 1,
    "occluded": None,
    "attributes": {},
    "mask": None,
}

_REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "tasks_create": {"A task": {"name": "Street scenes"}},
    "tasks_change": {"Another name": {"name": "Street scenes, second round"}},
    "labels_create": {
        "With attributes": {
            "name": "/m/0199g",
            "display_name": "Bicycle",
            "attribute_specs": [
                {"name": "pose", "input_type": "select", "values": ["parked", "moving"]},
                {"name": "has_rider", "input_type": "checkbox"},
            ],
        }
    },
    "labels_change": {"Another color": {"color": "#3a86c8"}},
    "hierarchy_replace": {
        "Two classes below one": {
            "LabelName": "/m/0bl9f",
            "Subcategory": [{"LabelName": "/m/0k4j"}, {"LabelName": "/m/01yrx"}],
        }
    },
    "images_create": {
        "One": {"name": "0001eeaf4aed83f9", "subset": "train", "width": 1024, "height": 683},
        "Several": [{"name": "000595fe6fee6369", "subset": "train"}, {"name": "00075905539074f2", "subset": "train"}],
    },
    "images_change": {"Turned": {"rotation": 90}},
    "images_move": {
        "What it would do": {"images": [1], "subset": "test", "dry_run": True},
        "All that a filter has": {"filter": {"subset": "train", "label": [1]}, "subset": "test"},
    },
    "shapes_add": {"A box": _BOX, "Several": [_BOX, _TAG]},
    "shapes_save": {"One stays, one changes, one is new": {"shapes": [{"id": 1}, {"id": 2, "x_max": 0.6}, _TAG]}},
    "shapes_patch": {
        "All at once": {"create": [_TAG], "update": [{"id": 1, "label": 2}], "delete": [2]},
    },
    "shapes_change": {"Moved": {"x_min": 0.25, "x_max": 0.625}, "Another label": {"label": 2}},
    "shapes_relabel": {"What it would do": {"images": [1], "label": 1, "new_label": 2, "dry_run": True}},
    "shapes_delete_many": {"What it would do": {"filter": {"subset": "train"}, "label": 1, "dry_run": True}},
    "tasks_export": {"One subset, without pictures": {"subsets": ["train"], "pictures": False}},
}
SHAPES: Final[dict[str, Any]] = {
    "image": 1,
    "revision": 3,
    "units": "fractions",
    "shapes": [
        {"id": 1, **_BOX, "clicks": None, "rotation": None, **_ALL},
        {"id": 2, **_ALL, **_TAG},
    ],
}
"""An answer."""


def requests(operation: str) -> list[OpenApiExample]:
    """The examples of what an operation is sent."""
    found = _REQUESTS[operation].items()
    return [OpenApiExample(name, body, request_only=True) for name, body in found]


def shapes_of_an_image() -> OpenApiExample:
    """An example of an answer."""
    return OpenApiExample("A box and a tag", SHAPES, response_only=True, status_codes=["200", "201"])
