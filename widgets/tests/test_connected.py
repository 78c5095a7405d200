"""Nothing asks the network by itself, not even in Google Colab, until somebody says so."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import saasmetrics as sm
import saasmetrics_widgets
from saasmetrics_widgets import connected

CDN = re.compile(r"cdn|unpkg|jsdelivr|esm\.sh|gstatic|googleapis", re.IGNORECASE)
SOURCES = Path(saasmetrics_widgets.__file__).parent


@pytest.fixture
def colab(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Colab is asked for, where it is the home of the kernel."""
    asked: list[str] = []
    output = ModuleType("google.colab.output")
    output.enable_custom_widget_manager = lambda: asked.append("manager")
    home = ModuleType("google.colab")
    home.output = output
    monkeypatch.setattr(connected, "_asked", set())
    monkeypatch.setitem(sys.modules, "google.colab", home)
    monkeypatch.setitem(sys.modules, "google.colab.output", output)
    return asked


def test_it_is_off_by_default(colab: list[str]) -> None:
    bundle, _ = sm.demo(customers=30).explore()._repr_mimebundle_()
    assert colab == []
    assert not CDN.search(json.dumps({k: v for k, v in bundle.items() if k != "image/png"}))


def test_it_asks_for_the_manager_of_colab_once_it_is_called(colab: list[str]) -> None:
    saasmetrics_widgets.enable_colab()
    sm.demo(customers=30).explore()
    assert set(colab) == {"manager"}


def test_elsewhere_it_says_that_there_is_no_need() -> None:
    with pytest.raises(sm.DataError, match="This is not Google Colab"):
        saasmetrics_widgets.enable_colab()


@pytest.mark.parametrize("path", sorted(SOURCES.rglob("*.*")), ids=lambda path: path.name)
def test_no_file_of_the_package_names_a_cdn(path: Path) -> None:
    if path.suffix in (".py", ".js", ".css", ".html") and path.name != "connected.py":
        assert not CDN.search(path.read_text("utf-8"))
