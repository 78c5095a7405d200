"""The ledger: every change of MRR, sorted by account and day, from which all cubes are swept.

An account is an entity, or one group of an entity where lines of one entity belong to different groups. The cost of
everything here follows the number of changes, never customers times months.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.service import FAR
from saasmetrics.tables.order import in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from saasmetrics.engine.spans import Spans

BLOCK = 1 << 16  # changes swept at a time, so that the steps between stay in the cache


@dataclass(frozen=True)
class Ledger:
    """Changes of MRR, sorted by account and time; one element per change.

    `time` is a day number, or a period ordinal after `at_periods`. `mrr` and `paused` are balances in micro-units
    after the change; `paused` is None where nothing is ever paused. `aside` says whether a pause is a line of its own,
    or else a contraction. `first` marks each account's first change.
    """

    account: NDArray[np.int32]
    time: NDArray[np.int32]
    mrr: NDArray[np.int64]
    paused: NDArray[np.int64] | None
    accounts: int
    aside: bool = True

    def __len__(self) -> int:
        return len(self.account)

    @cached_property
    def first(self) -> NDArray[np.bool_]:
        """Which elements are their account's first change."""
        out = np.empty(len(self.account), bool)
        out[:1] = True
        np.not_equal(self.account[1:], self.account[:-1], out=out[1:])
        return out

    @property
    def held(self) -> NDArray[np.int64]:
        """MRR plus paused MRR: an account is a customer while this is positive."""
        return self.mrr if self.paused is None else self.mrr + self.paused

    @property
    def moving(self) -> NDArray[np.int64]:
        """The balance whose changes are movements: with paused MRR where that is a line of its own."""
        return self.held if self.aside else self.mrr

    def before(self, balance: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the balance before each change, 0 before the first of an account."""
        out = np.empty_like(balance)
        out[:1] = 0
        np.multiply(balance[:-1], ~self.first[1:], out=out[1:])
        return out

    def earliest(self, among: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the index of each account's first change among those that a mask selects."""
        at = np.flatnonzero(self.first)
        if among[at].all():  # as nearly always where the first payment is asked for
            return at
        at = np.flatnonzero(among)
        owner = self.account[at]
        first = np.ones(len(at), bool)
        np.not_equal(owner[1:], owner[:-1], out=first[1:])
        return at[first]

    def pick(self, keep: NDArray[np.bool_]) -> Ledger:
        """Return the changes that a mask selects."""
        paused = None if self.paused is None else self.paused[keep]
        return replace(
            self,
            account=self.account[keep],
            time=self.time[keep],
            mrr=self.mrr[keep],
            paused=paused,
        )

    def rows(self, cut: slice) -> Ledger:
        """Return some changes, those of whole accounts."""
        paused = None if self.paused is None else self.paused[cut]
        return replace(
            self,
            account=self.account[cut],
            time=self.time[cut],
            mrr=self.mrr[cut],
            paused=paused,
        )

    def parts(self) -> Iterator[tuple[slice, Ledger]]:
        """Yield the ledger in parts of whole accounts, each with its place among the changes."""
        for cut in cuts(self.account):
            yield cut, self.rows(cut)

    def blocks(self, least: int = 0) -> Iterator[tuple[slice, Ledger]]:
        """Yield the ledger in parts of whole accounts: the accounts of a part, and its changes, accounts from 0.

        Parameters
        ----------
        least
            Do not cut into parts with fewer changes than this.
        """
        begin = 0
        for cut in cuts(self.account, least):
            end = int(self.account[cut.stop - 1]) + 1
            paused = None if self.paused is None else self.paused[cut]
            account = self.account[cut] - np.int32(begin)
            yield (
                slice(begin, end),
                Ledger(account, self.time[cut], self.mrr[cut], paused, end - begin, self.aside),
            )
            begin = end

    def at_periods(self, ordinals: NDArray[np.int32], base: int) -> Ledger:
        """Return the ledger as snapshots at the end of periods see it: the last state in each period.

        Parameters
        ----------
        ordinals
            The period of each day from the day `base` on.
        base
            Day number of the first element of `ordinals`.
        """
        period = np.empty(len(self), np.int32)
        last, changed = np.ones(len(self), bool), np.empty(len(self), bool)
        for place, part in self.parts():
            when = period[place] = ordinals[part.time - base]
            ends = last[place][:-1]
            np.not_equal(part.account[1:], part.account[:-1], out=ends)
            ends |= when[1:] != when[:-1]
        seen = replace(self, time=period)
        if not last.all():
            seen, changed = seen.pick(last), changed[: int(last.sum())]
        for place, part in seen.parts():
            np.not_equal(part.mrr, part.before(part.mrr), out=changed[place])
            if part.paused is not None:
                changed[place] |= part.paused != part.before(part.paused)
        return seen if changed.all() else seen.pick(changed)

    def state(self, time: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return each account's MRR and paused MRR at the end of a day or period."""
        seen = self.time <= time
        seen[:-1] &= (self.account[1:] != self.account[:-1]) | (self.time[1:] > time)
        mrr, paused = np.zeros(self.accounts, np.int64), np.zeros(self.accounts, np.int64)
        mrr[self.account[seen]] = self.mrr[seen]
        if self.paused is not None:
            paused[self.account[seen]] = self.paused[seen]
        return mrr, paused


def ledger(spans: Spans, account: NDArray[np.int32], accounts: int) -> Ledger:
    """Return the ledger of spans, given the account of each span."""
    if not len(spans):
        empty = np.zeros(0, np.int64)
        return Ledger(empty.astype(np.int32), empty.astype(np.int32), empty, None, accounts)
    if len(spans) <= BLOCK or not bool((account[1:] >= account[:-1]).all()):
        return Ledger(*_swept(spans, account), accounts, spans.aside)
    # Where the spans of an account follow each other, nothing is sorted but those of a part.
    most, end = 2 * len(spans), 0
    owner, time, mrr = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int64)
    paused = None if spans.paused is None else np.zeros(most, np.int64)
    for cut in cuts(account):
        begin, found = end, _swept(_of(spans, cut), account[cut])
        end += len(found[0])
        for whole, part in zip((owner, time, mrr, paused), found, strict=True):
            if whole is not None and part is not None:
                whole[begin:end] = part
    rests = paused[:end] if paused is not None and paused[:end].any() else None
    return Ledger(owner[:end], time[:end], mrr[:end], rests, accounts, spans.aside)


def _of(spans: Spans, cut: slice) -> Spans:
    rests = None if spans.paused is None else spans.paused[cut]
    start, end, amount = spans.start[cut], spans.end[cut], spans.amount[cut]
    entity = spans.entity[cut]
    return replace(spans, entity=entity, start=start, end=end, amount=amount, paused=rests)


def _swept(
    spans: Spans, account: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64] | None]:
    """Return accounts, days, balances and paused balances of every change."""
    base = int(spans.start.min())
    owner, time, delta, rest = _events(spans, account, base)
    starts = np.empty(len(owner), bool)
    starts[:1] = True
    np.not_equal(owner[1:], owner[:-1], out=starts[1:])
    starts[1:] |= time[1:] != time[:-1]
    if not starts.all():
        at = np.flatnonzero(starts)
        delta = np.add.reduceat(delta, at)
        rest = None if rest is None else np.add.reduceat(rest, at)
        owner, time = owner[at], time[at]
    changed = delta != 0 if rest is None else (delta != 0) | (rest != 0)
    if not changed.all():
        owner, time, delta = owner[changed], time[changed], delta[changed]
        rest = None if rest is None else rest[changed]
    paused = None if rest is None else running(rest, owner)
    return owner, time, running(delta, owner), paused


