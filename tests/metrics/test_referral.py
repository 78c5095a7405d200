"""Customers won on recommendation."""

from __future__ import annotations

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.metrics import formulas

E = sm.economics


def won(sources, **columns):
    """All begin in March 2025, each from its source."""
    names = [f"c{k}" for k in range(len(sources))]
    mrr = pd.DataFrame({"customer_id": names, "month": "2025-03", "mrr": 10})
    customers = pd.DataFrame({"customer_id": names, "source": sources}).assign(**columns)
    return sm.Book(mrr=mrr, customers=customers, as_of="2025-03-31")


@pytest.mark.row("P24")
def test_sixty_of_a_hundred_referred_have_wilsons_interval():
    made = E.referral_share(won(["referral"] * 60 + ["search"] * 40), "M")
    row = made.df.iloc[-1]
    assert row["value"] == 0.6
    assert row[["low", "high"]].tolist() == pytest.approx([0.502, 0.691], abs=5e-4)
    assert row[["low", "high"]].tolist() == pytest.approx(formulas.wilson(60, 100))


@pytest.mark.row("P24")
def test_unknown_sources_are_shown_and_counted_by_a_stated_rule():
    book = won(["referral"] * 3 + ["search"] * 3 + [None] * 4)
    counted = E.referral_share(book, "M").df.iloc[-1]
    assert counted[["value", "denominator", "unknown"]].tolist() == [0.3, 10, 4]
    known = E.referral_share(book, "M", unknown="left_out")
    assert known.df.iloc[-1][["value", "denominator", "unknown"]].tolist() == [0.5, 6, 4]
    assert "left out" in known.footnote
    assert len(known.rows()) == 6


@pytest.mark.row("P24")
def test_groups_add_up_and_open_to_their_customers():
    book = won(["referral", "search"] * 5, segment=["SMB"] * 6 + ["Enterprise"] * 4)
    made = E.referral_share(book, "M", by="segment")
    assert made.df.groupby("period")["numerator"].sum().iloc[-1] == 5
    rows = made.rows(segment="SMB")
    assert (len(rows), rows["numerator"].sum()) == (6, 3)
    assert set(rows["source"]) == {"referral", "search"}
    proof = made.proof(segment="SMB")
    assert proof.recomputed == proof.value == 0.5


def test_several_sources_can_be_referrals():
    book = won(["friend", "partner", "search", "search"])
    assert E.referral_share(book, "M", referral=["friend", "partner"]).value == 0.5


def test_who_returns_is_not_won_again():
    mrr = pd.DataFrame({"customer_id": "a", "month": ["2025-01", "2025-04"], "mrr": 10})
    customers = pd.DataFrame({"customer_id": ["a"], "source": ["referral"]})
    df = E.referral_share(sm.Book(mrr=mrr, customers=customers, as_of="2025-04-30"), "M").df
    assert df["denominator"].tolist() == [1, 0, 0, 0]
    assert df["reason"].tolist() == ["", *["nobody was won"] * 3]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda b: E.referral_share(b, referral="referal"), "Did you mean 'referral'"),
        (lambda b: E.referral_share(b, unknown="drop"), "drop"),
        (lambda b: E.referral_share(b, by="source"), "another column than source"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(call, words):
    with pytest.raises(sm.DataError, match=words):
        call(won(["referral", "search"]))


def test_a_book_without_sources_says_so():
    mrr = {"customer_id": ["a"], "month": ["2025-01"], "mrr": [1]}
    with pytest.raises(sm.DataError, match="customers"):
        E.referral_share(sm.Book(mrr=mrr))
    with pytest.raises(sm.DataError, match=r"customers\.source"):
        E.referral_share(sm.Book(mrr=mrr, customers={"customer_id": ["a"], "name": ["A"]}))
