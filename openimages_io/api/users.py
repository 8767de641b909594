"""Users as JSON, whatever the key of the site's user model is."""

from typing import Any, Final

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import models
from rest_framework import serializers

IS_NUMBER: Final = isinstance(get_user_model()._meta.pk, models.IntegerField)


class UserKeyField(serializers.Field[Any, Any, Any, Any]):
    """The key of a user, as `OwnerField` takes it: a number, or else text, such as a UUID."""

    def to_representation(self, value: Any) -> int | str:
        return int(value) if IS_NUMBER else str(value)


class OwnerField(serializers.PrimaryKeyRelatedField[Any]):
    """A user by key, of the key's own type: true is not 1; or as it is read, with the key as `id`."""

    def to_representation(self, value: Any) -> int | str:
        return int(value.pk) if IS_NUMBER else str(value.pk)

    def to_internal_value(self, data: Any) -> Any:
        """Refuses what Django would convert."""
        data = key_of(data)
        if not isinstance(data, int if IS_NUMBER else str) or isinstance(data, bool):
            self.fail("incorrect_type", data_type=type(data).__name__)
        try:
            return super().to_internal_value(data)
        except ValidationError:  # no UUID, say
            self.fail("does_not_exist", pk_value=data)


def key_of(data: Any) -> Any:
    """The key of a user that is given by it, or as it is read."""
    return data.get("id") if isinstance(data, dict) and data.keys() <= {"id", "username"} else data


class UserSerializer(serializers.Serializer[Any]):
    """A user, as others may know it."""

    id = UserKeyField(source="pk")
    username = serializers.CharField(source="get_username")