def first_group(
    daily: Ledger, owner: NDArray[np.int32], group: NDArray[np.int32], owners: int
) -> NDArray[np.int32]:
    """Return for each owner of accounts the group of most of its MRR on its first day."""
    begin = np.full(owners, np.iinfo(np.int32).max, np.int64)
    np.minimum.at(begin, owner[daily.account], daily.time)
    rows = np.flatnonzero(daily.time == begin[owner[daily.account]])
    rows = rows[np.argsort(daily.mrr[rows], kind="stable")]
    out = np.zeros(owners, np.int32)
    out[owner[daily.account[rows]]] = group[daily.account[rows]]
    return out


def _events(
    spans: Spans, account: NDArray[np.int32], base: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64] | None]:
    """Return accounts, days, changes of MRR and of paused MRR, sorted by account and day."""
    ended = np.flatnonzero(spans.end < FAR)
    n = len(spans)
    last = max(int(spans.start.max()), int(spans.end[ended].max(initial=base)))
    bits = (last - base).bit_length()
    key = np.empty(n + len(ended), np.int64)
    key[:n] = account
    key[n:] = account[ended]
    key <<= bits
    key[:n] += spans.start
    key[n:] += spans.end[ended]
    key -= base
    key, order = in_order(key)
    owner = (key >> bits).astype(np.int32)
    key &= (1 << bits) - 1
    key += base
    time = key.astype(np.int32)
    del key
    delta = np.empty(n + len(ended), np.int64)
    delta[:n] = spans.amount
    np.negative(spans.amount[ended], out=delta[n:])
    delta = delta[order]
    if spans.paused is None or not spans.paused.any():
        return owner, time, delta, None
    resting = np.concatenate([spans.paused, spans.paused[ended]])[order]
    return owner, time, np.where(resting, 0, delta), np.where(resting, delta, 0)


def cuts(account: NDArray[np.int32], least: int = 0) -> Iterator[slice]:
    """Yield slices of a sorted column of accounts that no account straddles, of at least so many rows."""
    at = 0
    while at < len(account):
        stop = min(at + max(BLOCK, least), len(account))
        stop = int(np.searchsorted(account, account[stop - 1], side="right"))
        yield slice(at, stop)
        at = stop


def running(delta: NDArray[np.int64], owner: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the cumulative sum of changes within each owner; owners are contiguous."""
    if not len(delta):
        return delta
    total = np.cumsum(delta)
    begins = np.flatnonzero(owner[1:] != owner[:-1]) + 1
    carried = np.zeros(len(begins) + 1, np.int64)
    carried[1:] = total[begins - 1]
    lengths = np.diff(np.concatenate([[0], begins, [len(delta)]]))
    total -= np.repeat(carried, lengths)
    return total


def running_minimum(values: NDArray[np.int64], owner: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the minimum so far within each owner, in passes that double their reach."""
    out = values.copy()
    if not len(out):
        return out
    begins = np.concatenate([[0], np.flatnonzero(owner[1:] != owner[:-1]) + 1])
    longest = int(np.diff(np.append(begins, len(out))).max())
    step = 1
    while step < longest:
        inside = owner[step:] == owner[:-step]
        out[step:] = np.where(inside, np.minimum(out[step:], out[:-step]), out[step:])
        step *= 2
    return out
