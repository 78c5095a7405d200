"""Pictures of the explorer in both themes, kept in out/screenshots to be looked at."""

from __future__ import annotations

from playwright.sync_api import expect

CODE = (
    "import saasmetrics as sm\nbook = sm.demo(customers=2000)\nw = book.explore(measure='net')\nw"
)


def test_the_explorer_at_laptop_size_in_light_and_dark(notebook) -> None:
    found = notebook()
    found.open([CODE], "screens.ipynb")
    root = found.page.locator(".saasmetrics-explorer")
    expect(root).to_have_attribute("data-ready", "true", timeout=120_000)
    still = found.page.locator(".saasmetrics-static")
    expect(still).to_be_hidden()
    root.locator('.sm-cohorts [aria-label^="Cohort Q1 2024, age 4:"]').click()
    expect(root.locator(".sm-table h3")).to_contain_text("Cohort Q1 2024 after 4 quarters")
    for theme in ("Light", "Dark"):
        found.dress(theme)
        expect(root).to_have_attribute("data-theme", theme.lower(), timeout=60_000)
        root.evaluate("node => node.scrollIntoView()")
        path = found.shot(f"explorer-{theme.lower()}")
        assert path.stat().st_size > 20_000
        found.page.set_viewport_size({"width": 1366, "height": 1200})
        found.shot(f"explorer-{theme.lower()}-tall")
        found.page.set_viewport_size({"width": 1366, "height": 768})
    assert (found.outside, found.errors) == ([], [])


def test_a_saved_notebook_shows_the_picture_where_its_kernel_is_gone(notebook) -> None:
    found = notebook()
    found.open([CODE.replace("2000", "100")], "saved.ipynb")
    root = found.page.locator(".saasmetrics-explorer")
    expect(root).to_have_attribute("data-ready", "true", timeout=120_000)
    found.command("docmanager:save")
    found.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    later = notebook()
    later.open([], "saved.ipynb", run=False)
    still = later.page.locator(".saasmetrics-static img")
    expect(still).to_be_visible(timeout=60_000)
    assert still.evaluate("image => image.decode().then(() => image.naturalWidth)") > 1000
    expect(later.page.get_by_text("model not found")).to_be_hidden(timeout=60_000)
    later.shot("saved-without-kernel")
    assert later.outside == []
