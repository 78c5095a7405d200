"""Errors that once said nothing, or the wrong thing, and proofs that were refused without a reason."""

from __future__ import annotations

import pandas as pd
import pytest

import saasmetrics as sm

ODD = "<script>alert(1)</script>"


def months(*labels: object, **tables: object) -> sm.Book:
    rows = {"customer_id": [f"c{n}" for n in range(len(labels))], "month": list(labels)}
    return sm.Book(mrr={**rows, "mrr": [5.0] * len(labels)}, **tables)


@pytest.fixture(scope="module")
def demo() -> sm.Book:
    return sm.demo(customers=80, seed=11)


@pytest.mark.parametrize("label", ["2101-01", "2101/1", "2101-01-31", "Jan 2101", "01/2101"])
def test_months_of_the_next_century_are_months(label: str) -> None:
    # As those of as_of and of subscriptions, which go to 2199.
    book = sm.Book(mrr={"customer_id": ["a"], "month": [label], "mrr": [5.0]}, as_of="2101-01-31")
    assert sm.revenue.mrr(book).value == 5
    assert sm.revenue.mrr(book).df["period"].tolist() == [pd.Timestamp("2101-01-01")]


def test_six_digits_that_may_be_a_day_of_this_century_stay_refused() -> None:
    with pytest.raises(sm.DataError, match="not a month"):
        months("210112")  # 12 January 2021, or December 2101 misread


def test_a_month_with_a_zone_is_the_month_on_the_clock_of_that_zone() -> None:
    # Midnight in Paris is 23:00 UTC of the day before, in December.
    paris = pd.Series(pd.to_datetime(["2026-01-01"]).tz_localize("Europe/Paris"))
    for label in (paris, ["2026-01-01T00:00:00+01:00"], ["2026-01-01 00:00+0100"]):
        book = sm.Book(mrr={"customer_id": ["a"], "month": label, "mrr": [5.0]}, as_of="2026-01-31")
        assert book.frame("mrr")["month"].tolist() == [pd.Timestamp(2026, 1, 1)]


@pytest.mark.parametrize("text", ["2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z"])
def test_a_month_that_begins_at_midnight_elsewhere_is_refused_in_utc(text: str) -> None:
    # 1 January and 1 April in Paris; read in UTC each would be the month before.
    for label in ([text], pd.Series(pd.to_datetime([text]))):
        with pytest.raises(sm.DataError, match="the next month in zones east of it"):
            sm.Book(mrr={"customer_id": ["a"], "month": label, "mrr": [5.0]})


@pytest.mark.parametrize(
    "text", ["2025-12-31T23:59:59Z", "2025-12-31T00:00:00Z", "2025-12-01T05:00:00Z"]
)
def test_other_instants_in_utc_are_their_month(text: str) -> None:
    # The last second of a month, its last day, and midnight in New York.
    for label in ([text], pd.Series(pd.to_datetime([text]))):
        book = sm.Book(mrr={"customer_id": ["a"], "month": label, "mrr": [5.0]})
        assert book.frame("mrr")["month"].tolist() == [pd.Timestamp(2025, 12, 1)]


def test_years_have_no_longer_cohorts(demo: sm.Book) -> None:
    with pytest.raises(sm.DataError, match="there are none; leave it out"):
        sm.retention.cohorts(demo, freq="Y", cohort_freq="Q")
    with pytest.raises(sm.DataError, match="take one of Y"):
        sm.retention.cohorts(demo, freq="Q", cohort_freq=["Y"])


def test_a_column_that_got_a_plainer_name_is_offered_by_it() -> None:
    customers = {"customer_id": ["c0", "c1"], ODD: ["x", "y"], "%% A/B %%": ["x", "y"]}
    book = months("2026-01", "2026-01", customers=customers)
    for given, name in ((ODD, "script_alert_1_script"), ("%% A/B %%", "a_b")):
        for asked in (
            lambda g=given: sm.revenue.mrr(book, by=g),
            lambda g=given: book.where(**{g: "x"}),
            lambda g=given: sm.retention.cohorts(book, cohort=g),
            lambda g=given: sm.survival.causes(book, column=g),
            lambda g=given, n=name: sm.revenue.mrr(book, by=n).rows(**{g: "x"}),
            lambda g=given, n=name: sm.revenue.mrr(book, by=n).proof(**{g: "x"}),
        ):
            with pytest.raises(sm.DataError, match=f"Did you mean '{name}'"):
                asked()


def test_a_share_lost_to_a_cause_is_proved_by_its_ages(demo: sm.Book) -> None:
    found = sm.survival.causes(demo, by="segment")
    for row in found.df[found.df["age"].isin([0, 7])].to_dict("records"):
        cell = {name: row[name] for name in ("age", "cause", "segment")}
        proof = found.proof(**cell)
        assert proof.holds
        assert proof.recomputed == pytest.approx(row["value"], abs=1e-12)
    with pytest.raises(sm.DataError, match="Name the cause"):
        found.proof(age=3, segment="SMB")


