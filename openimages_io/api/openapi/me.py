"""The user who asks."""

from drf_spectacular.utils import extend_schema, extend_schema_view

from openimages_io.api.me import MeQuery, MeSerializer, MeViewSet
from openimages_io.api.openapi.schema import ETAG, KNOWN, UNCHANGED, error_responses

extend_schema_view(
    retrieve=extend_schema(
        operation_id="me_read",
        tags=["login"],
        summary="Read who is logged in, with permissions and limits",
        parameters=[MeQuery, KNOWN, ETAG],
        responses={200: MeSerializer, **UNCHANGED, **error_responses(404)},
    )
)(MeViewSet)
