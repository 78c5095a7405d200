"""Contracts that renew themselves, share terms, hang on odd links or are in another currency; and what is refused."""

from __future__ import annotations

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError
from tests.renewals.contract_book import CONTRACTS, Q1, Q2, book, cell, columns


@pytest.fixture(scope="module")
def desk():
    return book()


def test_an_auto_renewing_contract_goes_on_while_its_customer_pays():
    rows = [
        (
            "K1",
            "Kim",
            "2023-01-01",
            "2024-01-01",
            1200,
            True,
            "2022-12-20",
            None,
            None,
            None,
            "o1",
            None,
        )
    ]
    pays = {
        "subscription_id": ["s"],
        "customer_id": ["Kim"],
        "start": ["2023-01-01"],
        "end": ["2026-01-01"],
        "amount": [100.0],
        "interval": ["month"],
    }
    found = sm.renewals.rates(book(rows, subscriptions=pays, as_of="2026-06-30"), freq="Y")
    # Renewed by itself on 2024-01-01 and 2025-01-01; on 2026-01-01 Kim no longer pays.
    assert found.df["value"].tolist() == [1, 1, 0]
    assert "2 terms renewed without a new contract" in found.footnote
    paper = sm.renewals.rates(
        book([(*rows[0][:5], False, *rows[0][6:])], subscriptions=pays, as_of="2026-06-30")
    )
    assert paper.df["value"].tolist() == [0]  # it was not to renew by itself


def test_terms_of_one_self_renewing_contract_keep_their_own_probability():
    row = ("2025-10-01", "2025-11-01", 120, True, "2025-10-01", None, None, "commit", "o1", None)
    pays = {
        "subscription_id": ["s"],
        "customer_id": ["Kim"],
        "start": ["2025-10-01"],
        "end": [None],
        "amount": [10.0],
        "interval": ["month"],
    }
    desk = book([("K1", "Kim", *row)], subscriptions=pays, as_of="2026-04-10")
    rows = sm.renewals.forecast(desk, quarters=1, terms="all", pool=None).rows()
    # Due in Q2 2026 under one name: 1 April, renewed by itself, and 1 May, which is open.
    assert rows.sort_values("end")["outcome"].tolist() == ["renewed", "open"]
    assert rows.sort_values("end")["probability"].tolist()[0] == 1 > rows["probability"].min()


def test_a_contract_does_not_renew_itself_where_the_customer_pays_for_another():
    row = ("2023-12-20", None, None, None, "o1", None)
    rows = [
        ("K1", "Kim", "2024-01-01", "2025-01-01", 1200, True, *row),
        ("K2", "Kim", "2024-03-01", "2027-03-01", 600, False, *row),  # what Kim pays for in 2025
    ]
    pays = {
        "subscription_id": ["s"],
        "customer_id": ["Kim"],
        "start": ["2024-01-01"],
        "end": [None],
        "amount": [50.0],
        "interval": ["month"],
    }
    found = sm.renewals.rates(book(rows, subscriptions=pays), freq="Y")
    assert found.df["value"].tolist() == [0]
    assert "renewed without a new contract" not in found.footnote


def test_contracts_that_share_terms_through_others_are_capped_together():
    # X names T1 and Y names T3; each covers T2 with what it is worth beyond: 330 for 300, so 110 each.
    old = ("2024-01-01", "2025-01-01", 100, None, "2024-01-01", None, None, None, None, None)
    new = ("2025-01-01", "2026-01-01")
    rows = [(name, "Kim", *old) for name in ("T1", "T2", "T3")]
    rows += [
        ("X", "Kim", *new, 160, None, "2025-01-01", "T1", None, None, None, None),
        ("Y", "Kim", *new, 170, None, "2025-01-01", "T3", None, None, None, None),
    ]
    found = sm.renewals.rates(book(rows))
    behind = found.rows(period=Q1).set_index("contract_id")
    assert behind["final"].to_dict() == {"T1": 110, "T2": 110, "T3": 110}
    # The second term is lost where nothing is left for it.
    rows[-2:] = [(*row[:4], 120, *row[5:]) for row in rows[-2:]]
    behind = sm.renewals.rates(book(rows)).rows(period=Q1).set_index("contract_id")
    assert behind["outcome"].to_dict() == {"T1": "renewed", "T2": "lost", "T3": "renewed"}


