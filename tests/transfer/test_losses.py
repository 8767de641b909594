"""What merging, replacing and exporting lose is what somebody has decided."""

import pytest

from tests.torture.losses import PAGE, page


@pytest.mark.thorough
@pytest.mark.django_db
def test_what_is_lost_is_what_was_decided() -> None:
    again = "Look at the difference; `python -m tests.torture --only losses --golden` writes it again."
    assert page() == PAGE.read_text("utf-8"), again
