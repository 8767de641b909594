"""Names that are not exact, of images that are created: an archive's rows are matched with its own pictures.

Never with an image of the task, unless a row names it exactly: two archives may well call different images `0001`.
"""

from collections import Counter

from openimages_io.exceptions import UnreadableArchive
from openimages_io.format.issues import Params
from openimages_io.format.name_matching import Name, Way, match_names
from openimages_io.format.pictures import BadPicture, check_picture
from openimages_io.models.image import DEFAULT_SUBSET
from openimages_io.transfer.matching import SUBSET, Place
from openimages_io.transfer.name_search import NameSearch, file_name, together_in_archive
from openimages_io.transfer.run import Run


class NamesOfNewImages(NameSearch):
    """Rows and pictures of an archive are matched with each other; what they are of has the shorter of their names."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.matches = match_names(
            self.rows.names,
            self.paths,
            together=together_in_archive,
            is_same=self.is_same,
            declared=self.rows.listed,
            names_root=self.rows.root.text,
        )
        self.doubt_rows(self.matches)
        groups: dict[Name, list[Name]] = {}
        for name, (picture, _) in self.matches.found.items():
            groups.setdefault(picture, []).append(name)
        places = {picture: self._place(picture, names) for picture, names in groups.items()}
        chosen = Counter(
            place for picture, place in places.items() if not self._is_taken(place, picture, groups[picture])
        )
        for picture, names in groups.items():
            place = places[picture]
            if chosen[place] > 1 or self._is_used(place, picture, names):
                place = self._second_choice(place[0], picture, names)
            self._join(picture, names, place)
        for picture in self.paths.keys() - groups.keys():
            if image := self.of_file_name(picture):
                path = self.paths[picture]
                self.names.pictures[path] = image
                self.names.stored.add(path)
                self.names.note(Way.EXTENSION, path, image[1])
        of_images = [name for name in self.paths if run.images.peek(name.subset, name.text) is not None]
        self.leave_copies_out({*groups, *of_images}, together_in_archive)

    def _place(self, picture: Name, names: list[Name]) -> Place:
        """The name that the task has, else the shortest path, and of two as long the picture's.

        In the subset that the rows' file says. A picture whose very name is that of an image of the task is no other
        image's. Where the picture is not stored and so can't show next time that the name is its own, it is one that a
        row has.
        """
        subset = next((name.subset for name in names if name.subset is not None), picture.subset) or DEFAULT_SUBSET
        stored = [name.text for name in names if self._is_stored((name.subset or subset, name.text))]
        own = subset, picture.text
        has_image = self._is_stored(own) and file_name(picture.text, self.paths[picture]) not in stored
        if stored and picture.text not in stored:
            return own if has_image else (subset, min(stored, key=_by_length))
        stems = [name.stem for name in names if name.text != picture.text]
        best = min((picture.text, *stems), key=lambda text: text.count("/"))
        texts = {name.text for name in names}
        ways = {self.matches.found[name][1] for name in names}
        if best not in texts and not ways.isdisjoint({Way.SUFFIX, Way.ROOT}) and not self._is_kept(picture):
            best = min(texts, key=_by_length)
        return own if has_image and not self._is_taken((subset, best), picture, names) else (subset, best)

    def _second_choice(self, subset: str, picture: Name, names: list[Name]) -> Place:
        """The picture's name, or where it is another's in this subset that of a row, if one is free."""
        rows = sorted({name.text for name in names}, key=_by_length) if picture.subset != subset else []
        free = (text for text in (picture.text, *rows) if not self._is_used((subset, text), picture, names))
        return subset, next(free, picture.text)

    def _is_stored(self, place: Place) -> bool:
        """Whether the task had this image."""
        key = self.run.images.at(*place)
        return key is not None and key > 0

    def _is_kept(self, picture: Name) -> bool:
        """Whether a picture will be stored: it is asked for, and whole. Its size is kept, so it is looked at once."""
        run, path = self.run, self.paths[picture]
        if not run.options.pictures:
            return False
        try:
            run.measured[path] = check_picture(run.archive.read(path, run.limits.max_picture_bytes), run.limits)
        except (UnreadableArchive, BadPicture):
            return False
        return True

    def _copies(self, names: list[Name]) -> set[Name]:
        return {copy for name in names for copy in self.matches.same.get(name, ())}

    def _is_used(self, place: Place, picture: Name, names: list[Name]) -> bool:
        """Whether other rows or pictures have this name."""
        others = self.users.get(place[1], set()) - {picture, *names, *self._copies(names)}
        return any(other.subset in {None, place[0]} for other in others)

    def _join(self, picture: Name, names: list[Name], place: Place) -> None:
        """Gives a picture and the rows that name it one name."""
        path, text = self.paths[picture], place[1]
        doubtful = self._doubt(picture, names, place)
        joined: list[Name] = []
        doubted: list[Name] = []
        for name in names:
            way = self.matches.found[name][1]
            moves = name.subset is None and picture.subset is not None
            if way is Way.EXACT and not moves and name.text == text:
                continue
            if self._is_stored((name.subset or place[0], name.text)):  # which is found exactly
                continue
            is_another = doubtful and doubtful["form"] == "used" and picture.subset != place[0]
            is_doubted = is_another or (doubtful and way in {Way.SUFFIX, Way.ROOT})
            (doubted if is_doubted else joined).append(name)
        for name in doubted:
            self.names.doubtful_rows[name.subset, name.text] = doubtful
        for name in joined:
            way = self.matches.found[name][1]
            self.names.rows[name.subset, name.text] = place
            self.names.note(SUBSET if way is Way.EXACT else way, name.text, path)
        if doubtful:
            if doubted and doubtful["form"] == "taken" and self._is_taken((place[0], picture.text), picture, names):
                self.names.doubtful_pictures[path] = {"form": "rows", "row": doubted[0].text}
            return
        if (picture.subset, picture.text) != place:
            if not joined and (picture.text != text or picture.subset is not None):
                self.names.note(self.matches.found[names[0]][1], path, text)
            self.names.pictures[path] = place
            if self._is_stored(place):
                self.names.stored.add(path)
        for copy in self._copies(names):
            self.names.same[self.paths[copy]] = path

    def _doubt(self, picture: Name, names: list[Name], place: Place) -> Params:
        """Why this may not be the name of a picture and the rows that name it; empty if it may."""
        path = self.paths[picture]
        if self._is_used(place, picture, names):
            return {"form": "used", "fit": path}
        if self._is_taken(place, picture, names):
            return {"form": "taken", "fit": path, "image": place[1]}
        return {}

    def _is_taken(self, place: Place, picture: Name, names: list[Name]) -> bool:
        """Whether this is an image of the task that no row names and that doesn't have the very picture."""
        key = self.run.images.at(*place)
        if key is None or not self._is_stored(place) or any(name.text == place[1] for name in names):
            return False
        return self.stored_digests.get(key, "") != self.digest(self.paths[picture])


def _by_length(text: str) -> tuple[int, str]:
    return text.count("/"), text
