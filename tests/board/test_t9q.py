"""Trailing nine quarters: a published board slide reproduced, plan beside it, and what the tables do not have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import saasmetrics as sm
from saasmetrics.board import Pack
from saasmetrics.board.model import Text

SHARED = Path(__file__).parents[3] / "shared" / "examples" / "success.json"
UNIT = 50  # thousands of ARR of one customer: all amounts of the example are multiples of it


@pytest.fixture(scope="module")
def leaky_bucket() -> dict[str, Any]:
    """Kellblog's dashboard (CC BY-NC 4.0): starting, new and churned ARR of nine quarters, with what follows."""
    if not SHARED.is_file():
        pytest.skip("the published examples (../shared/examples/success.json) are not here")
    return next(e for e in json.loads(SHARED.read_text()) if e["id"] == "kellblog_t9q_leaky_bucket")


@pytest.fixture(scope="module")
def pack(leaky_bucket: dict[str, Any]) -> Pack:
    given = leaky_bucket["inputs"]
    lives: list[list[Any]] = [[0, None] for _ in range(given["starting"][0] // UNIT)]
    for quarter, (new, churn) in enumerate(zip(given["new"], given["churn"], strict=True), 1):
        for life in [life for life in lives if life[1] is None][: churn // UNIT]:
            life[1] = quarter
        lives += [[quarter, None] for _ in range(new // UNIT)]
    ends = ["2017-12", *(f"{2018 + q // 4}-{q % 4 * 3 + 3:02}" for q in range(9))]
    rows = [
        (f"c{at}", month, UNIT * 1000 / 12)
        for at, (start, end) in enumerate(lives)
        for month in _months("2017-12", "2020-03")
        if ends[start] <= month and (end is None or month < ends[end])
    ]
    customers, months, mrr = zip(*rows, strict=True)
    book = sm.Book(mrr={"customer_id": customers, "month": months, "mrr": mrr})
    return sm.board.pack(
        book,
        settings={
            "company": "Kellblog",
            "pages": ["t9q"],
            "targets": {"arr": {"2020-Q1": 32_900_000}},
        },
    )


def _months(first: str, last: str) -> list[str]:
    start, end = (int(t[:4]) * 12 + int(t[5:]) - 1 for t in (first, last))
    return [f"{m // 12}-{m % 12 + 1:02}" for m in range(start, end + 1)]


def row(pack: Pack, label: str) -> list[float | None]:
    """The nine numbers of a line, in thousands where they are money."""
    line = next(r for r in pack.pages[0].tables[0].rows if r.label == label)
    values = [None if isinstance(c, Text) else pack.quantities[c] for c in line.cells[:9]]
    return [
        None if q is None or q.value is None else q.value / (1000 if q.unit == "money" else 1)
        for q in values
    ]


def test_the_published_slide_is_reproduced(pack: Pack, leaky_bucket: dict[str, Any]) -> None:
    given, expected = leaky_bucket["inputs"], leaky_bucket["expected"]
    assert pack.pages[0].tables[0].columns[:9] == tuple(
        f"Q{p[0]} 20{p[2:]}" for p in given["periods"]
    )
    assert row(pack, "Opening ARR") == pytest.approx(given["starting"])
    assert row(pack, "+ new") == pytest.approx(given["new"])
    assert row(pack, "− churn") == pytest.approx([-c for c in given["churn"]])
    assert row(pack, "Closing ARR") == pytest.approx(expected["ending"])
    assert row(pack, "Net new ARR") == pytest.approx(expected["net_new"])


def test_growth_in_a_year_is_as_published_and_missing_where_no_year_is_known(
    pack: Pack, leaky_bucket: dict[str, Any]
) -> None:
    growth = row(pack, "Closing ARR, growth in a year")
    published = leaky_bucket["expected"]["ending_yoy"]
    assert growth[:3] == [None] * 3
    assert growth[3] == pytest.approx(
        21_150 / 15_000 - 1
    )  # the slide leaves it out, and has both numbers
    assert growth[4:] == pytest.approx(published[4:], abs=5e-5)
    assert row(pack, "New ARR, growth in a year")[4:] == pytest.approx(
        leaky_bucket["expected"]["new_yoy_last5"], abs=5e-5
    )


def test_the_page_says_it_in_words_and_against_plan(pack: Pack) -> None:
    # 32,600 of 32,900 planned is 0.9% under plan
    assert pack.pages[0].title == (
        "New ARR $3.35M (+48.9% in a year) and churned ARR $800k (+60.0% in a year) in Q1 2020: net new ARR $2.55M"
    )
    closing = next(r for r in pack.pages[0].tables[0].rows if r.label == "Closing ARR")
    assert pack.quantities[str(closing.cells[10])].value == pytest.approx(32_600 / 32_900 - 1)


def test_what_the_tables_do_not_have_is_named_with_what_to_add(pack: Pack) -> None:
    told = " ".join(pack.pages[0].missing)
    assert "Gross renewal rate" in told
    assert "contracts" in told
    assert "spend" in told


def test_the_pack_of_it_is_written_in_every_format(pack: Pack, tmp_path: Path) -> None:
    for form in ("html", "pdf", "pptx", "xlsx"):
        assert getattr(pack, f"to_{form}")(tmp_path / f"pack.{form}").stat().st_size > 10_000


def test_a_quarter_with_open_renewals_says_how_much_is_open_and_what_its_rate_is_without() -> None:
    book = sm.demo(customers=300, seed=7)
    page = next(page for page in sm.board.pack(book).pages if page.id == "t9q")
    rates = sm.renewals.rates(book, freq="Q").df.set_index("period")
    last = rates[rates["open_share"] > 0].iloc[0]
    said = f"{last['open_share']:.0%} of what came up is still open, {last['of_all']:.1%} if none renews"
    assert said in page.footnote
    assert "Gross renewal rate, decided" in [row.label for row in page.tables[0].rows]


def test_a_quarter_of_which_much_is_open_says_so_beside_its_headline() -> None:
    names = [f"c{i}" for i in range(20)]
    months = [f"{2025 + month // 12}-{month % 12 + 1:02}" for month in range(7, 21)]
    mrr = {
        "customer_id": names * len(months),
        "month": [month for month in months for _ in names],
        "mrr": [100.0] * (20 * len(months)),
    }
    contracts = {
        "contract_id": [f"k{i}" for i in range(22)],
        "customer_id": [*names, "c0", "c1"],
        "start": ["2025-08-15"] * 20 + ["2026-08-15"] * 2,
        "end": ["2026-08-14"] * 20 + ["2027-08-14"] * 2,
        "arr": [1200.0] * 22,
        "signed_at": ["2025-08-01"] * 20 + ["2026-08-01"] * 2,
    }
    book = sm.Book(mrr=mrr, contracts=contracts, as_of="2026-09-30")
    page = sm.board.pack(book, settings={"pages": ["t9q"]}).pages[0]
    assert page.comment.endswith(
        "90% of what came up for renewal is still open and not in its rate."
    )
    assert "90% of what came up is still open, 10.0% if none renews" in page.footnote


def test_what_exchange_rates_did_is_in_the_pack_where_it_counts_as_expansion() -> None:
    lines = {
        "subscription_id": ["1", "2", "3"],
        "customer_id": ["a", "b", "c"],
        "start": ["2024-01-05", "2024-06-05", "2024-01-05"],
        "amount": [100.0, 100.0, 50.0],
        "interval": ["month"] * 3,
        "currency": ["EUR", "EUR", "USD"],
    }
    days = ["2024-01-01", "2024-06-01", "2024-06-28", "2025-06-01"]
    rates = {"date": days, "currency": ["EUR"] * 4, "rate": [1.0, 1.2, 1.1, 1.05]}
    book = sm.Book(subscriptions=lines, fx=rates, currency="USD", as_of="2025-12-31")
    pack = sm.board.pack(book.with_policy(fx="spot"), settings={"pages": ["t9q", "bridge"]})
    assert {"t9q", "bridge"} <= {page.id for page in pack.pages}
    assert not [said for page in pack.pages for said in page.missing if "its rows give" in said]
