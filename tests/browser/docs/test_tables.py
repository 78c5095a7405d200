"""Tables of the documentation that hold sentences, at the width of a laptop."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

import saasmetrics as sm
from docs.site import layout, shown
from tests.browser.conftest import SHOTS

_BODY = (
    '<div class="columns"><aside class="pages"></aside><main><div class="output">{}</div></main>'
    '<aside class="contents"></aside></div>'
)
_CUT = """() => [...document.querySelectorAll(".table")].filter(
  (one) => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight
).length"""


@pytest.fixture
def page(browser: Browser) -> Page:
    """The words of the site, light, as wide as the screen of a laptop."""
    found = browser.new_page(viewport={"width": 1300, "height": 900}, color_scheme="light")
    yield found
    found.close()


def _show(page: Page, body: str) -> None:
    page.set_content(f"<style>{layout.styles()}</style>{_BODY.format(body)}")


def test_what_four_policies_do_not_share_is_read_without_moving_the_table(page: Page) -> None:
    presets = ["default", "stripe", "chartmogul_b2b", "baremetrics"]
    compared = sm.definitions.compare(sm.demo(customers=60), "nrr", presets)
    _show(page, shown.frame(compared.extra["tables"]["What they do not share"]))
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "docs-policies-of-four.png")
    assert page.evaluate(_CUT) == 0


def test_the_choices_in_which_two_policies_differ_are_whole_down_to_the_last_row(
    page: Page,
) -> None:
    _show(page, shown.frame(sm.Policy.named("stripe").diff("default")))
    page.screenshot(path=SHOTS / "docs-policies-of-two.png")
    assert page.evaluate(_CUT) == 0


def test_a_table_of_many_rows_moves_in_a_frame_of_its_own(page: Page) -> None:
    table = sm.Policy.named("stripe").diff("default")
    _show(page, shown.frame(table.loc[table.index.repeat(10)]))
    assert page.evaluate(_CUT) == 1
