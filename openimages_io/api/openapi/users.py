"""Users, whatever the key of the site's user model is."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from openimages_io.api.users import IS_NUMBER, UserKeyField

extend_schema_field(OpenApiTypes.INT if IS_NUMBER else OpenApiTypes.STR)(UserKeyField)
