"""The form of a shape: the fields of its kind, and an input for each attribute that its label has a spec of."""

import json
from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.base import BaseModelForm
from openimages_io.admin.spec_forms import load_json
from openimages_io.models import AttributeSpec, Shape, ShapeKind
from openimages_io.models.attribute import InputType
from openimages_io.models.flags import FLAGS
from openimages_io.models.rules import COLUMN_ATTRIBUTES
from openimages_io.models.values import is_storable

_SIDES: Final = (("x_min", "x_max"), ("y_min", "y_max"))
_GEOMETRY: Final[dict[str, tuple[Any, ...]]] = {
    ShapeKind.TAG: (),
    ShapeKind.RECTANGLE: (*_SIDES, "rotation", "clicks"),
    ShapeKind.POLYGON: (*_SIDES, "points"),
    ShapeKind.ELLIPSE: (*_SIDES, "rotation", "points"),
    ShapeKind.MASK: (*_SIDES, "its_mask"),
}
_PREFIX: Final = "attribute_"
_COLUMNS: Final = COLUMN_ATTRIBUTES | set(FLAGS)
"""Attributes that have fields of their own."""
_MOST: Final = 100
"""Specs that get inputs; the values of others are among the other attributes."""


class StrictJSON(forms.JSONField):
    """JSON whose every fault is a message. What the value may be, the model says."""

    widget = forms.Textarea(attrs={"rows": 3, "cols": 60, "class": "vLargeTextField oi-code"})

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed, as it was typed: what is wrong with it may be that it cannot be read."""
        return None if data is None else InvalidJSONInput(data)

    def to_python(self, value: Any) -> Any:
        if (
            isinstance(value, str)
            and value.strip()
            and not is_storable(json.dumps(load_json(value), ensure_ascii=False))
        ):
            raise ValidationError(_("A text must not contain NUL characters or unpaired surrogates."))
        return super().to_python(value)


class NumberField(forms.CharField):
    """A number as JSON has it, whole or not; empty for none."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            number = json.loads(text)
        except ValueError:
            number = None
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValidationError(_("“%(value)s” is not a number."), params={"value": text[:60]})
        return number

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else str(value)


def geometry_fields(kind: str) -> tuple[Any, ...]:
    """The fields that say where a shape of a kind is."""
    return _GEOMETRY.get(kind, _GEOMETRY[ShapeKind.RECTANGLE])


def specs_with_inputs(shape: Shape) -> dict[str, AttributeSpec]:
    """The specs of a shape's label by the names of their fields.

    One whose value the shape has, but which does not fit, gets none: the value stays among the other attributes, and
    is not lost.
    """
    said = shape.attributes if isinstance(shape.attributes, dict) else {}
    specs = [spec for spec in shape.label.attribute_specs.all()[:_MOST] if spec.name not in _COLUMNS]
    return {f"{_PREFIX}{spec.pk}": spec for spec in specs if spec.name not in said or _fits(spec, said[spec.name])}


def form_with_inputs(specs: dict[str, AttributeSpec]) -> type["ShapeForm"]:
    """The form with an input for each of these specs."""
    return type("ShapeForm", (ShapeForm,), {name: _input(spec) for name, spec in specs.items()} | {"specs": specs})


def _fits(spec: AttributeSpec, value: Any) -> bool:
    try:
        spec.check_value(value)
    except ValidationError:
        return False
    return True


def _input(spec: AttributeSpec) -> forms.Field:
    words: dict[str, Any] = {"label": spec.name, "required": False}
    match spec.input_type:
        case InputType.CHECKBOX:
            return forms.NullBooleanField(**words)
        case InputType.NUMBER:
            low, high, step = spec.number_range
            said = [(_("from %s"), low), (_("to %s"), high), (_("in steps of %s"), step)]
            words["help_text"] = ", ".join(str(text % value) for text, value in said if value is not None)
            return NumberField(**words, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
        case InputType.TEXT:
            return forms.CharField(**words, strip=False)
        case _:
            return forms.ChoiceField(**words, choices=[("", _("not said")), *_choices(spec.values)])


def _choices(values: Any) -> Iterable[tuple[str, str]]:
    return [(value, value) for value in values if isinstance(value, str)] if isinstance(values, list) else []


class ShapeForm(BaseModelForm):
    """A shape. What its label has no spec of is JSON, as it is stored."""

    specs: dict[str, AttributeSpec] = {}  # noqa: RUF012  (of each class that `form_with_inputs` makes)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.attributes
        self._said: dict[str, Any] = dict(stored) if isinstance(stored, dict) else {}
        names = {spec.name for spec in self.specs.values()}
        for field, spec in self.specs.items():
            self.initial[field] = self._said.get(spec.name)
        if names and "attributes" in self.fields:
            self.fields["attributes"].label = _("Other attributes")
            self.initial["attributes"] = {name: value for name, value in self._said.items() if name not in names}

    def _value(self, field: str, spec: AttributeSpec) -> Any:
        """What was chosen; what stays as it was is just what is stored, an empty text too."""
        if field not in self.changed_data:
            return self._said.get(spec.name)
        value = self.cleaned_data.get(field)
        return None if value == "" else value

    def clean_attributes(self) -> Any:
        """No attributes are an empty object."""
        attributes = self.cleaned_data["attributes"]
        return {} if attributes is None else attributes

    def clean(self) -> dict[str, Any]:
        """Puts what was chosen among the attributes. Raises `ValidationError` for one that was said twice."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        others = cleaned.get("attributes")
        if not isinstance(others, dict):
            return cleaned
        for spec in self.specs.values():
            if spec.name in others:
                self.add_error("attributes", _("“%(name)s” has a field of its own.") % {"name": spec.name})
        values = ((spec.name, self._value(field, spec)) for field, spec in self.specs.items())
        said = {name: value for name, value in values if value is not None}
        if "attributes" in cleaned:
            cleaned["attributes"] = said | others
        return cleaned
