"""The wheel installs and works in an empty Django project, set up as README and docs/ say."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = [pytest.mark.programs, pytest.mark.thorough]

ROOT = Path(__file__).resolve().parent.parent


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Runs a program that knows nothing of this test's own Django; returns what it printed."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DJANGO_SETTINGS_MODULE", "PYTHONPATH"}}
    result = subprocess.run(
        command,
        cwd=folder,
        env=kept | {"PYTHONUTF8": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built once, without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT], ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python of its own that has the wheel, and sees the libraries of ours."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False)
    program = folder / "bin" / "python"
    run([sys.executable, "-m", "pip", "--python", program, "install", "--no-deps", "--no-index", wheel], folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "ours.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n{sysconfig.get_paths()['platlib']}\n")
    return program


def test_what_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith("/METADATA"))
    room = ROOT / "openimages_io"
    files = [*room.rglob("*.py"), *(path for name in ("templates", "static") for path in (room / name).rglob("*.*"))]
    ours = {path.relative_to(ROOT).as_posix() for path in files}
    packed = {name for name in names if ".dist-info/" not in name}
    assert packed == ours | {"openimages_io/py.typed"}
    assert "openimages_io/migrations/0001_initial.py" in packed
    assert "openimages_io/templates/admin/openimages_io/job/job.html" in packed
    assert "openimages_io/static/openimages_io/admin.css" in packed
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert "# openimages_io" in metadata


def test_it_works_in_an_empty_project(python: Path, tmp_path: Path) -> None:
    run([python, "-m", "django", "startproject", "site_of_mine", tmp_path], tmp_path)
    pages = ["README.md", "docs/production.md", "docs/settings.md", "docs/jobs.md", "docs/python.md"]
    blocks = [block for page in pages for block in re.findall(r"```python\n(.*?)```", read(page), re.DOTALL)]
    settings = [block for block in blocks if re.match(r"[A-Z_]+\b.*=", block)]
    assert len(settings) == 4  # the app, SQLite, the limits, a queue for jobs (that of Redis starts with a comment)
    with (tmp_path / "site_of_mine" / "settings.py").open("a") as file:
        file.write("\n".join(["", *settings]))

    origin = run([python, "-c", "import openimages_io; print(openimages_io.__file__)"], tmp_path)
    assert Path(origin.strip()).is_relative_to(python.parent.parent)
    manage: list[str | Path] = [python, "manage.py"]
    assert "no issues" in run([*manage, "check", "--fail-level", "WARNING"], tmp_path)
    run([*manage, "makemigrations", "--check", "--dry-run"], tmp_path)
    run([*manage, "migrate", "--verbosity", "0"], tmp_path)
    said = run([*manage, "import_openimages", ROOT / "fixtures" / "scenes", "--task", "My data"], tmp_path)
    assert "Imported into the new task “My data”: 0 errors, 0 warnings." in said
    assert len(list((tmp_path / "media").rglob("*.jpg"))) == 12
    (code,) = [block for block in blocks if "Importer(" in block]
    (tmp_path / "archive.zip").write_bytes(b"")
    with pytest.raises(AssertionError, match="nothing"):
        run([*manage, "export_openimages", "nothing", "out.zip"], tmp_path)
    run([*manage, "export_openimages", "My data", "archive.zip", "--force"], tmp_path)
    assert run([*manage, "shell", "-v", "0", "-c", code], tmp_path).strip() == "True 0 []"
    assert (tmp_path / "out.zip").read_bytes() == (tmp_path / "archive.zip").read_bytes()


def test_the_readme_taken_at_its_word(python: Path, tmp_path: Path) -> None:
    run([python, "-m", "django", "startproject", "mysite", tmp_path], tmp_path)
    (tmp_path / "path" / "to").mkdir(parents=True)
    made = shutil.make_archive(str(tmp_path / "path" / "to" / "archive"), "zip", ROOT / "fixtures" / "scenes")
    shutil.copy(made, tmp_path / "archive.zip")
    sections = [
        ("README.md", "Add it to a site"),
        ("docs/production.md", "The database"),
        ("docs/python.md", "Import and export"),
    ]
    text = "".join(read(page).partition(f"\n## {heading}\n")[2].partition("\n## ")[0] for page, heading in sections)
    done = []
    for language, block in re.findall(r"```(python|bash)\n(.*?)```", text, re.DOTALL):
        if language == "bash":
            commands = [line for line in block.splitlines() if not line.startswith("pip install ")]
            done += [run([python, *shlex.split(line)[1:]], tmp_path) for line in commands]
        elif "Importer(" in block:
            done.append(run([python, "manage.py", "shell", "-v", "0", "-c", block], tmp_path))
        else:
            with (tmp_path / "mysite" / ("urls.py" if "urlpatterns" in block else "settings.py")).open("a") as file:
                file.write(f"\n{block}")
    assert len(done) == 3, done  # migrate, the import, and what is done in Python
    assert "Imported into the new task “My data”: 0 errors, 0 warnings." in done[1]
    assert done[2].strip() == "True 0 []"
    assert (tmp_path / "out.zip").is_file()
    asked = (
        "from django.test import Client\n"
        "for path in ('/api/v1/tasks/', '/admin/login/'):\n"
        "    print(Client().get(path, headers={'host': 'localhost'}).status_code)\n"
    )
    said = run([python, "manage.py", "shell", "-v", "0", "-c", asked], tmp_path)  # with a line of the log
    assert re.findall(r"^\d+$", said, re.MULTILINE) == ["403", "200"]
