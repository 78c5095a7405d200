"""What every test may use: the demo company, a fresh interpreter, the real data sets."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.installed import Installed, installed

if TYPE_CHECKING:
    from xdist.remote import Producer

    import saasmetrics as sm

ROOT = Path(__file__).parent.parent
MARKED_FOLDERS = ("browser", "bench")
# What takes long begins first, so that no process is left alone with it at the end.
LONG = ("tests/warehouse/", "tests/docs/", "tests/test_notebooks.py", "tests/test_readme.py")

# New objects after which the collector looks: queries are made of very many that go by themselves, and tests too.
SELDOM = 50_000
gc.set_threshold(SELDOM, 20, 50)

# A gate says the same of the same code, however busy the machine; `make search` draws ledgers that nobody has seen.
_UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("gate", _UNHURRIED, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


class _ByFile(LoadScopeScheduling):
    """Give a process whole files, whose tests share what they make; and all that start Spark or the lab extension."""

    def _split_scope(self, nodeid: str) -> str:
        shared = (name for name in ("spark", "tests/browser/extension") if name in nodeid)
        return next(shared, nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    config.option.loadscopereorder = False  # the longest stand first
    return _ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
    for item in items:
        for folder in MARKED_FOLDERS:
            if folder in item.path.relative_to(ROOT).parts[:-1]:
                item.add_marker(folder)


def pytest_collection_finish() -> None:
    gc.freeze()  # what is loaded by now stays, so that it need not be looked through again and again


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shipped(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, installed where no Node is."""
    return installed(root, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the public data sets, which are too large to be part of the repository."""
    folder = Path(os.environ.get("SAASMETRICS_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the public data sets are not here: set SAASMETRICS_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def demo_book() -> sm.Book:
    """A small demo company; a Book is never changed in place, so all tests can share it."""
    import saasmetrics as sm

    return sm.demo(customers=300, seed=7)


@pytest.fixture(scope="session")
def fresh_python() -> Callable[..., str]:
    """Run code in a new interpreter and return what it prints."""

    def run(code: str, *options: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, *options, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **environment},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run
