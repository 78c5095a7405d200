"""The company's calendar and its customers as they sign up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saasmetrics.errors import DataError
from saasmetrics.sample.truths import CHANNELS, PARAMETERS, SEGMENTS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Days = NDArray[np.datetime64]

MONTHS = 60
"""Months of history that a sample company has."""

_SEGMENT_SHARE = (0.64, 0.27, 0.09)
_CHANNEL_SHARE = (  # outbound, inbound, partner, self_serve, per segment
    (0.10, 0.34, 0.12, 0.44),
    (0.32, 0.36, 0.20, 0.12),
    (0.62, 0.16, 0.20, 0.02),
)
_TERM_SHARE = (  # 1, 3, 12, 24 months, per segment
    (0.62, 0.08, 0.30, 0.00),
    (0.24, 0.08, 0.62, 0.06),
    (0.03, 0.02, 0.70, 0.25),
)
TERMS = np.array([1, 3, 12, 24])
_PLAN_SHARE = ((0.62, 0.33, 0.05), (0.18, 0.60, 0.22), (0.02, 0.38, 0.60))
_REGION_SHARE = (0.52, 0.36, 0.12)
_SEATS_MEDIAN = np.array([9.0, 34.0, 115.0])
_SEATS_SPREAD = np.array([0.55, 0.50, 0.60])
_SALES_CYCLE_DAYS = np.array([75, 35, 60, 10])


@dataclass(frozen=True)
class Calendar:
    """Months are counted from the first one; day d of month m is `day(m, d)`."""

    first: np.datetime64
    as_of: np.datetime64

    def day(self, month: Ints, day: Ints | int) -> Days:
        """Give the date of a day of a month; both count arrays are broadcast."""
        first_days: Days = (self.first + month).astype("datetime64[D]")
        days: Days = first_days + (np.asarray(day) - 1).astype("timedelta64[D]")
        return days

    @property
    def month_starts(self) -> Days:
        """The first day of each month of history."""
        starts: Days = (self.first + np.arange(MONTHS)).astype("datetime64[D]")
        return starts

    @property
    def month_ends(self) -> Days:
        """The first day after each month of history."""
        ends: Days = (self.first + np.arange(1, MONTHS + 1)).astype("datetime64[D]")
        return ends


@dataclass(frozen=True)
class Company:
    """Customers at sign-up, one element per paying customer, in the order in which they began."""

    seed: int
    calendar: Calendar
    start_month: Ints
    anchor: Ints
    segment: Ints
    channel: Ints
    region: Ints
    euro: Bools
    plan: Ints
    seats: Ints
    term: Ints
    icp: Bools
    trial: Bools
    onboarded: Bools
    in_experiment: Bools
    standing_discount: Floats
    first_discount: Floats
    discount_months: Ints
    created: Days
    pod: Ints
    csm: Ints
    pods: int
    wave: Ints

    @property
    def size(self) -> int:
        """Number of paying customers."""
        return int(self.start_month.size)


CSMS_PER_POD = 3


def generator(seed: int, topic: str) -> np.random.Generator:
    """Give the stream of random numbers of one topic, so that topics never disturb each other.

    Examples
    --------
    >>> generator(7, "usage").random() == generator(7, "usage").random()
    True
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *topic.encode()])))


def choose(rng: np.random.Generator, rows: Ints, shares: object) -> Ints:
    """Draw one option per element, with the shares of its row of a table."""
    edges = np.cumsum(np.asarray(shares, dtype=float), axis=1)[:, :-1]
    picks: Ints = (rng.random(rows.size)[:, None] >= edges[rows]).sum(axis=1)
    return picks


def calendar_until(as_of: str) -> Calendar:
    """Give the five years that end on a date."""
    try:
        last = np.datetime64(dt.date.fromisoformat(as_of), "D")
    except ValueError:
        msg = f"as_of is {as_of!r}; give a date such as '2026-10-31'"
        raise DataError(msg) from None
    return Calendar(first=last.astype("datetime64[M]") - (MONTHS - 1), as_of=last)


