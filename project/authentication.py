"""The token of a user, as frontends and generated clients send it."""

from typing import Any, Final

from rest_framework import authentication
from rest_framework.request import Request

_DRF: Final = "Token"


class TokenAuthentication(authentication.TokenAuthentication):
    """`Authorization: Bearer …`, which every generated client can say by itself, or `Token …`, as DRF has it."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The user and the token; None without one. Raises `AuthenticationFailed`."""
        given = authentication.get_authorization_header(request).split()
        if given and given[0].lower() == _DRF.lower().encode():
            self.keyword = _DRF
        return super().authenticate(request)
