from __future__ import annotations

import inspect
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.metrics import formulas

money = st.floats(0, 1e9)
rate = st.floats(0.001, 0.999)


def brute_force(payment, kept, months=60_000):
    """Sum of payment(t) x kept^t, month by month."""
    return math.fsum(payment(t) * kept**t for t in range(months))


def test_every_formula_states_what_it_is_and_shows_an_example():
    for name in formulas.__all__:
        doc = inspect.getdoc(getattr(formulas, name))
        assert doc, name
        assert ">>> " in doc, name


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("nrr", (0, 1, 1, 1)),
        ("grr", (0, 1, 1)),
        ("gross_churn", (0, 1, 1)),
        ("net_churn", (0, 1, 1, 1)),
        ("logo_churn", (1, 0)),
        ("logo_retention", (0, 0)),
        ("quick_ratio", (5, 5, 0, 0)),
        ("arpa", (10, 0)),
        ("hhi", ([],)),
        ("concentration", ([0, 0],)),
        ("cac", (100, 0)),
        ("lifetime", (0,)),
        ("ltv", (100, 0.8, 0)),
        ("ltv_simple", (100, 0)),
        ("ltv_skok", (100, 1, 0)),
        ("ltv_skok_finance", (100, 1, 0, 0)),
        ("ltv_discounted", (100, 0.8, 0, 0)),
        ("ltv_cac", (100, 0)),
        ("payback", (100, 50, 0)),
        ("payback", (100, 50, -0.1)),
        ("payback_simple", (100, 0)),
        ("payback_bessemer", (100, 0, 0.7)),
        ("magic_number", (2, 1, 0)),
        ("burn_multiple", (5, 0)),
        ("burn_multiple", (5, -1)),
        ("cac_ratio", (5, 0)),
        ("efficiency_score", (5, -1)),
        ("gross_margin", (0, 5)),
        ("runway", (100, 0)),
        ("nps", (0, 0, 0)),
        ("wilson", (0, 0)),
    ],
)
def test_an_undefined_value_is_none_and_never_zero_or_infinity(name, arguments):
    assert getattr(formulas, name)(*arguments) is None


@settings(deadline=None)
@given(st.floats(1, 1e9), money, money, money)
def test_losses_count_by_size_so_that_a_row_of_the_bridge_can_be_passed(opening, up, down, lost):
    assert formulas.nrr(opening, up, down, lost) == formulas.nrr(opening, up, -down, -lost)
    assert formulas.grr(opening, down, lost) == formulas.grr(opening, -down, -lost)
    assert formulas.net_churn(opening, up, down, lost) == formulas.net_churn(
        opening, up, -down, -lost
    )