def found(customers: int, seed: int, as_of: str) -> Company:
    """Draw the customers of the company as they are on the day they begin."""
    if customers < 1 or seed < 0:
        msg = f"customers={customers}, seed={seed}: give at least one customer and a seed from 0 up"
        raise DataError(msg)
    calendar = calendar_until(as_of)
    rng = generator(seed, "company")
    start, anchor = _sign_ups(rng, customers, calendar)
    segment = choose(rng, np.zeros(customers, np.int64), [_SEGMENT_SHARE])
    channel = choose(rng, segment, _CHANNEL_SHARE)
    region = choose(rng, np.zeros(customers, np.int64), [_REGION_SHARE])
    icp = rng.random(customers) < 0.6
    onboarded, in_experiment = _onboarding(rng, start, segment, icp)
    standing = np.where(
        rng.random(customers) < np.array([0.0, 0.2, 0.6])[segment],
        np.round(rng.uniform(0.05, 0.25, customers), 2),
        0.0,
    )
    term = TERMS[choose(rng, segment, _TERM_SHARE)]
    promised = (rng.random(customers) < 0.22) & (standing == 0)
    pods = max(2, round(customers / 500))
    pod = rng.integers(0, pods, customers)
    return Company(
        seed=seed,
        calendar=calendar,
        start_month=start,
        anchor=anchor,
        segment=segment,
        channel=channel,
        region=region,
        euro=(region == 1) & (rng.random(customers) < 0.7),
        plan=choose(rng, segment, _PLAN_SHARE),
        seats=_seats(rng, segment),
        term=term,
        icp=icp,
        trial=np.isin(channel, (1, 3)) & (rng.random(customers) < np.where(channel == 3, 0.9, 0.4)),
        onboarded=onboarded,
        in_experiment=in_experiment,
        standing_discount=standing,
        first_discount=np.where(promised, rng.choice([0.1, 0.15, 0.2, 0.25], customers), 0.0),
        discount_months=np.where(term >= 12, 12, rng.choice([3, 6], customers)),
        created=calendar.day(start, anchor)
        - np.ceil(_SALES_CYCLE_DAYS[channel] * rng.gamma(3.0, 1 / 3.0, customers)).astype(int),
        pod=pod,
        csm=pod * CSMS_PER_POD + rng.integers(0, CSMS_PER_POD, customers),
        pods=pods,
        wave=rng.permutation(np.arange(pods * CSMS_PER_POD) % len(PARAMETERS.programme_waves)),
    )


def _sign_ups(rng: np.random.Generator, customers: int, calendar: Calendar) -> tuple[Ints, Ints]:
    """Draw start months that grow over the years, with a slow August and December, and days."""
    month = np.arange(MONTHS)
    of_year = (calendar.first.astype(int) + month) % 12
    season = np.where(of_year == 7, 0.75, np.where(of_year == 11, 0.8, 1.0))
    weight = season * np.exp(np.log(4.0) * month / MONTHS)
    weight[0] *= 3.0  # customers of the closed beta start paying on launch
    start = np.sort(rng.choice(MONTHS, customers, p=weight / weight.sum()))
    last_day = np.full(MONTHS, 28)
    last_day[-1] = min(28, int((calendar.as_of - calendar.month_starts[-1]).astype(int)) + 1)
    anchor = 1 + np.floor(rng.random(customers) * last_day[start]).astype(np.int64)
    return start.astype(np.int64), anchor


def _seats(rng: np.random.Generator, segment: Ints) -> Ints:
    seats = np.exp(rng.normal(np.log(_SEATS_MEDIAN)[segment], _SEATS_SPREAD[segment]))
    whole: Ints = np.maximum(2, np.round(seats)).astype(np.int64)
    return whole


def _onboarding(
    rng: np.random.Generator, start: Ints, segment: Ints, icp: Bools
) -> tuple[Bools, Bools]:
    """Say who gets guided onboarding: by coin in the experiment, by judgement outside it."""
    first, last = PARAMETERS.onboarding_experiment
    in_experiment = (start >= first) & (start < last)
    judged = np.array([0.15, 0.40, 0.75])[segment] + 0.2 * icp
    chance = np.where(in_experiment, 0.5, judged)
    return rng.random(start.size) < chance, in_experiment


def segment_values(by_segment: Mapping[str, float]) -> Floats:
    """Give a mapping by segment as an array in the order of `SEGMENTS`."""
    return np.array([by_segment[name] for name in SEGMENTS])


def channel_index(name: str) -> int:
    """Give the position of a channel."""
    return CHANNELS.index(name)
