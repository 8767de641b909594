"""What the searches for names that are not exact have in common: an archive's names, and the bytes of its pictures."""

from collections.abc import Collection
from functools import cached_property
from typing import Final

from openimages_io.exceptions import UnreadableArchive
from openimages_io.format.issues import Params
from openimages_io.format.name_matching import Matches, Name, Together, related_names
from openimages_io.format.names import split_ending
from openimages_io.models import Image
from openimages_io.transfer.matching import LenientNames, Place
from openimages_io.transfer.options import Missing
from openimages_io.transfer.pictures.storing import digest_of
from openimages_io.transfer.row_names import RowNames
from openimages_io.transfer.run import Run

_MOST_COPIES: Final = 100
"""Pictures that may be one are compared by their bytes; not more of them at a time."""

_SHOWN: Final = 3
"""Names of which a name may be any."""


def file_name(image_id: str, path: str) -> str:
    """The name of a picture's file below its subset's folder."""
    return image_id + path[len(path) - len(split_ending(path)[1]) :]


def together_in_archive(subset: str | None, other: str | None) -> bool:
    """Whether two names of an archive may be of one image for all that is said of their subsets."""
    return subset is None or other is None or subset == other


class NameSearch:
    """One search; subclasses differ in what names are matched with."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.names = LenientNames()
        self.rows = RowNames.of(run)
        self.paths = {Name.of_picture(*picture): picture[2] for picture in run.layout.pictures}
        self.by_path = {path: name for name, path in self.paths.items()}
        self._digests: dict[str, str | None] = {}

    @cached_property
    def users(self) -> dict[str, set[Name]]:
        """The names of rows and pictures by their text."""
        users: dict[str, set[Name]] = {}
        for name in (*self.rows.names, *self.paths):
            users.setdefault(name.text, set()).add(name)
        return users

    @cached_property
    def stored_digests(self) -> dict[int, str]:
        """The digests of the pictures that images of the task have, by key."""
        rows = Image.objects.using(self.run.using).filter(task_id=self.run.task_id).exclude(file_digest="")
        return dict(rows.order_by().values_list("pk", "file_digest"))

    def is_same(self, names: Collection[Name]) -> bool:
        """Whether these are pictures of the same bytes."""
        if not 1 < len(names) <= _MOST_COPIES or any(name not in self.paths for name in names):
            return False
        digests = {self.digest(self.paths[name]) for name in names}
        return len(digests) == 1 and None not in digests

    def digest(self, path: str) -> str | None:
        """The digest of a picture of the archive; None if it cannot be read."""
        if path not in self._digests:
            try:
                data = self.run.archive.read(path, self.run.limits.max_picture_bytes)
            except UnreadableArchive:
                self._digests[path] = None
            else:
                self._digests[path] = digest_of(data)
        return self._digests[path]

    def of_file_name(self, picture: Name) -> Place | None:
        """The image that is called as a picture's file is, if no image has its ImageID or rows name the former alone.

        So an export writes the picture of `a.jpg` where there is no `a`.
        """
        full = file_name(picture.text, self.paths[picture])
        place = self.place_of(picture.subset, full)
        if place is None or self.run.layout.pictures.has(picture.subset, full):
            return None
        has_other = self.place_of(picture.subset, picture.text) is not None or self._will_be(picture)
        if has_other and (not self.is_named(*place) or self.is_named(picture.subset, picture.text)):
            return None
        return place

    def _will_be(self, picture: Name) -> bool:
        """Whether the archive makes an image of a picture's ImageID, for which another row or picture has it, too."""
        if self.run.options.missing_images is not Missing.CREATE:
            return False
        others = self.users[picture.text] - {picture}
        return any(together_in_archive(picture.subset, name.subset) for name in others)

    def place_of(self, subset: str | None, text: str) -> Place | None:
        """The image of this name in the very subset, or in any if none is said and only one has it."""
        if subset is not None:
            return (subset, text) if self.run.images.at(subset, text) is not None else None
        key = self.run.images.peek(None, text)
        subsets = self.run.images.subsets() if key else ()
        return next(((place, text) for place in subsets if self.run.images.at(place, text) == key), None)

    def is_named(self, subset: str | None, text: str) -> bool:
        """Whether rows have this very name."""
        subsets = {None, subset} if subset is not None else {name.subset for name in self.rows.names}
        stem, ending = split_ending(text)
        return any(Name(place, text, stem, ending) in self.rows.names for place in subsets)

    def leave_copies_out(self, taken: Collection[Name], together: Together) -> None:
        """Finds pictures of no image that are there again with fewer folders, or more, as the picture of one."""
        others = [
            name
            for name, path in self.paths.items()
            if name not in taken
            and path not in self.names.pictures
            and path not in self.names.same
            and self.run.images.peek(name.subset, name.text) is None
            and not self.is_named(name.subset, name.text)
        ]
        for name, originals in related_names(others, taken, together=together):
            same = [self.paths[other] for other in originals if self.is_same([name, other])]
            if same:
                self.names.same[self.paths[name]] = min(same)
                self.names.doubtful_pictures.pop(self.paths[name], None)

    def doubt_rows(self, matches: Matches) -> None:
        for name, fits in matches.doubtful.items():
            self.names.doubtful_rows[name.subset, name.text] = self.why(fits)

    def why(self, fits: list[Name]) -> Params:
        """The parameters of `ambiguous-image`."""
        is_in_several = len({fit.subset for fit in fits}) > 1
        shown = [
            self.paths.get(fit) or (f"{fit.subset}/{fit.text}" if is_in_several else fit.text) for fit in fits[:_SHOWN]
        ]
        what = "picture" if fits[0] in self.paths else "image"
        if len(fits) == 1:
            return {"form": f"rival-{what}", "fit": shown[0]}
        return {"form": f"{what}s", "number": len(fits), "fits": shown}
