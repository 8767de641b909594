"""The images of rows whose file doesn't say their subset, where unknown images are created.

All that the archive and the task say of an ImageID is looked at before the first such row is given its image: else it
would matter which file is read first, and a second import would meet the images that the first one has made.
"""

from openimages_io.models.image import DEFAULT_SUBSET
from openimages_io.transfer.matching import Place
from openimages_io.transfer.row_names import said_subsets
from openimages_io.transfer.run import Run


class SubsetSearch:
    """Finds the subset in which other rows or the task have an ImageID."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._subsets = said_subsets(run)
        for subset, text in set(run.lenient.rows.values()) if run.lenient else ():
            self._subsets.setdefault(text, set()).add(subset)
        self._stored = sorted(run.images.subsets())

    def place(self, name: str) -> Place | None:
        """Return subset and ImageID of a row's image; None if it may be one of several."""
        run, found = self._run, self._found(name)
        place = run.lenient.rows.get((None, name)) if run.lenient else None
        if place is not None and found <= {place[0]}:
            return place
        if not found:
            return None if run.lenient and (None, name) in run.lenient.doubtful_rows else (DEFAULT_SUBSET, name)
        if DEFAULT_SUBSET in found:
            return DEFAULT_SUBSET, name
        return (found.pop(), name) if len(found) == 1 else None

    def _found(self, name: str) -> set[str]:
        """The subsets that rows and the task say; those of pictures, too, if there are any."""
        found = {subset for subset in self._stored if self._run.images.at(subset, name) is not None}
        found |= self._subsets.get(name, set())
        return found | self._run.layout.pictures.subsets_of(name) if found else found
