"""The program works installed: a wheel in an empty environment, outside the checkout, with everything it needs along."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from desk import papers, table

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    out = tmp_path_factory.mktemp("wheel")
    build = "from hatchling.build import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(out)], cwd=ROOT, check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed in an environment that has our dependencies but not our checkout."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home / "env", with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "env/bin/python")]
    subprocess.run([*pip, "install", "-q", "--no-deps", "--no-index", str(wheel)], check=True)
    # The dependencies are those of this very environment; installing them again would test the package index.
    here = next(path for path in sys.path if path.endswith("site-packages"))
    target = next((home / "env/lib").glob("python*/site-packages"))
    for entry in Path(here).iterdir():
        if "annex_inbox" not in entry.name and not (target / entry.name).exists() and entry.suffix != ".pth":
            (target / entry.name).symlink_to(entry)
    return home / "env/bin/annex-inbox"


def call(command: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANNEX_", "PYTHON"))}
    return subprocess.run(
        [command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )


def test_templates_forms_and_rules_travel_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "rules.yaml",
        "templates/附件3.xlsx",
        "templates/附件3.docx",
        "templates/附件4.docx",
        "templates/reply.txt.j2",
    }
    assert {f"pipeline/resources/{name}" for name in wanted} <= names
    assert "scheduler.py" in names
    assert not [name for name in names if name.startswith(("tests", "bench"))]


def test_a_checkout_that_is_installed_in_place_runs_no_copy_of_what_it_is_updated_with(tmp_path: Path) -> None:
    build = "from hatchling.build import build_editable; import sys; print(build_editable(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert not [name for name in names if name.endswith(".py")]


def test_check_works_installed_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    for name, content in papers(table()).items():
        (tmp_path / name).write_bytes(content)
    done = call(installed, tmp_path, "check", ".", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"] == {"documents": 3, "errors": 0, "warnings": 0}


def test_the_demo_works_installed_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    done = call(installed, tmp_path, "demo", "--universities", "3")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "demo-out/ledger/项目台账.xlsx").exists()


def test_python_m_pipeline_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "annex-inbox demo" in done.stdout
