"""PostgreSQL's link is cut at a COMMIT: before the server hears of it, or before its answer comes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection, connections

from openimages_io.database.commit import Outcome
from openimages_io.exceptions import CommitUnknown
from openimages_io.jobs import queue
from openimages_io.jobs.running import run_job
from openimages_io.jobs.submission import submit_import
from openimages_io.models import Image, Shape
from openimages_io.models.job_files import current_job_storage
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ImportOptions, OnError
from tests.jobs.archives import small
from tests.jobs.sites import database_url, until
from tests.torture.proxy import AFTER, AT_ONCE, BEFORE, CUTS, Proxy
from tests.transaction_faults import job_files, lost_files, pictures
from tests.transfer.archives import TASK, good, zipped

pytestmark = pytest.mark.django_db(transaction=True)

BAD = "a,xclick,/m/01yrx,1,0.5,0.1,0.2,0.6,0,0,0,0,0\n"


@pytest.fixture(params=CUTS)
def cut(request: pytest.FixtureRequest) -> str:
    """Where the link is cut."""
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has a link")
    return str(request.param)


@pytest.fixture
def through_proxy(cut: str, transactional_db: None) -> Iterator[Callable[[], None]]:
    """Leads this process through a proxy that cuts the link at the first COMMIT."""
    usual = connections["default"]
    made: list[Proxy] = []

    def lead() -> None:
        made.append(Proxy(database_url()))
        made[0].cut(cut, 0)
        options = {**usual.settings_dict["OPTIONS"], "sslmode": "disable", "gssencmode": "disable"}
        connections["default"] = usual.copy()
        connections["default"].settings_dict = {
            **usual.settings_dict,
            "HOST": "127.0.0.1",
            "PORT": made[0].url.rpartition(":")[2].partition("/")[0],
            "OPTIONS": options,
        }

    yield lead
    connections["default"].close()
    connections["default"] = usual
    for proxy in made:
        proxy.close()


def is_written(cut: str) -> bool:
    """Waits for what the server does with a COMMIT that was sent to it."""
    if cut == AT_ONCE:
        until(Shape.objects.exists, what="the commit")
    return cut != BEFORE


def test_an_import(cut: str, through_proxy: Callable[[], None], tmp_path: Path, media: Path) -> None:
    source = zipped(tmp_path / "a.zip", good())
    through_proxy()
    importer = Importer(source, TASK)
    with pytest.raises(CommitUnknown, match=r"^The connection to the database broke while committing, so the import"):
        importer.run()
    assert importer.outcome is Outcome.UNKNOWN
    assert Image.objects.count() == 2 * is_written(cut)
    assert not lost_files()
    assert len(pictures(media)) == 2
    again = Importer(source, TASK).run()
    assert (again.committed, again.changed) == (True, cut == BEFORE)
    assert Image.objects.count() == 2
    assert not lost_files()


def test_a_job(cut: str, through_proxy: Callable[[], None], media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_put", lambda key, attempt: None)
    options = ImportOptions(on_error=OnError.SKIP)
    upload = small(boxes=f"a,xclick,/m/01yrx,1,0.1,0.5,0.2,0.6,0,0,0,0,0\n{BAD}", pictures=3)
    job = submit_import(upload, task=None, task_name="x", options=options, dry_run=False, user=None)
    through_proxy()
    run_job.call(str(job.pk))
    job.refresh_from_db()
    assert not lost_files()
    assert len(pictures(media)) == 3
    if is_written(cut):
        assert (job.state, job.committed) == ("succeeded", True), job.message
        assert current_job_storage().exists(str(job.report))
        assert Image.objects.exclude(file="").count() == 3
    else:
        assert cut != AFTER
        assert (job.state, job.committed, Shape.objects.count()) == ("failed", False, 0)
        assert job.message.startswith("The connection to the database broke while committing, and nothing was written;")
        assert job_files(media, job, "report") == []
