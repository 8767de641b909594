"""What may be wrong with an archive as a whole, or with one of its files, and the sentences that say it.

Each is the end of a sentence whose subject is the archive, or “the file”.
"""

from collections.abc import Mapping
from typing import Any, Final

from openimages_io.sentences import IssueCode, Severity, fill

_E: Final = Severity.ERROR
_DAMAGED: Final = "Copy or pack the archive again: a part of it is lost or changed."
_EXPECTED: Final = "a folder, a zip or a tar (also .tar.gz, .tar.bz2, .tar.xz) is expected"

PROBLEM_CODES: Final[Mapping[str, IssueCode]] = {
    "damaged": IssueCode(
        _E,
        "A file, or the archive, is damaged.",
        _DAMAGED,
        "is damaged ({detail})",
        forms={
            "checksum": "is damaged: its checksum is wrong",
            "misplaced": "is not where the zip's list of contents says",
            "packed": "has {size} bytes, but {packed} when packed",
            "stored": "has {size} bytes, but {packed} as they are stored",
            "negative": "has a size below zero",
            "zip-list-misplaced": "is a zip whose list of contents is not where its end says",
            "zip-list": "is a zip whose list of contents is damaged after {entries} entries",
            "zip-count": "is a zip that announces {announced} entries and lists {listed}",
            "zip-number": "is a zip with an incomplete size or offset",
            "tar": "is a damaged tar ({detail})",
            "tar-header": "is a tar with a header of more than {limit} bytes",
            "tar-no-header": "is a tar with no valid header at byte {place}",
        },
    ),
    "duplicate-member": IssueCode(
        _E,
        "A path is in the archive more than once.",
        "Pack it again with one file of that path.",
        "is in the archive more than once",
    ),
    "empty": IssueCode(_E, "The archive has no files.", "Choose another archive.", "has no files"),
    "encrypted": IssueCode(
        _E, "A file is encrypted.", "Pack it without a password.", "is encrypted; pack it without a password"
    ),
    "not-found": IssueCode(
        _E,
        "The archive, or a file of it, is not there.",
        "Check the path.",
        "is not in the archive",
        forms={"archive": f"does not exist; {_EXPECTED}"},
    ),
    "special-file": IssueCode(
        _E,
        "A pipe, socket or device.",
        "Remove it from the archive.",
        "is a pipe, a socket or a device",
        forms={"tar": "is a pipe, a device or something else that is not a file"},
    ),
    "too-large": IssueCode(
        _E,
        "A file is larger than a limit.",
        "Split it, or raise the limit in the setting OPENIMAGES_IO.",
        "has {size} bytes; at most {limit} are allowed here",
        forms={"read": "has {size} bytes; at most {limit} are allowed for it"},
    ),
    "too-many-members": IssueCode(
        _E,
        "The archive has more files than allowed.",
        "Split it, or raise MAX_MEMBERS in OPENIMAGES_IO.",
        "has more than {limit} members, the limit set here",
    ),
    "truncated": IssueCode(
        _E,
        "The archive, or a file of it, ends too early.",
        "Copy or download it again.",
        "ends too early: it was probably cut off",
        forms={
            "zip": "is a zip without its list of contents: it was probably cut off",
            "zip-list": "is a zip whose list of contents is incomplete",
            "zip-member": "is incomplete: the zip was probably cut off",
            "tar": "is a damaged tar ({detail})",
            "tar-end": "is a tar without its end: it was probably cut off",
            "tar-member": "ends too early: the tar was probably cut off",
        },
    ),
    "unknown-format": IssueCode(
        _E,
        "The archive is not a folder, a zip or a tar.",
        "Pack the data as one of these, or name the folder.",
        f"is one file; {_EXPECTED}",
        forms={
            "empty": f"is empty; {_EXPECTED}",
            "special": f"is neither a folder nor a file; {_EXPECTED}",
            "packed": "is one file packed with {packer}, not a tar",
        },
    ),
    "unreadable": IssueCode(
        _E,
        "The operating system refuses to read a file.",
        "Check its permissions and the disk.",
        "cannot be read: {detail}",
        forms={
            "folder": "cannot be listed: {detail}",
            "permission": "cannot be read: permission denied",
            "nul": "cannot be read: its name contains a NUL",
        },
    ),
    "unsafe-link": IssueCode(
        _E,
        "A link that is not followed.",
        "Pack the file itself.",
        "is a symbolic link; pack the file itself",
        forms={
            "hard": "is a hard link; pack the file itself",
            "outside": "is a symbolic link that leads out of the folder",
            "folder": "is a symbolic link to a folder; only links to files are followed",
        },
    ),
    "unsafe-path": IssueCode(
        _E,
        "A path that could lead out of the archive.",
        "Rename the file.",
        forms={
            "control": "has a NUL, a line break or another control character in its name",
            "utf-8": "has a name that is not UTF-8",
            "backslash": "has a backslash in its name, as some Windows programs write folders: pack it again with / "
            "instead",
            "absolute": "is an absolute path",
            "drive": "has a drive letter in its path",
            "out": 'leads out of the archive with ".."',
        },
    ),
    "unsupported": IssueCode(
        _E,
        "A way of packing that is not supported.",
        "Pack it as a plain zip or tar.",
        "is packed with {method}; only stored and deflated files can be read",
        forms={
            "number": "is packed with method {method}; only stored and deflated files can be read",
            "split": "is one part of a zip that was split; join the parts first",
            "sparse": "is stored as a sparse file; pack it as a plain file",
        },
    ),
    "wrong-size": IssueCode(
        _E,
        "A file's size differs from the announced one.",
        _DAMAGED,
        "has more than the {size} bytes that were announced",
        forms={"changed": "no longer has the {size} bytes that it had at first"},
    ),
    "zip-bomb": IssueCode(
        _E,
        "The archive unpacks to far more than it packs.",
        "If that is meant, raise the limits in OPENIMAGES_IO.",
        "unpacks from {packed} to {size} bytes; at most {ratio} to 1 is allowed here",
        forms={
            "overlap": "is a zip whose files overlap",
            "bytes": "unpacks to more than {limit} bytes, the limit set here",
            "ratio": "unpacks to more than {ratio} times its size, the limit set here",
        },
    ),
}


def problem_sentence(code: str, params: Mapping[str, Any]) -> str:
    """What is said of a problem, as the end of a sentence."""
    return fill(PROBLEM_CODES[code], params)
