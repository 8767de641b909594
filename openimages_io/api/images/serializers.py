"""What is said of an image, what may be asked of a list of them, and what makes new ones."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from openimages_io.api.fields import LARGEST_BIG, ModelSerializer, StrictCharField, StrictFloatField, StrictIntegerField
from openimages_io.api.reverse import reverse_url
from openimages_io.api.signing import AddressSigner, Shown, address_signer, content_of
from openimages_io.api.strict import BoundedListSerializer, StrictFormSerializer, StrictSerializer
from openimages_io.api.validation import fault_detail
from openimages_io.error_codes import FaultCode
from openimages_io.format.names import image_id_of, unsafe_image_id, unsafe_word
from openimages_io.format.sizes import MAX_SIDE
from openimages_io.models import Image, Shape
from openimages_io.models.image import DEFAULT_SUBSET, PROVENANCE
from openimages_io.models.thumbnails import SIZES
from openimages_io.permissions import permissions


class ImageIdField(StrictCharField):
    """An ImageID that can be the name of a file."""

    def to_internal_value(self, data: Any) -> str:
        """Refuses what an archive could not hold."""
        text = super().to_internal_value(data)
        if why := unsafe_image_id(text):
            raise serializers.ValidationError(f"As an ImageID it {why}.", FaultCode.BAD_IMAGE_ID)
        return text


class SubsetField(StrictCharField):
    """A subset that can be the name of a folder."""

    def to_internal_value(self, data: Any) -> str:
        """Refuses what an archive could not hold."""
        text = super().to_internal_value(data)
        if why := unsafe_word(text):
            raise serializers.ValidationError(f"As a subset's name it {why}.", FaultCode.BAD_SUBSET)
        return text


def side() -> StrictIntegerField:
    """Width or height."""
    return StrictIntegerField(
        min_value=1, max_value=MAX_SIDE, allow_null=True, required=False, help_text="Pixels, if known."
    )


class NewImageSerializer(StrictSerializer, ModelSerializer):
    """An image by its name; all else may be unknown."""

    name = ImageIdField(
        max_length=255,
        help_text="The ImageID: the file's name without extension, with folders. A picture's extension is left out.",
    )
    subset = SubsetField(max_length=255, required=False, help_text=f"`{DEFAULT_SUBSET}` if not given.")
    width = side()
    height = side()
    rotation = StrictFloatField(
        min_value=-360,
        max_value=360,
        allow_null=True,
        required=False,
        help_text="Degrees counter-clockwise to turn picture and shapes by for display.",
    )
    original_size = StrictIntegerField(
        min_value=0, max_value=LARGEST_BIG, allow_null=True, required=False, help_text="Bytes."
    )

    class Meta:
        list_serializer_class = BoundedListSerializer
        model = Image
        fields: tuple[str, ...] = (
            "name",
            "subset",
            "width",
            "height",
            "rotation",
            *PROVENANCE.values(),
        )
        validators = ()

    def validate_name(self, name: str) -> str:
        """The name without a picture's extension, as of an upload; one that an image has already is left as it is."""
        return name if name == getattr(self.instance, "name", None) else image_id_of(name)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Width and height are known together."""
        sides = {name: attrs.get(name, getattr(self.instance, name, None)) for name in ("width", "height")}
        missing = [name for name, value in sides.items() if value is None]
        if len(missing) == 1:
            said = "Give both width and height, or neither."
            raise serializers.ValidationError({missing[0]: fault_detail(said, FaultCode.REQUIRED)})
        return attrs


class ImageSerializer(NewImageSerializer):
    """An image."""

    file = serializers.SerializerMethodField(
        help_text="The URL of the picture, signed unless the site gives no such; null if there is none."
    )
    thumbnail = serializers.SerializerMethodField(
        help_text="The URL of a thumbnail, signed likewise; null if there is none."
    )
    overlay = serializers.SerializerMethodField(help_text="The URL of the shapes as SVG.")
    shapes = serializers.SerializerMethodField(help_text="The URL of the shapes.")
    shape_count = serializers.SerializerMethodField(help_text="How many shapes there are.")

    class Meta(NewImageSerializer.Meta):
        fields = (
            "id",
            "task",
            *NewImageSerializer.Meta.fields,
            "file",
            "file_suffix",
            "file_digest",
            "thumbnail",
            "overlay",
            "shapes",
            "shape_count",
            "revision",
            "updated",
        )
        read_only_fields = ("task", "file_suffix", "file_digest", "revision")

    def _place(self, image: Image, rest: str) -> str:
        return f"{self.context['prefix']}{image.pk}/{rest}"

    def _shown(self, image: Image, shown: Shown) -> str | None:
        if not image.file:
            return None
        signer: AddressSigner | None = self.context["signer"]
        end = "" if signer is None else f"{signer.sign(shown, image.pk, content_of(image))}/"
        return self._place(image, f"{shown}/{end}")

    def get_file(self, image: Image) -> str | None:
        """The address of the picture."""
        return self._shown(image, "file")

    def get_thumbnail(self, image: Image) -> str | None:
        """The address of a small picture."""
        return self._shown(image, "thumbnail")

    def get_overlay(self, image: Image) -> str:
        """The address of the shapes as SVG."""
        return self._place(image, "overlay.svg")

    def get_shapes(self, image: Image) -> str:
        """The address of the shapes."""
        return self._place(image, "shapes/")

    def get_shape_count(self, image: Image) -> int:
        """How many shapes there are."""
        counts: dict[int, int] = self.context["shape_counts"]
        return counts.get(image.pk, 0)


def _shapes(images: Sequence[Image]) -> QuerySet[Shape]:
    """The shapes of images, from where these were read."""
    return Shape.objects.using(images[0]._state.db if images else None).filter(image__in=[image.pk for image in images])


def serialize_images(
    images: Sequence[Image], request: Request, *, new: bool = False, may_see: bool | None = None
) -> list[dict[str, Any]]:
    """The images of one task as JSON, for one query more unless they are new.

    `may_see` is whether the user may see their pictures, where that has been asked already.
    """
    drawn = Shape.objects.none() if new else _shapes(images)
    counts = drawn.order_by().values_list("image").annotate(n=Count("*"))
    # One address serves for all: the patterns below it are fixed, and resolving four for each image takes its time.
    prefix = reverse_url("image-detail", request, 0).removesuffix("0/")
    if may_see is None:
        may_see = bool(images) and permissions().allows(request.user, "view", Image, images[0].task)
    context = {"prefix": prefix, "shape_counts": dict(counts), "signer": address_signer() if may_see else None}
    shown: Any = ImageSerializer(images, many=True, context=context).data
    return list(shown)


class ImageListSerializer(serializers.Serializer[Any]):
    """The images that were made, in the order of the request."""

    results = ImageSerializer(many=True)


class UploadSerializer(StrictFormSerializer):
    """Pictures, and what they are to be called."""

    files = serializers.ListField(child=serializers.FileField(), min_length=1)
    subset = SubsetField(max_length=255, required=False, help_text=f"`{DEFAULT_SUBSET}` if not given.")
    names = serializers.ListField(
        child=ImageIdField(max_length=255),
        required=False,
        help_text="An ImageID for each file, in their order; else the file's name. A picture's extension is left out.",
    )


class PictureFileSerializer(StrictFormSerializer):
    """The picture of an image that has none."""

    file = serializers.FileField()


class NeighboursSerializer(serializers.Serializer[Any]):
    """The ids of the images before and after one."""

    previous = serializers.IntegerField(allow_null=True, help_text="null if there is none.")
    next = serializers.IntegerField(allow_null=True, help_text="null if there is none.")


class FileQuerySerializer(StrictFormSerializer):
    """Whether the file is to be shown rather than kept."""

    as_stored = serializers.ChoiceField(
        choices=("0", "1"),
        default="0",
        help_text="1: with the EXIF orientation “normal”, so that an `<img>` shows the pixels as they are stored, "
        "which is the frame of all coordinates. 0: byte for byte as it came.",
    )


class ThumbnailQuerySerializer(StrictFormSerializer):
    """How large the thumbnail is to be."""

    size = serializers.IntegerField(
        default=256,
        min_value=1,
        max_value=SIZES[-1],
        help_text=f"Pixels of the longest side; the next larger of {', '.join(map(str, SIZES))} is made.",
    )
