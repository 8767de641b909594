"""The form of an image, which takes its picture file."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.base import BaseModelForm
from openimages_io.annotations.errors import InvalidData, TooLarge
from openimages_io.format.known_files import PICTURE_SUFFIXES
from openimages_io.models import Image


class PictureInput(forms.FileInput):
    """A picture file, which is shown as soon as it is chosen."""

    class Media:
        js = ("openimages_io/chosen_picture.js",)


class ImageForm(BaseModelForm):
    """An image. One that has a picture keeps it: its annotations were drawn on that."""

    picture = forms.FileField(
        label=_("Picture file"),
        required=False,
        max_length=255,
        widget=PictureInput(
            attrs={
                "accept": ",".join(sorted(PICTURE_SUFFIXES)),
                "data-unreadable": _("This browser cannot show this file before it is saved."),
            }
        ),
        help_text=_("Its size is measured. Without an ImageID the image is called as the file is."),
    )

    class Meta:
        model = Image
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.file:
            self.fields.pop("picture", None)
        elif "name" in self.fields and self.instance.pk is None:
            self.fields["name"].required = False

    def clean_picture(self) -> "UploadedFile[Any] | None":
        """Raises `ValidationError` for what is not a picture, or too large a one, before anything is stored."""
        from openimages_io.annotations.images import (  # noqa: PLC0415  (needs Pillow)
            NewPicture,
            check_pictures,
            file_name_fault,
        )

        file: UploadedFile[Any] | None = self.cleaned_data.get("picture")
        if file is None:
            return None
        if why := file_name_fault(file.name or ""):
            raise ValidationError(why)
        try:
            check_pictures([NewPicture(file, file.name or "", file.size or 0, "", "picture", "picture")])
        except InvalidData as error:
            raise ValidationError([fault.message for fault in error.faults]) from error
        except TooLarge as error:
            raise ValidationError(str(error)) from error
        return file

    def clean(self) -> dict[str, Any]:
        """Calls a new image as its file, where no name was typed. Raises `ValidationError` where there is neither."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.instance.pk is None and "name" in self.fields and not cleaned.get("name") and "name" not in self.errors:
            cleaned["name"] = self._name_of_file(cleaned.get("picture"))
        return cleaned

    def _name_of_file(self, file: "UploadedFile[Any] | None") -> str:
        from openimages_io.transfer.pictures.storing import suffix_of  # noqa: PLC0415

        if file is None:
            self.add_error("name", ValidationError(_("Write an ImageID, or choose a picture file.")))
            return ""
        whole = file.name or ""
        return whole.removesuffix(suffix_of(whole))
