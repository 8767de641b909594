"""Skipped rows are counted by codes; their words are made when they are shown."""

import json

from openimages_io.admin.wording import totals_table
from openimages_io.format.skip_reasons import SkipReason, skip_words


def test_a_code_is_stored_and_words_are_shown() -> None:
    assert json.dumps({SkipReason.UNKNOWN_IMAGE: 3}) == '{"unknown-image": 3}'
    assert skip_words("unknown-image") == "image not in the task"
    assert skip_words(SkipReason.NO_SUCH_SPEC.of("pose: left")) == "pose: left: the label has no such spec"
    assert len({reason.words for reason in SkipReason}) == len(SkipReason)


def test_words_that_another_version_has_stored_are_shown_as_they_are() -> None:
    for stored in ("said twice", "pose: the label has no such spec", "a-code-of-tomorrow", "x:y", ""):
        assert skip_words(stored) == stored
    kept = {"boxes": {"read": 3, "skipped": {"image not in the task": 2, "label-not-chosen": 1}}}
    (row,) = totals_table("import", kept, dry_run=False).rows
    assert row.reasons == [("image not in the task", "2"), ("of a label that was not chosen", "1")]
