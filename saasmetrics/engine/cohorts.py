"""The sweeps by age: cohort triangles, and lifetimes for survival curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.ledger import running_minimum
from saasmetrics.engine.tally import drain, pour
from saasmetrics.money import check_held, multiplied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.engine.ledger import Ledger

TRIANGLE = ("customers", "mrr", "floor", "point")
AGES = ("customers", "mrr", "won", "oldest")
LIVES = ("account", "cohort", "duration", "entry", "event", "mrr")
CAUSES = ("unknown", "voluntary", "involuntary")


def triangle_cube(
    ledger: Ledger,
    group: NDArray[np.int32],
    groups: int,
    first: int,
    periods: int,
    cohort: NDArray[np.int64] | None = None,
) -> dict[str, NDArray[np.int64]]:
    """Return customers, MRR and its running minimum as arrays of groups x cohorts x ages.

    Parameters
    ----------
    ledger
        Changes at the ends of periods.
    group, groups, first, periods
        The group of each account; how many groups; ordinal of the first period; how many periods.
    cohort
        The cohort of each account; by default the period at whose end it first pays.

    Notes
    -----
    A cohort is the period at whose end a customer first pays. The running minimum is the lowest MRR on the
    way, from the first snapshot on, so that it never rises with age.
    """
    cells = groups * periods * periods
    total = {name: np.zeros(cells, np.int64) for name in TRIANGLE}
    for accounts, part in ledger.blocks:
        mine = part.since if cohort is None else cohort[accounts]
        for name, change in _changes(
            part, group[accounts].astype(np.int64), first, periods, mine
        ).items():
            pour(total[name], *change)
    return {
        name: np.cumsum(sums.reshape(groups, periods, periods), axis=2)
        for name, sums in total.items()
    }


def _changes(
    ledger: Ledger,
    group: NDArray[np.int64],
    first: int,
    periods: int,
    cohort: NDArray[np.int64],
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return the cells of group, cohort and age, and by how much each sum changes there."""
    cell_of = ((group * periods + (cohort - first)) * periods) - cohort
    cohort = cohort[ledger.account]
    keep = (ledger.time >= cohort) & (ledger.time < first + periods)
    seen = ledger if keep.all() else ledger.pick(keep)
    cell = cell_of[seen.account] + seen.time
    values = {
        "customers": (seen.held > 0).astype(np.int64),
        "mrr": seen.mrr,
        "floor": running_minimum(seen.mrr, seen.account),
        "point": np.minimum(seen.mrr, _start(seen)),
    }
    return {name: (cell, value - seen.before(value)) for name, value in values.items()}


def _start(ledger: Ledger) -> NDArray[np.int64]:
    """Return the first MRR of the account of each change."""
    out = np.zeros(ledger.accounts, np.int64)
    at = np.flatnonzero(ledger.first)
    out[ledger.account[at]] = ledger.mrr[at]
    first: NDArray[np.int64] = out[ledger.account]
    return first


def age_cube(
    ledger: Ledger,
    group: NDArray[np.int64],
    groups: int,
    ages: int,
    last: int,
    cohort: NDArray[np.int64] | None = None,
) -> dict[str, NDArray[np.int64]]:
    """Return customers and MRR by age over everybody old enough, as arrays of groups x ages.

    Parameters
    ----------
    ledger
        Changes at the ends of periods.
    group, groups
        The group of each account; how many groups.
    ages
        How many ages, from 0.
    last
        The last period observed in full: an account counts up to the age that it has then.
    cohort
        The cohort of each account; by default the period at whose end it first pays.

    Returns
    -------
    dict
        customers and mrr of those alive at the age; `won`: everybody old enough, gone or not; `oldest`: MRR of those
        who are not older yet.
    """
    cells = groups * ages
    total = {name: np.zeros(cells, np.int64) for name in AGES}
    for accounts, part in ledger.blocks:
        begin = part.since if cohort is None else cohort[accounts]
        mine = group[accounts]
        # A credit before the first payment is of no age.
        seen = part.pick((part.time <= last) & (part.time >= begin[part.account]))
        born = np.flatnonzero(begin <= last)
        start = mine[born] * ages
        pour(total["won"], start, None)
        after = last + 1 - begin[born]
        leaves = after < ages
        drain(total["won"], (start + after)[leaves], None)
        where = mine[seen.account] * ages + seen.time - begin[seen.account]
        mrr, rests = part.state(last)
        pour(total["oldest"], start + after - 1, mrr[born])
        for name, change, end in (
            ("customers", (seen.held > 0).astype(np.int64), (mrr + rests > 0).astype(np.int64)),
            ("mrr", seen.mrr, mrr),
        ):
            pour(total[name], where, change - seen.before(change))
            drain(total[name], (start + after)[leaves], end[born][leaves])
    oldest = total.pop("oldest").reshape(groups, ages)
    cube = {name: np.cumsum(sums.reshape(groups, ages), axis=1) for name, sums in total.items()}
    return {**cube, "oldest": oldest}


