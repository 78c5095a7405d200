"""The tables of who customers are: customers, trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from saasmetrics.sample import columns
from saasmetrics.sample.company import (
    Bools,
    Company,
    Days,
    Floats,
    Ints,
    channel_index,
    generator,
)
from saasmetrics.sample.naming import company_names
from saasmetrics.sample.truths import CHANNELS, PARAMETERS, REGIONS, SEGMENTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SOURCES = ("referral", "search", "event", "content", "cold_outreach", "marketplace")
_SOURCE_SHARE = (
    (0.25, 0.00, 0.25, 0.05, 0.45, 0.00),
    (0.35, 0.25, 0.10, 0.30, 0.00, 0.00),
    (0.45, 0.00, 0.15, 0.00, 0.00, 0.40),
    (0.40, 0.35, 0.00, 0.25, 0.00, 0.00),
)
_ARMS = ("guided", "control")
TRIAL_DAYS = 14


@dataclass(frozen=True)
class Trials:
    """Every trial: those that converted (of a customer) and those of prospects that did not.

    `customer` is -1 for a prospect; `prospect` numbers prospects from 0 and is -1 for a customer.
    """

    customer: Ints
    prospect: Ints
    channel: Ints
    start: Days
    converted: Days
    helped: Bools

    @property
    def prospects(self) -> int:
        """Number of companies that tried and have not bought."""
        return int((self.prospect >= 0).sum())


def trials_of(company: Company) -> Trials:
    """Draw the trials around the customers that came through one.

    The failed ones follow from the conversion rate (a negative binomial count); who talked to
    support follows from its effect by Bayes' rule, so that the true effect holds exactly.
    """
    p, rng = PARAMETERS, generator(company.seed, "trials")
    won = np.flatnonzero(company.trial)
    lost_channel = [np.zeros(0, np.int64)]
    lost_month = [np.zeros(0, np.int64)]
    for name, rate in p.trial_conversion.items():
        number = channel_index(name)
        mine = won[company.channel[won] == number]
        lost = int(rng.negative_binomial(mine.size, rate)) if mine.size else 0
        lost_channel.append(np.full(lost, number))
        lost_month.append(company.start_month[rng.choice(mine, lost)] if lost else lost_month[0])
    channel = np.concatenate([company.channel[won], *lost_channel])
    month = np.concatenate(lost_month)
    paid = company.calendar.day(company.start_month[won], company.anchor[won])
    converted = np.concatenate([paid, np.full(month.size, np.datetime64("NaT", "D"))])
    tried = company.calendar.day(month, rng.integers(1, 29, month.size))
    start = np.concatenate([paid - rng.integers(6, 22, won.size), tried])
    keep = start <= company.calendar.as_of
    prospect = np.where(np.isnat(converted) & keep, np.cumsum(np.isnat(converted) & keep) - 1, -1)
    return Trials(
        customer=np.concatenate([won, np.full(month.size, -1)])[keep],
        prospect=prospect[keep],
        channel=channel[keep],
        start=start[keep],
        converted=converted[keep],
        helped=(rng.random(channel.size) < _help_chance(channel, ~np.isnat(converted)))[keep],
    )


def _help_chance(channel: Ints, won: Bools) -> Floats:
    """Give the chance of having talked to support, given whether the trial converted."""
    p = PARAMETERS
    rate = np.array([p.trial_conversion.get(name, 0.5) for name in CHANNELS])[channel]
    share, ratio = p.trial_support_share, p.trial_support_ratio
    helped_rate = ratio * rate / (share * ratio + 1 - share)
    chance: Floats = share * np.where(won, helped_rate / rate, (1 - helped_rate) / (1 - rate))
    return chance


def account_ids(company: Company, trials: Trials) -> pa.Array:
    """Give the ids of customers followed by those of prospects."""
    return pa.concat_arrays(
        [
            columns.customer_ids(company, np.arange(company.size)),
            columns.identifiers(
                "P", np.arange(trials.prospects), columns.width_of(trials.prospects)
            ),
        ]
    )


def account_rows(company: Company, trials: Trials) -> Ints:
    """Give the row of `account_ids` of every trial."""
    rows: Ints = np.where(trials.customer >= 0, trials.customer, company.size + trials.prospect)
    return rows


def trials_table(company: Company, trials: Trials) -> pa.Table:
    """Give one row per trial; those that may still convert have no end."""
    rng = generator(company.seed, "trial-hours")
    hour = rng.integers(7 * 60, 20 * 60, trials.start.size).astype("timedelta64[m]")
    limit = trials.start + TRIAL_DAYS + 7 * (np.arange(trials.start.size) % 5 == 0)
    over = np.where(np.isnat(trials.converted), limit, trials.converted)
    over = np.where(over > company.calendar.as_of, np.datetime64("NaT", "D"), over)
    return pa.table(
        {
            "customer_id": columns.pick(
                account_ids(company, trials), account_rows(company, trials)
            ),
            "start": columns.dates(trials.start),
            "converted_at": columns.moments(trials.converted.astype("datetime64[m]") + hour),
            "ended_at": columns.moments(over.astype("datetime64[m]") + hour),
            "channel": columns.names(CHANNELS, trials.channel),
        }
    ).sort_by([("start", "ascending"), ("customer_id", "ascending")])


def customers(company: Company, trials: Trials) -> pa.Table:
    """Give one row per account: the paying customers first, then prospects that only tried."""
    rng = generator(company.seed, "customers")
    lost = np.flatnonzero(trials.prospect >= 0)
    n, more = company.size, lost.size
    both = n + more
    prospect = np.arange(both) >= n

    def joined(own: NDArray[np.generic], others: object) -> NDArray[np.generic]:
        return np.concatenate([own, np.broadcast_to(np.asarray(others, own.dtype), more)])

    segment = joined(company.segment, rng.choice(3, more, p=[0.85, 0.14, 0.01])).astype(np.int64)
    channel = joined(company.channel, trials.channel[lost]).astype(np.int64)
    tried = np.flatnonzero(trials.customer >= 0)
    began = company.created.copy()
    began[trials.customer[tried]] = trials.start[tried]
    created = joined(began, trials.start[lost]).astype("datetime64[m]")
    shares = np.cumsum(np.array(_SOURCE_SHARE), axis=1)[channel, :-1]
    source = (rng.random(both)[:, None] >= shares).sum(axis=1)
    employees = np.round(np.exp(rng.normal(np.log([28, 210, 1900])[segment], 0.6))).astype(int)
    region = joined(company.region, rng.choice(3, more, p=[0.52, 0.36, 0.12])).astype(np.int64)
    parent = _parents(company, rng)
    arm = joined(np.where(company.onboarded, 0, 1), 0).astype(np.int64)
    outside = joined(~company.in_experiment, True).astype(bool)
    hour = rng.integers(7 * 60, 19 * 60, both).astype("timedelta64[m]")
    return pa.table(
        {
            "customer_id": account_ids(company, trials),
            "name": company_names(both, company.seed),
            "parent_id": columns.customer_ids(
                company,
                np.maximum(joined(parent, -1), 0).astype(np.int64),
                joined(parent, -1).astype(np.int64) < 0,
            ),
            "segment": columns.names(SEGMENTS, segment),
            "region": columns.names(REGIONS, region),
            "channel": columns.names(CHANNELS, channel),
            "source": columns.names(_SOURCES, source),
            "created_at": columns.moments(created + hour),
            "csm_id": columns.csm_ids(joined(company.csm, 0).astype(np.int64), prospect),
            "pod_id": columns.pod_ids(joined(company.pod, 0).astype(np.int64), prospect),
            "icp": pa.array(joined(company.icp, rng.random(more) < 0.4)),
            "employees": columns.counts(np.maximum(employees, 2)),
            "lifecycle": columns.names(("customer", "prospect"), prospect.astype(np.int64)),
            "onboarding_arm": columns.names(_ARMS, arm, outside),
        }
    )


def _parents(company: Company, rng: np.random.Generator) -> Ints:
    """Put one larger customer in ten under an earlier one that has no parent itself; -1 is none."""
    large = np.flatnonzero(company.segment > 0)
    parent = np.full(company.size, -1)
    if large.size < 10:
        return parent
    tops = large[: max(1, large.size // 4)]
    later = large[large.size // 4 :]
    child = later[rng.random(later.size) < 0.13]
    parent[child] = rng.choice(tops, child.size)
    return parent
