"""A session for a user's name and password, for pages whose browser keeps Django's cookies."""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib.auth import login, logout
from django.middleware.csrf import get_token
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from openimages_io.api.base import ApiViewSet
from openimages_io.api.users import UserSerializer
from project.tokens import LoginSerializer, LoginThrottle, authenticated, login_responses

_TAGS: Final = ["login"]
_CSRF: Final = OpenApiParameter(
    "X-CSRFToken", str, OpenApiParameter.HEADER, required=True, description="The `csrf_token` that was read last."
)


class SessionSerializer(serializers.Serializer[Any]):
    """Send the token as `X-CSRFToken` with each request that writes; another one comes with each login."""

    csrf_token = serializers.CharField()
    user = UserSerializer(allow_null=True, help_text="Null if nobody is logged in.")


class SessionViewSet(ApiViewSet):
    """The session of the browser that asks, by Django's cookie."""

    authentication_classes: Sequence[type[BaseAuthentication]] = (SessionAuthentication,)
    permission_classes = (AllowAny,)  # type: ignore[assignment]
    serializer_class = SessionSerializer

    def get_throttles(self) -> list[BaseThrottle]:
        """Logging in has the throttle that guards passwords."""
        return [LoginThrottle()] if self.action == "create" else super().get_throttles()

    @extend_schema(
        operation_id="session_read",
        tags=_TAGS,
        summary="Read who is logged in by session, with a CSRF token",
        auth=[],
        responses={200: SessionSerializer, **login_responses()},
    )
    def retrieve(self, request: Request) -> Response:
        """Sets the cookie that belongs to the CSRF token."""
        return self.answer(request)

    @extend_schema(
        operation_id="session_create",
        tags=_TAGS,
        summary="Log in by session",
        auth=[],
        parameters=[_CSRF],
        request=LoginSerializer,
        responses={200: SessionSerializer, **login_responses(403, 413, 415)},
    )
    def create(self, request: Request) -> Response:
        """Logs in, with a new session key. After too many failures an address must wait (429)."""
        SessionAuthentication().enforce_csrf(request)  # also of nobody, who could else be logged in as somebody else
        login(request._request, authenticated(self, request))  # noqa: SLF001  (Django's functions want its own request)
        return self.answer(request)

    @extend_schema(
        operation_id="session_delete",
        tags=_TAGS,
        summary="Log out",
        auth=[],
        parameters=[_CSRF],
        request=None,
        responses={204: None, **login_responses(403)},
    )
    def destroy(self, request: Request) -> Response:
        """Ends the session, if there is one."""
        SessionAuthentication().enforce_csrf(request)
        logout(request._request)  # noqa: SLF001
        return Response(status=status.HTTP_204_NO_CONTENT)

    def answer(self, request: Request) -> Response:
        """Who is logged in now. Nobody may keep it: it has a secret."""
        user = request._request.user  # noqa: SLF001  (that of after the login)
        shown = UserSerializer(user).data if user.is_authenticated else None
        data = {"csrf_token": get_token(request._request), "user": shown}  # noqa: SLF001
        return Response(data, headers={"Cache-Control": "no-store"})
