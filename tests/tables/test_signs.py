"""Signs of currency beside amounts, where no column names one."""

from __future__ import annotations

import pytest

import saasmetrics as sm

ROWS = {"customer_id": ["a", "b"], "month": ["2026-01", "2026-01"]}


@pytest.mark.parametrize(
    ("cells", "currency"),
    [(["€ 10", "20 €"], "EUR"), (["£10", "20"], "GBP"), (["$10", "$20"], "USD")],
)
def test_the_sign_beside_amounts_is_the_currency_unless_it_is_of_several(
    cells: list[str], currency: str
) -> None:
    book = sm.Book(mrr={**ROWS, "mrr": cells})
    assert book.currency == currency
    assert sm.revenue.mrr(book).df["value"].sum() > 0
    assumed = "no table names a currency" in " ".join(book.check().df["finding"])
    assert assumed == (currency == "USD")


def test_a_column_of_currency_comes_before_signs() -> None:
    book = sm.Book(mrr={**ROWS, "mrr": ["€10", "€20"], "currency": ["CHF", "CHF"]})
    assert book.currency == "CHF"
