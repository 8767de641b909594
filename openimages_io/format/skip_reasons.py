"""Why rows are skipped: reports and jobs store the code; the words are taken from here when they are shown."""

from enum import StrEnum
from typing import Final, Self


class SkipReason(StrEnum):
    """A code by which skipped rows are counted, and its words."""

    words: str
    """What is said of such rows: the end of “12 skipped: …”."""

    def __new__(cls, code: str, words: str) -> Self:
        """Builds a member from its code and its words."""
        member = str.__new__(cls, code)
        member._value_, member.words = code, words
        return member

    # Imports
    BAD = "bad", "with an error"
    SUBSET_NOT_CHOSEN = "subset-not-chosen", "in a subset that was not chosen"
    LABEL_NOT_CHOSEN = "label-not-chosen", "of a label that was not chosen"
    UNKNOWN_IMAGE = "unknown-image", "image not in the task"
    UNKNOWN_LABEL = "unknown-label", "label not in the task"
    NO_SUCH_SPEC = "no-such-spec", "the label has no such spec"
    REPEATED = "in-earlier-file", "also in an earlier file"
    SAID_TWICE = "said-twice", "said twice"
    SAME_EDGE = "same-edge", "the same edge under another name"
    SAME_PICTURE = "same-picture", "the same picture as in another folder"
    OTHER_PICTURE = "other-picture", "not the picture that the image has"
    OTHER_SIZE = "other-size", "the picture is of another size"
    # Exports
    UNWRITABLE = "unwritable", "cannot be written"
    BAD_NAME = "bad-name", "the name cannot be written"
    BAD_IMAGE_NAME = "bad-image-name", "the image's name cannot be written"
    BAD_LABEL_NAME = "bad-label-name", "the label's name cannot be written"
    IMAGE_ELSEWHERE = "image-elsewhere", "the image is another task's"
    LABEL_ELSEWHERE = "label-elsewhere", "the label is another task's"
    NOT_LISTED = "not-listed", "not in the class list"
    NOT_STORED = "not-stored", "missing in the storage"
    TOO_LARGE = "too-large", "too large"
    WITH_ITS_GROUP = "with-its-group", "written with another shape of its group"
    # Bulk changes
    NAME_TAKEN = "name-taken", "the subset has an image of that name"
    NAME_SHARED = "name-shared", "another image of that name was to be moved, too"
    SAME_THERE = "same-there", "the image has the same of the new label"
    OTHER_THERE = "other-there", "the image has one of the new label there that says something else"
    ATTRIBUTES_REFUSED = "attributes-refused", "the new label does not take its attributes"

    def of(self, name: str) -> str:
        """The code for rows that are counted by a name, too, such as that of an attribute."""
        return f"{self}{_BEFORE_A_NAME}{name}"


_BEFORE_A_NAME: Final = ":"


_BY_CODE: Final = {str(reason): reason for reason in SkipReason}


def skip_words(stored: str) -> str:
    """The words for a stored code; a text that is not one, as other versions have stored, is returned as it is."""
    code, _, name = stored.partition(_BEFORE_A_NAME)
    reason = _BY_CODE.get(code)
    if reason is None:
        return stored
    return f"{name}: {reason.words}" if name else reason.words
