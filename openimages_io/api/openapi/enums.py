"""The sets of words that the API has, each a component of the OpenAPI document with one name on every site.

drf-spectacular would name them by the fields that have them, and asks a site for settings where two are alike.
"""

from collections.abc import Iterable
from typing import Any, Final

from openimages_io.annotations.bulk.changes import Duplicates, NewLabelSpecs
from openimages_io.api.me import PERMISSIONS
from openimages_io.format.issues import Severity
from openimages_io.models import EdgeKind, InputType, JobKind, JobState, ShapeKind
from openimages_io.transfer.options import (
    LabelNames,
    LayoutName,
    MasksAs,
    MaskSize,
    Match,
    Missing,
    MissingAttributes,
    Mode,
    OnError,
)

_NAMED: Final[dict[str, Iterable[str]]] = {
    "Duplicates": Duplicates,
    "EdgeKind": EdgeKind,
    "ImportMode": Mode,
    "InputType": InputType,
    "JobKind": JobKind,
    "JobState": JobState,
    "LabelNames": LabelNames,
    "Layout": LayoutName,
    "MaskFormat": ("png", "rle"),
    "MaskSize": MaskSize,
    "MasksAs": MasksAs,
    "Missing": Missing,
    "MissingAttributes": MissingAttributes,
    "NameMatch": Match,
    "NewLabelSpecs": NewLabelSpecs,
    "OnError": OnError,
    "Permission": PERMISSIONS,
    "Severity": Severity,
    "ShapeKind": ShapeKind,
    "Units": ("fractions", "pixels"),
}
ENUM_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    name: {"type": "string", "enum": [str(word) for word in words]} for name, words in _NAMED.items()
}
_NAMES: Final = {tuple(schema["enum"]): name for name, schema in ENUM_SCHEMAS.items()}


def with_names(value: Any) -> Any:
    """The same description with a reference in the place of each set of words that has a name."""
    if isinstance(value, list):
        return [with_names(one) for one in value]
    if not isinstance(value, dict):
        return value
    name = _NAMES.get(tuple(value["enum"])) if isinstance(value.get("enum"), list) else None
    if name is None:
        return {key: with_names(one) for key, one in value.items()}
    ref = {"$ref": f"#/components/schemas/{name}"}
    rest = {key: one for key, one in value.items() if key not in {"type", "enum", "x-spec-enum-id"}}
    return {"allOf": [ref], **rest} if rest else ref


def references(value: Any) -> Iterable[str]:
    """The names of all schemas and responses that a description refers to."""
    if isinstance(value, list):
        for one in value:
            yield from references(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key == "$ref" and isinstance(one, str):
                yield one
            else:
                yield from references(one)
