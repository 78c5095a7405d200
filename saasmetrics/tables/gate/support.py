"""Findings about tickets, people, hours and trials: what cannot be, and what is doubtful."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from saasmetrics.tables.gate.view import mask_of, texts
from saasmetrics.tables.texts import plain_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from saasmetrics.errors import Problem
    from saasmetrics.tables.gate.view import Gate, View

__all__ = [
    "csat_beyond_scale",
    "ends_before_starts",
    "hours_out_of_order",
    "negative_amounts_of_work",
    "replies_before_creation",
    "solved_before_first_solved",
    "trials_that_run_backwards",
    "unknown_agents",
    "unknown_channels",
]

CHANNELS = (
    "chat",
    "email",
    "e-mail",
    "mail",
    "phone",
    "call",
    "voice",
    "web",
    "web form",
    "form",
    "portal",
    "help center",
    "help_center",
    "api",
    "social",
    "twitter",
    "x",
    "facebook",
    "instagram",
    "whatsapp",
    "sms",
    "text",
    "messaging",
    "native_messaging",
    "in-app",
    "in_app",
    "app",
    "mobile",
    "mobile_sdk",
    "slack",
    "teams",
    "video",
    "community",
    "self_service",
    "bot",
    "other",
)
AGENTS = (
    ("tickets", "agent_id"),
    ("activities", "csm_id"),
    ("hours", "person_id"),
    ("people", "manager_id"),
)
HOURS = ("handling", "available", "online", "paid")
WORK = ("touches", "reopens", "handle_seconds", "sla_target_seconds")


def replies_before_creation(gate: Gate) -> Iterable[Problem]:
    """Tickets replied to, or first solved, before they were created."""
    for view in gate.having("tickets"):
        for later, code in (
            ("first_reply_at", "reply-before-created"),
            ("first_solved_at", "first-solved-before-created"),
        ):
            if not view.has("created_at", later):
                continue
            both = view.valid("created_at") & view.valid(later)
            yield from view.problem(
                both & (view.micros(later) < view.micros("created_at")),
                column=f"created_at, {later}",
                rule=f"{later} is before created_at",
                remedy="Check the export, and that both are of one time zone; such times are left out and counted.",
                code=code,
                severity="warning",
                show=("ticket_id", "created_at", later),
            )


def solved_before_first_solved(gate: Gate) -> Iterable[Problem]:
    """Tickets whose last solution is before the first."""
    for view in gate.having("tickets"):
        if not view.has("first_solved_at", "solved_at"):
            continue
        both = view.valid("first_solved_at") & view.valid("solved_at")
        yield from view.problem(
            both & (view.micros("solved_at") < view.micros("first_solved_at")),
            column="first_solved_at, solved_at",
            rule="solved_at, the last solution, is before first_solved_at",
            remedy="Check which column is which; each time counts from created_at on its own.",
            code="solved-before-first-solved",
            severity="warning",
            show=("ticket_id", "first_solved_at", "solved_at"),
        )


def csat_beyond_scale(gate: Gate) -> Iterable[Problem]:
    """Satisfaction scores below 1, or above the highest of their scale."""
    for view in gate.having("tickets"):
        if not view.has("csat"):
            continue
        most = np.full(view.size, 5.0)
        if view.has("csat_scale"):
            most = np.where(view.valid("csat_scale"), view.numbers("csat_scale"), 5.0)
        score = view.numbers("csat")
        yield from view.problem(
            view.valid("csat") & ((score < 1) | (score > most)),
            column="csat, csat_scale",
            rule="is not from 1 to csat_scale (5 where it is missing)",
            remedy="Give the scale, such as csat_scale=10; a score beyond it counts as not answered.",
            code="csat-beyond-scale",
            severity="warning",
            show=("ticket_id", "csat", "csat_scale"),
        )


def unknown_agents(gate: Gate) -> Iterable[Problem]:
    """People who answer, manage or log hours, and are not in people."""
    for people in gate.having("people"):
        for table, column in AGENTS:
            for view in gate.having(table):
                if not view.has(column):
                    continue
                place = np.append(gate.match(view, people, column, "person_id"), -1)
                yield from view.problem(
                    view.valid(column) & (place[view.codes(column)] < 0),
                    column=column,
                    rule="is nobody in the table people",
                    remedy="Add them to people, or correct the id; they count, without team, hours and cost.",
                    code="unknown-agent",
                    severity="warning",
                    show=("ticket_id", "person_id", column),
                )


def unknown_channels(gate: Gate) -> Iterable[Problem]:
    """Words for a channel that are none of the usual ones, often a misspelling of one."""
    for view in gate.having("tickets"):
        if not view.has("channel"):
            continue
        if not plain_kind(view.table.data.field("channel").type).equals("string"):
            continue
        names = view.names("channel")
        usual = mask_of(
            pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(names)), value_set=texts(CHANNELS))
        )
        strange = np.append(~usual, False)
        yield from view.problem(
            strange[view.codes("channel")],
            column="channel",
            rule="is no usual name of a channel (chat, email, phone, web, ...)",
            remedy="Check the spelling: each different word is a channel of its own.",
            code="unknown-channel",
            severity="note",
            show=("ticket_id", "channel"),
        )


def negative_amounts_of_work(gate: Gate) -> Iterable[Problem]:
    """Touches, reopenings, handle times and targets below zero."""
    for view in gate.having("tickets"):
        for column in WORK:
            if view.has(column):
                yield from view.problem(
                    view.valid(column) & (view.numbers(column) < 0),
                    column=column,
                    rule="must not be negative",
                    remedy="Correct it in the export; it counts as missing.",
                    code="negative-work",
                    severity="warning",
                    show=("ticket_id", column),
                )


def hours_out_of_order(gate: Gate) -> Iterable[Problem]:
    """Hours handling above those available, available above online, online above paid, or below zero."""
    for view in gate.having("hours"):
        there = [name for name in HOURS if view.has(name)]
        for name in there:
            yield from _hours(
                view, name, view.valid(name) & (view.numbers(name) < 0), "is negative"
            )
        for less, more in pairwise(there):
            over = view.numbers(less) > view.numbers(more) * (1 + 1e-9)
            yield from _hours(
                view,
                f"{less}, {more}",
                view.valid(less) & view.valid(more) & over,
                f"{less} is above {more}",
            )


def _hours(view: View, column: str, rows: npt.NDArray[np.bool_], rule: str) -> Iterable[Problem]:
    return view.problem(
        rows,
        column=column,
        rule=rule,
        remedy="Who handles is available, who is available is online, who is online is paid: check the four.",
        code="hours-out-of-order",
        severity="warning",
        show=("person_id", "period", *HOURS),
    )


def ends_before_starts(gate: Gate) -> Iterable[Problem]:
    """People who left before they came."""
    for view in gate.having("people"):
        if not view.has("start", "end"):
            continue
        both = view.valid("start") & view.valid("end")
        yield from view.problem(
            both & (view.days("end") < view.days("start")),
            column="start, end",
            rule="end is before start",
            remedy="Correct the dates; such a person counts on no day.",
            code="end-before-start",
            severity="warning",
            show=("person_id", "start", "end"),
        )


def trials_that_run_backwards(gate: Gate) -> Iterable[Problem]:
    """Trials that end, or convert, before they start."""
    for view in gate.having("trials"):
        for column in ("converted_at", "ended_at"):
            if not view.has("start", column):
                continue
            both = view.valid("start") & view.valid(column)
            yield from view.problem(
                both & (view.days(column) < view.days("start")),
                column=f"start, {column}",
                rule=f"{column} is before start",
                remedy="Correct the dates; such a trial is over on its first day.",
                code="end-before-start",
                severity="warning",
                show=("customer_id", "start", column),
            )
