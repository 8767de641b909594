"""What the code says in the words of OpenAPI 3.1, in those of 3.0, which is drf-spectacular's default."""

from typing import Any, Final

from drf_spectacular.settings import spectacular_settings

_NULL: Final = {"type": "null"}
_BY_NAME: Final = {"properties", "responses", "headers", "content", "mapping"}
"""Whose keys are names, not words of a schema."""
_VALUES: Final = {"enum", "default", "example", "examples", "required"}


def is_3_0() -> bool:
    """Whether the site's document is one of OpenAPI 3.0."""
    return not spectacular_settings.OAS_VERSION.startswith("3.1")


def as_3_0(value: Any) -> Any:
    """The same description for OpenAPI 3.0, which has neither lists of types nor null among them."""
    if isinstance(value, list):
        return [as_3_0(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _inner(key, inner) for key, inner in value.items()}
    if found.get("type") == "null":
        return _within(found, "type", {"enum": [None]}) | {"nullable": True}
    if isinstance(found.get("type"), list):
        _split_types(found)
    if isinstance(value.get("oneOf"), list) and _NULL in value["oneOf"]:
        _split_choices(found, [as_3_0(one) for one in value["oneOf"] if one != _NULL])
    for word in ("minimum", "maximum"):
        exclusive = f"exclusive{word.capitalize()}"
        if isinstance(found.get(exclusive), int | float) and not isinstance(found[exclusive], bool):
            found |= {word: found[exclusive], exclusive: True}
    if isinstance(found.get("const"), str):
        return _within(found, "const", {"type": "string", "enum": [found["const"]]})
    if found.pop("contentEncoding", None) == "base64":
        found.pop("contentMediaType", None)
        found["format"] = "byte"
    return found


def _within(found: dict[str, Any], word: str, choice: dict[str, Any]) -> dict[str, Any]:
    """One choice in the place of a word, where drf-spectacular doesn't make a component of it, named by its field."""
    return {key: inner for key, inner in found.items() if key not in {word, "type"}} | {"oneOf": [choice]}


def _inner(key: str, value: Any) -> Any:
    if key in _BY_NAME and isinstance(value, dict):
        return {name: as_3_0(one) for name, one in value.items()}
    return value if key in _VALUES else as_3_0(value)


def _split_types(found: dict[str, Any]) -> None:
    kinds = found.pop("type")
    others = [kind for kind in kinds if kind != "null"]
    if len(others) == 1:
        found["type"] = others[0]
    else:
        found["oneOf"] = [{"type": kind} for kind in others]
    if len(others) < len(kinds):
        found["nullable"] = True


def _split_choices(found: dict[str, Any], others: list[Any]) -> None:
    del found["oneOf"]
    if len(others) > 1:
        found["oneOf"] = others
    elif "$ref" in others[0]:
        found["allOf"] = others
    else:
        found |= others[0]
    found["nullable"] = True
