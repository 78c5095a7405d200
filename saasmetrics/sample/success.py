"""What customers do and say, and what is done for them: usage, surveys, activities."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from saasmetrics.sample import columns
from saasmetrics.sample.accounts import Trials, account_ids
from saasmetrics.sample.company import MONTHS, Bools, Company, Days, Floats, Ints, generator
from saasmetrics.sample.support import Requests, ticket_ids, working_time
from saasmetrics.sample.truths import PARAMETERS

if TYPE_CHECKING:
    from saasmetrics.sample.lifecycle import History
    from saasmetrics.sample.people import Staff

FEATURES = ("dashboards", "reports", "automation", "integrations", "forecasting", "api")
_REACH = np.array([0.85, 0.6, 0.4, 0.3, 0.22, 0.12])
_EVENTS_PER_USER = np.array([22.0, 9.0, 6.0, 14.0, 3.0, 40.0])
_SHARE_OF_LADDER = np.array([2.2, 3.4, 4.8])
_USAGE_DAYS = (3, 10, 17, 24)
_MONTHS_AT_ONCE = 6

_KINDS = (
    "onboarding", "training", "check_in", "qbr", "success_review", "save_play", "champion_change",
)  # fmt: skip
_MINUTES = np.array([150.0, 75.0, 25.0, 60.0, 45.0, 50.0])
_PLAYBOOKS = ("guided_onboarding", "success_plan", "save_at_risk")
_NPS_SHARE = (0.03, 0.01, 0.02, 0.03, 0.04, 0.06, 0.07, 0.12, 0.19, 0.22, 0.21)


def _ladder(company: Company, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Give how many features a customer comes to use, and its share of seats that are active."""
    depth = rng.poisson(_SHARE_OF_LADDER[company.segment] - 1 + 0.6 * company.onboarded)
    return np.clip(1 + depth, 1, len(FEATURES)), rng.beta(7, 3, company.size)


def usage(history: History) -> pa.Table:
    """Give weekly use by feature; a feature that nobody used that week has no row.

    In months of decline every feature is used less and the most advanced one not at all.
    """
    rng = generator(history.company.seed, "usage")
    ladder, active = _ladder(history.company, rng)
    edges = np.searchsorted(history.months["month"], np.arange(0, MONTHS + 1, _MONTHS_AT_ONCE))
    parts = [
        _usage_of(history, np.arange(lo, hi), ladder, active, rng) for lo, hi in pairwise(edges)
    ]
    return pa.concat_tables(parts)


