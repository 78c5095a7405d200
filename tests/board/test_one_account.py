"""A pack of one customer: what a quarterly review with it is prepared from."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm


@pytest.mark.row("Z14")
def test_a_review_of_one_customer_shows_its_own_numbers(tmp_path: Path) -> None:
    book = sm.demo(customers=120)
    contracts = book.frame("contracts")
    account = contracts["customer_id"].iloc[0]
    own = book.where(customer_id=account)
    pack = sm.board.pack(own, settings={"company": "Quarterly review"})
    arr = sm.revenue.arr(own, freq="Q").df
    known = arr[arr["complete"]]["value"].iloc[-1]
    assert any(q.value == pytest.approx(known) for q in pack.quantities.values() if q.value)
    page = pack.to_html(tmp_path / "review.html").read_text(encoding="utf-8")
    assert "Quarterly review" in page


def test_a_pack_shows_its_sentences_and_names_are_only_text() -> None:
    pack = sm.board.pack(
        sm.demo(customers=60), settings={"company": "<script>x</script>", "pages": ["bridge"]}
    )
    shown = pack._repr_html_()
    assert "<script>" not in shown
    assert pack.pages[0].title.split("$")[0] in str(pack)