def test_drivers_of_a_short_book_name_the_first_possible_then() -> None:
    rows = {"customer_id": ["a"] * 14, "mrr": [5.0] * 13 + [6.0]}
    rows["month"] = pd.period_range("2025-01", periods=14, freq="M").astype(str).tolist()
    book = sm.Book(mrr=rows)
    with pytest.raises(sm.DataError, match="first possible then is 2026-01-01"):
        sm.retention.drivers(book)
    assert sm.retention.drivers(book, then="2026-01").extra["difference"] == pytest.approx(0.2)
    with pytest.raises(sm.DataError, match="take a shorter window"):
        sm.retention.drivers(book, "grr", window=13)
    with pytest.raises(sm.DataError, match=r"no ARR at 2024-12-01.*then is 2025-01-01"):
        sm.retention.drivers(book.as_of("2025-12-31"), "arr")


def test_a_window_of_one_is_singular(demo: sm.Book) -> None:
    found = sm.retention.drivers(demo, "nrr", window=1, freq="Q")
    assert "over windows of 1 quarter;" in found.footnote


@pytest.mark.parametrize(
    ("metric", "choice", "said"),
    [
        ("nrr", {"nrr": "changelog"}, "NRR by the cohort definition"),
        ("nrr", {"month": "30_days"}, "NRR over calendar periods"),
        ("nrr", {"escalators": "excluded"}, "NRR by the cohort definition"),
        (
            "nrr",
            {"month": "30_days", "nrr": "changelog"},
            "NRR by the cohort definition over calendar periods",
        ),
        ("grr", {"grr": "total"}, "GRR customer by customer"),
        ("grr", {"grr": "cohort_total"}, "GRR customer by customer"),
        ("arr", {"arr": "contracted"}, "ARR as 12 times MRR"),
        ("arr", {"month": "30_days"}, ""),
        ("nrr", {}, ""),
    ],
)
def test_the_headline_says_which_form_is_explained(
    demo: sm.Book, metric: str, choice: dict[str, str], said: str
) -> None:
    found = sm.retention.drivers(demo.with_policy(**choice), metric)
    assert found.extra["headline"].endswith(
        f" ({said})" if said else "ARR Oct 2026" if metric == "arr" else "NRR Oct 2026"
    )
    assert ("Explained is" in found.footnote) == bool(said)


def test_bands_are_looked_at_over_the_window_of_the_policy(demo: sm.Book) -> None:
    short = demo.with_policy(window=6)
    pd.testing.assert_frame_equal(sm.revenue.tiers(short).df, sm.revenue.tiers(demo, window=6).df)
    assert "over 2 quarters" in sm.revenue.tiers(short, freq="Q").footnote


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda b: sm.retention.cohorts(b, margin=0.8), "margin=0.8 is for measure"),
        (lambda b: sm.survival.compare(b, "segment", p=1), "p=1 is for test"),
        (lambda b: sm.survival.compare(b, "segment", "wilcoxon", q=0.5), "q=0.5 is for test"),
        (lambda b: sm.economics.cac(b, paid=["ads"]), 'is for method="paid"'),
    ],
)
def test_arguments_without_effect_are_refused(demo: sm.Book, call: object, words: str) -> None:
    with pytest.raises(sm.DataError, match=words):
        call(demo)


def test_exponents_and_margins_are_taken_where_they_count(demo: sm.Book) -> None:
    assert len(sm.survival.compare(demo, "segment", "fleming_harrington", p=1).df)
    assert len(sm.retention.cohorts(demo, "gross_profit", margin=0.8).df)


def test_a_forecast_of_nrr_where_everybody_left_is_missing_without_a_warning() -> None:
    rows = {"customer_id": ["a", "b"] * 14, "mrr": [5.0] * 28}
    rows["month"] = [m for n in range(14) for m in [f"{2024 + n // 12}-{n % 12 + 1:02}"] * 2]
    book = sm.Book(mrr=rows, as_of="2026-08-31")  # warnings are errors in tests
    df = sm.forecast.nrr(book, quarters=2, interval=0.8).df
    assert df["value"].isna().all()
    assert (df["reason"] != "").all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda b: sm.retention.cohorts(b).rows(cohort="2026-01", age="x"),
            "age='x' is not an age",
        ),
        (lambda b: sm.survival.curve(b).rows(age=2.5), "age=2.5 is not an age"),
        (lambda b: sm.survival.causes(b).rows(age=[1]), "is not an age"),
        (lambda b: sm.survival.curve(b).proof(age=[1]), "There is no age"),
        (lambda b: sm.revenue.tiers(b).rows(then="nope"), "no band called 'nope'"),
        (lambda b: sm.board.review(b, margin=80), "Did you mean 0.8"),
    ],
)
def test_a_cell_or_margin_that_cannot_be_is_refused(
    demo: sm.Book, call: object, words: str
) -> None:
    with pytest.raises(sm.DataError, match=words):
        call(demo)
