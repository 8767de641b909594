"""What may be said of a label's shapes: the specs of their attributes, and the check of a value against one."""

import math
from itertools import accumulate
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from openimages_io.error_codes import FaultCode
from openimages_io.format.writing import number
from openimages_io.models.label import Label
from openimages_io.models.revisions import RevisedModel, RevisedQuerySet
from openimages_io.models.values import as_number, is_number, is_storable
from openimages_io.text import as_param
from openimages_io.value_faults import ValueFault, value_fault

_STEP_TOLERANCE = 1e-9


class InputType(models.TextChoices):
    """How a person enters the attribute's value."""

    CHECKBOX = "checkbox", _("checkbox")
    RADIO = "radio", _("radio")
    NUMBER = "number", _("number")
    TEXT = "text", _("text")
    SELECT = "select", _("select")


_AS_IT_IS = frozenset({InputType.NUMBER, InputType.CHECKBOX})
_WITHOUT_VALUES = frozenset({InputType.CHECKBOX, InputType.TEXT})
_OF_CHOICES = frozenset({InputType.RADIO, InputType.SELECT})
_JUDGED_BY_VALUES = _OF_CHOICES | {InputType.NUMBER}
_SHOWN = 64
_CHOICES_SHOWN = 120
"""Characters of the choices that a sentence lists."""


class AttributeSpecQuerySet(RevisedQuerySet["AttributeSpec"]):
    """Attribute specs of labels."""

    task_path = "label__task_id"


