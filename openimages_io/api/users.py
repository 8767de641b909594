"""Users as JSON."""

from typing import Any

from rest_framework import serializers


class UserSerializer(serializers.Serializer[Any]):
    """A user, as others may know it."""

    id = serializers.IntegerField(source="pk")
    username = serializers.CharField(source="get_username")
