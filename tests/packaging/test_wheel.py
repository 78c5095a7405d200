"""What is released is the wheel, not the folder: open it, compare it, run it on its own."""

from __future__ import annotations

import configparser
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

PACKAGES = {"saasmetrics": ".", "saasmetrics_widgets": "widgets"}


def _build(project: Path, target: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.iterdir())


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _in_folder(root: Path) -> set[str]:
    return {
        path.relative_to(root / base).as_posix()
        for package, base in PACKAGES.items()
        for path in (root / base / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build(root, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = _build(root, "sdist", tmp_path_factory.mktemp("sdist"))
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    return next(unpacked.iterdir())


def test_the_wheel_ships_every_file_of_both_packages(root: Path, wheel: Path) -> None:
    assert _in_folder(root) - _names(wheel) == set()


@pytest.mark.parametrize("suffix", [".json", ".js", ".css", ".j2", ".typ"])
def test_the_wheel_ships_data_files(wheel: Path, suffix: str) -> None:
    assert [name for name in _names(wheel) if name.endswith(suffix)]


def test_the_wheel_ships_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in _names(wheel)}
    others = {t for t in tops if not t.endswith((".dist-info", ".data"))} - set(PACKAGES)
    assert others == set()


def test_the_wheel_is_typed_and_licensed(wheel: Path) -> None:
    names = _names(wheel)
    assert "saasmetrics/py.typed" in names
    assert "saasmetrics_widgets/py.typed" in names
    assert [name for name in names if name.endswith("/LICENSE")]


def test_the_wheel_registers_the_command_the_charts_and_the_widget(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith("entry_points.txt"))
        points = configparser.ConfigParser()
        points.read_string(archive.read(name).decode())
    assert points["console_scripts"]["saasmetrics"] == "saasmetrics.cli:main"
    assert points["saasmetrics.charts"]["altair"] == "saasmetrics.charts:CHARTS"
    assert points["saasmetrics.widgets"]["explorer"] == "saasmetrics_widgets:explore"
    assert points["saasmetrics.widgets"]["pack"] == "saasmetrics_widgets:BoardPackBuilder"
    assert points["saasmetrics.widgets"]["import"] == "saasmetrics_widgets:ImportAssistant"


def test_a_wheel_made_from_the_sdist_is_the_same(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    assert _names(_build(sdist, "wheel", tmp_path)) == _names(wheel)


def test_the_wheel_works_without_the_folder_it_was_made_from(
    wheel: Path, tmp_path: Path, fresh_python: Callable[..., str]
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    # -S leaves the editable installation out and -P the current folder: only the wheel is left.
    libraries = sysconfig.get_path("purelib")
    code = (
        "import saasmetrics as sm; print(sm.__file__);"
        "book = sm.demo(customers=40, seed=7);"
        "print(len(sm.retention.nrr(book).df) > 0);"
        "from importlib.metadata import entry_points as points;"
        "print(callable(next(iter(points(group='saasmetrics.widgets'))).load()))"
    )
    printed = fresh_python(code, "-S", "-P", PYTHONPATH=f"{tmp_path}:{libraries}").splitlines()
    assert printed == [str(tmp_path / "saasmetrics" / "__init__.py"), "True", "True"]
