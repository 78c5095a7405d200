"""The figures at the head of a review: their small lines leave air to every word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import saasmetrics as sm

AIR = 8  # pixels
GAPS = """() => [...document.querySelectorAll(".card")].flatMap(card => {
  const line = card.querySelector(".spark")?.getBoundingClientRect();
  if (!line) return [];
  return [...card.querySelectorAll("h2, p")].flatMap(each => {
    const words = document.createRange();
    words.selectNodeContents(each);
    return [...words.getClientRects()].map(box => Math.max(
      box.left - line.right, line.left - box.right, box.top - line.bottom, line.top - box.bottom));
  });
})"""


@pytest.mark.parametrize("wide", [1500, 1000, 700, 340])
def test_the_small_line_of_a_figure_leaves_air_to_every_word(
    wide: int, browser: Browser, demo_book: sm.Book, tmp_path: Path
) -> None:
    made = sm.board.review(demo_book)
    figures = tuple(
        replace(each, text="SEK 888.8M" if each.id == "arr" else each.text, change="−88.8 points")
        for each in made.headline
    )
    path = replace(made, headline=figures).to_html(tmp_path / "review.html")
    page = browser.new_page(viewport={"width": wide, "height": 900})
    page.goto(path.as_uri())
    gaps = page.evaluate(GAPS)
    page.close()
    assert len(gaps) > 12
    assert min(gaps) >= AIR
