"""Why requests and values are refused, as words for machines: all of them, each with what it means.

They are what the API answers as `code`; the OpenAPI document lists them, and tables of docs/api-reference.md are made
of them.
"""

from enum import StrEnum
from typing import Self


class _Code(StrEnum):
    meaning: str

    def __new__(cls, code: str, meaning: str = "") -> Self:
        """Builds a member from its word and what it means."""
        member = str.__new__(cls, code)
        member._value_, member.meaning = code, meaning
        return member


class FaultCode(_Code):
    """What is wrong with one value."""

    INVALID = "invalid", "It breaks a rule that has no code of its own, such as one of the site's."
    MORE = "more", "There are more faults than are named; the message says how many, or that looking for them ended."

    # Names and presence
    REQUIRED = "required", "It is missing."
    UNKNOWN = "unknown", "There is no field of that name here."
    READ_ONLY = "read_only", "Only the server sets it."
    REPEATED = "repeated", "The same is given more than once."
    MISMATCH = "mismatch", "It contradicts the address, or another value of the request."
    NOT_APPLICABLE = "not_applicable", "What it belongs to has no such value, as a tag has no box."

    # Types and sizes
    WRONG_TYPE = "wrong_type", "It is not of the type, or not in the form, that the OpenAPI document says."
    NULL = "null", "It may not be null."
    BLANK = "blank", "It may not be blank."
    TOO_SHORT = "too_short", "A text, a list or a file has less in it than it must, or nothing."
    TOO_LONG = "too_long", "A text or a list has more in it than it may."
    OUT_OF_RANGE = "out_of_range", "A number is smaller or larger than it may be."
    WRONG_ORDER = "wrong_order", "An upper bound is below the lower one."
    WRONG_COUNT = "wrong_count", "Of two lists that belong together, one is longer."
    NOT_A_STEP = "not_a_step", "A number is not a whole number of its attribute's steps."
    INVALID_CHOICE = "invalid_choice", "It is none of the values that are allowed."
    UNSTORABLE = "unstorable", "The database cannot store it: a NUL, half of a character, a number without end."
    CONTROL_CHARACTERS = "control_characters", "A text has line breaks or other control characters, or is blank."

    # Names of rows
    UNIQUE = "unique", "Another one has that name already."
    DOES_NOT_EXIST = "does_not_exist", "There is no row with that key."
    UNKNOWN_LABEL = "unknown_label", "The task has no such label."
    UNKNOWN_SHAPE = "unknown_shape", "The image has no such shape."
    UNKNOWN_ATTRIBUTE = "unknown_attribute", "The label has no attribute of that name."
    OTHER_TASK = "other_task", "It belongs to another task."

    # Shapes
    BAD_KEY = "bad_key", "What a client calls a new shape is not a text of a length that is allowed."
    NO_BOX = "no_box", "A box cannot be found around the points."
    NOT_PAIRS = "not_pairs", "A ring is not made of pairs of x and y."
    TOO_FEW_POINTS = "too_few_points", "A ring has fewer points than a polygon needs."
    TOO_MANY_POINTS = "too_many_points", "A polygon has more points than the site allows."
    OWN_FIELD = "own_field", "This attribute has a field of its own."
    BROKEN_SPEC = "broken_spec", "The attribute's spec is not valid itself, so that no value fits it."
    HAS_PIXELS = "has_pixels", "The shape has a mask's pixels, which only a mask may have."
    BAD_PNG = "bad_png", "It is not the PNG of a mask, or one that is too large."
    BAD_RLE = "bad_rle", "These run lengths are not those of a mask of that size."

    # Images and labels
    BAD_IMAGE_ID = "bad_image_id", "An ImageID cannot be the name of a file."
    BAD_SUBSET = "bad_subset", "A subset cannot be the name of a folder."
    BAD_PICTURE = "bad_picture", "It is not a whole picture of a kind that is read."
    BAD_PICTURE_NAME = "bad_picture_name", "A file's name does not end as a picture's does."
    BAD_COLOR = "bad_color", "It is not a color such as #3a86c8."

    # The hierarchy; issues of its file have the same codes, with hyphens
    BAD_JSON = "bad_json", "The hierarchy is not JSON."
    NOT_UTF_8 = "not_utf_8", "The hierarchy is not text in UTF-8."
    EMPTY_FILE = "empty_file", "The hierarchy is empty."
    TOO_LARGE = "too_large", "The hierarchy has more bytes or values than the site allows."
    TOO_DEEP = "too_deep", "The hierarchy is nested deeper than the site allows."
    BAD_HIERARCHY = "bad_hierarchy", "A part of the hierarchy is not what it must be."
    BAD_LABEL_NAME = "bad_label_name", "A LabelName cannot be one of a class list."
    NO_LABEL_NAME = "no_label_name", "A class of the hierarchy has no LabelName."
    UNKNOWN_KEY = "unknown_key", "A class of the hierarchy has a key that means nothing."
    DUPLICATE_KEY = "duplicate_key", "A class of the hierarchy has a key twice."
    DUPLICATE_CHILD = "duplicate_child", "A class stands below another one twice."
    DIFFERENT_CHILDREN = "different_children", "A class has other classes below it elsewhere in the tree."
    CYCLIC_HIERARCHY = "cyclic_hierarchy", "A class stands below itself."


