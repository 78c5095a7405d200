"""Lifetime value and LTV:CAC, on the company of conftest.py and against the formulas on numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError

MONTHLY = 1.1 ** (1 / 12) - 1
# Ada, Cy and Di pay at the end of December: (100 + 400 + 200) / 3
ARPA = 700 / 3
# Of two customers at risk at age 3, Bo and Ada are of age 3; Cy and Di are too: one of four leaves
SURVIVAL = [1, 1, 1] + [0.75] * 9


def test_survival_value_is_the_discounted_area_under_the_curve(company):
    result = sm.economics.ltv(company.book())
    expected = ARPA * 0.75 * sum(s / (1 + MONTHLY) ** t for t, s in enumerate(SURVIVAL))
    assert result.value == pytest.approx(expected)
    assert result.df["months"].tolist() == [12]
    assert "12 months old: nothing beyond what was seen is counted" in result.footnote


def test_survival_value_agrees_with_the_formula_on_numbers(company):
    expected = sm.formulas.ltv_survival(ARPA * 0.75, SURVIVAL[:6], MONTHLY)
    assert sm.economics.ltv(company.book(), horizon=6).value == pytest.approx(expected)


@pytest.fixture
def leaving(company):
    """The company with a churn: Cy leaves at the end of October."""
    mrr = company.mrr()
    return company.book(mrr=mrr[~((mrr["customer_id"] == "Cy") & (mrr["month"] > "2025-10"))])


# July to December: 2 customers at the start of July, 3 from August on, one of them lost in November
CHURN = (1 / 3) / 6
PRICE = 150.0  # Ada and Di in December


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("margin", sm.formulas.ltv(PRICE, 0.75, CHURN)),
        ("simple", sm.formulas.ltv_simple(PRICE, CHURN)),
        ("skok", sm.formulas.ltv_skok(PRICE * 0.75, 0, CHURN)),
        ("skok_discounted", sm.formulas.ltv_skok(PRICE * 0.75, 0, CHURN, MONTHLY)),
        ("discounted", sm.formulas.ltv_discounted(PRICE, 0.75, CHURN, MONTHLY)),
        ("capped", sm.formulas.ltv_capped(PRICE, 0.75, CHURN, 60)),
    ],
)
def test_each_method_is_the_formula_of_its_name(leaving, method, expected):
    result = sm.economics.ltv(leaving, method=method)
    assert result.value == pytest.approx(expected)
    assert result.df["churn"].iloc[0] == pytest.approx(CHURN)


def test_skok_counts_what_customers_grow_by(company):
    mrr = company.mrr()
    mrr.loc[(mrr["customer_id"] == "Ada") & (mrr["month"] >= "2025-09"), "mrr"] = 160
    mrr = mrr[~((mrr["customer_id"] == "Cy") & (mrr["month"] > "2025-10"))]
    # 60 of expansion over 2 + 3 + 3 + 3 + 3 + 2 customer-months from July on
    expected = sm.formulas.ltv_skok(180 * 0.75, 60 / 16 * 0.75, CHURN)
    value = sm.economics.ltv(company.book(mrr=mrr), method="skok").value
    assert value == pytest.approx(expected)


def test_a_churn_of_zero_gives_no_lifetime_and_says_why(company):
    result = sm.economics.ltv(company.book(), method="margin")  # Bo left before the last six months
    assert result.value is None
    assert "nobody left in 6 months" in result.df["reason"].iloc[0]


def test_a_churn_of_zero_still_has_a_capped_value(company):
    value = sm.economics.ltv(company.book(), method="capped", horizon=48).value
    assert value == pytest.approx(ARPA * 0.75 * 48)


def test_churn_can_be_averaged_over_more_months(company):
    result = sm.economics.ltv(company.book(), method="margin", churn_months=12)
    # Bo is one of three in April; January has nobody at its start
    assert result.df["churn"].iloc[0] == pytest.approx((1 / 3) / 11)


def test_arpa_can_be_that_of_new_customers(company):
    result = sm.economics.ltv(company.book(), arpa="new")
    assert result.df["arpa"].iloc[0] == 200  # (100 + 100 + 400 + 200) / 4


def test_groups_have_their_own_price_and_curve(company):
    df = sm.economics.ltv(company.book(), by="segment", discount=0).df.set_index("segment")
    assert df.loc["Enterprise", "value"] == pytest.approx(300 * 0.75 * 11)  # nobody left, 11 months
    assert df.loc["SMB", "value"] == pytest.approx(100 * 0.75 * (3 + 9 * 0.5))


def test_a_group_that_nobody_pays_in_has_no_value_and_says_why(company):
    mrr = company.mrr()
    book = company.book(mrr=mrr[~(mrr["customer_id"].isin(["Ada"]) & (mrr["month"] > "2025-10"))])
    row = sm.economics.ltv(book, by="segment").df.set_index("segment").loc["SMB"]
    assert np.isnan(row["value"])
    assert row["reason"] == "nobody pays in the last complete month"


def test_the_margin_of_the_accounts_is_the_default_and_is_named(company):
    result = sm.economics.ltv(company.book())
    assert result.df["margin"].iloc[0] == pytest.approx(0.75)
    assert "gross margin 75.0%: revenue less cogs in the table finance" in result.footnote


def test_the_margin_can_come_from_cogs_in_spend(company):
    cogs = pd.DataFrame({"month": company.MONTHS, "function": "cogs", "amount": 100.0})
    book = company.book(finance=None, spend=pd.concat([company.spend(), cogs]))
    earned = company.mrr()["mrr"].sum()
    assert sm.economics.ltv(book).df["margin"].iloc[0] == pytest.approx(1 - 1200 / earned)


def test_without_any_margin_the_error_says_what_to_add(company):
    with pytest.raises(DataError, match=r"Add the columns revenue and cogs .* as margin=0\.8"):
        sm.economics.ltv(company.book(finance=None))


def test_the_simple_method_needs_no_margin(company):
    book = company.book(finance=None)
    assert sm.economics.ltv(book, method="simple").context.options["margin"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "survivals"}, "Did you mean 'survival'"),
        ({"margin": 75}, r"not 75\. Did you mean 0\.75"),
        ({"discount": 10}, "yearly rate as a share"),
        ({"horizon": 0}, "whole number of months"),
        ({"arpa": "old"}, "There is no kind of ARPA"),
        ({"interval": 95}, "between 0 and 1"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(company, options, message):
    with pytest.raises(DataError, match=message):
        sm.economics.ltv(company.book(), **options)


def test_the_interval_of_a_lifetime_value_holds_it():
    df = sm.economics.ltv(sm.demo(customers=300), by="segment").df
    assert (df["low"] < df["value"]).all()
    assert (df["value"] < df["high"]).all()


@pytest.mark.slow
def test_the_interval_is_that_of_resampled_customers():
    # a slow, obvious bootstrap: draw customers, build their book, ask again
    rng = np.random.default_rng(5)
    months = [str(m) for m in pd.period_range("2023-01", "2024-12", freq="M")]
    rows = [
        {"customer_id": f"{i:03d}", "month": month, "mrr": float(price)}
        for i, (start, life, price) in enumerate(
            zip(
                rng.integers(0, 20, 80),
                rng.integers(1, 24, 80),
                rng.integers(50, 500, 80),
                strict=True,
            )
        )
        for month in months[start : start + life]
    ]
    mrr = pd.DataFrame(rows)
    groups = dict(iter(mrr.groupby("customer_id")))
    names, values = sorted(groups), []
    for _ in range(60):
        drawn = [
            groups[name].assign(customer_id=f"{name}-{k}")
            for k, name in enumerate(rng.choice(names, len(names)))
        ]
        book = sm.Book(mrr=pd.concat(drawn), as_of="2024-12-31")
        values.append(sm.economics.ltv(book, margin=0.8, interval=None).value)
    row = sm.economics.ltv(sm.Book(mrr=mrr, as_of="2024-12-31"), margin=0.8).df.iloc[0]
    spread = (row["high"] - row["low"]) / (2 * 1.96)
    assert spread == pytest.approx(np.std(values), rel=0.35)  # 60 draws know a spread to 10 %


def test_ltv_to_cac_divides_the_two_of_the_same_group(company):
    book = company.book()
    df = sm.economics.ltv_cac(book, by="segment", lag=0).df.set_index("segment")
    worth = sm.economics.ltv(book, by="segment").df.set_index("segment")["value"]
    cost = {"SMB": 1560 / 2, "Enterprise": 2760 / 2}  # see the test of CAC by segment
    for segment, amount in cost.items():
        assert df.loc[segment, "denominator"] == amount
        assert df.loc[segment, "numerator"] == worth[segment]
        assert df.loc[segment, "value"] == pytest.approx(worth[segment] / amount)


@pytest.mark.row("U2")
@pytest.mark.parametrize(("scale", "verdict"), [(0.1, "pass"), (1.0, "not proven"), (10.0, "fail")])
def test_the_verdict_follows_the_whole_interval(scale, verdict):
    book = sm.demo(customers=400)
    base = sm.economics.ltv_cac(book)
    spend = book.frame("spend")
    spend["amount"] *= scale * base.value / 3
    tables = {name: table.data for name, table in book.tables.items()}
    scaled = sm.Book(**{**tables, "spend": spend}, as_of="2026-10-31", currency="USD")
    row = sm.economics.ltv_cac(scaled).df.iloc[0]
    assert row["value"] == pytest.approx(3 / scale)
    assert row["verdict"] == verdict
    assert {"pass": row["low"] >= 3, "fail": row["high"] < 3}.get(
        verdict, row["low"] < 3 <= row["high"]
    )


def test_the_chance_to_reach_the_target_is_a_share_of_the_draws():
    result = sm.economics.ltv_cac(sm.demo(customers=400), by="segment")
    draws = result.extra["draws"]
    assert draws.shape == (1000, 3)
    assert result.df["probability"].tolist() == (draws >= 3).mean(axis=0).tolist()


def test_a_single_customer_proves_nothing(company):
    mrr = company.mrr()
    book = company.book(mrr=mrr[mrr["customer_id"] == "Ada"])
    row = sm.economics.ltv_cac(book, lag=0).df.iloc[0]
    assert row["verdict"] == "not proven"
    assert row["reason"].startswith("fewer than two customers: no interval")


def test_a_group_in_which_nobody_was_won_is_not_proven_and_says_why(company):
    book = company.book()
    row = (
        sm.economics.ltv_cac(book, by="segment", window=6, lag=0).df.set_index("segment").loc["SMB"]
    )
    assert np.isnan(row["value"])
    assert row["verdict"] == "not proven"
    assert row["reason"] == "no customer was won in 2025-07 to 2025-12"


def test_unknown_spend_is_not_proven_and_says_why(company):
    book = company.book(spend=company.spend(company.MONTHS[:6]))
    row = sm.economics.ltv_cac(book, lag=0).df.iloc[0]
    assert row["verdict"] == "not proven"
    assert "not recorded for every month" in row["reason"]


def test_the_footnote_tells_all_that_was_chosen(company):
    footnote = sm.economics.ltv_cac(company.book()).footnote
    for said in (
        "discounted at 10.0% a year",
        "up to 60 months",
        "gross margin 75.0%",
        "0 months: the sales cycle is not known",
        "won in 2025-01 to 2025-12",
        "one side of 3",
    ):
        assert said in footnote


def test_the_customers_behind_a_verdict_are_those_won(company):
    rows = sm.economics.ltv_cac(company.book(), by="segment").rows(segment="Enterprise")
    assert rows["customer_id"].tolist() == ["Cy", "Di"]


def test_a_book_without_spend_says_what_to_add(company):
    with pytest.raises(MissingTableError, match="'spend'"):
        sm.economics.ltv_cac(company.book(spend=None))


def test_a_target_of_zero_is_refused(company):
    with pytest.raises(DataError, match="the bar to reach"):
        sm.economics.ltv_cac(company.book(), target=0)


def test_an_unknown_column_is_refused(company):
    with pytest.raises(UnknownNameError, match="Did you mean 'segment'"):
        sm.economics.ltv(company.book(), by="segmnt")


def young(months=3, spend=20_000.0, price=100.0):
    """Sixty customers won in the first three months, all still there: 20 a month."""
    names = [str(month) for month in pd.period_range("2025-01", periods=months, freq="M")]
    mrr = [
        {"customer_id": f"c{i}", "month": month, "mrr": price}
        for i in range(60)
        for month in names[i % 3 :]
    ]
    spent = [{"month": m, "function": "sales", "amount": spend} for m in names[:3]]
    spent += [{"month": m, "function": "sales", "amount": 0.0} for m in names[3:]]
    end = (pd.Period(names[-1], "M")).end_time.date().isoformat()
    return sm.Book(mrr=pd.DataFrame(mrr), spend=pd.DataFrame(spent), as_of=end)


def test_a_young_company_does_not_fail_for_being_young():
    row = sm.economics.ltv_cac(young(), margin=0.8).df.iloc[0]
    # three months of 100 x 0.8, discounted, over 60,000 / 60 a customer
    expected = 80 * sum((1 + MONTHLY) ** -t for t in range(3)) / 1000
    assert row["value"] == pytest.approx(expected)
    assert row["low"] < row["value"]
    assert row["verdict"] == "not proven"
    assert np.isnan(row["high"])
    assert np.isnan(row["probability"])
    assert row["reason"] == "a lower bound: only 3 of 60 months are seen"


def test_a_young_company_passes_where_the_lower_bound_does():
    row = sm.economics.ltv_cac(young(spend=1000.0), margin=0.8).df.iloc[0]
    assert row["value"] > 4  # 20 times cheaper than above
    assert row["verdict"] == "pass"
    assert np.isnan(row["high"])
    assert row["probability"] > 0.97
    assert "lower bound" in row["reason"]


def test_a_horizon_that_was_seen_can_fail():
    row = sm.economics.ltv_cac(young(), margin=0.8, horizon=3).df.iloc[0]
    assert row["verdict"] == "fail"
    assert row["high"] < 3
    assert row["reason"] == ""


def test_customers_who_all_left_leave_no_lower_bound():
    book = young(months=3)
    gone = book.frame("mrr")
    later = pd.DataFrame({"month": ["2025-04", "2025-05"], "function": "sales", "amount": 0.0})
    spend = pd.concat([book.frame("spend").astype({"month": str}), later])
    old = sm.Book(mrr=gone, spend=spend, as_of="2025-05-31")
    result = sm.economics.ltv(old, margin=0.8, arpa="new")
    assert result.df["months"].tolist() == [60]
    assert result.df["reason"].tolist() == [""]
    assert sm.economics.ltv_cac(old, margin=0.8, arpa="new").df["verdict"].tolist() == ["fail"]


def test_a_lifetime_value_that_is_a_lower_bound_says_so():
    result = sm.economics.ltv(young(), margin=0.8)
    assert result.value > 0
    assert result.df["reason"].tolist() == ["a lower bound: only 3 of 60 months are seen"]
    assert "the value is a lower bound" in result.footnote


def test_only_the_groups_that_are_young_are_lower_bounds(company):
    # SMB has been sold to since January, Enterprise since February
    df = sm.economics.ltv_cac(company.book(), by="segment", lag=0, horizon=12).df
    reasons = df.set_index("segment")["reason"]
    assert reasons["Enterprise"].endswith("a lower bound: only 11 of 12 months are seen")
    assert "lower bound" not in reasons["SMB"]


def test_the_demo_company_keeps_its_verdict():
    row = sm.economics.ltv_cac(sm.demo()).df.iloc[0]
    assert row["verdict"] in {"pass", "fail"}
    assert row["reason"] == ""
    assert row["low"] < row["value"] < row["high"]


def test_without_an_interval_the_verdict_says_that_none_was_asked_for(company):
    row = sm.economics.ltv_cac(company.book(), lag=0, horizon=12, interval=None).df.iloc[0]
    assert row["verdict"] == "not proven"
    assert row["reason"] == "no interval was asked for"
