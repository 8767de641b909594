"""Whose request it is, as far as that can't be forged."""

import ipaddress

from django.http import HttpRequest
from rest_framework.throttling import BaseThrottle


def client_address(request: HttpRequest) -> str | None:
    """Return the address that REST framework's throttles count, so that both count the same.

    X-Forwarded-For says it only as far as NUM_PROXIES reaches.
    """
    ident = BaseThrottle().get_ident(request)  # type: ignore[arg-type]  # it asks for headers alone
    for address in (ident, request.META.get("REMOTE_ADDR", "")):
        try:
            return str(ipaddress.ip_address(address))
        except ValueError:
            continue
    return None
