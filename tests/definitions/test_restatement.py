"""From what the board was told to what is true now; every figure is worked out by hand beside its ledger."""

from __future__ import annotations

import pandas as pd
import pytest

import saasmetrics as sm

# What is known of March 2026 on 5 April: a pays 100, b 50, c 200, d 40 (until 20 March), e 60; f tries for free until
# 15 April, for 25 then. Afterwards it is learned that
#   10 April  b bought a second subscription for 30 on 10 March (late),
#   12 April  c pays 180, not 200 (changed),
#   14 April  e is a test account (withdrawn),
#   20 April  d and a are one customer (moved).
COLUMNS = ("subscription_id", "customer_id", "start", "end", "amount", "trial_end", "recorded_at")
LEDGER = (
    ("s1", "a", "2026-01-01", None, 100, None, "2026-01-02"),
    ("s2", "b", "2026-01-01", None, 50, None, "2026-01-02"),
    ("s3", "c", "2026-01-01", None, 200, None, "2026-01-02"),
    ("s4", "d", "2026-01-01", "2026-03-20", 40, None, "2026-01-02"),
    ("s6", "e", "2026-01-01", None, 60, None, "2026-01-02"),
    ("s7", "f", "2026-03-15", None, 25, "2026-04-15", "2026-03-15"),
    ("s5", "b", "2026-03-10", None, 30, None, "2026-04-10"),
    ("s3", "c", "2026-01-01", None, 180, None, "2026-04-12"),
    ("s4", "a", "2026-01-01", "2026-03-20", 40, None, "2026-04-20"),
)
THEN, MARCH = "2026-04-05", "2026-03-01"


def ledger(*rows: tuple) -> dict[str, list]:
    """Monthly subscriptions as in COLUMNS, those of e withdrawn on 14 April."""
    columns = {name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}
    gone = ["2026-04-14" if row[1] == "e" else None for row in rows]
    return columns | {"interval": ["month"] * len(rows), "withdrawn_at": gone}


@pytest.fixture
def book() -> sm.Book:
    return sm.Book(subscriptions=ledger(*LEDGER))


def steps(made: sm.Result) -> dict[str, float]:
    frame = made.extra["steps"]
    return dict(zip(frame["step"], frame["value"].round(9), strict=True))


def of(made: sm.Result, step: str) -> dict[str, float]:
    frame = made.df[made.df[step] != 0]
    return dict(zip(frame["customer_id"], frame[step].round(9), strict=True))


def test_each_reason_has_its_own_step_with_its_figure(book: sm.Book) -> None:
    made = sm.definitions.restatement(book, "mrr", THEN, policy_now={"trial": "included"})
    assert (made.extra["from"], made.extra["to"]) == (410, 385)  # d has left by the end of March
    assert steps(made) == {"late": 30, "changed": -20, "moved": 0, "withdrawn": -60, "trial": 25}
    assert of(made, "late") == {"b": 30}
    assert of(made, "changed") == {"c": -20}
    assert of(made, "withdrawn") == {"e": -60}
    assert of(made, "trial") == {"f": 25}
    assert made.extra["difference"] == -25
    assert made.df["value"].sum() == pytest.approx(-25, abs=1e-9)
    assert made.extra["steps"]["first_order"].tolist() == list(steps(made).values())


def test_what_was_reported_is_the_number_of_the_book_as_of_then(book: sm.Book) -> None:
    for metric, window in (("nrr", {"window": 1}), ("grr", {"window": 1}), ("mrr", {})):
        made = sm.definitions.restatement(book, metric, THEN, **window)
        then = getattr(sm.retention if window else sm.revenue, metric)(book.as_of(THEN), **window)
        assert made.extra["from"] == then.value


def test_a_customer_that_was_merged_has_not_left(book: sm.Book) -> None:
    # Then 1 of the 5 customers of February left; now e never was, and d is a: 0 of 3.
    made = sm.definitions.restatement(book, "logo_churn", THEN, window=1)
    assert (made.extra["from"], made.extra["to"]) == (0.2, 0)
    # Without d the rate is 0 with or without e. Before it, e counts: 1/5 is 1/4 without e.
    # moved first: -1/5, then withdrawn 0; withdrawn first: +1/20, then moved -1/4.
    assert steps(made) == {
        "late": 0,
        "changed": 0,
        "moved": pytest.approx((-1 / 5 - 1 / 4) / 2),
        "withdrawn": pytest.approx((0 + 1 / 20) / 2),
    }
    first = made.extra["steps"].set_index("step")["first_order"]
    assert first["moved"] == pytest.approx(-1 / 5)
    assert first["withdrawn"] == pytest.approx(1 / 20)


