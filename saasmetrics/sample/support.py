"""The table of support requests: tickets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from saasmetrics.sample import columns
from saasmetrics.sample.accounts import Trials, account_ids, account_rows
from saasmetrics.sample.company import (
    MONTHS,
    Bools,
    Days,
    Floats,
    Ints,
    choose,
    generator,
)
from saasmetrics.sample.money_flows import month_of
from saasmetrics.sample.truths import PARAMETERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.sample.lifecycle import History
    from saasmetrics.sample.people import Staff

_RATE = np.array([0.5, 1.6, 5.0])
_TAGS = ("how_to", "billing", "bug", "integration", "outage", "feature_request")
_TAG_SHARE = ((0.42, 0.17, 0.14, 0.13, 0.04, 0.10), (0.20, 0.10, 0.38, 0.12, 0.16, 0.04))
_CHANNELS = ("email", "chat", "phone")
_CHANNEL_SHARE = (
    (0.35, 0.55, 0.10),
    (0.70, 0.15, 0.15),
    (0.62, 0.25, 0.13),
    (0.66, 0.24, 0.10),
    (0.15, 0.30, 0.55),
    (0.80, 0.17, 0.03),
)
_TIER_SHARE = (
    (0.97, 0.03, 0.00),
    (0.96, 0.04, 0.00),
    (0.66, 0.26, 0.08),
    (0.80, 0.17, 0.03),
    (0.78, 0.18, 0.04),
    (0.93, 0.06, 0.01),
)
_PRIORITIES = ("low", "normal", "high", "urgent")
_PRIORITY_SHARE = ((0.22, 0.60, 0.14, 0.04), (0.02, 0.18, 0.40, 0.40))
_SLA_SECONDS = np.array([86_400, 28_800, 14_400, 1_800])
_REPLY_MINUTES = np.array([140.0, 5.0, 0.8])
_URGENCY = np.array([1.5, 1.0, 0.6, 0.25])
_SOLVE_HOURS = np.array([1.5, 3.0, 30.0, 12.0, 5.0, 20.0])
_HANDLE_SECONDS = np.array([1000.0, 1100.0, 2400.0, 2000.0, 1500.0, 900.0])
_MACROS = ("how_to_steps", "billing_standard", "known_bug", "api_guide", "outage_notice", "roadmap")
_MACRO_SHARE = np.array([0.6, 0.55, 0.15, 0.2, 0.5, 0.3])
_NAT = np.datetime64("NaT", "s")


@dataclass(frozen=True)
class Requests:
    """Tickets as arrays: `account` is a row of `account_ids`, `person` one of `Staff.ids`."""

    account: Ints
    created: NDArray[np.datetime64]
    month: Ints
    tag: Ints
    channel: Ints
    tier: Ints
    priority: Ints
    replied: NDArray[np.datetime64]
    first_solved: NDArray[np.datetime64]
    solved: NDArray[np.datetime64]
    touches: Ints
    reopens: Ints
    handled: Floats
    macro: Bools
    person: Ints
    pod: Ints
    score: Ints


def working_time(rng: np.random.Generator, days: Days) -> NDArray[np.datetime64]:
    """Give a time of day for each date, most of them in office hours."""
    hour = np.clip(rng.normal(13.5, 3.2, days.size), 0, 23.99)
    times: NDArray[np.datetime64] = days.astype("datetime64[s]") + (hour * 3600).astype(
        "timedelta64[s]"
    )
    return times


def _arrivals(
    history: History, trials: Trials, rng: np.random.Generator
) -> tuple[Ints, Days, Bools]:
    """Draw who asks on which day: more in the first months, and three times as many in trouble."""
    company, months = history.company, history.months
    who, month, tenure = months["customer"], months["month"], months["tenure"]
    rate = _RATE[company.segment[who]] * (0.8 + 1.2 * np.exp(-tenure / 3.0))
    rate *= np.where(months["trouble"], 3.0, 1.0) * np.where(months["paused"], 0.1, 1.0)
    number = rng.poisson(rate)
    row = np.repeat(np.arange(who.size), number)
    day = company.calendar.day(month[row], company.anchor[who[row]]) + rng.integers(0, 28, row.size)
    asked = np.flatnonzero(trials.helped)
    accounts = np.concatenate([who[row], account_rows(company, trials)[asked]])
    days = np.concatenate([day, trials.start[asked] + rng.integers(0, 5, asked.size)])
    trouble = np.concatenate([months["trouble"][row], np.zeros(asked.size, bool)])
    keep = (days <= company.calendar.as_of) & (days >= company.calendar.month_starts[0])
    order = np.argsort(days[keep], kind="stable")
    return accounts[keep][order], days[keep][order], trouble[keep][order]


def requests_of(history: History, trials: Trials, staff: Staff) -> Requests:
    """Draw every ticket and how it went, as far as it is known on the day of the extract."""
    company = history.company
    rng = generator(company.seed, "tickets")
    account, days, trouble = _arrivals(history, trials, rng)
    size = account.size
    created = working_time(rng, days)
    month = np.minimum(month_of(company.calendar, days), MONTHS - 1)
    tag = choose(rng, trouble.astype(np.int64), _TAG_SHARE)
    channel, tier = choose(rng, tag, _CHANNEL_SHARE), choose(rng, tag, _TIER_SHARE)
    priority = choose(rng, (tag == 4).astype(np.int64), _PRIORITY_SHARE)
    macro = rng.random(size) < _MACRO_SHARE[tag]
    reopens = rng.poisson(0.08 + 0.1 * tier)
    handled = _HANDLE_SECONDS[tag] * np.array([1.0, 2.2, 4.0])[tier] * rng.lognormal(0, 0.5, size)
    handled *= np.where(macro, PARAMETERS.macro_handle_ratio, 1.0) * (1 + 0.4 * reopens)
    replied, first_solved, solved = _progress(
        rng, created, month, tag, channel, tier, priority, reopens
    )
    end = (company.calendar.as_of + 1).astype("datetime64[s]")
    replied, first_solved, solved = (
        np.where(moment >= end, _NAT, moment) for moment in (replied, first_solved, solved)
    )
    pod = np.where(account < company.size, company.pod[np.minimum(account, company.size - 1)], 0)
    seat = staff.agent_seat(pod, month, rng.integers(0, 12, size), tier == 2)
    return Requests(
        account=account,
        created=created,
        month=month,
        tag=tag,
        channel=channel,
        tier=tier,
        priority=priority,
        replied=replied,
        first_solved=first_solved,
        solved=solved,
        touches=np.where(np.isnat(replied), 0, 1 + rng.poisson(0.5 + 0.9 * tier) + reopens),
        reopens=np.where(np.isnat(first_solved), 0, reopens),
        handled=np.round(handled * ~np.isnat(replied)),
        macro=macro,
        person=staff.holder(seat, days),
        pod=staff.open_pod(pod, month),
        score=_scores(rng, channel, month, trouble, np.isnat(solved)),
    )


def _progress(
    rng: np.random.Generator,
    created: NDArray[np.datetime64],
    month: Ints,
    tag: Ints,
    channel: Ints,
    tier: Ints,
    priority: Ints,
    reopens: Ints,
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Draw first reply, first solution and last solution."""
    size = created.size
    before, after = PARAMETERS.chat_reply_minutes
    team = (channel == 1) & (month >= PARAMETERS.chat_team_month)
    minutes = np.where(team, after, np.where(channel == 1, before, _REPLY_MINUTES[channel]))
    minutes = minutes * np.where(channel == 0, _URGENCY[priority], 1.0)
    seconds = 60 * minutes * rng.lognormal(0, np.where(channel == 0, 0.9, 0.6), size)
    replied = created + np.ceil(seconds).astype("timedelta64[s]")
    hours = _SOLVE_HOURS[tag] * np.array([1.0, 2.5, 6.0])[tier] * rng.lognormal(0, 0.9, size)
    first_solved = replied + np.ceil(3600 * hours).astype("timedelta64[s]")
    again = reopens * rng.uniform(8, 72, size)
    return replied, first_solved, first_solved + (3600 * again).astype("timedelta64[s]")


