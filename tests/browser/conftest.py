"""A real JupyterLab on this machine, driven by Chromium; nothing may be asked of any other machine."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import nbformat
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect, sync_playwright

SIZE = {"width": 1366, "height": 768}
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOTS = Path(__file__).parents[2] / "out" / "screenshots"
QUIET = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/extensionmanager-extension:plugin": {"enabled": False},
}


def _chromium() -> str | None:
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if name and (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; `make programs` installs it."""
    path = _chromium()
    if path is None:
        pytest.skip("Chromium is not here: run `make programs`, or set CHROMIUM to its path")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield found
        found.close()


@dataclass(frozen=True)
class Lab:
    """A running server of notebooks and the folder it shows."""

    url: str
    token: str
    folder: Path


@pytest.fixture(scope="session")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AbstractContextManager[Lab]]:
    """Start a server on 127.0.0.1 with folders of its own, by default JupyterLab of this interpreter."""

    def start(
        module: str = "jupyterlab",
        words: tuple[str, ...] = (),
        python: str = sys.executable,
        options: dict[str, Any] | None = None,
        **environment: str,
    ) -> AbstractContextManager[Lab]:
        home = tmp_path_factory.mktemp(module)
        told = SERVER | EXPOSED if options is None else options
        return _served(home, python, module, words, told, environment)

    return start


@pytest.fixture(scope="session")
def serve(serving: Callable[..., AbstractContextManager[Lab]]) -> Iterator[Callable[..., Lab]]:
    """Start servers that run until the session ends."""
    with ExitStack() as running:

        def start(module: str, words: tuple[str, ...] = (), **options: Any) -> Lab:
            return running.enter_context(serving(module, words, options=options))

        yield start


@contextmanager
def _served(
    home: Path,
    python: str,
    module: str,
    words: tuple[str, ...],
    options: dict[str, Any],
    environment: dict[str, str],
) -> Iterator[Lab]:
    folder, token, port = home / "work", token_hex(16), _free_port()
    folder.mkdir()
    _configure(home, python)
    places = {"port": port, "folder": folder, "token": token}
    told = [f"--{name}={str(value).format(**places)}" for name, value in options.items()]
    told += [word.format(**places) for word in words]
    with (home / "log.txt").open("w") as log:
        around = _environment(home) | environment
        command = [python, "-m", module, *told]
        server = subprocess.Popen(command, stdout=log, stderr=log, env=around)
    try:
        url = f"http://127.0.0.1:{port}"
        path = "/" if module == "voila" else "/api"
        _until_it_answers(f"{url}{path}?token={token}", server, home / "log.txt")
        yield Lab(url, token, folder)
    finally:
        server.terminate()
        server.wait(timeout=30)


SERVER = {
    "ServerApp.ip": "127.0.0.1",
    "ServerApp.port": "{port}",
    "ServerApp.port_retries": 0,
    "ServerApp.root_dir": "{folder}",
    "ServerApp.open_browser": False,
    "ServerApp.allow_root": True,
    "IdentityProvider.token": "{token}",
}
EXPOSED = {"LabApp.expose_app_in_browser": True, "JupyterNotebookApp.expose_app_in_browser": True}


@pytest.fixture(scope="session")
def lab(serve: Callable[..., Lab]) -> Lab:
    """JupyterLab, with a token."""
    return serve("jupyterlab", **SERVER, **{"LabApp.expose_app_in_browser": True})


@pytest.fixture(scope="session")
def notebook_seven(serve: Callable[..., Lab]) -> Lab:
    """Jupyter Notebook 7, with a token."""
    return serve("notebook", **SERVER, **{"JupyterNotebookApp.expose_app_in_browser": True})


@pytest.fixture(scope="session")
def voila(serve: Callable[..., Lab]) -> Lab:
    """Voila, which shows notebooks as pages of their own."""
    options = {"Voila.ip": "127.0.0.1", "Voila.port": "{port}", "Voila.open_browser": False}
    return serve("voila", ("{folder}",), **options)


def _environment(home: Path) -> dict[str, str]:
    folders = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    found = {f"JUPYTER_{name}_DIR": str(home / path) for name, path in folders.items()}
    found |= {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "HOME": str(home)}
    found |= {"JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"), "JUPYTER_PREFER_ENV_PATH": "0"}
    return {**os.environ, **found}


