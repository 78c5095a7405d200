"""What is installed, said without a word on whose machine it is."""

from __future__ import annotations

import getpass
import json
import platform
import socket
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.versions import versions
from saasmetrics_widgets import labextension


def test_it_says_the_versions_that_are_at_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert sm.show_versions() is None
    said = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert said["saasmetrics"] == sm.__version__
    assert said["python"].endswith(platform.python_version())
    for name in ("pandas", "numpy", "pyarrow", "altair", "anywidget", "ipywidgets", "jupyterlab"):
        assert said[name] == version(name)


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saasmetrics.versions._LIBRARIES", ("no-such-library",))
    assert versions()["no-such-library"] == "not installed"


def test_it_names_no_path_no_user_and_no_machine() -> None:
    said = " ".join(versions().values())
    for secret in (sys.prefix, str(Path.home()), str(Path.cwd()), socket.gethostname()):
        assert secret not in said
    assert "/" not in said
    assert getpass.getuser() not in said.split()


def test_it_loads_none_of_the_libraries_it_names(fresh_python) -> None:
    code = "import saasmetrics as sm, sys; sm.show_versions(); print('pandas' in sys.modules)"
    assert fresh_python(code).endswith("False")


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Where JupyterLab looks for extensions, and for what is switched off."""
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda _: [str(tmp_path / "data")])
    monkeypatch.setattr("jupyter_core.paths.jupyter_config_path", lambda: [str(tmp_path / "etc")])
    extension = tmp_path / "data" / labextension.NAME
    extension.mkdir(parents=True)
    (tmp_path / "etc" / "labconfig").mkdir(parents=True)
    return extension / "package.json", tmp_path / "etc" / "labconfig" / "page_config.json"


@pytest.mark.parametrize(
    ("page", "state"),
    [
        ({}, "enabled"),
        ({"disabledExtensions": {"jupyter-saasmetrics": True}}, "disabled"),
        ({"disabledExtensions": {"jupyter-saasmetrics": False}}, "enabled"),
        ({"disabledExtensions": ["jupyter-saasmetrics:plugin"]}, "disabled"),
        ({"disabledExtensions": {"another": True}}, "enabled"),
    ],
)
def test_the_lab_extension_is_enabled_or_disabled(homes, page: dict, state: str) -> None:
    package, config = homes
    assert labextension.versions() == {"lab extension": "not installed"}
    package.write_text(json.dumps({"version": "1.2.3"}))
    config.write_text(json.dumps(page))
    assert labextension.versions() == {"lab extension": f"1.2.3, {state}"}
