"""A token for a user's name and password: what a frontend asks for first."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.exceptions import Throttled
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle

from openimages_io.api.base import ApiViewSet
from openimages_io.api.fields import StrictCharField
from openimages_io.api.openapi.schema import error_responses


class LoginSerializer(AuthTokenSerializer):
    """Who it is."""

    username = StrictCharField(write_only=True, max_length=150)
    password = StrictCharField(write_only=True, max_length=4096, style={"input_type": "password"})
    token = None  # type: ignore[assignment]  # it is not sent, and has a serializer of its own


class TokenSerializer(serializers.Serializer[Any]):
    """Send it in each request: `Authorization: Bearer …`."""

    token = serializers.CharField()


class LoginThrottle(AnonRateThrottle):
    """Keeps passwords from being guessed: requests of one address, whoever is logged in there already."""

    rate = "30/min"

    def get_cache_key(self, request: Request, view: Any) -> str:
        """The address's."""
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


def authenticated(view: ApiViewSet, request: Request) -> Any:
    """The user whose name and password are sent. Raises `ValidationError`, and `Throttled` after too many failures."""
    login = LoginSerializer(data=request.data, context=view.get_serializer_context())
    try:
        login.is_valid(raise_exception=True)
    except serializers.ValidationError:
        if getattr(request, "axes_locked_out", False):
            raise Throttled(settings.AXES_COOLOFF_TIME.total_seconds()) from None
        raise
    return login.validated_data["user"]


def login_responses(*codes: int) -> dict[int, Any]:
    """The error responses where nobody need be logged in."""
    return {code: answer for code, answer in error_responses(*codes).items() if code in {400, 429, *codes}}


class TokenViewSet(ApiViewSet):
    """Logs in those who send a token with each request."""

    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes = (AllowAny,)  # type: ignore[assignment]
    throttle_classes = (LoginThrottle,)
    serializer_class = LoginSerializer

    @extend_schema(
        operation_id="obtain_token",
        tags=["login"],
        summary="Log in",
        request=LoginSerializer,
        auth=[],
        responses={200: TokenSerializer, **login_responses(413, 415)},
    )
    def create(self, request: Request) -> Response:
        """Gives the user's token, and makes it if there is none. After too many failures an address must wait (429)."""
        token, _ = Token.objects.get_or_create(user=authenticated(self, request))
        return Response({"token": token.key})