def test_net_retention_is_told_by_hand(book: sm.Book) -> None:
    # February to March. Then (100 + 50 + 200 + 0 + 60) / 450; now (100 + 80 + 180) / (140 + 50 + 180).
    made = sm.definitions.restatement(book, "nrr", THEN, window=1)
    assert made.extra["from"] == pytest.approx(410 / 450)
    assert made.extra["to"] == pytest.approx(360 / 370)
    assert made.df["value"].sum() == pytest.approx(360 / 370 - 410 / 450, abs=1e-12)
    first = made.extra["steps"].set_index("step")["first_order"]
    assert first["late"] == pytest.approx(30 / 450)
    assert first["changed"] == pytest.approx(390 / 430 - 410 / 450)
    assert first["withdrawn"] == pytest.approx(350 / 390 - 410 / 450)
    assert first["moved"] == pytest.approx(0)


def test_the_rows_behind_a_step_say_what_was_what_and_since_when(book: sm.Book) -> None:
    made = sm.definitions.restatement(book, "mrr", THEN)
    changed = made.rows(step="changed")
    assert changed[["table", "key", "column", "from", "to"]].to_numpy().tolist() == [
        ["subscriptions", "subscription_id=s3", "amount", "200", "180"]
    ]
    assert changed["recorded_at"].tolist() == [pd.Timestamp("2026-04-12")]
    late = made.rows(step="late").iloc[0]
    assert (late["key"], late["change"]) == ("subscription_id=s5", "added")
    assert "start=2026-03-10" in late["to"]
    gone = made.rows(step="withdrawn").iloc[0]
    assert (gone["customer_id"], gone["change"]) == ("e", "withdrawn")
    assert gone["recorded_at"] == pd.Timestamp("2026-04-14")
    assert set(made.rows()["step"]) == {"late", "changed", "withdrawn"}  # d had left: no MRR moved


def test_a_moved_row_names_both_customers(book: sm.Book) -> None:
    moved = sm.definitions.restatement(book, "logo_churn", THEN, window=1).rows(step="moved")
    assert moved[["column", "from", "to"]].to_numpy().tolist() == [["customer_id", "d", "a"]]


def test_a_choice_is_behind_its_step(book: sm.Book) -> None:
    made = sm.definitions.restatement(book, "mrr", THEN, policy_now={"trial": "included"})
    row = made.rows(step="trial").iloc[0]
    assert (row["table"], row["key"]) == ("policy", "trial")
    assert row["from"] != row["to"]


def test_only_what_was_learned_until_now_is_told(book: sm.Book) -> None:
    made = sm.definitions.restatement(book, "mrr", THEN, "2026-04-13")
    assert steps(made) == {"late": 30, "changed": -20}
    assert made.extra["labels"] == ("known on 2026-04-05", "known on 2026-04-13")
    assert made.text == "$410 → $420 (+$10), known on 2026-04-05 to known on 2026-04-13"


def test_of_a_segment_only_its_customers_are_told(book: sm.Book) -> None:
    customers = {
        "customer_id": list("abcdef"),
        "segment": ["SMB", "SMB", "Ent", "SMB", "Ent", "SMB"],
    }
    some = sm.Book(subscriptions=ledger(*LEDGER), customers=customers).where(segment="Ent")
    made = sm.definitions.restatement(some, "mrr", THEN)
    assert (made.extra["from"], steps(made)) == (
        260,
        {"late": 0, "changed": -20, "moved": 0, "withdrawn": -60},
    )


def test_a_period_that_was_still_open_is_refused(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match=r"month of 2026-04-01 was not over on 2026-04-05"):
        sm.definitions.restatement(book, "mrr", THEN, period="2026-04")