def test_what_was_paid_above_the_contract_before_its_end_is_no_upsell():
    rows = [
        (
            "K1",
            "Kim",
            "2024-01-01",
            "2025-01-01",
            1200,
            False,
            "2023-12-20",
            None,
            None,
            None,
            "o1",
            None,
        ),
        (
            "K2",
            "Kim",
            "2025-01-01",
            "2026-01-01",
            2000,
            False,
            "2024-12-20",
            "K1",
            None,
            None,
            "o1",
            None,
        ),
    ]
    pays = {
        "subscription_id": ["s1", "s2", "s3"],
        "customer_id": ["Kim"] * 3,
        "start": ["2024-01-01", "2024-07-01", "2025-01-01"],
        "end": ["2024-07-01", "2025-01-01", None],
        "amount": [100.0, 150.0, 2000 / 12],
        "interval": ["month"] * 3,
    }
    row = cell(sm.renewals.rates(book(rows, subscriptions=pays), measure="net"))
    # 12 x 150 = 1800 were paid on the last day: 600 grew during the term, 200 were sold at renewal.
    assert (row["mid_term"], row["upsell"]) == (600, 200)
    assert row["value"] == pytest.approx(1400 / 1200)


def test_churn_on_the_base_of_atr_and_of_arr_differ_with_multi_year_contracts():
    rows = [
        (
            "K1",
            "Kim",
            "2024-01-01",
            "2025-01-01",
            1200,
            False,
            "2023-12-20",
            None,
            None,
            None,
            "o1",
            None,
        ),
        (
            "L1",
            "Lee",
            "2024-01-01",
            "2027-01-01",
            4800,
            False,
            "2023-12-20",
            None,
            None,
            None,
            "o1",
            None,
        ),
    ]
    pays = {
        "subscription_id": ["s1", "s2"],
        "customer_id": ["Kim", "Lee"],
        "start": ["2024-01-01"] * 2,
        "end": ["2025-01-01", None],
        "amount": [100.0, 400.0],
        "interval": ["month"] * 2,
    }
    row = cell(sm.renewals.rates(book(rows, subscriptions=pays), freq="Y", measure="churn"))
    assert row["value"] == 1  # all that came up is lost
    assert row["arr_basis"] == pytest.approx(1200 / 6000)  # but a fifth of ARR


def test_options_that_do_not_exist_are_refused_with_what_there_is(desk):
    with pytest.raises(UnknownNameError, match="Did you mean 'gross'"):
        sm.renewals.rates(desk, measure="gros")
    with pytest.raises(UnknownNameError, match="segment"):
        sm.renewals.rates(desk, by="segmnt")
    with pytest.raises(DataError, match="number of days"):
        sm.renewals.rates(desk, grace_days=-1)
    with pytest.raises(DataError, match="quarters=0"):
        sm.renewals.calendar(desk, quarters=0)
    with pytest.raises(DataError, match="amount of renewed ARR above 0"):
        sm.renewals.forecast(desk, target=0)
    with pytest.raises(DataError, match="by category already"):
        sm.renewals.calendar(desk, by="category")
    with pytest.raises(DataError, match="rho"):
        sm.renewals.forecast(desk, rho=1)
    with pytest.raises(DataError, match="No term is due"):
        sm.renewals.rates(desk).rows(period="2020-01-01")


def test_an_escalator_in_per_cent_is_refused():
    rows = [(*row[:-1], 5.0 if row[0] == "E1" else None) for row in CONTRACTS]
    with pytest.raises(DataError, match="Divide the column by 100"):
        sm.renewals.rates(book(rows))


