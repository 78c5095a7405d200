"""The JupyterLab extension comes with the wheel, without a build and without Node."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.installed import SHARE, Installed

NAME = "jupyter-saasmetrics"
FOLDER = f"share/jupyter/labextensions/{NAME}"
MOST_KB = 1500
DOCS_KB = 2500


def _shipped(wheel: Path) -> dict[str, bytes]:
    """Path below the extension's folder -> content, of what the wheel installs there."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if f".data/data/{FOLDER}/" in name]
        return {name.split(f"{FOLDER}/")[1]: archive.read(name) for name in names}


@pytest.fixture(scope="module")
def extension(root: Path) -> Path:
    return root / "widgets" / "labextension"


def test_the_wheel_has_every_file_of_the_extension(shipped: Installed, extension: Path) -> None:
    there = {p.relative_to(extension).as_posix() for p in extension.rglob("*") if p.is_file()}
    found = _shipped(shipped.wheel)
    assert set(found) == there
    assert {"package.json", "install.json", "static/remoteEntry.js"} <= there
    assert "schemas/jupyter-saasmetrics/plugin.json" in there


def test_jupyterlab_lists_the_extension_of_the_wheel_where_there_is_no_node(
    shipped: Installed,
) -> None:
    assert shutil.which("node", path=shipped.environment["PATH"]) is None
    said = re.sub(r"\x1b\[\d+m", "", shipped.run("jupyterlab.labextensions", "list"))
    line = next(line for line in said.splitlines() if NAME in line)
    assert re.search(rf"{NAME} v[\d.]+ enabled OK \(python, {NAME}\)", line)
    assert f"{shipped.home}/share/jupyter/labextensions" in said.split(line)[0]


def test_what_is_installed_is_the_wheel_and_not_this_folder(shipped: Installed) -> None:
    code = "import saasmetrics_widgets.panel as it, pathlib; print(pathlib.Path(it.__file__))"
    (shipped.home / "where.py").write_text(code, encoding="utf-8")
    assert shipped.run("where").strip().startswith(str(shipped.home))


def test_the_installation_that_runs_the_tests_has_the_extension(extension: Path) -> None:
    there = SHARE / "labextensions" / NAME
    assert there.is_dir(), "install again: make pytest, or pip install -e ."
    names = [path.relative_to(extension) for path in extension.rglob("*") if path.is_file()]
    assert [str(name) for name in names if not (there / name).is_file()] == []


def test_who_works_on_the_extension_can_link_the_folder(extension: Path) -> None:
    import saasmetrics_widgets

    (told,) = saasmetrics_widgets._jupyter_labextension_paths()
    package = Path(saasmetrics_widgets.__file__).parent
    assert (package / told["src"]).resolve() == extension
    assert told["dest"] == NAME == json.loads((extension / "package.json").read_text())["name"]


def test_every_version_in_the_extension_is_that_of_the_library(extension: Path) -> None:
    from saasmetrics import __version__

    files = [extension / "package.json", extension / "schemas" / NAME / "package.json.orig"]
    assert {json.loads(path.read_text(encoding="utf-8"))["version"] for path in files} == {
        __version__
    }


def test_all_that_the_browser_loads_is_small(shipped: Installed) -> None:
    front = _shipped(shipped.wheel)
    docs = {name for name in front if name.startswith("static/docs/")}
    loaded = sum(len(gzip.compress(front[name])) for name in set(front) - docs)
    assert loaded < MOST_KB * 1024
    assert sum(len(gzip.compress(front[name])) for name in docs) < DOCS_KB * 1024


def test_the_wheel_has_the_documentation_with_a_page_for_every_metric(shipped: Installed) -> None:
    import saasmetrics as sm

    there = set(_shipped(shipped.wheel))
    assert {"static/docs/index.html", "static/docs/site.css", "static/docs/site.js"} <= there
    assert {f"static/docs/metrics/{name}.html" for name in sm.CATALOGUE} <= there
