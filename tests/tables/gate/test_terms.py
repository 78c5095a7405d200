"""Lengths and overlaps of terms."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.tables import gate, normalize


def test_a_term_that_ends_before_it_starts_is_an_error(one, subscriptions):
    problem = one("negative-term", subscriptions=subscriptions(end=["2024-12-31", None]))
    assert (problem.severity, problem.rows) == ("error", 1)


def test_a_service_period_that_ends_before_it_starts_is_an_error(one, invoices):
    lines = invoices(("a", "2026-01-01", 1.0, "2026-01-01", "2025-12-31"))
    assert one("negative-term", invoices=lines).table == "invoices"


def test_a_term_that_ends_on_its_first_day_is_a_warning(one, subscriptions):
    problem = one("zero-length-term", subscriptions=subscriptions(end=["2025-01-01", None]))
    assert (problem.severity, problem.rows) == ("warning", 1)


def test_a_term_of_one_day_is_sound_where_ends_are_inclusive(found, subscriptions):
    table = subscriptions(end=["2025-01-01", None])
    assert found("zero-length-term", subscriptions=table, policy={"end": "inclusive"}) == []


def test_a_service_period_of_one_day_is_sound(found, invoices):
    lines = invoices(("a", "2026-01-01", 1.0, "2026-01-01", "2026-01-01"))
    assert found("zero-length-term", invoices=lines) == []


def test_half_a_service_period_is_a_warning(one, invoices):
    lines = invoices(("a", "2026-01-01", 1.0, "2026-01-01", None), ("b", "2026-01-01", 1.0))
    assert one("half-service-period", invoices=lines).rows == 1


def test_overlapping_terms_of_one_subscription_are_a_warning(one, subscriptions):
    terms = subscriptions(
        subscription_id=["a", "a", "b"],
        customer_id=["x", "x", "y"],
        start=["2025-01-01", "2025-03-01", "2025-01-01"],
    )
    problem = one("overlap-in-subscription", subscriptions=terms)
    assert (problem.severity, problem.rows) == ("warning", 1)
    assert problem.examples[0]["start"] == "2025-03-01"


def test_terms_that_follow_each_other_do_not_overlap(found, subscriptions):
    terms = subscriptions(
        subscription_id=["a", "a"],
        customer_id=["x", "x"],
        start=["2025-01-01", "2025-03-01"],
        end=["2025-03-01", None],
    )
    assert found("overlap-in-subscription", subscriptions=terms) == []
    assert found("overlap-in-customer", subscriptions=terms) == []


def test_terms_that_share_a_day_overlap_where_ends_are_inclusive(one, subscriptions):
    terms = subscriptions(
        subscription_id=["a", "a"],
        customer_id=["x", "x"],
        start=["2025-01-01", "2025-03-01"],
        end=["2025-03-01", None],
    )
    assert (
        one("overlap-in-subscription", subscriptions=terms, policy={"end": "inclusive"}).rows == 1
    )


def test_several_subscriptions_of_one_customer_are_noted_with_the_number_of_pairs(
    one, subscriptions
):
    problem = one("overlap-in-customer", subscriptions=subscriptions(customer_id=["x", "x", "x"]))
    assert (problem.severity, problem.rows) == ("note", 2)
    assert problem.rule == "subscriptions of one customer overlap in 3 pairs"


def test_what_happens_to_overlaps_follows_the_policy(one, subscriptions):
    table = subscriptions(customer_id=["x", "x"])
    assert "added up" in one("overlap-in-customer", subscriptions=table).remedy
    latest = one("overlap-in-customer", subscriptions=table, policy={"overlap": "latest"})
    assert latest.remedy.startswith("The latest counts")


DAYS = st.integers(0, 8)
TERMS = st.lists(st.tuples(st.integers(0, 2), DAYS, st.none() | DAYS), min_size=1, max_size=12)


@given(TERMS)
@settings(max_examples=60, deadline=None)
def test_overlapping_pairs_are_those_that_a_loop_over_all_pairs_finds(terms):
    day = dt.date(2025, 1, 1)
    table = normalize(
        "subscriptions",
        {
            "subscription_id": range(len(terms)),
            "customer_id": [customer for customer, _, _ in terms],
            "start": [day + dt.timedelta(start) for _, start, _ in terms],
            "end": [None if end is None else day + dt.timedelta(end) for _, _, end in terms],
            "mrr": [1.0] * len(terms),
        },
    )
    spans = [(customer, start, 99 if end is None else end) for customer, start, end in terms]
    spans = [span for span in spans if span[2] > span[1]]
    pairs = sum(
        a[0] == b[0] and max(a[1], b[1]) < min(a[2], b[2])
        for n, a in enumerate(spans)
        for b in spans[:n]
    )
    problems = gate.check({"subscriptions": table}, as_of="2026-06-30")
    rules = [problem.rule for problem in problems if problem.code == "overlap-in-customer"]
    many = f"{pairs:,} pair{'' if pairs == 1 else 's'}"
    assert rules == ([f"subscriptions of one customer overlap in {many}"] if pairs else [])


def lines(last_days):
    starts = ["2026-01-01", "2026-01-15", "2026-02-01", "2026-01-31", "2026-03-01", "2026-04-01"]
    return [("c", start, 1.0, start, end) for start, end in zip(starts, last_days, strict=True)]


EXCLUSIVE = ["2026-02-01", "2026-02-15", "2026-03-01", "2026-02-28", "2027-03-01", "2026-07-01"]
INCLUSIVE = ["2026-01-31", "2026-02-14", "2026-02-28", "2026-02-27", "2027-02-28", "2026-06-30"]


def test_service_ends_that_look_exclusive_are_a_warning(one, invoices):
    problem = one("end-looks-exclusive", invoices=invoices(*lines(EXCLUSIVE)))
    assert (problem.severity, problem.rows) == ("warning", 6)
    assert 'with_policy(service_end="exclusive")' in problem.remedy


def test_service_ends_that_look_inclusive_are_what_is_expected(found, invoices):
    assert found("end-looks-exclusive", invoices=invoices(*lines(INCLUSIVE))) == []


@pytest.mark.parametrize(("ends", "many"), [(INCLUSIVE, 1), (EXCLUSIVE, 0)])
def test_exclusive_reading_is_questioned_by_inclusive_ends_only(found, invoices, ends, many):
    policy = {"service_end": "exclusive"}
    assert len(found("end-looks-inclusive", invoices=invoices(*lines(ends)), policy=policy)) == many


def test_subscription_ends_that_look_inclusive_are_a_warning(one, subscriptions):
    terms = subscriptions(
        start=["2025-01-01"] * 6, end=["2025-12-31", "2025-06-30", "2025-01-31"] * 2
    )
    assert 'with_policy(end="inclusive")' in one("end-looks-inclusive", subscriptions=terms).remedy


def successive(ends, starts=("2025-07-01", "2026-01-01")):
    """Two customers; the first changes its subscription twice."""
    return {
        "subscription_id": ["s1", "s2", "s3", "s4"],
        "customer_id": ["A", "A", "A", "B"],
        "start": ["2025-01-01", *starts, "2025-01-01"],
        "end": [*ends, None, None],
        "amount": [100.0, 120.0, 130.0, 100.0],
    }


def test_the_first_end_on_the_day_before_the_next_start_is_a_warning(one, subscriptions):
    table = subscriptions(**successive(["2025-06-30", None], ("2025-07-01", "2025-07-01")))
    problem = one("end-looks-inclusive", subscriptions=table)
    assert (problem.severity, problem.rows) == ("warning", 1)
    assert "next start" in problem.rule


def test_successive_inclusive_ends_say_why_a_customer_seems_to_leave(subscriptions):
    table = subscriptions(**successive(["2025-06-30", "2025-12-31"]))
    book = sm.Book(subscriptions=table, as_of="2025-12-31")
    # Of 120 and 100 in November, only 100 are left at the end of December: the last day of service reads as churn.
    nrr = sm.retention.nrr(book, window=1)
    assert nrr.value == pytest.approx(100 / 220)
    assert "only if it is inclusive" in nrr.footnote
    assert sm.retention.nrr(book.with_policy(end="inclusive"), window=1).value == 1.0


@pytest.mark.parametrize(
    ("ends", "starts"),
    [
        (["2025-07-01", "2026-01-01"], ("2025-07-01", "2026-01-01")),  # they meet as they are read
        (["2025-07-01", "2026-01-01"], ("2025-07-01", "2026-01-02")),  # a gap of one day, once
        (["2025-07-01", None], ("2025-07-02", "2026-01-01")),  # whole months, then a gap of one day
        (["2025-06-29", None], ("2025-07-01", "2026-01-01")),  # two days
    ],
)
def test_ends_that_others_contradict_are_no_evidence(found, subscriptions, ends, starts):
    table = subscriptions(**successive(ends, starts))
    assert found("end-looks-inclusive", subscriptions=table) == []


def test_ends_on_the_next_start_are_questioned_where_they_are_read_as_inclusive(one, subscriptions):
    table = subscriptions(**successive(["2025-07-01", "2026-01-01"]))
    problem = one("end-looks-exclusive", subscriptions=table, policy={"end": "inclusive"})
    assert problem.rows == 2
