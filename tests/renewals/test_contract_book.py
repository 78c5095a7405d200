"""Every case of a renewal, once, with each figure worked out by hand from the contract book."""

from __future__ import annotations

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.metrics.renewals.rates import _open_note
from tests.renewals.contract_book import Q1, Q2, book, cell


@pytest.fixture(scope="module")
def desk():
    return book()


def test_what_came_up_in_the_first_quarter_and_what_became_of_it(desk):
    # Due in Q1 2025: Ada 1000, Bo 2000, Cy 900, Di 500, Ed 400, Flo 300 (F1), Ivy 250 = 5350.
    row = cell(sm.renewals.rates(desk))
    assert row["atr"] == 5350
    # Renewed up to the expiring value: 1000 + 2000 + 700 + 400 + 300; lost: Di 500 and Ivy 250.
    assert (row["renewed"], row["lost"], row["downsell"], row["open"]) == (4400, 750, 200, 0)
    # At full value or more: all but Cy's 900, Di and Ivy.
    assert row["full"] == 3700
    assert row["terms"] == 7
    assert (row["terms_renewed"], row["terms_lost"], row["terms_returned"]) == (5, 2, 1)


def test_rates_of_the_first_quarter(desk):
    # F3 (960) renews F1 (300) and F2 (600), due in Q1 and Q2: the 60 on top are shared 20 and 40.
    rates = {
        m: cell(sm.renewals.rates(desk, measure=m))
        for m in ("gross", "net", "full", "logo", "churn")
    }
    assert rates["gross"]["value"] == pytest.approx(4400 / 5350)
    # Net: 1000 + 2600 + 700 + 430 + 320 = 5050.
    assert rates["net"]["numerator"] == 5050
    assert rates["net"]["value"] == pytest.approx(5050 / 5350)
    assert rates["full"]["value"] == pytest.approx(3700 / 5350)
    assert (rates["logo"]["numerator"], rates["logo"]["denominator"]) == (5, 7)
    assert rates["churn"]["value"] == pytest.approx((750 + 200) / 5350)


def test_a_co_term_closes_the_second_contract_at_its_own_end(desk):
    row = cell(sm.renewals.rates(desk, measure="net"), Q2)
    assert (row["atr"], row["renewed"], row["upsell"]) == (600, 600, 40)  # F2 alone is due in Q2
    rows = sm.renewals.rates(desk).rows(period=Q2)
    assert rows[["contract_id", "renewed_by", "timing"]].values.tolist() == [["F2", "F3", "early"]]


def test_timing_is_by_signature_against_the_end(desk):
    row = cell(sm.renewals.rates(desk))
    # Early: Bo (a new term before the end). Late: Cy at 700. On time: Ada 1000, Ed 400, Flo 300.
    assert (row["early"], row["on_time"], row["late"]) == (2000, 1700, 700)
    sooner = cell(sm.renewals.rates(desk, early_days=5))  # Ada signed 10 days before, F3 12 days
    assert (sooner["early"], sooner["on_time"], sooner["late"]) == (3300, 400, 700)


def test_late_is_lost_without_grace(desk):
    row = cell(sm.renewals.rates(desk, grace_days=39))  # Cy signed 40 days after the end
    assert (row["renewed"], row["lost"], row["terms_returned"]) == (3700, 1650, 2)
    generous = cell(sm.renewals.rates(desk, grace_days=120))  # Di signed on the 120th day
    assert (generous["renewed"], generous["lost"]) == (4900, 250)


def test_escalators_are_their_own_part_and_may_be_left_out_of_the_net(desk):
    row = cell(sm.renewals.rates(desk))
    # Ed: 400 -> 430, contracted 5 % = 20. Upsell: Ed 10, Bo 600, Flo 20.
    assert (row["escalator"], row["upsell"], row["mid_term"]) == (20, 630, 0)
    net = cell(sm.renewals.rates(desk.with_policy(escalators="excluded"), measure="net"))
    assert net["numerator"] == 5030
    note = "contracted uplifts"
    assert note in sm.renewals.rates(desk, measure="net").footnote
    assert note not in sm.renewals.rates(desk).footnote


def test_multi_year_terms_count_where_they_end_and_as_part_of_what_was_renewed(desk):
    rates = sm.renewals.rates(desk).df
    assert rates["atr"].sum() == 5350 + 600 + 1000 + 700 + 430 + 960  # Gus's 5000 end in June 2026
    assert cell(sm.renewals.rates(desk))["multi_year"] == 2600  # Bo renewed for three years


def test_open_terms_are_neither_renewed_nor_lost(desk):
    # Due in Q1 2026: A2 1000, C2 700, E2 430, F3 960. All run out with 90 days of grace after 2025-12-31;
    # E2's and F3's grace ends on 2026-04-15 and 2026-04-01, after the as-of date.
    row = cell(sm.renewals.rates(desk), pd.Timestamp("2026-01-01"))
    assert (row["atr"], row["open"], row["lost"]) == (3090, 3090, 0)
    assert row["open_share"] == 1
    assert pd.isna(row["value"])
    assert row["reason"] == "all that came up is still open"
    assert not row["complete"]
    later = cell(sm.renewals.rates(book(as_of="2026-04-01")), pd.Timestamp("2026-01-01"))
    assert (later["open"], later["lost"]) == (2130, 960)
    assert later["value"] == 0
    assert later["of_all"] == 0