def _configure(home: Path, python: str) -> None:
    for plugin, settings in QUIET.items():
        name, part = plugin.split(":")
        path = home / "settings" / name / f"{part}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(settings), encoding="utf-8")
    spec = home / "data" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    words = {"argv": argv, "display_name": "Python 3", "language": "python"}
    spec.write_text(json.dumps(words), encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _until_it_answers(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            pytest.fail(f"The server ended by itself:\n{log.read_text()[-3000:]}")
        try:
            urlopen(url, timeout=5).close()
        except (URLError, ConnectionError, TimeoutError):
            try:
                server.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
        else:
            return
    pytest.fail(f"The server did not answer:\n{log.read_text()[-3000:]}")


@dataclass
class Notebook:
    """A notebook open in JupyterLab, with what the page complained of and asked for."""

    page: Page
    lab: Lab
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Let no request leave this machine, and keep what went wrong."""
        self.page.route("**/*", self._route)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _route(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        if url.scheme in ("data", "blob", "file") or url.hostname in ("127.0.0.1", "localhost"):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def open(self, cells: list[str], name: str = "test.ipynb", *, run: bool = True) -> None:
        """Write a notebook with some code cells, open it, and run it unless told otherwise."""
        if cells:
            self.keep(cells, name)
        self.visit(f"{self.lab.url}/lab/tree/{name}?reset&token={self.lab.token}")
        if run:
            self.run_all()

    def keep(self, cells: list[str], name: str) -> None:
        """Write a notebook with some code cells into the folder of the server."""
        made = [nbformat.v4.new_code_cell(source) for source in cells]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        notebook = nbformat.v4.new_notebook(cells=made, metadata=kernel)
        nbformat.write(notebook, self.lab.folder / name)

    def visit(self, url: str) -> None:
        """Go to a notebook of JupyterLab or Notebook, and wait for its kernel."""
        self.page.goto(url)
        self.page.wait_for_function(_OPENED, timeout=120_000)
        self.page.evaluate(_READY)

    def run_all(self) -> None:
        """Run every cell and wait until they are done."""
        self.page.evaluate(_RUN_ALL)

    def rerun(self, cells: list[str]) -> None:
        """Put other cells where the last ones and their outputs were, and run them in the same kernel."""
        self.page.evaluate(_REPLACE, cells)
        self.run_all()

    def say(self, code: str) -> str:
        """Run code in the notebook's kernel and return what it prints."""
        return str(self.page.evaluate(_SAY, code)).strip()

    def command(self, id: str, **options: Any) -> None:
        """Run a command of JupyterLab."""
        self.page.evaluate(_COMMAND, [id, options])

    def dress(self, theme: str) -> None:
        """Change the theme to Light or Dark, and wait until the splash over it is gone.

        A splash that is asked for while the last one fades removes itself twice, which JupyterLab complains of.
        """
        splash, body = self.page.locator("#jupyterlab-splash"), self.page.locator("body")
        expect(splash).to_have_count(0, timeout=60_000)
        self.command("apputils:change-theme", theme=f"JupyterLab {theme}")
        expect(body).to_have_attribute("data-jp-theme-name", f"JupyterLab {theme}", timeout=60_000)
        expect(splash).to_have_count(0, timeout=60_000)

    def shot(self, name: str) -> Path:
        """Keep a picture of the page for whoever wants to look."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")
        return SHOTS / f"{name}.png"


_OPENED = """() => window.jupyterapp?.commands.hasCommand("notebook:run-all-cells")
  && window.jupyterapp.shell.currentWidget?.sessionContext !== undefined"""
_READY = """async () => {
  await window.jupyterapp.restored;
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.revealed;
  await panel.sessionContext.ready;
  await panel.sessionContext.session?.kernel?.info;
}"""
_SHUT = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown()"
_COMMAND = "([id, o]) => window.jupyterapp.commands.execute(id, o).then(() => null)"
_RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells')"
_REPLACE = """(cells) => {
  const { sharedModel } = window.jupyterapp.shell.currentWidget.content.model;
  const made = cells.map((source) => ({ cell_type: "code", source, metadata: {} }));
  sharedModel.transact(() => {
    sharedModel.deleteCellRange(0, sharedModel.cells.length);
    sharedModel.insertCells(0, made);
  });
}"""
_SAY = """async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code, store_history: false });
  let said = "";
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream") said += content.text;
    if (header.msg_type === "error") said += content.ename + ": " + content.evalue;
  };
  await future.done;
  return said;
}"""


@pytest.fixture(scope="module")
def opened(browser: Browser, lab: Lab, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """One notebook for all tests of a file: a page and a kernel take longer to start than most of them."""
    allowed = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(viewport=SIZE, permissions=allowed)
    found = Notebook(context.new_page(), lab)
    found.watch()
    found.open(["None"], f"{request.path.stem}.ipynb")
    yield found
    found.page.evaluate(_SHUT)
    context.close()


@pytest.fixture
def rerun(opened: Notebook) -> Iterator[Callable[[list[str]], Notebook]]:
    """Run other cells in the notebook of the file; nothing may go wrong on the page or leave this machine."""

    def run(cells: list[str]) -> Notebook:
        opened.rerun(cells)
        return opened

    opened.errors.clear()
    yield run
    assert opened.outside == []
    assert opened.errors == []


@pytest.fixture
def notebook(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Open pages of their own; whatever the test found, no request may have left this machine."""
    opened: list[Notebook] = []

    def make(at: Lab | None = None, **options: Any) -> Notebook:
        context = browser.new_context(viewport=SIZE, **options)
        found = Notebook(context.new_page(), at or request.getfixturevalue("lab"))
        found.watch()
        opened.append(found)
        return found

    yield make
    for found in opened:
        found.page.evaluate(_SHUT)
        found.page.context.close()
