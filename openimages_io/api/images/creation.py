"""New images, all of a request or none: from JSON, or of pictures that are uploaded."""

from collections.abc import Sequence
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from openimages_io import conf
from openimages_io.annotations.errors import TooLarge
from openimages_io.annotations.images import NewPicture, add_pictures, create_images, file_name_fault
from openimages_io.api.fields import StrictCharField
from openimages_io.api.images.serializers import ImageIdField, NewImageSerializer, SubsetField, UploadSerializer
from openimages_io.api.strict import repeated, unknown
from openimages_io.api.validation import fault, fault_detail
from openimages_io.error_codes import FaultCode
from openimages_io.format.names import image_id_of
from openimages_io.models import Image, Task
from openimages_io.models.image import DEFAULT_SUBSET
from openimages_io.transfer.pictures.storing import suffix_of

MOST_IMAGES: Final = 10_000
"""In one request of JSON."""


def create(task: Task, data: Any) -> list[Image]:
    """Makes the images that a JSON body says, one or a list of them. Raises `ValidationError`."""
    if isinstance(data, list):
        serializer: Any = NewImageSerializer(
            data=data,
            many=True,
            allow_empty=False,
            max_length=MOST_IMAGES,  # type: ignore[call-arg]  # of the list
        )
        serializer.is_valid(raise_exception=True)
        return create_images(task, serializer.validated_data, [f"[{index}].name" for index in range(len(data))])
    serializer = NewImageSerializer(data=data)
    serializer.is_valid(raise_exception=True)
    return create_images(task, [serializer.validated_data], ["name"])


def upload(task: Task, request: Request) -> list[Image]:
    """Stores the pictures of a form and makes their images.

    Raises `ValidationError` with a path such as `files[2]`, and `TooLarge`; nothing is stored then.
    """
    files = _files(request)
    form: Any = request.data
    fields = UploadSerializer().fields
    if faults := unknown(form, fields) | repeated(form, fields):
        raise serializers.ValidationError(faults)
    subset = _checked(SubsetField(max_length=255), form.get("subset", DEFAULT_SUBSET), "subset")
    names, places = _names(files, form.getlist("names"))
    pictures = [
        NewPicture(file, file.name or "", file.size or 0, name, f"files[{index}]", place)
        for index, (file, name, place) in enumerate(zip(files, names, places, strict=True))
    ]
    return add_pictures(task, subset, pictures)


def uploaded_picture(request: Request, image: Image) -> NewPicture:
    """The one picture of a form, for an image that is there. Raises `ValidationError`."""
    form: Any = request.data
    if faults := unknown(form, ("file",)):
        raise serializers.ValidationError(faults)
    files: list[UploadedFile[Any]] = request.FILES.getlist("file")
    if len(files) != 1:
        raise fault("file", "Send one picture.", FaultCode.REPEATED if files else FaultCode.REQUIRED)
    name = files[0].name or ""
    if why := file_name_fault(name):
        raise fault("file", why, FaultCode.BAD_PICTURE_NAME)
    return NewPicture(files[0], name, files[0].size or 0, image.name, "file", "file")


def _files(request: Request) -> "list[UploadedFile[Any]]":
    if others := [name for name in request.FILES if name != "files"]:
        said = fault_detail("Send pictures as `files`.", FaultCode.UNKNOWN)
        raise serializers.ValidationError(dict.fromkeys(others, said))
    files: list[UploadedFile[Any]] = request.FILES.getlist("files")
    if not files:
        raise fault("files", "No picture was sent.", FaultCode.REQUIRED)
    most = conf.options().max_upload_files
    if len(files) > most:
        raise TooLarge(f"The request has {len(files):,} pictures; this site allows {most:,} at once.")
    return files


def _names(files: "Sequence[UploadedFile[Any]]", given: Sequence[Any]) -> tuple[list[str], list[str]]:
    """The ImageIDs, and where each was said."""
    if given and len(given) != len(files):
        raise fault("names", f"There are {len(given):,} names for {len(files):,} files.", FaultCode.WRONG_COUNT)
    faults: dict[str, list[ErrorDetail]] = {}
    names: list[str] = []
    places: list[str] = []
    for index, file in enumerate(files):
        whole = file.name or ""
        if why := file_name_fault(whole):
            faults[f"files[{index}]"] = fault_detail(why, FaultCode.BAD_PICTURE_NAME)
            continue
        places.append(f"names[{index}]" if given else f"files[{index}]")
        try:
            name = ImageIdField(max_length=255).run_validation(
                given[index] if given else whole.removesuffix(suffix_of(whole))
            )
            names.append(image_id_of(name) if given else name)
        except serializers.ValidationError as error:
            faults[places[-1]] = error.detail  # type: ignore[assignment]  # a list, as of any plain field
    if faults:
        raise serializers.ValidationError(faults)
    return names, places


def _checked(field: StrictCharField, value: Any, path: str) -> str:
    try:
        checked: str = field.run_validation(value)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({path: error.detail}) from error
    return checked