def test_a_signature_after_the_as_of_date_is_not_known_and_one_before_is(desk):
    row = cell(sm.renewals.rates(book(as_of="2026-04-02")), pd.Timestamp("2026-01-01"))
    assert row["renewed"] == 1000  # A3 was signed on 2026-04-02
    assert row["late"] == 1000
    note = sm.renewals.calendar(desk).footnote
    assert "1 contract signed after the as-of date: not known yet" in note


def test_month_to_month_terms_are_apart(desk):
    assert "Without 3 month-to-month terms" in sm.renewals.rates(desk).footnote
    monthly = sm.renewals.rates(desk, freq="M", terms="monthly").df
    assert monthly["numerator"].tolist() == [120, 120, 0]  # due in July, August, September 2025
    assert monthly["value"].tolist() == [1, 1, 0]
    every = sm.renewals.rates(desk, terms="all").df
    fixed = sm.renewals.rates(desk).df
    assert every["atr"].sum() == fixed["atr"].sum() + 360


def test_auto_renewed_and_negotiated_are_told_apart(desk):
    found = sm.renewals.rates(desk, by="how")
    assert cell(found, how="auto-renew")["atr"] == 400
    assert cell(found, how="negotiated")["atr"] == 4950
    by_owner = sm.renewals.rates(desk, by=["segment", "owner_id"])
    assert cell(by_owner, segment="SMB", owner_id="o2")["atr"] == 1650  # Cy 900, Di 500, Ivy 250


def test_the_waterfall_of_the_first_quarter(desk):
    row = cell(sm.renewals.waterfall(desk))
    parts = [
        "atr",
        "lost",
        "downsell",
        "open",
        "renewed",
        "escalator",
        "mid_term",
        "upsell",
        "final",
    ]
    assert row[parts].tolist() == [5350, -750, -200, 0, 4400, 20, 0, 630, 5050]
    assert row["residual"] == 0
    assert row[["early", "on_time", "late"]].sum() == row["renewed"]


def test_rows_behind_a_rate_sum_to_both_of_its_sides(desk):
    for measure in ("gross", "net", "full", "logo", "churn"):
        found = sm.renewals.rates(desk, measure=measure, by="segment")
        for segment in ("SMB", "Enterprise"):
            rows = found.rows(period=Q1, segment=segment)
            row = cell(found, segment=segment)
            assert rows["numerator"].sum() == pytest.approx(row["numerator"])
            assert rows["denominator"].sum() == pytest.approx(row["denominator"])


def test_the_calendar_of_the_next_four_quarters(desk):
    found = sm.renewals.calendar(desk)
    df = found.df
    # Due from Q2 2026 to Q1 2027: Gus 5000 (commit, forecast 5500) and Di's D2 550 (best, forecast 500), both in Q2.
    ahead = df[~df["overdue"]].set_index("category")
    assert ahead["value"].to_dict() == {"commit": 5000, "best": 550}
    assert ahead["forecast"].to_dict() == {"commit": 5500, "best": 500}
    # Still open from Q1 2026: A2 1000 commit, C2 700 at risk, E2 430 and F3 960 unclassified.
    late = df[df["overdue"]].set_index("category")["value"].to_dict()
    assert late == {"commit": 1000, "at_risk": 700, "unclassified": 1390}
    rows = found.rows(period="2026-04-01", category="commit")
    assert rows[["contract_id", "owner_id", "forecast"]].values.tolist() == [["G1", "o1", 5500.0]]


def test_the_calendar_knows_what_is_won_already():
    found = sm.renewals.calendar(book(as_of="2024-12-31")).df
    first = found[found["period"] == Q1].set_index("category")["value"]
    assert first["won"] == 2300  # Bo and F1: signed by then; Ada signs on 2025-01-22
    assert first.sum() == 5350


def test_the_commit_forecast_takes_the_lower_of_forecast_and_expiring_value(desk):
    total = sm.renewals.forecast(desk, pool=None).df.iloc[-1]
    assert total["atr"] == 5550
    assert total["commit"] == 5000  # Gus: forecast 5500 of 5000; Di's best case is no commit


def test_the_expected_value_is_probability_times_expiring_value(desk):
    found = sm.renewals.forecast(desk, pool=None)
    rows = found.rows()
    assert rows["value"].tolist() == pytest.approx((rows["probability"] * rows["atr"]).tolist())
    # Decided by 2026-03-31: the seven terms of Q1 2025 and F2, six of eight renewed; one group, so 20 terms of the
    # whole, (6 + 1/2) / (8 + 1), beside it.
    before = (6 + 20 * 6.5 / 9) / 28
    # Gus is due in 62 days and Di in 90; four of the six renewals were signed later than that (-134, -102, -12, -10,
    # 0 and 40 days after the end), so having heard nothing yet says a little.
    now = before * 4 / 6 / (before * 4 / 6 + 1 - before)
    assert rows["probability"].tolist() == pytest.approx([now, now])
    assert found.df.iloc[-1]["value"] == pytest.approx(5550 * now)


def test_what_is_nearly_all_open_is_not_said_to_be_all_of_it() -> None:
    day = pd.Timestamp("2026-07-01")
    (said,) = _open_note(pd.DataFrame({"period": [day], "atr": [1000.0], "open": [998.0]}))
    assert "99% of what is due in the period from 2026-07-01 is still open" in said
