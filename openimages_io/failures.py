"""What keeps an import, an export, a check or a job from being done, and the sentences that say it.

A failure carries its code and parameters, jobs store these, and the sentence is made from this table when it is shown.
"""

from collections.abc import Mapping
from typing import Any, Final

from openimages_io.sentences import say

_ELSEWHERE: Final = "Move it away, or export to another path."

FAILURES: Final[Mapping[str, str]] = {
    # Tasks, and what was chosen of them
    "task-name": "A task's name has 1 to {limit} characters, and no NUL among them.",
    "task-gone": "The task “{task}” is no longer there, so nothing was written.",
    "task-missing": "There is no task “{task}”, and none is to be made, so nothing was written. Check its name.",
    "task-exists": "There is a task “{task}” already, but a new one was to be made, so nothing was written. "
    "Choose another name, or import into the task that is there.",
    "no-subset": "The task has no subset {subsets}.",
    "no-label": "The task has no label {labels}.",
    "ambiguous-label": "“{label}” is the display name of several labels; say which, by LabelName: {labels}.",
    "size-name": "The image “{image}” cannot be written: its name contains a line break or a NUL.",
    "in-use-elsewhere": "{detail} Nothing was written. Delete these rows first, or have them point elsewhere.",
    # Where it is kept
    "broken-off": "The load was broken off.",
    "database": "The database failed, so nothing was written: {detail}.",
    "database-file": "The database failed, so nothing was written: {detail}. "
    "Look at the free space and the permissions of {file} and its folder.",
    "database-space": "The import has {rows:row|rows} to write, which take about {needed:,} MiB in {folder}, where "
    "{free:,} MiB are free, so nothing was written. Free space there, or import one part at a time.",
    "temporary-space": "The folder for temporary files ({folder}) cannot be used: {detail}. Nothing was written. "
    "Free space there, or set TMPDIR to another folder.",
    "storage": "A file cannot be stored ({detail}), so nothing was written. "
    "Free space in the storage, or allow this process to write there.",
    "picture-storage": "The picture {picture} cannot be stored: {detail}. Nothing was written.",
    "upload-gone": "The uploaded archive is no longer there, so nothing was written.",
    "upload-taken": "This upload has been taken by another import already.",
    # The file or folder that is written to
    "dest": "{dest} cannot be written: {detail}.",
    "dest-no-folder": "{dest} cannot be written: there is no folder {folder}.",
    "dest-no-file": "{dest} cannot be written: it exists and is not a file.",
    "dest-file": "{dest} cannot be written: it is a file (a zip's name ends in .zip).",
    "dest-exists": "{dest} exists; it is overwritten only with --force.",
    "dest-not-empty": "{dest} exists and is not empty; it is overwritten only with --force.",
    "dest-not-ours": "{dest} is not overwritten: it is not a zip that an export wrote, or it was changed since. "
    + _ELSEWHERE,
    "dest-no-marker": "{dest} is not overwritten: it has no {marker}, in which exports list what they write, and "
    "contains {names}. " + _ELSEWHERE,
    "dest-changed": "{dest} is not overwritten: it contains {count:file that is|files that are} not as an export wrote "
    "{count:it/them}: {names}. " + _ELSEWHERE,
    "dest-incomplete": "{dest} was not written: a file in it is incomplete.",
    "dest-left": "{dest} was written, but the old one is left in {old}: {detail}.",
    "dest-left-changed": "{dest} was written, but the old one is left in {old}: something in it was changed at the "
    "last moment.",
    "member": "{dest}: the file “{file}” {fault}.",
    "member-step": "{dest}: the file “{file}” has an empty step in its path.",
    "member-long": "{dest}: the file “{file}” has too long a name.",
    "member-twice": "{dest}: the file “{file}” was written already: each name can be used once.",
}


def failure_sentence(code: str, params: Mapping[str, Any]) -> str:
    """What is said of a failure; its code and parameters where only another version has a sentence."""
    try:
        return say(FAILURES[code], params)
    except (KeyError, ValueError, TypeError):
        return ", ".join([code, *(f"{name}: {value}" for name, value in sorted(params.items()))])