def _usage_of(
    history: History, rows: Ints, ladder: Ints, active: Floats, rng: np.random.Generator
) -> pa.Table:
    company, months = history.company, history.months
    who, tenure = months["customer"][rows], months["tenure"][rows]
    falls, paused = months["declining"][rows], months["paused"][rows]
    level = np.minimum(ladder[who], 1 + (tenure + 1) // 2)
    level = np.where(falls & (level > 1), level - 1, level) * ~paused
    row = np.repeat(np.arange(rows.size), level)
    feature = np.arange(row.size) - np.repeat(np.cumsum(level) - level, level)
    share = active[who] * np.where(falls, PARAMETERS.usage_decline_level, 1.0)
    people = (share * months["seats"][rows])[row] * _REACH[feature]
    start = company.calendar.day(months["month"][rows], company.anchor[who])[row]
    weeks = len(_USAGE_DAYS)
    users = np.round(np.repeat(people, weeks) * rng.lognormal(0.0, 0.18, row.size * weeks))
    users = np.minimum(users, np.repeat(months["seats"][rows][row], weeks)).astype(np.int64)
    day = (start[:, None] + np.array(_USAGE_DAYS)).ravel()
    keep = np.flatnonzero((users > 0) & (day <= company.calendar.as_of))
    users, of_row = users[keep], keep // weeks
    events = users * _EVENTS_PER_USER[feature[of_row]] * rng.lognormal(0.0, 0.25, keep.size)
    return pa.table(
        {
            "customer_id": columns.customer_ids(company, who[row[of_row]]),
            "date": columns.dates(day[keep]),
            "feature": columns.names(FEATURES, feature[of_row]),
            "users": columns.numbers(users),
            "events": columns.numbers(np.maximum(users, np.round(events))),
        }
    )


def surveys(history: History, trials: Trials, requests: Requests) -> pa.Table:
    """Give answers to NPS (twice a year), CSAT and effort questions (after tickets).

    The NPS score is drawn without regard to churn; unhappy customers only answer less often.
    """
    company, months = history.company, history.months
    rng = generator(company.seed, "surveys")
    asked = (months["tenure"] % 6 == 3) & ~months["paused"]
    answers = rng.random(asked.size) < np.where(months["declining"], 0.14, 0.34)
    rows = np.flatnonzero(asked & answers)
    who = months["customer"][rows]
    day = company.calendar.day(months["month"][rows], company.anchor[who])
    nps_at = working_time(rng, day + rng.integers(0, 20, rows.size))
    nps = rng.choice(11, rows.size, p=np.array(_NPS_SHARE) / sum(_NPS_SHARE))
    scored = np.flatnonzero(requests.score > 0)
    effort = scored[rng.random(scored.size) < 0.25]
    ease = np.clip(np.round(requests.score[effort] + rng.normal(1.2, 0.9, effort.size)), 1, 7)
    ticket = np.concatenate([np.full(rows.size, -1), scored, effort])
    wait = rng.integers(300, 86_400, ticket.size).astype("timedelta64[s]")
    at = np.concatenate([nps_at, requests.solved[scored], requests.solved[effort]])
    at = np.where(ticket >= 0, at + wait, at)
    score = np.concatenate([nps, requests.score[scored], ease])
    kind = np.repeat([0, 1, 2], [rows.size, scored.size, effort.size])
    account = np.concatenate([who, requests.account[scored], requests.account[effort]])
    known = at < (company.calendar.as_of + 1).astype("datetime64[s]")
    order = np.argsort(at, kind="stable")
    order = order[known[order]]
    ticket = ticket[order]
    return pa.table(
        {
            "survey_id": columns.identifiers(
                "V", np.arange(order.size), columns.width_of(order.size)
            ),
            "customer_id": columns.pick(account_ids(company, trials), account[order]),
            "at": columns.moments(at[order]),
            "instrument": columns.names(("nps", "csat", "ces"), kind[order]),
            "score": columns.numbers(score[order]),
            "scale_max": columns.counts(np.array([10, 5, 7])[kind[order]]),
            "ticket_id": columns.pick(ticket_ids(requests), np.maximum(ticket, 0), ticket < 0),
        }
    )


def _planned(history: History, rng: np.random.Generator) -> Iterator[tuple[int, Ints, int, Bools]]:
    """Yield kind, rows of `History.months`, playbook (-1 is none) and whether it was our idea."""
    months, company = history.months, history.company
    who, tenure = months["customer"], months["tenure"]
    segment, u = company.segment[who], rng.random((3, who.size))
    first = (months["month"] == company.start_month[who]) & company.onboarded[who]
    since = np.array(PARAMETERS.programme_waves)[company.wave[company.csm]][who]
    reviewed = months["programme"] & ((months["month"] - since) % 3 == 0)
    plain = ~months["programme"] & (tenure % 3 == 2)
    regular = plain & (u[0] < np.array([0.03, 0.35, 0.85])[segment])
    selections = (
        (0, first, 0),
        (1, u[1] < np.array([0.012, 0.03, 0.06])[segment], -1),
        (2, u[2] < np.array([0.05, 0.15, 0.40])[segment], -1),
        (3, regular, -1),
        (4, reviewed, 1),
        (5, months["saved"], 2),
        (6, months["champion"], -1),
    )
    for kind, chosen, playbook in selections:
        rows = np.flatnonzero(chosen)
        ours = rng.random(rows.size) < (0.35 if kind == 2 else 0.0 if kind == 6 else 1.0)
        yield kind, rows, playbook, ours


def _wave(history: History, kind: int, who: Ints) -> Ints:
    """Give the wave of a roll-out: 0 is the onboarding experiment, 1 to 4 the programme; or -1."""
    company = history.company
    if kind == 0:
        return np.where(company.in_experiment[who], 0, -1)
    if kind == 4:
        return 1 + company.wave[company.csm[who]]
    return np.full(who.size, -1)


def activities(history: History, staff: Staff) -> pa.Table:
    """Give what customer success did for customers, and champions who left."""
    company, months = history.company, history.months
    rng = generator(company.seed, "activities")
    found = list(_planned(history, rng))
    rows = np.concatenate([rows for _, rows, _, _ in found])
    kind = np.concatenate([np.full(rows.size, kind) for kind, rows, _, _ in found])
    book = np.concatenate([np.full(rows.size, book) for _, rows, book, _ in found])
    ours = np.concatenate([ours for *_, ours in found])
    who, month = months["customer"][rows], months["month"][rows]
    wave = np.concatenate([_wave(history, k, months["customer"][r]) for k, r, _, _ in found])
    day: Days = company.calendar.day(month, company.anchor[who])
    day = day + np.where(kind == 5, rng.integers(8, 26, rows.size), rng.integers(0, 20, rows.size))
    at = working_time(rng, day)
    order = np.argsort(at, kind="stable")
    order = order[day[order] <= company.calendar.as_of]
    kind, book, wave, who, month = kind[order], book[order], wave[order], who[order], month[order]
    seat = staff.csm_seat(company.csm[who], month)
    person = staff.holder(seat, day[order])
    event = kind == 6
    minutes = _MINUTES[np.minimum(kind, 5)] * rng.lognormal(0.0, 0.3, order.size)
    return pa.table(
        {
            "activity_id": columns.identifiers(
                "A", np.arange(order.size), columns.width_of(order.size)
            ),
            "customer_id": columns.customer_ids(company, who),
            "at": columns.moments(at[order]),
            "kind": columns.names(_KINDS, kind),
            "csm_id": columns.pick(staff.ids(), person, event),
            "minutes": columns.numbers(np.round(minutes, -1) // 5 * 5 + 5, event),
            "proactive": pa.array(ours[order], pa.bool_(), mask=event),
            "playbook": columns.names(_PLAYBOOKS, np.maximum(book, 0), book < 0),
            "wave": columns.names(
                ("experiment", "wave-1", "wave-2", "wave-3", "wave-4"),
                np.maximum(wave, 0),
                wave < 0,
            ),
        }
    )
