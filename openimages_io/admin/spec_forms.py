"""Attribute specs as a person writes them: a choice a line, a default as it is; JSON where that is not enough."""

import json
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.base import BaseModelForm
from openimages_io.models import AttributeSpec, InputType
from openimages_io.models.primary import primary
from openimages_io.models.values import LARGEST_POSITION

_NONE: Final = "-"
_DEEPEST: Final = 100


def load_json(text: str) -> Any:
    """Reads JSON that is untrusted. Raises `ValidationError`, whatever is wrong with it."""
    try:
        if text.count("[") + text.count("{") > _DEEPEST * 1000:
            raise ValueError
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValidationError(_("This is not valid JSON.")) from None


class LinesOfText(forms.CharField):
    """A text of several lines, whose line ends browsers change on the way."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or "") != self.to_python(data))


class AttributeSpecForm(BaseModelForm):
    """One attribute of a label."""

    values = LinesOfText(
        label=_("values"),
        required=False,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 20}),
        help_text=_(
            "Radio and select: the choices, one per line. Number: the smallest value, the largest and the step, one "
            "per line, - for none. Checkbox and text: leave it empty."
        ),
    )
    default_value = forms.CharField(
        label=_("default value"),
        required=False,
        widget=forms.TextInput(attrs={"size": 12}),
        help_text=_("Checkbox: true or false. Number: a number. Otherwise the text itself. Leave it empty for none."),
    )

    position = forms.IntegerField(
        label=_("position"),
        required=False,
        min_value=0,
        max_value=LARGEST_POSITION,
        help_text=_("The place among the label's attributes, from 0. Leave it empty for the last."),
    )

    class Meta:
        model = AttributeSpec
        fields = ("position", "name", "input_type", "values", "default_value", "mutable")
        help_texts = {  # noqa: RUF012  (Django's own way)
            "mutable": _(
                "Whether the value may change between the frames of a video. It has no effect on pictures, and is "
                "stored for other tools."
            )
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["values"] = values_as_text(self.instance.values)
            self.initial["default_value"] = default_as_text(self.instance.default_value)
        else:
            self.initial["values"] = self.initial["default_value"] = ""
            self.initial["position"] = None

    def clean_position(self) -> int:
        """The position; the last one if none was given, which new ones of one form share, in their order."""
        given: int | None = self.cleaned_data["position"]
        if given is not None:
            return given
        others = primary(AttributeSpec).filter(label=self.instance.label_id).exclude(pk=self.instance.pk)
        last = others.aggregate(last=Max("position"))["last"]
        return 0 if last is None else min(last + 1, LARGEST_POSITION)

    def clean(self) -> dict[str, Any]:
        """Reads values and default as the input type has them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind = cleaned.get("input_type", "")
        for name, read in (("values", read_values), ("default_value", read_default)):
            if name in cleaned:
                try:
                    cleaned[name] = read(cleaned[name], kind)
                except ValidationError as error:
                    self.add_error(name, error)
        return cleaned


def values_as_text(values: Any) -> str:
    """One value a line if that can be read back, else JSON."""
    if isinstance(values, list):
        if values and all(isinstance(value, str) and _is_a_line(value) for value in values) and values[0][0] != "[":
            return "\n".join(values)
        numbers = all(value is None or isinstance(value, int | float) for value in values)
        if numbers and not any(isinstance(value, bool) for value in values):
            return "\n".join(_NONE if value is None else json.dumps(value) for value in values)
    return json.dumps(values, ensure_ascii=False)


def read_values(text: str, input_type: str) -> Any:
    """The reverse of `values_as_text`. Raises `ValidationError`."""
    if text.startswith("["):
        return load_json(text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [_number(line) for line in lines] if input_type == InputType.NUMBER else lines


def default_as_text(value: Any) -> str:
    """The default as it is typed; in quotation marks where it would be taken for something else."""
    if value is None:
        return ""
    if isinstance(value, str) and _is_a_line(value) and not value.startswith('"'):
        return value
    return json.dumps(value, ensure_ascii=False)


def read_default(text: str, input_type: str) -> Any:
    """The reverse of `default_as_text`. Raises `ValidationError`."""
    if not text:
        return None
    if input_type == InputType.NUMBER:
        return _number(text)
    if text.startswith('"'):
        return load_json(text)
    return {"true": True, "false": False}.get(text, text) if input_type == InputType.CHECKBOX else text


def _number(text: str) -> int | float | None:
    if text == _NONE:
        return None
    found = load_json(text)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ValidationError(_("“%(text)s” is not a number."), params={"text": text[:40]})
    return found


def _is_a_line(text: str) -> bool:
    return bool(text) and text == text.strip() and len(text.splitlines()) == 1