class ErrorCode(_Code):
    """Why a request, or a change by another interface, is refused as a whole."""

    INVALID = "invalid", "Values of the request are wrong."
    PARSE_ERROR = "parse_error", "The request cannot be read."
    NOT_AUTHENTICATED = "not_authenticated", "Nobody is logged in."
    AUTHENTICATION_FAILED = "authentication_failed", "The login is not valid."
    PERMISSION_DENIED = "permission_denied", "The user may not do this."
    BAD_SIGNATURE = "bad_signature", "The address was not signed by this site."
    SIGNATURE_EXPIRED = "signature_expired", "The signed address has ended."
    NOT_FOUND = "not_found", "It does not exist, or not for this user."
    METHOD_NOT_ALLOWED = "method_not_allowed", "This address has no such method."
    NOT_ACCEPTABLE = "not_acceptable", "There is no answer of a type that the client accepts."
    BAD_IDEMPOTENCY_KEY = "bad_idempotency_key", "The Idempotency-Key is not 1 to 255 visible characters of ASCII."
    KEY_REUSED = "key_reused", "The Idempotency-Key came with another request."
    GONE = "gone", "It was removed."
    CHANGED_MEANWHILE = "changed_meanwhile", "Another user has changed it."
    TOO_LARGE = "too_large", "The request is larger than the site allows."
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type", "A body of this type is not taken here."
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable", "The range begins after the end of the file."
    PRECONDITION_REQUIRED = "precondition_required", "If-Match is required."
    THROTTLED = "throttled", "There are too many requests."
    ERROR = "error", "The request failed."
    MAYBE_SAVED = "maybe_saved", "It is not known whether it was saved."
    BUSY = "busy", "Another user is writing."
    NO_ROOM = "no_room", "There is no disk space."

    # What is asked for does not go with the state that things are in
    CONFLICT = "conflict", "Another user has saved something that conflicts with this."
    KEY_IN_USE = "key_in_use", "The same request is being answered."
    SIZE_UNKNOWN = "size_unknown", "The size of the image is not known."
    HAS_PICTURE = "has_picture", "The image has another picture."
    LABEL_IN_USE = "label_in_use", "Shapes have the label."
    IN_USE_ELSEWHERE = "in_use_elsewhere", "Rows of another app of the site point to it, and forbid that it is deleted."
    NOT_A_TREE = "not_a_tree", "The stored hierarchy cannot be written as a tree."
    CANNOT_BE_DRAWN = "cannot_be_drawn", "The shape cannot be drawn."
    TOO_MUCH_TO_SHOW = "too_much_to_show", "There is more than one answer may have; export the task."
    NOT_READY = "not_ready", "The export has not ended."
    JOB_FAILED = "job_failed", "The job has failed."
    JOB_CANCELLED = "job_cancelled", "The job was cancelled."
    JOB_NOT_ENDED = "job_not_ended", "The job has not ended."
    NOT_CANCELLABLE = "not_cancellable", "The job cannot be cancelled, or no longer."
    NOT_CONFIRMABLE = "not_confirmable", "The job is not a dry run that can be confirmed."
    NOT_RETRIABLE = "not_retriable", "The job cannot be started again in this state."
    ARCHIVE_REMOVED = "archive_removed", "The uploaded archive has been removed."
