"""JupyterLab with the extension as the wheel brings it; nothing may fail on the page or leave this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator

from tests.browser.conftest import SIZE, Lab, Notebook
from tests.installed import Installed

NAMES = count()
COUNT_CLICKS = """() => {
  window.clicks = 0;
  document.addEventListener("pointerdown", () => (window.clicks += 1), true);
}"""
STARTED = "() => window.jupyterapp?.restored.then(() => true)"


class Desk(Notebook):
    """A page of JupyterLab with its file browser, launcher and side panel."""

    def start(self) -> None:
        """Open JupyterLab at its launcher and count what is clicked from then on."""
        self.page.goto(f"{self.lab.url}/lab?reset&token={self.lab.token}")
        self.page.wait_for_function(STARTED, timeout=120_000)
        self.page.evaluate(COUNT_CLICKS)

    def folder(self, **files: str) -> Path:
        """Make a folder with files (mrr="..." is mrr.csv) and go into it."""
        made = self.lab.folder / f"work-{next(NAMES)}"
        made.mkdir()
        for name, text in files.items():
            (made / f"{name}.csv").write_text(text, encoding="utf-8")
        self.command("filebrowser:go-to-path", path=made.name)
        return made

    def launcher(self, folder: Path) -> None:
        """Show a launcher of a folder."""
        self.command("launcher:create", cwd=folder.name)

    def card(self, title: str) -> Locator:
        """The card of a launcher that is on top."""
        words = self.page.get_by_text(title, exact=True)
        return self.page.locator(".jp-LauncherCard:visible").filter(has=words)

    def item(self, name: str) -> Locator:
        """A file or folder in the file browser."""
        return self.page.locator(f'.jp-DirListing-item:has-text("{name}")').first

    def menu(self, name: str) -> list[str]:
        """Right-click a file or folder and return what is offered."""
        self.item(name).click(button="right")
        return self.page.locator(".lm-Menu-item:visible .lm-Menu-itemLabel").all_inner_texts()

    def choose(self, words: str) -> None:
        """Choose an entry of the menu that is open."""
        self.page.get_by_role("menuitem", name=words, exact=True).click()

    def set(self, **settings: Any) -> None:
        """Change settings of the extension; what is not named gets its default back."""
        self.page.evaluate(_SET, settings)

    def done(self) -> dict[str, Any]:
        """Wait until the notebook on top has run, and return it as it is then."""
        self.page.wait_for_function(_RAN, timeout=120_000)
        return dict(self.page.evaluate(_CONTENT))


# What the settings editor does as well; the registry is found by name, for a page has no tokens.
_SET = """async (settings) => {
  const app = window.jupyterapp;
  const tokens = [...app.pluginRegistry._services.keys()];
  const token = tokens.find(({ name }) => name.endsWith(":ISettingRegistry"));
  const registry = await app.resolveRequiredService(token);
  const { user } = (await registry.load("jupyter-saasmetrics:plugin"));
  for (const key of Object.keys(user)) await registry.remove("jupyter-saasmetrics:plugin", key);
  for (const [key, value] of Object.entries(settings)) await registry.set("jupyter-saasmetrics:plugin", key, value);
}"""
_RAN = """() => {
  const top = window.jupyterapp.shell.currentWidget;
  const cells = top?.content?.widgets?.filter((cell) => cell.model.type === "code");
  const hasRun = ({ model }) => model.executionCount && model.executionState !== "running";
  return cells?.length > 0 && cells.every(hasRun);
}"""
_CONTENT = "() => window.jupyterapp.shell.currentWidget.content.model.toJSON()"


@pytest.fixture(scope="session")
def shipped_lab(serving: Callable[..., Any], shipped: Installed) -> Iterator[Lab]:
    """JupyterLab whose extension and kernel are those of the wheel."""
    with serving(python=str(shipped.python), **shipped.environment) as found:
        yield found


@pytest.fixture(scope="module")
def opened(browser: Browser, shipped_lab: Lab) -> Iterator[Desk]:
    """One page for all tests of a file: to start JupyterLab takes longer than they do."""
    context = browser.new_context(viewport=SIZE)
    found = Desk(context.new_page(), shipped_lab)
    found.watch()
    found.start()
    yield found
    context.close()


@pytest.fixture
def desk(opened: Desk) -> Iterator[Desk]:
    """JupyterLab with nothing open; whatever a test does, the page has not complained nor asked other machines."""
    opened.errors.clear()
    opened.page.evaluate("() => (window.clicks = 0)")
    yield opened
    opened.page.evaluate(_CLOSE)
    assert opened.outside == []
    assert opened.errors == []


_CLOSE = """async () => {
  const { shell, serviceManager } = window.jupyterapp;
  for (const widget of [...shell.widgets("main")]) {
    await widget.sessionContext?.ready;
    if (widget.context) await widget.context.save();
    widget.dispose();
  }
  await serviceManager.sessions.shutdownAll();
}"""


@pytest.fixture(scope="session")
def exports() -> str:
    """MRR of thirty customers over two years: some grow, some shrink, some leave."""
    lines = ["customer_id,month,mrr"]
    for i in range(30):
        for month in range(24):
            if i % 7 or month < 18:
                mrr = 100 + 3 * i + (month if i % 3 else -month)
                lines.append(f"c{i},{2024 + month // 12}-{month % 12 + 1:02d},{mrr}")
    return "\n".join(lines)


def text_of(notebook: dict[str, Any]) -> str:
    """All that the outputs of a notebook say."""
    return json.dumps([cell.get("outputs", []) for cell in notebook["cells"]])
