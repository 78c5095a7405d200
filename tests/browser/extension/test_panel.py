"""The side panel: the catalogue, what is in the kernel, and the policy; with the keyboard and in both themes."""

from __future__ import annotations

from itertools import count

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, expect

SLOW = 60_000
NAUGHTY = "<img src=x onerror='window.hurt=1'>"
BOOK = f"""import saasmetrics as sm
rows = {{"customer_id": ["a", "b"], "month": ["2026-01"] * 2, "mrr": [10, 20], "tag": ["{NAUGHTY}"] * 2}}
book = sm.Book(mrr=rows).where(tag="{NAUGHTY}")"""
NAMES = count()


@pytest.fixture
def panel(desk) -> Locator:
    """The panel beside a notebook with a book in its kernel, and an empty cell at the end."""
    name = f"panel-{next(NAMES)}.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in (BOOK, "")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    made = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(made, desk.lab.folder / name)
    desk.command("docmanager:open", path=name)
    desk.page.evaluate(_READY)
    desk.run_all()
    desk.command("saasmetrics:panel")
    found = desk.page.locator(".sm-lab-panel")
    found.get_by_role("searchbox").fill("")
    return found


_READY = """async () => {
  const { context, revealed, sessionContext } = window.jupyterapp.shell.currentWidget;
  await context.ready;
  await revealed;
  await sessionContext.ready;
  await sessionContext.session.kernel.info;
}"""


def sources(desk) -> list[str]:
    cells = "window.jupyterapp.shell.currentWidget.content.widgets"
    return list(desk.page.evaluate(f"{cells}.map((cell) => cell.model.sharedModel.getSource())"))


def look(panel) -> None:
    panel.get_by_role("button", name="Look into the notebook").click()


def test_a_metric_is_found_explained_and_inserted_at_the_cursor(desk, panel) -> None:
    panel.get_by_role("searchbox").fill("nrr")
    metric = panel.get_by_role("button", name="Net revenue retention NRR")
    metric.click()
    about = panel.locator("#sm-lab-metric-nrr")
    expect(about).to_contain_text("Formula")
    expect(about).to_contain_text("sm.retention.nrr(book, window=None")
    desk.page.evaluate(_TYPED, "nrr =  # mine")
    about.get_by_role("button", name="Insert into notebook").click()
    expect(panel.get_by_text("sm.retention.nrr(book) is in panel-")).to_be_visible()
    assert sources(desk)[-1] == "nrr = sm.retention.nrr(book) # mine"


_TYPED = """(text) => {
  const { editor } = window.jupyterapp.shell.currentWidget.content.activeCell;
  editor.model.sharedModel.setSource(text);
  editor.setCursorPosition({ line: 0, column: "nrr = ".length });
}"""


def test_a_metric_is_dragged_into_a_cell(desk, panel) -> None:
    panel.get_by_role("searchbox").fill("grr")
    target = desk.page.locator(".jp-Notebook .jp-CodeCell .cm-content").last
    panel.locator("li", has_text="Gross revenue retention").first.drag_to(target)
    expect(target).to_have_text("sm.retention.grr(book)")


def test_the_tables_of_the_book_are_shown_and_the_kernel_keeps_no_trace(desk, panel) -> None:
    before = desk.say("print(sorted(globals()), In, Out)")
    look(panel)
    tables = panel.locator(".sm-lab-tables")
    expect(tables).to_contain_text("mrr 2 rows", timeout=SLOW)
    assert desk.say("print(sorted(globals()), In, Out)") == before
    expect(panel.locator(".sm-lab-facts").first).to_contain_text(f"tag = {NAUGHTY}")
    assert panel.locator("img").count() == 0
    assert desk.page.evaluate("window.hurt") is None


def test_a_busy_kernel_is_left_alone(desk, panel) -> None:
    desk.page.evaluate(_SLEEP)
    desk.page.wait_for_function(_IS_BUSY)
    look(panel)
    expect(panel.get_by_text("The kernel is busy")).to_be_visible()
    assert desk.page.evaluate(_STOP) == "error"


_KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
_SLEEP = f"""() => {{
  const code = "import time; time.sleep(600)";
  window.slept = {_KERNEL}.requestExecute({{ code, store_history: false }}).done;
}}"""
_IS_BUSY = f"() => {_KERNEL}.status === 'busy'"
_STOP = (
    f"() => {_KERNEL}.interrupt().then(() => window.slept).then((reply) => reply.content.status)"
)


def test_another_policy_is_taken_by_a_cell_that_everybody_sees(desk, panel) -> None:
    look(panel)
    expect(panel.get_by_text("Policy: The definitions of saasmetrics")).to_be_visible(timeout=SLOW)
    panel.get_by_label("Read it by").select_option("stripe")
    panel.get_by_role("button", name="Insert as a cell").click()
    cell = 'book = book.with_policy("stripe")'
    expect(panel.get_by_text(f"{cell} is in panel-")).to_be_visible()
    assert cell in sources(desk)
    assert desk.say("print(book.policy.name)") == "default"
    panel.get_by_role("button", name="Insert and run").click()
    expect(panel.get_by_text("Policy: Stripe Billing analytics")).to_be_visible(timeout=SLOW)
    assert sources(desk).count(cell) == 2
    assert desk.say("print(book.policy.name)") == "stripe"


def test_the_keyboard_reaches_everything(desk, panel) -> None:
    box = panel.get_by_role("searchbox")
    expect(box).to_be_focused()
    press = desk.page.keyboard.press
    desk.page.keyboard.type("retention")
    press("ArrowDown")
    metrics = panel.locator(".sm-lab-metric")
    expect(metrics.nth(0)).to_be_focused()
    press("ArrowDown")
    expect(metrics.nth(1)).to_be_focused()
    outline = metrics.nth(1).evaluate("node => getComputedStyle(node).outlineStyle")
    assert outline == "solid"
    press("Enter")
    expect(metrics.nth(1)).to_have_attribute("aria-expanded", "true")
    press("Tab")
    expect(panel.get_by_role("button", name="Insert into notebook")).to_be_focused()
    press("Enter")
    expect(panel.get_by_text("is in panel-")).to_be_visible()
    metrics.nth(0).focus()
    press("ArrowUp")
    expect(box).to_be_focused()


def test_panel_and_launcher_cards_are_accessible_in_light_and_dark(desk, panel) -> None:
    look(panel)
    expect(panel.locator(".sm-lab-tables")).to_be_visible(timeout=SLOW)
    panel.locator(".sm-lab-tables summary").first.click()
    panel.get_by_role("button", name="Annual recurring revenue ARR").click()
    folder = desk.folder(mrr="")
    desk.command("filebrowser:go-to-path", path="")
    desk.launcher(folder)
    desk.card("Board pack").scroll_into_view_if_needed()
    for theme in ("Light", "Dark"):
        desk.dress(theme)
        desk.shot(f"panel-{theme.lower()}")
        desk.menu(folder.name)
        desk.shot(f"menu-{theme.lower()}")
        desk.page.keyboard.press("Escape")
        assert violations(desk, "#saasmetrics-panel") == []
        assert violations(desk, '.jp-LauncherCard[data-category="SaaS metrics"]') == []
    desk.dress("Light")


def violations(desk, selector: str) -> list[str]:
    """What axe finds serious or critical below a selector."""
    assert desk.page.locator(selector).count() > 0
    found = Axe().run(desk.page, context=selector).response["violations"]
    return [
        f"{each['id']}: {node['html']}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]
