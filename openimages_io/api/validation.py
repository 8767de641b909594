"""The models' own rules, said with paths."""

from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.db import models
from rest_framework import serializers
from rest_framework.fields import get_error_detail

from openimages_io.api.errors import NON_FIELD, fault_detail
from openimages_io.error_codes import FaultCode


def check(row: models.Model) -> None:
    """Raises DRF's `ValidationError` for what the model's own rules refuse, field by field."""
    try:
        row.clean()
    except ModelError as error:
        raise serializers.ValidationError(as_detail(error)) from error


def as_detail(error: ModelError) -> dict[str, Any]:
    """A model's faults as a serializer has them."""
    if not hasattr(error, "error_dict"):
        return {NON_FIELD: get_error_detail(error)}
    return {
        NON_FIELD if name == "__all__" else name: get_error_detail(ModelError(inner))
        for name, inner in error.error_dict.items()
    }


def fault(path: str, message: str, code: FaultCode) -> serializers.ValidationError:
    """One fault with its path."""
    return serializers.ValidationError({path: fault_detail(message, code)})