def by_age(triangle: Mapping[str, NDArray[np.int64]]) -> dict[str, NDArray[np.int64]]:
    """Return what `age_cube` does, from the customers and MRR of a triangle of groups x cohorts x ages.

    Examples
    --------
    >>> ones = np.array([[[2, 1], [3, 0]]])
    >>> {name: value.tolist() for name, value in by_age({"customers": ones, "mrr": ones * 10}).items()}
    {'customers': [[5, 1]], 'mrr': [[50, 10]], 'won': [[5, 2]], 'oldest': [[30, 10]]}
    """
    customers, mrr = triangle["customers"], triangle["mrr"]
    _, cohorts, ages = customers.shape
    until = cohorts - 1 - np.arange(cohorts)  # the age of each cohort in the last period
    old_enough = np.arange(ages) <= until[:, None]
    born = customers[:, :, :1]
    return {
        "customers": np.where(old_enough, customers, 0).sum(axis=1),
        "mrr": np.where(old_enough, mrr, 0).sum(axis=1),
        "won": np.where(old_enough, born, 0).sum(axis=1),
        "oldest": mrr[:, np.arange(cohorts), until][:, ::-1],
    }


def aged(
    ledger: Ledger, accounts: NDArray[np.int64], cohort: NDArray[np.int64], age: int
) -> dict[str, NDArray[np.int64]]:
    """Return what some accounts are at an age: the measures of a triangle, and their MRR added up over the ages.

    Parameters
    ----------
    ledger
        Changes at the ends of periods.
    accounts, cohort
        The accounts, in order, and the period from which the age of each counts.
    age
        Periods since then.
    """
    begin = np.full(ledger.accounts, np.iinfo(np.int32).max, np.int64)
    begin[accounts] = cohort
    start = begin[ledger.account]
    seen = ledger.pick((ledger.time >= start) & (ledger.time <= start + age))
    place = np.searchsorted(accounts, seen.account)
    until = np.append(seen.time[1:], 0)[: len(seen)].astype(np.int64)
    last = np.append(seen.first[1:], True)[: len(seen)]
    until[last] = begin[seen.account[last]] + age + 1
    floor = running_minimum(seen.mrr, seen.account)
    out = {name: np.zeros(len(accounts), np.int64) for name in (*TRIANGLE, "total")}
    out["customers"][place[last]] = seen.held[last] > 0
    out["mrr"][place[last]] = seen.mrr[last]
    out["floor"][place[last]] = floor[last]
    out["point"][place[last]] = np.minimum(seen.mrr, _start(seen))[last]
    months = until - seen.time
    check_held(np.bincount(place, weights=seen.mrr * months.astype(np.float64), minlength=1))
    np.add.at(out["total"], place, multiplied(seen.mrr, months))
    return out


def lifetimes(ledger: Ledger, last: int, left: int | None = None) -> dict[str, NDArray[np.int64]]:
    """Return one lifetime per account that paid at the end of some period up to `last`.

    Parameters
    ----------
    ledger
        Changes at the ends of periods.
    last
        The last period observed in full.
    left
        The period whose end the observation starts from: customers won before enter at the age they had then.

    Returns
    -------
    dict
        account, cohort (period), duration (periods from the first snapshot to the first one at which the customer
        is gone, or to `last`), entry (age when first observed), event (1: gone), mrr (at the first snapshot).
    """
    found = {name: np.empty(ledger.accounts, np.int64) for name in LIVES}
    if left is None:
        found["entry"] = np.zeros(ledger.accounts, np.int64)
    many = 0
    for accounts, part in ledger.blocks:
        lives = _lives(part, last, left)
        lives["account"] += accounts.start
        begin, many = many, many + len(lives["account"])
        for name, values in lives.items():
            found[name][begin:many] = values
    return {name: values[:many] for name, values in found.items()}


def _lives(ledger: Ledger, last: int, left: int | None) -> dict[str, NDArray[np.int64]]:
    begin = ledger.since
    gone = ledger.earliest(
        (ledger.held <= 0) & (ledger.time > begin[ledger.account]) & (ledger.time <= last)
    )
    end = np.full(ledger.accounts, -1, np.int64)
    end[ledger.account[gone]] = ledger.time[gone]
    start = ledger.earliest((ledger.mrr > 0) & (ledger.time <= last))
    account = ledger.account[start].astype(np.int64)
    cohort, end = begin[account], end[account]
    event = (end >= 0).astype(np.int64)
    duration = np.where(event == 1, end, last) - cohort
    lives = {"account": account, "cohort": cohort, "duration": duration}
    lives |= {"event": event, "mrr": ledger.mrr[start]}
    if left is None:
        return lives
    lives["entry"] = np.maximum(left - cohort, 0)
    seen = (lives["entry"] == 0) | (duration > lives["entry"])
    return {name: value[seen] for name, value in lives.items()}
