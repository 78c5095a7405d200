"""Charts in a browser that has none of the fonts in which they were measured."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

import saasmetrics as sm
from saasmetrics.charts.render import to_svg

_OUTSIDE = """() => {
  const whole = document.querySelector("svg").getBoundingClientRect();
  return [...document.querySelectorAll("text")].filter((text) => {
    const { left, right } = text.getBoundingClientRect();
    return left < whole.left || right > whole.right;
  }).map((text) => text.textContent);
}"""
_WIDE = "svg, svg * { font-family: 'DejaVu Sans', Verdana, sans-serif !important; }"


@pytest.mark.parametrize("by", [None, "segment"])
def test_no_label_of_a_chart_is_cut_where_the_font_is_wider_than_that_of_the_measure(
    browser: Browser, by: str | None
) -> None:
    page = browser.new_page(viewport={"width": 800, "height": 400})
    drawn = to_svg(sm.economics.payback(sm.demo(customers=2000, seed=7), by=by).chart())
    page.set_content(f"<style>{_WIDE}</style>{drawn}")
    assert page.locator("text", has_text="customers (" if by is None else "SMB (").count() == 1
    assert page.evaluate(_OUTSIDE) == []
    page.close()
