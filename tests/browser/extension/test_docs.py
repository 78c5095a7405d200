"""The documentation in JupyterLab: from the Help menu and the palette, in a tab, without the network."""

from __future__ import annotations

from playwright.sync_api import expect

SLOW = 60_000


def test_the_documentation_opens_from_the_help_menu_in_the_theme_of_jupyterlab(desk) -> None:
    desk.dress("Dark")
    desk.page.locator("#jp-MainMenu").get_by_text("Help", exact=True).click()
    desk.page.locator(".lm-Menu-itemLabel", has_text="SaaS metrics documentation").click()
    inside = desk.page.frame_locator("#saasmetrics-docs iframe")
    expect(inside.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW)
    expect(inside.locator("html")).to_have_attribute("data-theme", "dark")
    box = inside.get_by_role("combobox")
    box.fill("nrr")
    box.press("Enter")
    expect(inside.get_by_role("heading", level=1)).to_contain_text("Net revenue retention (NRR)")
    expect(inside.locator("html")).to_have_attribute("data-theme", "dark")
    desk.shot("docs-in-lab-dark")
    desk.dress("Light")
    desk.command("saasmetrics:docs")
    expect(inside.locator("html")).to_have_attribute("data-theme", "light", timeout=SLOW)
    expect(desk.page.locator("#saasmetrics-docs")).to_have_count(1)
    desk.shot("docs-in-lab-light")
