"""The parameters of lists."""

from typing import Any

from drf_spectacular.extensions import OpenApiFilterExtension

from openimages_io.api.pagination import parameters_of


class FilterParameters(OpenApiFilterExtension):  # type: ignore[no-untyped-call]
    """The parameters of a list's filter, with the limits of their values; before the extension for any FilterSet."""

    target_class = "openimages_io.api.filtering.StrictFilterBackend"
    priority = 1

    def get_schema_operation_parameters(self, auto_schema: Any, *args: Any, **kwargs: Any) -> list[dict[str, Any]]:
        """The parameters as the OpenAPI document has them."""
        filterset = self.target.get_filterset_class(auto_schema.view)
        return parameters_of({name: found.field for name, found in filterset.base_filters.items()}) if filterset else []