def _scores(
    rng: np.random.Generator, channel: Ints, month: Ints, trouble: Bools, unsolved: Bools
) -> Ints:
    """Draw the answer to the satisfaction question, 1 to 5; 0 where nobody answered."""
    before, after = PARAMETERS.chat_csat_top
    top = np.where((channel == 1) & (month >= PARAMETERS.chat_team_month), after, before)
    good = rng.random(channel.size) < top - 0.25 * trouble
    score = np.where(
        good, rng.choice([4, 5, 5], channel.size), rng.choice([1, 2, 3, 3], channel.size)
    )
    answered = (rng.random(channel.size) < 0.3) & ~unsolved
    return np.where(answered, score, 0)


def ticket_ids(requests: Requests) -> pa.Array:
    """Give the id of every ticket."""
    size = requests.account.size
    return columns.identifiers("T", np.arange(size), columns.width_of(size))


def tickets(history: History, trials: Trials, staff: Staff, requests: Requests) -> pa.Table:
    """Give one row per ticket; what had not happened by the day of the extract is missing."""
    r, size = requests, requests.account.size
    rng = generator(history.company.seed, "ticket-extras")
    unsolved = np.isnat(r.first_solved)
    return pa.table(
        {
            "ticket_id": ticket_ids(r),
            "customer_id": columns.pick(account_ids(history.company, trials), r.account),
            "created_at": columns.moments(r.created),
            "first_reply_at": columns.moments(r.replied),
            "first_solved_at": columns.moments(r.first_solved),
            "solved_at": columns.moments(r.solved),
            "channel": columns.names(_CHANNELS, r.channel),
            "tier": columns.names(("1", "2", "3"), r.tier, unsolved),
            "priority": columns.names(_PRIORITIES, r.priority),
            "priority_source": columns.names(
                ("customer", "agent"), (rng.random(size) < 0.35).astype(np.int64)
            ),
            "tag": columns.names(_TAGS, r.tag, rng.random(size) < 0.06),
            "agent_id": columns.pick(staff.ids(), r.person),
            "team_id": columns.pod_ids(r.pod),
            "touches": columns.counts(r.touches),
            "reopens": columns.counts(r.reopens),
            "handle_seconds": columns.numbers(r.handled),
            "csat": columns.numbers(r.score, r.score == 0),
            "csat_scale": columns.counts(np.full(size, 5)),
            "sla_target_seconds": columns.numbers(_SLA_SECONDS[r.priority]),
            "macro": columns.names(_MACROS, r.tag, ~r.macro),
        }
    )
