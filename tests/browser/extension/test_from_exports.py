"""From a folder of exports to one's own numbers: the launcher, the right-click, the settings."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import expect

import saasmetrics as sm
from tests.browser.extension.test_panel import violations
from tests.importers.exports import folder as written
from tests.importers.test_stripe import DASHBOARD
from tests.importers.test_support_systems import EXPORT

SLOW = 60_000


def failed(notebook: dict) -> list[str]:
    outputs = [o for cell in notebook["cells"] for o in cell.get("outputs", [])]
    return [o["evalue"] for o in outputs if o["output_type"] == "error"]


def parameters(notebook: dict) -> dict:
    """What the cell tagged `parameters` says."""
    (cell,) = (c for c in notebook["cells"] if "parameters" in c["metadata"].get("tags", []))
    said: dict = {}
    exec("".join(cell["source"]), said)
    return {name: value for name, value in said.items() if not name.startswith("__")}


def expected(folder: Path) -> str:
    return sm.retention.nrr(sm.read(folder)).text


def shows_nrr(desk, folder: Path) -> None:
    output = desk.page.locator(".jp-OutputArea-output", has_text="Net revenue retention")
    expect(output.first).to_contain_text(expected(folder), timeout=SLOW)


def clicks(desk) -> int:
    return desk.page.evaluate("window.clicks")


def test_from_the_launcher_it_takes_one_click_to_the_nrr_of_ones_own_exports(desk, exports) -> None:
    folder = desk.folder(mrr=exports)
    desk.launcher(folder)
    desk.card("Founder explorer").click()
    shows_nrr(desk, folder)
    assert clicks(desk) == 1
    explorer = desk.page.locator(".saasmetrics-explorer")
    expect(explorer).to_have_attribute("data-ready", "true", timeout=SLOW)
    assert failed(desk.done()) == []


def test_from_a_folder_it_takes_two_clicks_and_the_other_entries_of_the_menu_are_there(
    desk, exports
) -> None:
    folder = desk.folder(mrr=exports)
    desk.command("filebrowser:go-to-path", path="")
    offered = desk.menu(folder.name)
    assert {"Open", "Rename", "Cut", "Copy", "Paste"} <= set(offered)
    assert {"Delete", "Move to Trash"} & set(offered)
    assert offered.count("Open with saasmetrics") == offered.count("Check data") == 1
    desk.choose("Open with saasmetrics")
    shows_nrr(desk, folder)
    assert clicks(desk) == 2
    assert parameters(desk.done())["data"] == folder.name


def test_from_exports_of_stripe_and_zendesk_three_clicks_lead_to_the_retention_review(desk) -> None:
    folder = written(desk.folder(), subscriptions_2026=DASHBOARD, tickets_2026=EXPORT)
    desk.command("filebrowser:go-to-path", path="")
    assert {"Open", "Rename", "Copy"} <= set(desk.menu(folder.name))
    desk.choose("Import with saasmetrics")
    assistant = desk.page.locator(".saasmetrics-import")
    expect(assistant).to_have_attribute("data-ready", "true", timeout=SLOW)
    files = assistant.locator(".sm-pages li")
    expect(files).to_contain_text(["Stripe: dashboard subscriptions", "Zendesk: export"])
    files.nth(1).get_by_role("button").click()
    row = assistant.locator(".sm-page tbody tr", has_text="Requester email")
    expect(row).to_contain_text("a@x.com, ben@y.com", timeout=SLOW)
    expect(assistant.get_by_label("Findings")).to_contain_text("without a row in customers")
    assistant.get_by_role("button", name="Retention review").click()
    expect(assistant.locator(".sm-done")).to_contain_text("review.html", timeout=SLOW)
    expect(assistant.locator(".sm-confirm")).to_be_hidden()
    page = (folder.parent / "review.html").read_text("utf-8")
    assert "Net revenue retention" in page
    assert failed(desk.done()) == []
    assert parameters(desk.done())["data"] == folder.name
    assert violations(desk, ".saasmetrics-import") == []
    for theme in ("Light", "Dark"):
        desk.dress(theme)
        expect(assistant).to_have_attribute("data-theme", theme.lower(), timeout=SLOW)
        assistant.evaluate("node => node.scrollIntoView()")
        desk.shot(f"import-{theme.lower()}")
    desk.dress("Light")


def test_data_of_one_file_are_checked_from_its_menu(desk, exports) -> None:
    desk.folder(mrr=exports + "\nc1,2024-01,100")
    assert {"Open", "Rename", "Copy", "Duplicate"} <= set(desk.menu("mrr.csv"))
    desk.choose("Check data")
    report = desk.page.locator(".saasmetrics-result", has_text="Data quality")
    expect(report).to_contain_text("1 error", timeout=SLOW)
    assert parameters(desk.done())["data"] == "mrr.csv"


def test_what_is_no_table_is_not_offered(desk) -> None:
    folder = desk.folder()
    (folder / "notes.md").write_text("hello", encoding="utf-8")
    desk.command("filebrowser:refresh")
    offered = desk.menu("notes.md")
    desk.page.keyboard.press("Escape")
    assert {"Rename", "Copy"} <= set(offered)
    assert {"Open with saasmetrics", "Check data"} & set(offered) == set()


def test_the_retention_review_runs_and_writes_its_page_beside_it(desk, exports) -> None:
    folder = desk.folder(mrr=exports)
    desk.launcher(folder)
    desk.card("Retention review").click()
    desk.page.locator(".jp-Notebook").wait_for()
    assert failed(desk.done()) == []
    assert (folder / "Retention review.html").stat().st_size > 10_000


def test_no_file_is_ever_written_over(desk) -> None:
    folder = desk.folder()
    mine = folder / "Retention review.ipynb"
    mine.write_text("mine", encoding="utf-8")
    page = folder / "retention review 2.html"
    page.write_text("mine", encoding="utf-8")
    desk.set(run=False)
    desk.command("saasmetrics:review", cwd=folder.name)
    made = json.loads((folder / "Retention review 3.ipynb").read_text(encoding="utf-8"))
    assert parameters(made)["out"] == "Retention review 3.html"
    assert mine.read_text() == page.read_text() == "mine"
    there = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert there == {mine.name, page.name, "Retention review 3.ipynb"}
    desk.set()


def test_settings_are_what_new_notebooks_begin_with(desk) -> None:
    folder = desk.folder()
    desk.set(policy="stripe", currency="EUR", fiscalStart=4, theme="dark", run=False)
    desk.command("saasmetrics:founder", cwd=folder.name)
    said = parameters(json.loads((folder / "Founder explorer.ipynb").read_text("utf-8")))
    assert said == {
        "data": "", "policy": "stripe", "currency": "EUR", "fiscal_start": 4, "as_of": "", "theme": "dark",
    }  # fmt: skip
    cells = desk.page.locator(".jp-Notebook .jp-CodeCell")
    expect(cells.first).to_be_visible()
    assert desk.page.locator(".jp-OutputArea-output").count() == 0
    desk.set()


def test_a_notebook_that_cannot_be_made_says_why(desk) -> None:
    desk.page.evaluate(_FROM_NOWHERE)
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_contain_text("No notebook could be made in gone")
    expect(dialog).to_contain_text("404 Not Found")
    dialog.get_by_role("button", name="Close").click()
    desk.errors[:] = [error for error in desk.errors if "404" not in error]


# The command ends when its dialog is closed, so nobody waits for it.
_FROM_NOWHERE = "void window.jupyterapp.commands.execute('saasmetrics:founder', {cwd: 'gone'})"


def test_the_menu_and_the_palette_have_every_command(desk) -> None:
    desk.page.get_by_role("menuitem", name="SaaS metrics").click()
    labels = desk.page.locator(".lm-Menu-item:visible .lm-Menu-itemLabel")
    expect(labels.filter(has_text="Board pack builder")).to_be_visible(timeout=SLOW)
    offered = labels.all_inner_texts()
    desk.page.keyboard.press("Escape")
    wanted = {
        "Founder explorer",
        "Retention review",
        "Board pack",
        "Board pack builder",
        "Import assistant",
        "Check data",
    }
    assert wanted <= {words.strip() for words in offered}
    assert len([words for words in offered if words.strip()]) == 9
    desk.command("apputils:activate-command-palette")
    palette = desk.page.locator(".lm-CommandPalette")
    palette.locator("input").fill("SaaS metrics")
    items = palette.locator(".lm-CommandPalette-itemLabel")
    expect(items.filter(has_text="Show the metrics panel")).to_be_visible(timeout=SLOW)
    found = items.all_inner_texts()
    desk.page.keyboard.press("Escape")
    assert wanted | {"Show the metrics panel"} <= set(found)
