"""Labels, the hierarchy and images."""

from django.urls import URLPattern, path

from openimages_io.api.tasks.hierarchy import Hierarchy
from openimages_io.api.tasks.image import ImageDetail, ImageList, ImageNeighbours
from openimages_io.api.tasks.label import LabelDetail, LabelList

urlpatterns: list[URLPattern] = [
    path("tasks/<int:pk>/labels/", LabelList.as_view(), name="label-list"),
    path("labels/<int:pk>/", LabelDetail.as_view(), name="label-detail"),
    path("tasks/<int:pk>/hierarchy/", Hierarchy.as_view(), name="hierarchy"),
    path("tasks/<int:pk>/images/", ImageList.as_view(), name="image-list"),
    path("images/<int:pk>/", ImageDetail.as_view(), name="image-detail"),
    path("images/<int:pk>/neighbours/", ImageNeighbours.as_view(), name="image-neighbours"),
]