def test_without_contracts_and_subscriptions_the_table_to_add_is_named():
    cube = sm.Book(mrr={"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]})
    with pytest.raises(MissingTableError, match="contracts"):
        sm.renewals.rates(cube)


def test_a_book_without_a_contract_has_no_rates_and_says_so():
    empty = {name: values[:0] for name, values in columns(CONTRACTS).items()}
    found = sm.renewals.rates(book(contracts=pd.DataFrame(empty)))
    assert found.df.empty
    assert found.value is None
    assert sm.renewals.calendar(book(contracts=pd.DataFrame(empty))).df.empty


def test_part_of_the_book_has_the_renewals_of_its_customers():
    pays = {
        "subscription_id": ["s1", "s2"],
        "customer_id": ["Ada", "Bo"],
        "start": ["2023-01-01"] * 2,
        "end": [None] * 2,
        "amount": [1.0] * 2,
        "interval": ["month"] * 2,
    }
    whole = sm.renewals.rates(book(subscriptions=pays), by="segment")
    part = sm.renewals.rates(book(subscriptions=pays).where(segment="SMB"))
    assert cell(part)["atr"] == cell(whole, segment="SMB")["atr"] == 3050
    assert cell(part)["value"] == cell(whole, segment="SMB")["value"]


def test_what_is_observed_from_a_day_on_leaves_earlier_terms_out(desk):
    later = sm.renewals.rates(desk.between("2025-04", "2026-03"))
    assert later.df["period"].min() == Q2
    assert cell(later, Q2)["atr"] == 600


def test_logos_are_counted_at_the_parent_where_the_policy_says_so():
    customers = {"customer_id": ["Ada", "Ivy"], "parent_id": ["Group", "Group"]}
    rows = [row for row in CONTRACTS if row[1] in ("Ada", "Ivy")]
    one = book(rows, customers=customers)
    assert cell(sm.renewals.rates(one, measure="logo"))["value"] == 0.5  # Ada renewed, Ivy did not
    group = sm.renewals.rates(one.with_policy(entity="parent"), measure="logo")
    assert (cell(group)["numerator"], cell(group)["denominator"]) == (1, 1)


def test_other_currencies_are_converted_at_one_rate_on_both_sides():
    rows = [row for row in CONTRACTS if row[1] == "Cy"]
    table = columns(rows) | {"currency": ["EUR", "EUR"]}
    fx = {"date": ["2024-01-01", "2026-01-01"], "currency": ["EUR"] * 2, "rate": [1.0, 1.2]}
    row = cell(sm.renewals.rates(book(contracts=table, fx=fx)))
    assert (row["atr"], row["renewed"]) == (1080, 840)  # 900 and 700 at the latest rate, 1.2


def test_links_that_cannot_be_followed_are_said():
    rows = [
        (
            "K1",
            "Kim",
            "2024-01-01",
            "2025-01-01",
            100,
            None,
            "2024-01-01",
            "gone",
            None,
            None,
            None,
            None,
        ),
        (
            "K2",
            "Kim",
            "2024-02-01",
            "2024-12-01",
            100,
            None,
            "2024-02-01",
            "K1",
            None,
            None,
            None,
            None,
        ),
    ]
    note = sm.renewals.rates(book(rows)).footnote
    assert "1 contract renewing one that is not in the table" in note
    assert "1 contract ending no later than the one named" in note


def test_formulas_give_the_rates_of_the_book(desk):
    rows = sm.renewals.rates(desk).rows(period=Q1)
    expiring, final = rows["atr"].tolist(), rows["final"].tolist()
    rates = {m: cell(sm.renewals.rates(desk, measure=m))["value"] for m in ("gross", "net")}
    assert sm.formulas.gross_renewal_rate(expiring, final) == pytest.approx(rates["gross"])
    assert sm.formulas.net_renewal_rate(expiring, final) == pytest.approx(rates["net"])
    assert sm.formulas.gross_renewal_rate([], []) is None
    with pytest.raises(DataError, match="both values"):
        sm.formulas.net_renewal_rate([1], [])


def test_renewal_rates_can_be_compared_under_two_policies(desk):
    policies = [desk.policy, desk.policy.changed(escalators="excluded", name="bare")]
    df = sm.definitions.compare(desk, "renewal_rates", policies, measure="net").df
    first = df[df["period"] == Q1].set_index("policy")["numerator"]
    assert first.to_dict() == {"default": 5050, "bare": 5030}  # Ed's contracted 20
