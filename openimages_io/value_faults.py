"""What may be wrong with a value of a shape or an attribute spec: a code with parameters, and the sentence of them.

The rules (`models/rules.py`, `AttributeSpec`) find these. Reports store the code and the parameters; forms, the API and
pages show the sentence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from openimages_io.error_codes import FaultCode
from openimages_io.sentences import Said, say
from openimages_io.text import as_param

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    FaultCode.OTHER_TASK: {"": "It belongs to another task."},
    FaultCode.REQUIRED: {"side": "It is missing: a box has all four sides."},
    FaultCode.INVALID_CHOICE: {
        "": "{value!q} is not one of: {choices}.",
        "many": "{value!q} is not one of: {choices} and {more:,} more.",
    },
    FaultCode.NOT_APPLICABLE: {
        "tag": "A tag has no box.",
        "points": "Only polygons and ellipses have points.",
        "clicks": "Only rectangles have extreme clicks.",
        "rotation": "Only rectangles and ellipses are turned.",
        "values": "A checkbox or a text has no values to choose from.",
    },
    FaultCode.WRONG_TYPE: {
        "number": "{value!q} is not a number.",
        "whole": "{value!q} is not a whole number.",
        "text": "{value!q} is not a text.",
        "checkbox": "{value!q} is not true or false.",
        "flag": "{value!q} is not true, false or null.",
        "list": "A list is not a valid value for an attribute.",
        "object": "An object is not a valid value for an attribute.",
        "attributes": "The attributes must be an object.",
        "rings": "Write a polygon's rings as [[x1, y1, x2, y2, x3, y3, …], …], fractions of the image.",
        "ring": "{value!q} is not a ring: write [x1, y1, x2, y2, x3, y3, …].",
        "ellipse": "Write an ellipse's centre and radii as [cx, cy, rx, ry], fractions of the image.",
        "clicks": "Write four clicks [x, y], fractions of the image, -1 or null.",
        "click": "{value!q} is not a click: write [x, y], fractions of the image, -1 or null.",
        "values": "The values must be a list.",
        "choices": "The choices must be a list of texts, at least one.",
        "range": "Write the smallest value, the largest and the step.",
    },
    FaultCode.OUT_OF_RANGE: {
        "fraction": "{value!q} is not between 0 and 1.",
        "radius": "{value!q} is not a radius: it is between 0 and {most:,.0f}.",
        "rotation": "{value!q} is not between -360 and 360 degrees.",
        "group": "{value!q} is not between 0 and 2⁶³-1.",
        "low": "{value!q} is below {low!q}.",
        "high": "{value!q} is above {high!q}.",
        "step": "The step must be above 0.",
    },
    FaultCode.WRONG_ORDER: {
        "sides": "{value!q} is below {name}, {low!q}.",
        "range": "The smallest value is larger than the largest.",
    },
    FaultCode.NOT_A_STEP: {"": "{value!q} is not a whole number of steps of {step!q}."},
    FaultCode.REPEATED: {"choice": "A choice occurs twice."},
    FaultCode.NOT_PAIRS: {"": "A ring of {count:,} numbers: they are not pairs of x and y."},
    FaultCode.TOO_FEW_POINTS: {"": "A ring of {count:,} points: it has at least 3."},
    FaultCode.TOO_MANY_POINTS: {"": "It has {count:,} points, more than {most:,} (MAX_SHAPE_POINTS)."},
    FaultCode.TOO_LONG: {"": "It has {count:,} characters, more than {most:,}."},
    FaultCode.UNSTORABLE: {"": "A text must not contain NUL bytes or unpaired surrogates."},
    FaultCode.OWN_FIELD: {"": "{name!q} has its own field."},
    FaultCode.UNKNOWN_ATTRIBUTE: {"": "The label has no attribute {name!q}."},
    FaultCode.BROKEN_SPEC: {"": "The attribute spec {name!q} is not valid, so no value fits it: {fault}"},
}
"""By code, then by form, which the parameter `form` names where a code has several. `{name!q}` quotes a value."""


@dataclass(frozen=True, slots=True)
class ValueFault:
    """What is wrong with a value."""

    code: FaultCode
    params: Mapping[str, Any]
    """Plain JSON: `form`, and values as `text.as_param` has them."""

    def as_param(self) -> dict[str, Any]:
        """For JSON, as a parameter of an issue; `fault_sentence` makes the sentence of it."""
        return {"code": self.code.value, "params": dict(self.params)}

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """A whole sentence, in the language that `translate` knows."""
        return _sentence(self.code, self.params, translate)


def value_fault(code: FaultCode, form: str = "", **values: Any) -> ValueFault:
    """A fault whose parameters are values of any type and size."""
    params = {name: as_param(value) for name, value in values.items()}
    return ValueFault(code, {"form": form, **params} if form else params)


def is_fault(param: Any) -> bool:
    """Whether a parameter is what `ValueFault.as_param` gives, as far as this version knows it."""
    if not isinstance(param, Mapping) or not isinstance(param.get("params"), Mapping):
        return False
    return str(param["params"].get("form", "")) in SENTENCES.get(str(param.get("code")), {})


def fault_sentence(param: Mapping[str, Any]) -> str:
    """The sentence of what `ValueFault.as_param` has given. Raises what `say` does for other parameters."""
    return _sentence(FaultCode(param["code"]), param["params"])


def _sentence(code: FaultCode, params: Mapping[str, Any], translate: Callable[[str], str] = str) -> str:
    template = SENTENCES[code][params.get("form", "")]
    inner = {name: Said(fault_sentence(value)) if is_fault(value) else value for name, value in params.items()}
    return say(translate(template), inner)
