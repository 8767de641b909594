"""One image with its annotations, as an archive of a task that has no other."""

import shutil
from typing import Any

from django.http import FileResponse

from openimages_io.archives.temporary import temporary_file, temporary_folder
from openimages_io.models import Image
from openimages_io.models.chosen_images import ChosenImages
from openimages_io.transfer.exporter import Exporter


def image_archive(image: Image, user: Any) -> FileResponse:
    """The archive as a download. Raises `OpenImagesError` if it cannot be written."""
    packed = temporary_file()
    with temporary_folder() as folder:
        dest = folder.file("image.zip")
        Exporter(image.task, dest, images=ChosenImages(keys=(image.pk,)), user=user).run()
        with dest.open("rb") as archive:
            shutil.copyfileobj(archive, packed)
    packed.seek(0)
    name = image.name.rpartition("/")[2]
    return FileResponse(packed, as_attachment=True, filename=f"{name}.zip", content_type="application/zip")
