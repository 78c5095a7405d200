"""Tickets, people, hours and trials that cannot be, each with table, column, rows and remedy."""

from __future__ import annotations

import pytest


def tickets(**columns):
    rows = max(len(values) for values in columns.values())
    sound = {
        "ticket_id": [f"t{n}" for n in range(rows)],
        "customer_id": ["a"] * rows,
        "created_at": ["2026-01-05 09:00"] * rows,
    }
    return sound | columns


@pytest.mark.parametrize(
    ("code", "column", "values"),
    [
        ("reply-before-created", "first_reply_at", ["2026-01-05 08:59", "2026-01-05 09:00", None]),
        ("first-solved-before-created", "first_solved_at", ["2026-01-04", "2026-01-06", None]),
        ("solved-before-created", "solved_at", ["2026-01-04", "2026-01-06", None]),
        ("csat-beyond-scale", "csat", [6, 5, None]),
        ("csat-beyond-scale", "csat", [0, 1, None]),
        ("negative-work", "handle_seconds", [-1, 0, None]),
        ("negative-work", "touches", [-1, 0, None]),
        ("unknown-channel", "channel", ["chatt", "Chat", None]),
    ],
)
def test_one_ticket_of_three_breaks_a_rule(one, code, column, values):
    problem = one(code, tickets=tickets(**{column: values}))
    assert (problem.table, problem.rows, problem.examples[0]["ticket_id"]) == ("tickets", 1, "t0")
    assert column in problem.column
    assert problem.remedy


def test_a_score_is_measured_on_its_own_scale(one):
    assert one("csat-beyond-scale", tickets=tickets(csat=[8, 8], csat_scale=[10, 5])).rows == 1


def test_the_last_solution_is_not_before_the_first(one):
    table = tickets(first_solved_at=["2026-01-08"], solved_at=["2026-01-07"])
    assert one("solved-before-first-solved", tickets=table).rows == 1


def test_repeated_tickets_are_found(found):
    assert found("repeated-key", tickets=tickets(ticket_id=["t", "t"], tag=["a", "b"]))


def test_missing_csat_is_counted_and_not_filled(one):
    assert one("unanswered-csat", tickets=tickets(csat=[None, 5])).rows == 1


@pytest.mark.parametrize(
    ("table", "column", "more"),
    [
        ("tickets", "agent_id", {"ticket_id": ["t"], "created_at": ["2026-01-05"]}),
        ("activities", "csm_id", {"at": ["2026-01-05"], "kind": ["qbr"]}),
        ("hours", "person_id", {"period": ["2026-01"]}),
    ],
)
def test_who_is_not_in_people_is_named(found, table, column, more):
    people = {"person_id": ["p1"], "role": ["agent"]}
    rows = {"customer_id": ["a"]} if table != "hours" else {}
    (problem,) = found("unknown-agent", people=people, **{table: rows | more | {column: ["p9"]}})
    assert (problem.table, problem.column, problem.rows) == (table, column, 1)
    assert not found("unknown-agent", people=people, **{table: rows | more | {column: ["p1"]}})


def test_a_manager_is_one_of_the_people(one):
    people = {"person_id": ["p1", "p2"], "role": ["agent"] * 2, "manager_id": ["p1", "boss"]}
    assert one("unknown-agent", people=people).rows == 1


@pytest.mark.parametrize(
    ("less", "more"), [("handling", "available"), ("available", "online"), ("online", "paid")]
)
def test_hours_are_in_order(found, less, more):
    sound = {"handling": [80.0], "available": [90.0], "online": [100.0], "paid": [110.0]}
    row = {"person_id": ["p1"], "period": ["2026-01"]} | sound
    assert not found("hours-out-of-order", hours=row)
    problems = found("hours-out-of-order", hours=row | {less: [sound[more][0] + 1]})
    assert f"{less}, {more}" in [problem.column for problem in problems]
    assert found("hours-out-of-order", hours=row | {"handling": [-1.0]})


def test_nobody_leaves_before_coming_and_no_trial_ends_before_its_start(found):
    people = {"person_id": ["p"], "role": ["agent"], "start": ["2026-02-01"], "end": ["2026-01-01"]}
    trials = {"customer_id": ["a"], "start": ["2026-02-01"], "ended_at": ["2026-01-01"]}
    problems = found("end-before-start", people=people, trials=trials)
    assert [(p.table, p.column) for p in problems] == [
        ("people", "start, end"),
        ("trials", "start, ended_at"),
    ]