def test_a_return_after_the_report_is_what_happened_since() -> None:
    # a left on 20 March and came back on 10 April, which 30 days of grace forgive only once it has happened.
    rows = ledger(
        ("s1", "a", "2026-01-01", "2026-03-20", 100, None, "2026-01-02"),
        ("s2", "b", "2026-01-01", None, 50, None, "2026-01-02"),
        ("s3", "a", "2026-04-10", None, 100, None, "2026-04-10"),
    )
    book = sm.Book(subscriptions=rows, policy=sm.Policy(gap_days=30))
    made = sm.definitions.restatement(book, "mrr", THEN)
    assert (made.extra["from"], made.extra["to"]) == (50, 150)
    assert steps(made) == {"since": 100}
    assert made.rows(step="since")["key"].tolist() == ["subscription_id=s3"]


def test_an_exchange_rate_that_was_corrected_is_a_changed_row() -> None:
    rows = ledger(("s1", "a", "2026-01-01", None, 100, None, "2026-01-02")) | {"currency": ["EUR"]}
    fx = {
        "date": ["2026-01-01", "2026-01-01"],
        "currency": ["EUR", "EUR"],
        "rate": [1.1, 1.2],
        "recorded_at": ["2026-01-01", "2026-04-09"],
    }
    book = sm.Book(subscriptions=rows, fx=fx, currency="USD", as_of="2026-05-31")
    made = sm.definitions.restatement(book, "mrr", THEN)
    assert steps(made) == {"changed": 10}
    assert made.rows(step="changed")[["table", "from", "to"]].to_numpy().tolist() == [
        ["fx", "1.1", "1.2"]
    ]


def test_a_late_invoice_is_told() -> None:
    invoices = {
        "invoice_id": ["i1", "i2"],
        "customer_id": ["a", "b"],
        "date": ["2026-03-01", "2026-04-02"],
        "service_start": ["2026-03-01", "2026-03-01"],
        "service_end": ["2026-03-31", "2026-03-31"],
        "amount": [100, 40],
        "recorded_at": ["2026-03-01", "2026-04-15"],
    }
    made = sm.definitions.restatement(sm.Book(invoices=invoices), "mrr", THEN, period=MARCH)
    assert (made.extra["from"], made.extra["to"], steps(made)) == (100, 140, {"late": 40})


def test_what_cannot_be_restated_is_refused(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="swap"):
        sm.definitions.restatement(book, "mrr", THEN, "2026-03-31")
    with pytest.raises(sm.DataError, match="knowledge"):
        sm.definitions.restatement(book, "mrr", THEN, policy_now={"knowledge": "effective"})
    plain = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-03"], "mrr": [1]})
    with pytest.raises(sm.DataError, match="read_snapshots"):
        sm.definitions.restatement(plain, "mrr", THEN)
    made = sm.definitions.restatement(book, "mrr", THEN)
    with pytest.raises(sm.DataError, match="step"):
        made.rows(step="lte")
    with pytest.raises(sm.DataError, match="No row of subscriptions was known"):
        sm.definitions.restatement(book, "mrr", "2025-06-30")
    with pytest.raises(sm.DataError, match="where"):
        sm.definitions.restatement(book, "mrr", THEN, by="plan")


def test_nothing_learned_is_no_difference(book: sm.Book) -> None:
    made = sm.definitions.restatement(book, "mrr", THEN, "2026-04-06")
    assert (made.extra["difference"], len(made.df), len(made.rows())) == (0, 0, 0)


def test_a_row_that_ended_and_its_successor_are_told_by_what_is_left_of_both() -> None:
    rows = [
        ("s1", "a", "2026-01-01", None, 100, None, "2026-01-02"),
        ("s2", "b", "2026-01-01", None, 50, None, "2026-01-02"),
        ("s1", "a", "2026-01-01", "2026-03-01", 100, None, "2026-04-10"),
        ("s3", "a", "2026-03-01", None, 105, None, "2026-04-10"),
    ]
    made = sm.definitions.restatement(sm.Book(subscriptions=ledger(*rows)), "mrr", THEN)
    assert steps(made) == {"late": 105, "changed": -100}
    assert made.text == (
        "$150 → $155 (+$5), known on 2026-04-05 to known on 2026-04-10; "
        "rows recorded late and rows changed partly cancel, customer by customer"
    )
    heading = " ".join(made.chart().to_dict()["title"]["text"])
    assert "+$5 by 1 customer; rows recorded late and rows changed partly cancel" in heading


def test_a_metric_that_is_no_single_number_is_not_sent_to_a_comparison(book: sm.Book) -> None:
    with pytest.raises(sm.DataError, match='Take one number that is one, such as "mrr"'):
        sm.definitions.restatement(book, "bridge", THEN)
