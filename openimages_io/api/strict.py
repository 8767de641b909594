"""Bodies, forms and queries in which nothing is passed over: a misspelt name is a fault, with its path."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from django.forms import Form
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.settings import api_settings

from openimages_io.annotations.errors import MOST_SHOWN, SEARCH_ENDED
from openimages_io.api.validation import NON_FIELD, fault_detail, faults
from openimages_io.error_codes import FaultCode
from openimages_io.filtersets.fields import ListField

_LONGEST: Final = 255
_SHOWN: Final = 20
"""Of the names that are unknown."""


class StrictSerializer(serializers.Serializer[Any]):
    """A body in which a name that is none of its fields is a fault.

    Fields that only the server sets may be sent back with a change of what was read, and are passed over then. In what
    is new they are faults, too: somebody may believe in them.
    """

    fixed: ClassVar[dict[str, str]] = {"id": "pk", "task": "task_id"}
    """Fields that may be sent back as they are, and what of the row they are: nobody moves a row by changing them."""
    is_strict: ClassVar[bool] = True
    """For the OpenAPI document."""

    def to_internal_value(self, data: Any) -> Any:
        """The fields' values. Raises `ValidationError` with every fault there is."""
        found = self._unknown_fields(data) if isinstance(data, Mapping) else {}
        return _together(super().to_internal_value, data, found)

    def _unknown_fields(self, data: Mapping[Any, Any]) -> dict[str, Any]:
        found = unknown(data, self.fields)
        if self.instance is None:
            set_by_us = [name for name in data if name in self.fields and self.fields[name].read_only]
            found |= {
                name: fault_detail("This is set by the server; leave it out.", FaultCode.READ_ONLY)
                for name in set_by_us
            }
        else:
            moved = [
                name
                for name, stored in self.fixed.items()
                if name in data and name in self.fields and data[name] != getattr(self.instance, stored)
            ]
            found |= {
                name: fault_detail("This cannot be changed; leave it out.", FaultCode.READ_ONLY) for name in moved
            }
        return found


class BoundedListSerializer(serializers.ListSerializer[Any]):
    """A list in which faults are looked for until there are as many as an answer names."""

    def to_internal_value(self, data: Any) -> list[Any]:
        """The items' values. Raises `ValidationError`."""
        self._found = 0
        try:
            values: list[Any] = super().to_internal_value(data)
        except ValidationError as error:
            if self._found <= MOST_SHOWN:
                raise
            given: Any = error.detail  # a list, or with a newer DRF and by its setting a dictionary
            places = given.items() if isinstance(given, dict) else enumerate(given)
            found: dict[Any, Any] = {place: detail for place, detail in places if detail}
            found[NON_FIELD] = fault_detail(SEARCH_ENDED, FaultCode.MORE)
            raise ValidationError(found) from None
        return values

    def run_child_validation(self, data: Any) -> Any:
        """The values of one item; of none after very many faults, when nothing will come of them."""
        if self._found > MOST_SHOWN:
            return {}
        try:
            return super().run_child_validation(data)
        except ValidationError as error:
            self._found += sum(1 for _ in faults(error.detail))
            raise


class StrictFormSerializer(StrictSerializer):
    """The same for a form or a query, where every name may be given several times and most should not be."""

    def to_internal_value(self, data: Any) -> Any:
        """The fields' values. Raises `ValidationError` with every fault there is."""
        form = data if isinstance(data, MultiValueDict) else MultiValueDict[str, Any]()
        given = {name: values if _is_list(self.fields.get(name)) else values[-1] for name, values in form.lists()}
        return _together(super().to_internal_value, given, repeated(form, self.fields))


class PageQuery(StrictFormSerializer):
    """Which page of a list it is."""

    cursor = serializers.CharField(required=False, max_length=_LONGEST, help_text="The page, from another's `next`.")
    page_size = serializers.IntegerField(
        required=False, min_value=1, help_text="Rows on a page, up to the site's limit."
    )


def query_of(request: Request) -> QueryDict:
    """The query but for the name by which DRF has a client choose a renderer, `?format=json`."""
    query = request.query_params.copy()
    query.pop(api_settings.URL_FORMAT_OVERRIDE, None)
    return query


def unknown(names: Iterable[str], fields: Iterable[str]) -> dict[str, list[ErrorDetail]]:
    """A fault for each name that is none of the fields; of very many for the first."""
    strange = [str(name) for name in names if name not in fields]
    return {name: fault_detail("This field is unknown.", FaultCode.UNKNOWN) for name in strange[:_SHOWN]}


def faults_of(form: Form) -> dict[str, list[ErrorDetail]]:
    """What is wrong with the values of a form of Django's, field by field."""
    found = form.errors.get_json_data().items()
    return {name: [ErrorDetail(fault["message"], fault["code"]) for fault in faults] for name, faults in found}


def repeated(form: MultiValueDict[str, Any], fields: Mapping[str, Any]) -> dict[str, list[ErrorDetail]]:
    """A fault for each field that is given several times, though it is not a list."""
    return {
        name: fault_detail(f"This is given {len(values)} times; give it once.", FaultCode.REPEATED)
        for name, values in form.lists()
        if len(values) > 1 and name in fields and not _is_list(fields[name])
    }


def _is_list(field: Any) -> bool:
    return isinstance(field, serializers.ListField | ListField)


def _together(check: Any, data: Any, found: dict[str, Any]) -> Any:
    """What the check makes of the data. Raises `ValidationError` with what was found, and with what the check finds."""
    try:
        values = check(data)
    except ValidationError as error:
        raise ValidationError(found | error.detail if isinstance(error.detail, dict) else error.detail) from None
    if found:
        raise ValidationError(found)
    return values
