"""Images of a task: made by name, or of pictures; changed, deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.files.base import File
from django.db import router

from openimages_io import conf
from openimages_io.annotations.errors import Conflict, InvalidData, InvalidValue, NotThere, TooLarge
from openimages_io.annotations.transactions import changing_task
from openimages_io.annotations.versions import ANY, Expected, version_of_image
from openimages_io.archives.safety import is_junk
from openimages_io.database.commit import Commit
from openimages_io.database.new_files import NewFiles
from openimages_io.error_codes import ErrorCode, FaultCode
from openimages_io.format.known_files import PICTURE_SUFFIXES
from openimages_io.format.pictures import BadPicture, TooManyPixels, check_picture
from openimages_io.models import Image, Task, picture_storage
from openimages_io.models.deletion import picture_folder
from openimages_io.models.primary import primary
from openimages_io.text import quote_text
from openimages_io.transfer.pictures.storing import Stored, digest_of, store, suffix_of

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture file that becomes an image."""

    file: "File[Any]"
    file_name: str
    size: int
    """In bytes."""
    name: str
    """The ImageID."""
    path: str
    """Where the file was given, such as `files[2]`, for faults of the file."""
    name_path: str
    """Where the name was given."""


def create_images(task: Task, values: Sequence[Mapping[str, Any]], paths: Sequence[str]) -> list[Image]:
    """Makes images of these values, all or none; `paths` says where the name of each was given.

    Raises `InvalidData` for names that the task has already or that are given twice, `NotThere` and `Conflict`.
    """
    return _make([Image(task=task, **value) for value in values], task, paths)


def add_pictures(task: Task, subset: str, pictures: Sequence[NewPicture]) -> list[Image]:
    """Stores pictures and makes their images, all or none.

    Raises `InvalidData` for what is not a picture and for names that are taken, `TooLarge`, `NotThere` and `Conflict`;
    nothing is stored then.
    """
    check_pictures(pictures)
    paths = [picture.name_path for picture in pictures]
    _refuse_taken(task, [(subset, picture.name) for picture in pictures], paths)  # before anything is stored
    using, limits = router.db_for_write(Image), conf.limits()
    commit = Commit(using)
    with NewFiles(picture_storage(), commit) as new:
        folder = picture_folder(new.storage, using)
        images = []
        for picture in pictures:
            stored = store(new, folder, picture.file.read(), picture.file_name, limits)
            images.append(Image(task=task, subset=subset, name=picture.name, **_columns(stored)))
        return _make(images, task, paths, commit)


def set_picture(image: Image, picture: NewPicture, expected: Expected = ANY) -> Image:
    """Stores the picture of an image that has none, with its size; returns the image as it is then.

    The very picture that it has already changes nothing. Another one is a `Conflict`: annotations were drawn on the
    one that is there. Raises as `add_pictures` does, and `ChangedMeanwhile`.
    """
    check_pictures([picture])
    content = picture.file.read()
    if image.file and image.file_digest == digest_of(content):
        return image
    using, limits = router.db_for_write(Image), conf.limits()
    commit = Commit(using)
    with NewFiles(picture_storage(), commit) as new:
        stored = store(new, picture_folder(new.storage, using), content, picture.file_name, limits)
        with changing_task(image.task, commit):
            current = _current(image)
            expected.check_edit(version_of_image(current))
            if current.file:
                said = "The image has a picture, on which its annotations were drawn; make another image of this."
                raise Conflict(said, ErrorCode.HAS_PICTURE)
            _set(current, _columns(stored))
    return current


def change_image(image: Image, values: Mapping[str, Any], expected: Expected = ANY) -> Image:
    """Gives an image these values; returns it as it is then.

    Raises `InvalidData` if the subset has another image of that name, `ChangedMeanwhile`, `NotThere` and `Conflict`.
    """
    with changing_task(image.task) as task:
        current = _current(image)
        expected.check_edit(version_of_image(current))
        subset, name = values.get("subset", current.subset), values.get("name", current.name)
        if primary(Image).filter(task=task, subset=subset, name=name).exclude(pk=image.pk).exists():
            path = "name" if "name" in values else "subset"
            raise InvalidData.of(path, "The subset has an image with that name already.", FaultCode.UNIQUE)
        if values:
            _set(current, values)
    return current


def delete_image(image: Image, expected: Expected = ANY) -> None:
    """Deletes an image with its shapes and its picture. Raises `ChangedMeanwhile`, `NotThere` and `Conflict`."""
    with changing_task(image.task):
        current = _current(image)
        expected.check_deletion(version_of_image(current))
        current.delete()


def _columns(stored: Stored) -> dict[str, Any]:
    """The columns of an image that its picture fills."""
    file = {"file": stored.file, "file_digest": stored.digest, "file_suffix": stored.suffix}
    return file | {"width": stored.width, "height": stored.height}


def _set(image: Image, values: Mapping[str, Any]) -> None:
    for field, value in values.items():
        setattr(image, field, value)
    image.save(update_fields=list(values))


def _current(image: Image) -> Image:
    found = primary(Image).select_related("task").filter(pk=image.pk).first()
    if found is None:
        raise NotThere("The image is no longer there.")
    return found


def file_name_fault(name: str) -> str:
    """What is wrong with the name of a file that is to be a picture; empty if nothing is."""
    if suffix_of(name).lower() in PICTURE_SUFFIXES and not is_junk(name):
        return ""
    return f"{quote_text(name)} does not end as a picture does: {', '.join(sorted(PICTURE_SUFFIXES))}."


def check_pictures(pictures: Sequence[NewPicture]) -> None:
    """Looks at pictures before the first one is stored.

    Raises `InvalidData` for what is not a picture, and `TooLarge`.
    """
    limits = conf.limits()
    faults = []
    for picture in pictures:
        if picture.size > limits.max_picture_bytes:
            most = f"this site allows {limits.max_picture_bytes:,} at most"
            raise TooLarge(f"{quote_text(picture.file_name)} has {picture.size:,} bytes; {most}.")
        try:
            check_picture(picture.file.read(), limits)
        except TooManyPixels as error:
            raise TooLarge(f"{quote_text(picture.file_name)} {error}.") from error
        except BadPicture as error:
            said = f"{quote_text(picture.file_name)} {error}."
            faults.append(InvalidValue(picture.path, said, FaultCode.BAD_PICTURE))
        picture.file.seek(0)
    if faults:
        raise InvalidData(faults)


def _make(images: list[Image], task: Task, paths: Sequence[str], commit: Commit | None = None) -> list[Image]:
    with changing_task(task, commit) as task:
        _refuse_taken(task, [(image.subset, image.name) for image in images], paths)
        return Image.objects.bulk_create(images, batch_size=_BATCH)


def _refuse_taken(task: Task, wanted: Sequence[tuple[str, str]], paths: Sequence[str]) -> None:
    names = list({name for _, name in wanted})
    taken: set[tuple[str, str]] = set()
    for start in range(0, len(names), _BATCH):
        rows = primary(Image).filter(task=task, name__in=names[start : start + _BATCH])
        taken.update(rows.values_list("subset", "name"))
    faults = []
    seen: set[tuple[str, str]] = set()
    for key, path in zip(wanted, paths, strict=True):
        if key in taken or key in seen:
            where = "The task has" if key in taken else "The request has"
            said = f"{where} an image {quote_text(key[1])} in {quote_text(key[0])} already."
            faults.append(InvalidValue(path, said, FaultCode.UNIQUE))
        seen.add(key)
    if faults:
        raise InvalidData(faults)
