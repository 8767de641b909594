"""New images, all of a request or none: from JSON, or of pictures that are uploaded."""

from collections.abc import Sequence
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.db import router
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from openimages_io import conf
from openimages_io.api.errors import TooLarge
from openimages_io.api.fields import StrictCharField
from openimages_io.api.strict import repeated, unknown
from openimages_io.api.tasks.image_fields import ImageIdField, NewImageSerializer, SubsetField, UploadSerializer
from openimages_io.api.tasks.saving import changing, fault
from openimages_io.archives.safety import is_junk
from openimages_io.database.commit import Commit
from openimages_io.database.new_files import NewFiles
from openimages_io.format.known_files import PICTURE_SUFFIXES
from openimages_io.format.names import image_id_of
from openimages_io.format.pictures import BadPicture, TooManyPixels, check_picture
from openimages_io.models import Image, Task, picture_storage
from openimages_io.models.deletion import picture_folder
from openimages_io.models.image import DEFAULT_SUBSET
from openimages_io.models.primary import primary
from openimages_io.text import quote_text
from openimages_io.transfer.pictures.storing import store, suffix_of

MOST_IMAGES: Final = 10_000
"""In one request of JSON."""
_BATCH: Final = 500


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
        values, places = serializer.validated_data, [f"[{index}].name" for index in range(len(data))]
    else:
        serializer = NewImageSerializer(data=data)
        serializer.is_valid(raise_exception=True)
        values, places = [serializer.validated_data], ["name"]
    return _make([Image(task=task, **value) for value in values], task, places)


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
    _look_at(files)
    _refuse_taken(task, [(subset, name) for name in names], places)  # before anything is stored
    using, limits = router.db_for_write(Image), conf.limits()
    commit = Commit(using)
    with NewFiles(picture_storage(), commit) as new:
        folder = picture_folder(new.storage, using)
        pictures = [store(new, folder, file.read(), file.name or "", limits) for file in files]
        images = [
            Image(
                task=task,
                subset=subset,
                name=name,
                file=picture.file,
                file_digest=picture.digest,
                file_suffix=picture.suffix,
                width=picture.width,
                height=picture.height,
            )
            for name, picture in zip(names, pictures, strict=True)
        ]
        return _make(images, task, places, commit)


def _files(request: Request) -> "list[UploadedFile[Any]]":
    if others := [name for name in request.FILES if name != "files"]:
        said = [ErrorDetail("Send pictures as `files`.", code="unknown")]
        raise serializers.ValidationError(dict.fromkeys(others, said))
    files: list[UploadedFile[Any]] = request.FILES.getlist("files")
    if not files:
        raise fault("files", "No picture was sent.", "required")
    most = conf.options().max_upload_files
    if len(files) > most:
        raise TooLarge(f"The request has {len(files):,} pictures; this site allows {most:,} at once.")
    return files


def _names(files: "Sequence[UploadedFile[Any]]", given: Sequence[Any]) -> tuple[list[str], list[str]]:
    """The ImageIDs, and where each was said."""
    if given and len(given) != len(files):
        raise fault("names", f"There are {len(given):,} names for {len(files):,} files.")
    faults: dict[str, list[ErrorDetail]] = {}
    names: list[str] = []
    places: list[str] = []
    for index, file in enumerate(files):
        whole = file.name or ""
        suffix = suffix_of(whole)
        if suffix.lower() not in PICTURE_SUFFIXES or is_junk(whole):
            said = f"{quote_text(whole)} does not end as a picture does: {', '.join(sorted(PICTURE_SUFFIXES))}."
            faults[f"files[{index}]"] = [ErrorDetail(said, code="bad-picture-name")]
            continue
        places.append(f"names[{index}]" if given else f"files[{index}]")
        try:
            name = ImageIdField(max_length=255).run_validation(given[index] if given else whole.removesuffix(suffix))
            names.append(image_id_of(name) if given else name)
        except serializers.ValidationError as error:
            faults[places[-1]] = error.detail  # type: ignore[assignment]  # a list, as of any plain field
    if faults:
        raise serializers.ValidationError(faults)
    return names, places


def _look_at(files: "Sequence[UploadedFile[Any]]") -> None:
    """Refuses what is not a picture, and what is too large, before the first one is stored."""
    limits = conf.limits()
    faults: dict[str, list[ErrorDetail]] = {}
    for index, file in enumerate(files):
        if (file.size or 0) > limits.max_picture_bytes:
            most = f"this site allows {limits.max_picture_bytes:,} at most"
            raise TooLarge(f"{quote_text(file.name or '')} has {file.size:,} bytes; {most}.")
        try:
            check_picture(file.read(), limits)
        except TooManyPixels as error:
            raise TooLarge(f"{quote_text(file.name or '')} {error}.") from error
        except BadPicture as error:
            said = f"{quote_text(file.name or '')} {error}."
            faults[f"files[{index}]"] = [ErrorDetail(said, code="bad-picture")]
        file.seek(0)
    if faults:
        raise serializers.ValidationError(faults)


def _checked(field: StrictCharField, value: Any, path: str) -> str:
    try:
        checked: str = field.run_validation(value)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({path: error.detail}) from error
    return checked


def _make(images: list[Image], task: Task, places: Sequence[str], commit: Commit | None = None) -> list[Image]:
    with changing(task, commit) as task:
        _refuse_taken(task, [(image.subset, image.name) for image in images], places)
        return Image.objects.bulk_create(images, batch_size=_BATCH)


def _refuse_taken(task: Task, wanted: Sequence[tuple[str, str]], places: Sequence[str]) -> None:
    names = list({name for _, name in wanted})
    taken: set[tuple[str, str]] = set()
    for start in range(0, len(names), _BATCH):
        rows = primary(Image).filter(task=task, name__in=names[start : start + _BATCH])
        taken.update(rows.values_list("subset", "name"))
    faults: dict[str, list[ErrorDetail]] = {}
    seen: set[tuple[str, str]] = set()
    for key, place in zip(wanted, places, strict=True):
        if key in taken or key in seen:
            where = "The task has" if key in taken else "The request has"
            said = f"{where} an image {quote_text(key[1])} in {quote_text(key[0])} already."
            faults[place] = [ErrorDetail(said, code="unique")]
        seen.add(key)
    if faults:
        raise serializers.ValidationError(faults)
