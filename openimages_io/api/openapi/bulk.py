"""Changes of many images."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema

from openimages_io.api.bulk.serializers import BulkChangeSerializer, DeleteBody, MoveBody, RelabelBody
from openimages_io.api.bulk.views import BulkViewSet
from openimages_io.api.jobs.serializers import JobSerializer
from openimages_io.api.openapi import examples
from openimages_io.api.openapi.jobs import KEY
from openimages_io.api.openapi.schema import ACCEPTED, ETAG, match, write_error_responses


class FilterSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A filter as an object: the field knows its names and what each takes."""

    target_class = "openimages_io.api.bulk.choosing.FilterField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """The schema of the object."""
        found: dict[str, Any] = self.target.schema
        return found


def _changes(name: str, summary: str, body: Any, tag: str) -> Any:
    """Says of an action that it changes many images."""
    return extend_schema(
        operation_id=name,
        examples=examples.requests(name),
        summary=summary,
        tags=[tag],
        parameters=[match("what would be done is no longer what a dry run showed"), ETAG, *ACCEPTED, KEY],
        request=body,
        responses={200: BulkChangeSerializer, 202: JobSerializer, **write_error_responses(404, 409, 412, 422)},
    )


_changes("images_move", "Move images to a subset", MoveBody, "images")(BulkViewSet.move)
_changes("shapes_relabel", "Relabel annotations of many images", RelabelBody, "shapes")(BulkViewSet.relabel)
_changes("shapes_delete_many", "Delete annotations of many images", DeleteBody, "shapes")(BulkViewSet.remove)
