"""Load, books of business, spans, pods, ramps and attrition, against hand calculation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

import saasmetrics as sm
from saasmetrics.metrics import formulas
from tests.capacity.teams import book, people, tickets

C = sm.capacity
AGENT = ("role", "2024-01-01", None, 1.0, None, None)


@pytest.mark.row("P1", "Z1")
def test_load_is_tickets_over_months_worked():
    # two agents all year, one from 16 December to its end
    team = people(
        ("a", "agent", "2024-01-01", None, 1.0, None, None),
        ("b", "agent", "2024-01-01", None, 0.5, None, None),
        ("c", "agent", "2025-12-16", None, 1.0, None, None),
    )
    made = C.load(book(people=team, tickets=tickets([("Ada", "2025-12-03")] * 50)))
    last = made.df.iloc[-1]
    worked = 2 + 16 / 31
    assert last[["numerator", "denominator", "value"]].tolist() == pytest.approx(
        [50, worked, 50 / worked]
    )
    assert last["fte"] == pytest.approx(1.5 + 16 / 31)
    assert last[["customers", "contact_rate"]].tolist() == [2, 25]
    assert last["customers_per_head"] == pytest.approx(2 / worked)


@pytest.mark.row("P1")
def test_load_of_poster_is_480_requests_a_head_and_month():
    team = people(*[(f"p{k}", "agent", "2024-01-01", None, 1.0, None, None) for k in range(52)])
    asked = tickets([("Ada", "2025-11-03")] * 25_000)
    month = C.load(book(people=team, tickets=asked)).df.iloc[-2]
    assert month["value"] == pytest.approx(formulas.per_head(25_000, 52))


def test_the_interval_of_a_load_is_that_of_a_poisson_count():
    team = people(("a", "agent", "2024-01-01", None, 1.0, None, None))
    row = C.load(book(people=team, tickets=tickets([("Ada", "2025-12-03")] * 10))).df.iloc[-1]
    # at the ends of the interval so few, or so many, have a chance of 2.5 %
    assert poisson.sf(9, row["low"]) == pytest.approx(0.025)
    assert poisson.cdf(10, row["high"]) == pytest.approx(0.025)


def test_a_month_in_which_nobody_worked_has_no_load():
    team = people(("a", "agent", "2025-06-01", None, 1.0, None, None))
    df = C.load(book(people=team, tickets=tickets([("Ada", "2025-01-03")]))).df
    assert df["value"].isna().sum() == 5
    assert df["reason"].iloc[0] == "nobody of the team worked"


def owned(counts):
    """A book with so many accounts per owner."""
    owner = {f"{who}-{k}": who for who, many in counts.items() for k in range(many)}
    customers = pd.DataFrame({"customer_id": list(owner), "csm_id": list(owner.values())})
    customers["csm_id"] = customers["csm_id"].replace("nobody", None)
    return book(list(owner), customers=customers)


@pytest.mark.row("P2")
def test_books_outside_50_to_200_accounts_are_flagged():
    made = C.books(owned({"a": 201, "b": 200, "c": 50, "d": 49, "nobody": 3}))
    assert made.df.set_index("csm_id")["verdict"].to_dict() == {
        "a": "over",
        "b": "within",
        "c": "within",
        "d": "under",
        "(none)": "no owner",
    }
    assert made.df["value"].sum() == 503
    assert made.df["arr"].sum() == 503 * 1200
    assert "4 books, 1 over the limit, 1 under it; 500 accounts take 3 to 10" in made.text


@pytest.mark.row("P2")
def test_ten_thousand_accounts_take_50_to_200_managers():
    accounts = 10_000
    limits = (50, 200)
    assert [-(-accounts // limit) for limit in reversed(limits)] == [50, 200]
    made = C.books(owned({"a": 10_000}))
    assert "10,000 accounts take 50 to 200" in made.text


def test_a_book_that_is_too_rich_is_flagged_and_opens_to_its_accounts():
    made = C.books(owned({"a": 3, "b": 2}), limits=(1, 10), arr_limit=3000)
    assert made.df.set_index("csm_id")["reason"].to_dict() == {
        "a": "more ARR than the limit",
        "b": "",
    }
    rows = made.rows(csm_id="a")
    assert rows["customer_id"].tolist() == ["a-0", "a-1", "a-2"]
    assert rows["arr"].sum() == 3600


def test_customers_who_left_are_in_no_book():
    customers = pd.DataFrame({"customer_id": ["x", "y"], "csm_id": ["a", "a"]})
    lives = {"x": ["2025-01", "2025-02"], "y": [f"2025-{m:02}" for m in range(1, 13)]}
    made = C.books(book(lives, customers=customers), limits=(0, 9))
    assert made.df["value"].tolist() == [1]


def reports(managers):
    """Managers with so many reports each, and who leads the managers."""
    rows = [("boss", "vp", "2024-01-01", None, 1.0, None, None)]
    for name, many in managers.items():
        rows.append((name, "lead", "2024-01-01", None, 1.0, "boss", None))
        rows += [(f"{name}-{k}", "agent", "2024-01-01", None, 1.0, name, None) for k in range(many)]
    return people(*rows)


@pytest.mark.row("P5", "H15")
def test_twelve_people_under_one_manager_are_flagged_at_8_to_1():
    df = C.spans(book(people=reports({"m": 12}))).df.set_index("manager_id")
    assert df.loc["m", ["value", "verdict", "needed"]].tolist() == [12, "over", 2]
    assert df.loc["boss", "verdict"] == "within"
    wide = C.spans(book(people=reports({"m": 12})), limit=15).df
    assert (wide["verdict"] != "over").all()


@pytest.mark.row("H15")
def test_52_people_take_7_4_or_3_managers():
    team = book(people=reports({"m": 52}))
    needed = [
        int(C.spans(team, limit=limit).df.set_index("manager_id").loc["m", "needed"])
        for limit in (8, 15, 20)
    ]
    assert needed == [7, 4, 3]


def test_who_has_left_reports_to_nobody():
    team = people(
        ("m", "lead", "2024-01-01", None, 1.0, None, None),
        ("a", "agent", "2024-01-01", "2025-12-31", 1.0, "m", None),
        ("b", "agent", "2024-01-01", "2026-03-01", 1.0, "m", None),
    )
    df = C.spans(book(people=team)).df.set_index("manager_id")
    assert df.loc["m", "value"] == 1  # a's first day away is the as-of date


def podded(*pods):
    rows = [
        (f"{number}-{role}-{k}", role, "2024-01-01", None, 1.0, None, f"pod-{number}")
        for number, pod in enumerate(pods)
        for role, many in zip(("csm", "agent", "specialist"), pod, strict=True)
        for k in range(many)
    ]
    return book(people=people(*rows))


@pytest.mark.row("P14")
def test_52_heads_are_6_pods_and_4_left_over():
    made = C.pods(podded(*[(2, 5, 1)] * 6, (1, 2, 1)))
    assert made.extra["possible"] == {"any_role": 6, "left_over": 4, "roles_kept": 6}
    assert formulas.pods(52, (2, 5, 1)) == (6, 4)
    assert made.df["value"].sum() == 52
    assert made.df["verdict"].tolist() == ["full"] * 6 + ["short"]
    assert made.df["reason"].iloc[-1] == "1 csm missing, 3 agents missing"


@pytest.mark.row("Z23")
def test_effective_fte_is_the_sum_of_ramps():
    # on 1 June: 0.5, 1.5 and 12 months here, one at half time
    team = people(
        ("a", "agent", "2025-05-17", None, 1.0, None, None),
        ("b", "agent", "2025-04-16", None, 0.5, None, None),
        ("c", "agent", "2024-06-01", None, 1.0, None, None),
    )
    df = C.effective(book(people=team), ramp=[0.2, 0.6], shrinkage=0.25).df
    june = df[df["period"] == "2025-06-01"].iloc[0]
    wanted = formulas.effective_fte([0, 1, 12], [0.2, 0.6], [1, 0.5, 1], shrinkage=0.25)
    assert june["value"] == pytest.approx(wanted) == pytest.approx((0.2 + 0.3 + 1) * 0.75)
    lost = june["lost_to_ramp"] + june["lost_to_shrinkage"]
    assert june["fte"] - lost == pytest.approx(june["value"])


@pytest.mark.row("Z23")
def test_every_channel_has_a_ramp_that_rises():
    from saasmetrics.success.capacity.ramps import profiles

    assert set(profiles()) >= {"email", "chat", "phone", "social", "csm"}
    for ramp in profiles().values():
        assert all(np.diff(ramp) > 0)
        assert 0 < ramp[0] < ramp[-1] < 1
    # from e-mail to chat to phone to social each takes longer to learn
    lengths = [
        sum(1 - share for share in profiles()[name])
        for name in ("email", "chat", "phone", "social")
    ]
    assert lengths == sorted(lengths)


def test_who_leaves_in_the_middle_of_a_month_counts_for_the_days_worked():
    team = people(("a", "agent", "2024-01-01", "2025-06-16", 1.0, None, None))
    df = C.effective(book(people=team), shrinkage=0).df.set_index("period")["value"]
    assert df["2025-05-01"] == 1
    assert df["2025-06-01"] == pytest.approx(15 / 30)
    assert df["2025-07-01"] == 0


def test_groups_of_people_add_up():
    demo = sm.demo(customers=200)
    whole = C.effective(demo).df.set_index("period")["value"]
    parts = C.effective(demo, by=["role", "pod"]).df.groupby("period")["value"].sum()
    assert parts.to_numpy() == pytest.approx(whole.to_numpy())


@pytest.mark.row("Z26")
def test_attrition_is_leavers_over_years_worked_with_an_exact_interval():
    team = people(
        *[(f"p{k}", "agent", "2024-01-01", None, 1.0, None, None) for k in range(8)],
        ("q", "agent", "2024-01-01", "2025-07-02", 1.0, None, None),
        ("r", "agent", "2024-01-01", "2025-07-02", 1.0, None, None),
    )
    row = C.attrition(book(people=team), benchmark=0.02).df.iloc[-1]
    years = 8 * 365 / 365.25 + 2 * 182 / 365.25
    assert row[["numerator", "denominator"]].tolist() == pytest.approx([2, years])
    assert poisson.sf(1, row["low"] * years) == pytest.approx(0.025)
    assert poisson.cdf(2, row["high"] * years) == pytest.approx(0.025)
    assert row["verdict"] == "above"
    assert C.attrition(book(people=team), benchmark=0.2).df["verdict"].iloc[-1] == "not proven"


@pytest.mark.row("Z26")
def test_the_interval_of_attrition_holds_what_the_demo_company_is_made_with():
    from saasmetrics.sample.people import _ATTRITION, ROLES

    demo = sm.demo(customers=3000, seed=5)
    agents = C.attrition(demo, roles="agent").df
    years, left = agents["denominator"].sum(), agents["numerator"].sum()
    truth = 12 * _ATTRITION[ROLES.index("agent")]
    # nobody leaves in the first 120 days, so that the rate over all days is lower than the one after them
    assert 0.3 * truth < left / years < 1.3 * truth


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda b: C.books(b, limits=(5, 2)), "swap the two"),
        (lambda b: C.books(b, limits=5), "limits=5"),
        (lambda b: C.books(b, "csm"), "no column 'csm'"),
        (lambda b: C.spans(b, limit=0), "limit=0"),
        (lambda b: C.pods(b, template=3), "template=3"),
        (lambda b: C.pods(b, template={"csm": 0}), "pod of nobody"),
        (lambda b: C.effective(b, ramp="fax"), "fax"),
        (lambda b: C.effective(b, ramp=[2]), "ramp=2"),
        (lambda b: C.effective(b, shrinkage=3), "shrinkage=3"),
        (lambda b: C.effective(b, by="segment"), "not grouped by 'segment'"),
        (lambda b: C.load(b, roles="agnet"), "Did you mean 'agent'"),
        (lambda b: C.load(b, "D"), "frequency"),
        (lambda b: C.attrition(b, benchmark=-1), "benchmark=-1"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(demo_book, call, words):
    with pytest.raises(sm.DataError, match=words):
        call(demo_book)


@pytest.mark.parametrize("ask", [C.load, C.spans, C.pods, C.effective, C.attrition])
def test_a_book_without_people_says_which_table_is_missing(ask):
    with pytest.raises(sm.DataError, match="people"):
        ask(book(tickets=tickets([("Ada", "2025-01-03")])))