@settings(deadline=None)
@given(st.floats(1, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_nrr_is_one_less_net_churn_and_grr_is_one_less_gross_churn(opening, up, down, lost):
    assert formulas.nrr(opening, up, down, lost) == pytest.approx(
        1 - formulas.net_churn(opening, up, down, lost), rel=1e-9, abs=1e-9
    )
    assert formulas.grr(opening, down, lost) == pytest.approx(
        1 - formulas.gross_churn(opening, down, lost), rel=1e-9, abs=1e-9
    )


@pytest.mark.parametrize("function", [formulas.lifetime, formulas.annualize_churn])
def test_a_churn_typed_in_per_cent_is_refused_with_the_share_it_may_mean(function):
    with pytest.raises(DataError, match=r"not 5\. Did you mean 0\.05\?"):
        function(5)


def test_a_negative_churn_is_refused():
    with pytest.raises(DataError, match="between 0 and 1"):
        formulas.ltv(100, 0.8, -0.01)


@settings(deadline=None)
@given(st.floats(0.01, 0.9), st.floats(0, 0.05), st.floats(1, 500), st.floats(0, 10))
def test_skoks_closed_forms_are_the_sums_they_stand_for(churn, discount, start, growth):
    kept = (1 - churn) * (1 - discount)
    expected = brute_force(lambda t: start + growth * t, kept, months=4000)
    assert formulas.ltv_skok(start, growth, churn, discount) == pytest.approx(expected, rel=1e-9)
    finance = brute_force(lambda t: start + growth * t, (1 - churn) / (1 + discount), months=4000)
    assert formulas.ltv_skok_finance(start, growth, churn, discount) == pytest.approx(
        finance, rel=1e-9
    )


@settings(deadline=None)
@given(st.floats(0.01, 0.9), st.floats(0.0, 0.05))
def test_the_exact_discounted_value_is_the_sum_from_the_first_month_paid_at_once(churn, discount):
    expected = brute_force(lambda t: 80 / (1 + discount) ** t, 1 - churn, months=4000)
    assert formulas.ltv_discounted(100, 0.8, churn, discount) == pytest.approx(expected, rel=1e-9)


def test_the_approximation_is_smaller_by_one_plus_the_discount():
    exact = formulas.ltv_discounted(100, 0.8, 0.03, 0.01)
    assert formulas.ltv_discounted(100, 0.8, 0.03, 0.01, approximate=True) == exact / 1.01


@settings(deadline=None)
@given(rate, st.integers(1, 120))
def test_a_capped_lifetime_is_the_sum_of_survival_below_the_cap(churn, months):
    expected = math.fsum((1 - churn) ** t for t in range(months))
    assert formulas.capped_lifetime(churn, months) == pytest.approx(expected)


def test_nobody_leaving_lives_as_long_as_the_cap():
    assert formulas.capped_lifetime(0, 48) == 48


@settings(deadline=None)
@given(rate)
def test_a_capped_lifetime_nears_one_over_churn(churn):
    assert formulas.capped_lifetime(churn, 100_000) == pytest.approx(formulas.lifetime(churn))


@settings(deadline=None)
@given(rate)
def test_survival_value_of_a_constant_churn_is_the_margin_formula(churn):
    curve = [(1 - churn) ** t for t in range(20_000)] if churn > 0.002 else None
    if curve:
        assert formulas.ltv_survival(80, curve) == pytest.approx(formulas.ltv(100, 0.8, churn))


def test_payback_along_full_survival_is_the_plain_one_rounded_up():
    assert formulas.payback_churn_adjusted(200, 50 * 0.75, [1] * 24) == 6  # 5.33, rounded up
    assert formulas.payback_churn_adjusted(400, 100, [1] * 24) == 4  # exactly four months


def test_payback_beyond_the_curve_is_none():
    # 100 x 1/(1 - 0.5) = 200 at most, whatever the horizon
    assert formulas.payback_churn_adjusted(201, 100, [0.5**t for t in range(500)]) is None


def test_a_free_customer_is_paid_back_at_once():
    assert formulas.payback_churn_adjusted(0, 100, [1]) == 0


def test_a_burn_band_has_one_grade_at_its_edge():
    grades = {1.0: "great", 1.5: "good", 2.0: "suspect", 3.0: "bad", 0.99: "amazing", -1: "amazing"}
    assert {multiple: formulas.burn_band(multiple) for multiple in grades} == grades
    assert formulas.burn_band(None) is None


def test_the_efficiency_score_is_the_inverse_of_the_burn_multiple():
    multiple = formulas.burn_multiple(300, 120)
    assert formulas.efficiency_score(120, 300) == pytest.approx(1 / multiple)


def test_a_price_per_quarter_is_a_third_exactly():
    # Qonversion's 0.33 loses one per cent
    assert formulas.mrr(99.99, "quarter") == pytest.approx(33.33, abs=1e-12)
    assert formulas.mrr(Decimal("0.1"), "month", 3) == float(Fraction(1, 30))


def test_twelve_monthly_prices_are_one_yearly_price():
    assert formulas.mrr(1200, "month", 12) == formulas.mrr(1200, "year")
    assert formulas.mrr(1200, "quarter", 4) == formulas.mrr(1200, "year")


def test_an_unknown_interval_is_refused_with_the_nearest_one():
    with pytest.raises(UnknownNameError, match="Did you mean 'month'"):
        formulas.mrr(10, "months")


def test_a_term_of_no_intervals_is_refused():
    with pytest.raises(DataError, match="at least 1, not 0"):
        formulas.mrr(10, "month", 0)


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(0, 500))
def test_wilsons_bounds_are_the_shares_that_the_data_would_just_not_reject(k, extra):
    n = k + extra
    if n == 0:
        return
    for bound in formulas.wilson(
        k, n
    ):  # (k/n - p)^2 = z^2 p (1 - p) / n, the score test at its edge
        assert (k / n - bound) ** 2 == pytest.approx(
            1.959963984540054**2 * bound * (1 - bound) / n, abs=1e-12
        )


def test_wilson_of_none_and_of_all_ends_at_the_border():
    assert formulas.wilson(0, 10)[0] == 0
    assert formulas.wilson(10, 10)[1] == 1


def test_more_than_all_is_refused():
    with pytest.raises(DataError, match="not 11 of 10"):
        formulas.wilson(11, 10)


def test_one_customer_is_full_concentration():
    assert formulas.hhi([70]) == 1
    assert formulas.concentration([70]) == 1


def test_annualized_churn_is_less_than_twelve_times_the_monthly_one():
    assert formulas.annualize_churn(0.03) < 12 * 0.03


def test_scaling_by_days_agrees_with_annualizing_by_periods():
    assert formulas.scale_churn(0.03, 365 / 12) == pytest.approx(formulas.annualize_churn(0.03))


def test_a_monthly_discount_compounds_to_the_annual_one():
    assert (1 + formulas.monthly_discount(0.1)) ** 12 == pytest.approx(1.1)
