"""One smoke test for each configuration of a stock Django site; see `smoke.py` and `settings.py`.

All of them are in `make test-thorough`; Celery's backend for `django.tasks` wants Django 6, so that is tried by
`make test-newest`.
"""

import importlib.util
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import psycopg
import pytest
import redis
from moto.server import ThreadedMotoServer

from tests.conftest import ROOT

pytestmark = pytest.mark.programs

CONFIGURATIONS = (
    "german",
    "stock",
    "naive-times",
    "uuid-users",
    "other-apps",
    "replica",
    "atomic-requests",
    "second-database",
    "own-picture-storage",
    "strict-pages",
    "small-keys",
    "int-keys",
)


def run(name: str, folder: Path, **environment: str) -> None:
    """Goes through everything with these settings."""
    told = {"MATRIX": name, "MATRIX_FOLDER": str(folder), "DJANGO_SETTINGS_MODULE": "tests.matrix.settings"}
    command = [sys.executable, "-W", "error", "-m", "tests.matrix"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | told | environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout[-13:]) == (0, "went through\n"), done.stdout[-2000:] + done.stderr[-6000:]


@pytest.mark.thorough
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_everything_works_with(name: str, tmp_path: Path) -> None:
    run(name, tmp_path)


@pytest.fixture
def postgres() -> Iterator[str]:
    """The server of the tests; databases whose names begin with that in the address are removed at the end."""
    given = os.environ.get("OPENIMAGES_TEST_POSTGRES")
    if not given:
        pytest.skip("OPENIMAGES_TEST_POSTGRES names no server")
    prefix = f"openimages_matrix_{secrets.token_hex(4)}"
    with psycopg.connect(given, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {prefix}_db")
        yield urlsplit(given)._replace(path=f"/{prefix}").geturl()
        made = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]).fetchall()
        for (name,) in made:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["uuid-users", "other-apps", "replica", "atomic-requests"])
def test_everything_works_on_postgresql_with(name: str, postgres: str, tmp_path: Path) -> None:
    run(name, tmp_path, MATRIX_POSTGRES=postgres)
    assert not list(tmp_path.glob("*.sqlite3"))


@pytest.fixture
def s3() -> Iterator[str]:
    """A server that speaks S3, with two buckets."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    known = {"endpoint_url": url, "region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    client = boto3.client("s3", **known)
    for bucket in ("pictures", "jobs"):
        client.create_bucket(Bucket=bucket)
    client.close()
    yield url
    server.stop()


@pytest.mark.thorough
def test_everything_works_with_s3(s3: str, tmp_path: Path) -> None:
    run("s3", tmp_path, S3_URL=s3)
    assert not (tmp_path / "media").exists()
    assert not (tmp_path / "jobs").exists()


needs_celery = pytest.mark.skipif(
    importlib.util.find_spec("django_tasks_celery") is None, reason="Celery's backend wants Django 6"
)


@needs_celery
def test_everything_works_with_celery_on_redis(tmp_path: Path) -> None:
    url = os.environ.get("OPENIMAGES_TEST_REDIS") or "redis://127.0.0.1:6379/0"
    with redis.Redis.from_url(url, socket_connect_timeout=2) as server:
        try:
            server.ping()
        except redis.RedisError:
            if os.environ.get("OPENIMAGES_REQUIRE_REDIS") == "1":
                raise
            pytest.skip(f"no Redis answers at {url}")
        queue = f"openimages-{secrets.token_hex(4)}"
        run("celery", tmp_path, BROKER_URL=url, CELERY_QUEUE=queue)
        server.delete(queue, f"_kombu.binding.{queue}")


@needs_celery
def test_everything_works_with_celery_on_rabbitmq(tmp_path: Path) -> None:
    url = os.environ.get("OPENIMAGES_TEST_RABBITMQ") or "amqp://guest:guest@127.0.0.1:5672//"
    kombu = pytest.importorskip("kombu")  # comes with Celery
    with kombu.Connection(url, connect_timeout=2) as server:
        try:
            server.connect()
        except server.connection_errors as error:
            pytest.skip(f"no RabbitMQ answers at {server.as_uri()}: {error}")
        queue = f"openimages-{secrets.token_hex(4)}"
        run("celery", tmp_path, BROKER_URL=url, CELERY_QUEUE=queue)
        assert server.default_channel.queue_delete(queue) == 0, "messages are left in the queue"