class AttributeSpec(RevisedModel):
    """One attribute that the shapes of a label may have.

    `values` are the choices of radio and select, `[min, max, step]` of a number (each may be null, the list may be
    shorter or empty), and empty for checkbox and text. CVAT writes a number's as text, `["0", "1", "0.1"]`, which means
    the numbers: `clean` stores them so, and a row that never saw `clean` is read so.
    """

    label = models.ForeignKey(
        Label, on_delete=models.CASCADE, related_name="attribute_specs", db_index=False, verbose_name=_("label")
    )
    name = models.CharField(_("name"), max_length=64)
    input_type = models.CharField(_("input type"), max_length=8, choices=InputType)
    mutable = models.BooleanField(_("mutable"), default=True)
    default_value = models.JSONField(_("default value"), null=True, blank=True, default=None)
    values = models.JSONField(_("values"), blank=True, default=list)
    position = models.PositiveIntegerField(_("position"), default=0)
    """The place among the label's specs, from 0."""

    objects = AttributeSpecQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("attribute spec")
        verbose_name_plural = _("attribute specs")
        ordering = ("label", "position", "pk")
        constraints = (
            models.UniqueConstraint(fields=("label", "name"), name="openimages_spec_unique_name"),
            models.CheckConstraint(condition=~Q(name=""), name="openimages_spec_has_a_name"),
            models.CheckConstraint(condition=Q(input_type__in=InputType.values), name="openimages_spec_input_type"),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Stores a number's text as a number; raises `ValidationError` for values or a default that don't fit."""
        if self.input_type == InputType.NUMBER:
            self.default_value = as_number(self.default_value)
            if isinstance(self.values, list):
                self.values = list(map(as_number, self.values))
        if fault := self._fault():
            raise ValidationError({"values": _error(fault)})
        if self.input_type in _WITHOUT_VALUES and self.values:
            raise ValidationError({"values": _error(value_fault(FaultCode.NOT_APPLICABLE, "values"))})
        if self.default_value is not None:
            try:
                self.check_value(self.default_value)
            except ValidationError as error:
                raise ValidationError({"default_value": error}) from error

    def _fault(self) -> ValueFault | None:
        """What is wrong with the values; None if no value of a shape is judged by them wrongly."""
        values: Any = self.values
        if not isinstance(values, list):
            return value_fault(FaultCode.WRONG_TYPE, "values")
        if self.input_type in _OF_CHOICES:
            if not values or not all(isinstance(value, str) and is_storable(value) for value in values):
                return value_fault(FaultCode.WRONG_TYPE, "choices")
            if len(set(values)) < len(values):
                return value_fault(FaultCode.REPEATED, "choice")
        elif self.input_type == InputType.NUMBER:
            numbers = list(map(as_number, values))
            if len(numbers) > 3 or not all(value is None or is_number(value) for value in numbers):
                return value_fault(FaultCode.WRONG_TYPE, "range")
            low, high, step = self.number_range
            if low is not None and high is not None and low > high:
                return value_fault(FaultCode.WRONG_ORDER, "range")
            if step is not None and step <= 0:
                return value_fault(FaultCode.OUT_OF_RANGE, "step")
        return None

    @property
    def number_range(self) -> tuple[float | None, float | None, float | None]:
        """Smallest value, largest value and step of a number; None where there is none, or none that is a number."""
        values = map(as_number, self.values if isinstance(self.values, list) else [])
        low, high, step = [*(value if is_number(value) else None for value in values), None, None, None][:3]
        return low, high, step

    def shown(self, value: float | bool) -> Any:
        """A score or whether a shape is occluded, which are columns, as this attribute's value.

        A text is the shortest that reads back as the same number.
        """
        if self.input_type in _AS_IT_IS:
            return value
        return str(value).lower() if isinstance(value, bool) else number(value)

    def check_value(self, value: Any) -> None:
        """Raises `ValidationError`, with a sentence, unless the value fits the spec.

        The spec may be any row that the database takes. One that is wrong itself fits no value; the sentence says so.
        """
        if (fault := self.fault_of(value)) is not None:
            raise _error(fault)

    def fault_of(self, value: Any) -> ValueFault | None:
        """What `check_value` raises, as a code with parameters; None for a value that fits."""
        if self.input_type in _JUDGED_BY_VALUES and (fault := self._fault()):
            return ValueFault(FaultCode.BROKEN_SPEC, {"name": self.name[:_SHOWN], "fault": fault.as_param()})
        match self.input_type:
            case InputType.CHECKBOX:
                if not isinstance(value, bool):
                    return value_fault(FaultCode.WRONG_TYPE, "checkbox", value=value)
            case InputType.TEXT:
                if not isinstance(value, str):
                    return value_fault(FaultCode.WRONG_TYPE, "text", value=value)
                if not is_storable(value):
                    return value_fault(FaultCode.UNSTORABLE)
            case InputType.NUMBER:
                return self._fault_of_number(value)
            case _ if value not in self.values:
                return _not_a_choice(value, self.values)
        return None

    def _fault_of_number(self, value: Any) -> ValueFault | None:
        if not is_number(value):
            return value_fault(FaultCode.WRONG_TYPE, "number", value=value)
        low, high, step = self.number_range
        if low is not None and value < low:
            return value_fault(FaultCode.OUT_OF_RANGE, "low", value=value, low=low)
        if high is not None and value > high:
            return value_fault(FaultCode.OUT_OF_RANGE, "high", value=value, high=high)
        if step:
            steps = (float(value) - float(low or 0)) / step
            if not math.isfinite(steps) or abs(steps - round(steps)) > _STEP_TOLERANCE * max(1.0, abs(steps)):
                return value_fault(FaultCode.NOT_A_STEP, value=value, step=step)
        return None


def _not_a_choice(value: Any, choices: list[str]) -> ValueFault:
    """Names the first choices: a spec may have many, and a report many issues."""
    ends = accumulate(map(len, choices))
    named = [as_param(choice) for choice, end in zip(choices, ends, strict=True) if end <= _CHOICES_SHOWN]
    more = {"more": len(choices) - len(named)} if len(named) < len(choices) else {}
    params = {"value": as_param(value), "choices": named, **more}
    return ValueFault(FaultCode.INVALID_CHOICE, {**params, "form": "many"} if more else params)


def _error(fault: ValueFault) -> ValidationError:
    return ValidationError(fault.sentence(gettext), fault.code)
