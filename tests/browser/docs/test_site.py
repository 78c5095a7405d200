"""The documentation in a browser: from a folder, without a server, in light and dark, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import SHOTS

SITE = Path(__file__).parents[3] / "widgets" / "labextension" / "static" / "docs"
KINDS = ("index.html", "metrics/nrr.html", "policies.html")
PHONE = {"width": 390, "height": 844}


@pytest.fixture(name="visit")
def _visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages of the site from its folder; whatever they do, nothing may be asked of a host or go wrong."""
    contexts, wrong = [], []

    def refuse(route: Route) -> None:
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            wrong.append(f"asked for {route.request.url}")
            route.abort()

    def visit(name: str, **options: object) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.route("**/*", refuse)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
        page.goto((SITE / name).as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", KINDS)
def test_pages_are_accessible(visit, name: str, theme: str) -> None:
    page = visit(name, color_scheme=theme)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"docs-{Path(name).stem}-{theme}.png")
    found = Axe().run(page, options={"preload": False}).response["violations"]
    assert [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]] == []


def test_a_metric_is_found_by_keyboard_alone(visit) -> None:
    page = visit("index.html")
    page.keyboard.press("/")
    page.keyboard.type("nrr")
    expect(page.get_by_role("option").first).to_contain_text("Net revenue retention (NRR)")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Net revenue retention (NRR)")


def test_arrows_choose_and_escape_closes(visit) -> None:
    page = visit("metrics/nrr.html")
    box = page.get_by_role("combobox")
    box.fill("churn")
    page.keyboard.press("ArrowDown")
    second = page.get_by_role("option").nth(1)
    expect(second).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", "found-1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_the_theme_that_is_chosen_stays_from_page_to_page(visit) -> None:
    page = visit("index.html", color_scheme="light")
    button = page.get_by_role("button", name="Theme")
    button.click()
    button.click()
    page.get_by_role("link", name="All metrics").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    color = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert color == "rgb(23, 27, 32)"  # the surface of dark charts, #171b20


@pytest.mark.parametrize("name", [*KINDS, "howto/board-pack.html"])
def test_nothing_is_wider_than_a_phone(visit, name: str) -> None:
    page = visit(name, viewport=PHONE)
    page.screenshot(path=SHOTS / f"docs-{Path(name).stem}-phone.png")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    pages = page.get_by_text("All pages", exact=True)
    pages.click()
    expect(page.get_by_role("navigation", name="Pages", exact=True)).to_be_visible()


def test_a_page_says_everything_without_its_script(visit) -> None:
    page = visit("metrics/nrr.html", java_script_enabled=False, viewport=PHONE)
    expect(page.get_by_role("img").first).to_be_visible()
    expect(page.get_by_text("All pages", exact=True)).to_be_visible()


def test_the_explorer_of_the_tutorial_runs_in_its_page(visit) -> None:
    page = visit("tutorials/founder.html")
    frame = page.locator(".live iframe")
    frame.scroll_into_view_if_needed()
    inside = page.frame_locator(".live iframe")
    expect(inside.get_by_role("heading", level=1)).to_be_visible(timeout=30_000)
