"""Values of a query: absent, or given and checked. Each says as a JSON Schema what it takes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

LARGEST_KEY: Final = 2**63 - 1
YEARS: Final = range(1970, 9000)
"""Beyond these, a moment may be none in another time zone."""
_WORDS: Final = {"true": True, "1": True, "false": False, "0": False}
_NOT_BLANK: Final = "This may not be blank."


class QueryField(forms.Field):
    """One value. None where it is not given; an empty one is a fault, so that nothing is passed over."""

    allow_blank = False

    def clean(self, value: Any) -> Any:
        """The value. Raises `ValidationError`."""
        if value is None:
            return None
        if value == "" and not self.allow_blank:
            raise ValidationError(_NOT_BLANK, "blank")
        return super().clean(value)

    @property
    def schema(self) -> dict[str, Any]:
        """What it takes, as JSON Schema has it."""
        raise NotImplementedError


class TextField(QueryField, forms.CharField):
    """A text as it was given, blanks at its ends too."""

    def __init__(self, *, allow_blank: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs, strip=False)
        self.allow_blank = allow_blank

    @property
    def schema(self) -> dict[str, Any]:
        least = {} if self.allow_blank else {"minLength": 1}
        return {"type": "string", **least, "maxLength": self.max_length}


class IntegerField(QueryField, forms.IntegerField):
    """A whole number."""

    def __init__(self, *, min_value: int = 1, max_value: int = LARGEST_KEY, **kwargs: Any) -> None:
        super().__init__(**kwargs, min_value=min_value, max_value=max_value)

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.min_value, "maximum": self.max_value}


class FractionField(QueryField, forms.FloatField):
    """A number from 0 to 1."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, min_value=0, max_value=1)

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "number", "format": "double", "minimum": 0, "maximum": 1}


class WordField(QueryField, forms.ChoiceField):
    """One of some words."""

    def __init__(self, *, choices: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        self.words = [word for word, _ in choices]
        said = f"This is not one of: {', '.join(self.words)}."
        super().__init__(choices=choices, error_messages={"invalid_choice": said}, **kwargs)

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": self.words}


class TruthField(QueryField):
    """`true` or `false`."""

    def to_python(self, value: Any) -> bool:
        """Takes 1 and 0 as well. Raises `ValidationError`."""
        word = _WORDS.get(str(value).lower())
        if word is None:
            raise ValidationError("This must be true or false.", "invalid")
        return word

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class MomentField(QueryField):
    """A date with its time; without a zone it is in the site's."""

    def to_python(self, value: Any) -> datetime:
        """The moment as the site keeps moments. Raises `ValidationError`."""
        try:
            moment = parse_datetime(str(value))
        except ValueError:
            moment = None
        if moment is None:
            raise ValidationError("Write a moment as 2026-01-31T12:00:00Z; + is written as %2B in a query.", "invalid")
        if moment.year not in YEARS:  # before or after every row
            moment = datetime(YEARS.start if moment.year < YEARS.start else YEARS.stop, 1, 1, tzinfo=UTC)
        if settings.USE_TZ and timezone.is_naive(moment):
            return timezone.make_aware(moment)
        if not settings.USE_TZ and timezone.is_aware(moment):
            return timezone.make_naive(moment, timezone.get_default_timezone())
        return moment

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


class ListField(forms.Field):
    """A name that may be given several times."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, child: QueryField, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.child, self.most = child, most

    def clean(self, value: Any) -> list[Any]:
        """The values, in their order. Raises `ValidationError`."""
        given = value or []
        if len(given) > self.most:
            raise ValidationError(f"This is given {len(given):,} times; {self.most} times is the most.", "max_length")
        return [self.child.clean(one) for one in given]

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.child.schema, "maxItems": self.most}
