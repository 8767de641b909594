"""Names that are not exact, matched with the images of a task."""

from openimages_io.format.name_matching import Matches, Name, Way, match_names
from openimages_io.transfer.name_search import NameSearch, together_in_archive
from openimages_io.transfer.run import Run


class NamesOfFiles(NameSearch):
    """Pictures are an image's whose name is that of the file."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        for picture, path in self.paths.items():
            if place := self.of_file_name(picture):
                self.names.pictures[path] = place


class NamesOfTask(NameSearch):
    """Rows and pictures are matched with the images of a task."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        known = [Name.of_image(*place) for place in run.images.places()]
        subsets = run.images.subsets()

        def together(subset: str | None, of_image: str | None) -> bool:
            return subset is None or subset == of_image or subset not in subsets

        rows = match_names(
            self.rows.names,
            known,
            together=together,
            declared=self.rows.listed,
            names_root=self.rows.root.text,
        )
        pictures = match_names(self.paths, known, together=together, is_same=self.is_same)
        self._part_rivals(rows, pictures)
        self._doubt_ends(rows)
        self._doubt_ends(pictures)
        self._doubt_rows_of_other_pictures(rows, pictures)
        self.doubt_rows(rows)
        for name, (image, way) in rows.found.items():
            if way is not Way.EXACT:
                self.names.rows[name.subset, name.text] = image.subset or "", image.text
                self.names.note(way, name.text, image.text)
        for name, fits in pictures.doubtful.items():
            self.names.doubtful_pictures[self.paths[name]] = self.why(fits)
        taken: dict[Name, str] = {}
        for path, name in sorted(self.by_path.items()):
            if name not in pictures.doubtful and (place := self.of_file_name(name)):
                pictures.found[name] = Name.of_image(*place), Way.EXTENSION
            if name not in pictures.found:
                continue
            image, way = pictures.found[name]
            first = taken.setdefault(image, path)
            if first != path and self.is_same([name, self.by_path[first]]):
                self.names.same[path] = first
            elif way is not Way.EXACT:
                self.names.pictures[path] = image.subset or "", image.text
                self.names.stored.add(path)
                self.names.note(way, path, image.text)
        self.leave_copies_out(pictures.found, together_in_archive)

    def _doubt_rows_of_other_pictures(self, rows: Matches, pictures: Matches) -> None:
        """Takes back what a row is matched with where it fits a picture of the archive that is not of that image.

        The task may lack that picture's image because an earlier import was not sure of it, or could not read it.
        """
        lenient = [name for name, (_, way) in rows.found.items() if way is not Way.EXACT]
        if not lenient or not self.paths:
            return
        own = match_names(
            self.rows.names,
            self.paths,
            together=together_in_archive,
            is_same=self.is_same,
            declared=self.rows.listed,
            names_root=self.rows.root.text,
        )
        for name in lenient:
            image = rows.found[name][0]
            fits = [own.found[name][0], *own.same.get(name, ())] if name in own.found else own.doubtful.get(name, [])
            others = [fit for fit in fits if self._image_of(fit, pictures) != image]
            is_copy = name in own.found and len(others) < len(fits)
            if others and not is_copy:
                del rows.found[name]
                rows.doubtful[name] = [image, *others]
            elif path := next((self.paths[fit] for fit in fits if self._is_another(fit, image, pictures)), None):
                del rows.found[name]
                self.names.doubtful_rows[name.subset, name.text] = {"form": "taken", "fit": path, "image": image.text}

    def _is_another(self, picture: Name, image: Name, pictures: Matches) -> bool:
        """Whether the image has another picture than this one, which only resembles its name."""
        if not self.run.options.pictures or pictures.found.get(picture, (image, Way.EXACT))[1] is Way.EXACT:
            return False
        key = self.run.images.at(image.subset or "", image.text)
        stored = self.stored_digests.get(key) if key else None
        return stored is not None and stored != self.digest(self.paths[picture])

    def _image_of(self, picture: Name, pictures: Matches) -> Name | None:
        if place := self.of_file_name(picture):
            return Name.of_image(*place)
        return pictures.found[picture][0] if picture in pictures.found else None

    def _doubt_ends(self, matches: Matches) -> None:
        """Takes back a match by the end of a path where the very ImageID is in another subset."""
        for name, (image, way) in list(matches.found.items()):
            if way not in {Way.SUFFIX, Way.ROOT}:
                continue
            others = [
                Name.of_image(subset, name.text)
                for subset in sorted(self.run.images.subsets())
                if self.run.images.at(subset, name.text) is not None
            ]
            if others:
                del matches.found[name]
                matches.doubtful[name] = [image, *others]

    def _part_rivals(self, rows: Matches, pictures: Matches) -> None:
        """Takes back what rows and pictures of different names say of one image: `cam1/0001` and `cam2/0001.jpg`."""
        by_image: dict[Name, list[Name]] = {}
        for name, (image, _) in rows.found.items():
            by_image.setdefault(image, []).append(name)
        for name, (image, _) in list(pictures.found.items()):
            rivals = [row for row in by_image.get(image, ()) if not _may_be_one(row, name)]
            for matches, one in ((pictures, name), *((rows, row) for row in rivals)):
                if rivals and matches.found.get(one, (image, Way.EXACT))[1] is not Way.EXACT:
                    del matches.found[one]
                    matches.doubtful[one] = [image]


def _may_be_one(row: Name, picture: Name) -> bool:
    return bool(match_names([row], [picture], together=lambda *_: True).found)
