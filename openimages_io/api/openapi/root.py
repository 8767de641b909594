"""Where the API begins."""

from drf_spectacular.utils import extend_schema, extend_schema_view

from openimages_io.api.openapi.schema import ETAG, KNOWN, UNCHANGED, error_responses
from openimages_io.api.root import RootSerializer, RootViewSet

extend_schema_view(
    retrieve=extend_schema(
        operation_id="root_read",
        tags=["login"],
        summary="Read where to begin",
        parameters=[KNOWN, ETAG],
        responses={200: RootSerializer, **UNCHANGED, **error_responses()},
    )
)(RootViewSet)
