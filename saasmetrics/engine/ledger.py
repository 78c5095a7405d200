"""The ledger: every change of MRR, sorted by account and day, from which all cubes are swept.

An account is an entity, or one group of an entity where lines of one entity belong to different groups. The cost of
everything here follows the number of changes, never customers times months.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.engine.service import FAR
from saasmetrics.tables.order import by_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from saasmetrics.engine.spans import Spans

LONG = 1 << 21  # changes from which parts are not kept: they would take half of the ledger's memory
BLOCK = 1 << 15  # changes swept at a time, so that the steps between stay in the cache
_SHORT = 32  # bits of keys that are sorted in less time and memory
_HELD = 1 << 62  # values, and the differences of two, that 64 bits hold with room


@dataclass(frozen=True)
class Ledger:
    """Changes of MRR, sorted by account and time; one element per change.

    `account` has 32 bits, and 64 in `blocks`, by which numpy looks up faster. `time` is a day number, or a period
    ordinal after `at_periods`. `mrr` and `paused` are balances in micro-units after the change; `paused` is None where
    nothing is ever paused. `aside` says whether a pause is a line of its own, or else a contraction. `first` marks each
    account's first change.
    """

    account: NDArray[Any]
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

    @cached_property
    def since(self) -> NDArray[np.int64]:
        """When each account first paid; far in the future for those that never did."""
        return self._since(self.mrr > 0)

    @cached_property
    def held_since(self) -> NDArray[np.int64]:
        """When each account first was a customer, paying or paused."""
        return self.since if self.paused is None else self._since(self.held > 0)

    def _since(self, among: NDArray[np.bool_]) -> NDArray[np.int64]:
        out = np.full(self.accounts, np.iinfo(np.int32).max, np.int64)
        at = self.earliest(among)
        out[self.account[at]] = self.time[at]
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

    def pick(self, keep: NDArray[np.bool_] | slice) -> Ledger:
        """Return the changes that a mask or a slice selects."""
        paused = None if self.paused is None else self.paused[keep]
        return replace(
            self,
            account=self.account[keep],
            time=self.time[keep],
            mrr=self.mrr[keep],
            paused=paused,
        )

    @property
    def blocks(self) -> Iterable[tuple[slice, Ledger]]:
        """The ledger in parts of whole accounts: the accounts of a part, and its changes, accounts from 0.

        They are kept unless the ledger is long, for every cube asks them when an account began.
        """
        return self._blocks if len(self) < LONG else self._cut()

    def parts(self) -> Iterator[tuple[slice, Ledger]]:
        """Yield the ledger in parts of whole accounts, each with its place among the changes."""
        for cut in cuts(self.account):
            yield cut, self.pick(cut)

    @cached_property
    def _blocks(self) -> list[tuple[slice, Ledger]]:
        return list(self._cut())

    def _cut(self) -> Iterator[tuple[slice, Ledger]]:
        begin = 0
        for cut in cuts(self.account):
            end = int(self.account[cut.stop - 1]) + 1
            paused = None if self.paused is None else self.paused[cut]
            account = self.account[cut].astype(np.int64) - begin
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
        if (period := self._all_seen(ordinals, base)) is not None:
            return replace(self, time=period)
        parts = (_seen(part, ordinals, base, own.start) for own, part in self._cut())
        return _gathered(parts, len(self), self.accounts, self.paused is not None, self.aside)

    def _all_seen(self, ordinals: NDArray[np.int32], base: int) -> NDArray[np.int32] | None:
        """Return the period of each change where the ends of periods see them all; else None."""
        period = np.empty(len(self), np.int32)
        for place, part in self.parts():
            seen = _seen(part, ordinals, base, 0)
            if len(seen) < len(part):
                return None
            period[place] = seen.time
        return period

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
    if len(spans) > BLOCK and bool((account[1:] >= account[:-1]).all()):
        # Where the spans of an account follow each other, nothing is sorted but those of a part.
        made = (_of(_rows(spans, cut), account[cut], accounts) for cut in cuts(account))
        pauses = spans.paused is not None and bool(spans.paused.any())
        return _gathered(made, 2 * len(spans), accounts, pauses, spans.aside)
    return _of(spans, account, accounts)


def _rows(spans: Spans, cut: slice) -> Spans:
    return replace(
        spans,
        entity=spans.entity[cut],
        start=spans.start[cut],
        end=spans.end[cut],
        amount=spans.amount[cut],
        paused=None if spans.paused is None else spans.paused[cut],
    )


def _of(spans: Spans, account: NDArray[np.int32], accounts: int) -> Ledger:
    if _follow(spans, account):
        return _of_following(spans, account, accounts)
    base = int(spans.start.min())
    key, bits, balances = _events(spans, account, base)

    def parts() -> Iterator[Ledger]:
        for cut in _cuts_of(key, bits):
            moment, changes = _at_once(key[cut], [balance[cut] for balance in balances])
            owner = (moment >> bits).astype(np.int32)
            time = (moment & ((1 << bits) - 1)).astype(np.int32) + np.int32(base)
            levels = [running(change, owner) for change in changes]
            yield Ledger(owner, time, levels[0], levels[1] if len(levels) > 1 else None, accounts)

    return _gathered(parts(), len(key), accounts, len(balances) > 1, spans.aside)


def _follow(spans: Spans, account: NDArray[np.int32]) -> bool:
    """Return whether spans stand in order, none begins before the one above it is over, and none is paused."""
    if (account[1:] < account[:-1]).any() or (spans.end <= spans.start).any():
        return False
    meets = (account[1:] == account[:-1]) & (spans.start[1:] < spans.end[:-1])
    return not meets.any() and (spans.paused is None or not spans.paused.any())


def _of_following(spans: Spans, account: NDArray[np.int32], accounts: int) -> Ledger:
    """Return the ledger of spans that follow each other: from its start on the amount of each holds."""
    ends = spans.end < FAR
    ends[:-1] &= (account[1:] != account[:-1]) | (spans.start[1:] != spans.end[:-1])
    first: NDArray[np.int64] = np.cumsum(ends) - ends + np.arange(len(ends))
    after = first[ends] + 1
    size = len(ends) + len(after)
    owner, time = np.empty(size, np.int32), np.empty(size, np.int32)
    made = Ledger(owner, time, np.zeros(size, np.int64), None, accounts, spans.aside)
    made.account[first], made.account[after] = account, account[ends]
    made.time[first], made.time[after] = spans.start, spans.end[ends]
    made.mrr[first] = spans.amount
    changed = made.mrr != made.before(made.mrr)
    return made if changed.all() else made.pick(changed)


def _seen(part: Ledger, ordinals: NDArray[np.int32], base: int, start: int) -> Ledger:
    """Return a part as the ends of periods see it, its first account numbered `start`."""
    period = ordinals[part.time - base]
    last = np.ones(len(period), bool)
    last[:-1] = (part.account[1:] != part.account[:-1]) | (period[1:] != period[:-1])
    seen = replace(part, time=period).pick(last)
    changed = seen.mrr != seen.before(seen.mrr)
    if seen.paused is not None:
        changed |= seen.paused != seen.before(seen.paused)
    seen = seen if changed.all() else seen.pick(changed)
    return replace(seen, account=seen.account + np.int32(start))


def _gathered(
    parts: Iterable[Ledger], most: int, accounts: int, pauses: bool, aside: bool
) -> Ledger:
    """Put ledgers, in order of accounts, into one of at most so many changes."""
    whole = Ledger(
        np.empty(most, np.int32),
        np.empty(most, np.int32),
        np.empty(most, np.int64),
        np.empty(most, np.int64) if pauses else None,
        accounts,
        aside,
    )
    many = 0
    for part in parts:
        rows = slice(many, many + len(part))
        whole.account[rows], whole.time[rows], whole.mrr[rows] = part.account, part.time, part.mrr
        if whole.paused is not None:
            whole.paused[rows] = 0 if part.paused is None else part.paused
        many = rows.stop
    return whole.pick(slice(many))


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
) -> tuple[NDArray[Any], int, list[NDArray[np.int64]]]:
    """Return what happens in order of account and day: a key, its bits, and the changes of MRR and of paused MRR.

    The key is the account above so many bits and the day since `base` in them. The changes of paused MRR are left out
    where nothing is paused.
    """
    ended = np.flatnonzero(spans.end < FAR)
    n = len(spans)
    last = max(int(spans.start.max()), int(spans.end[ended].max(initial=base)))
    bits = (last - base).bit_length()
    kind = np.uint32 if int(account.max()).bit_length() + bits <= _SHORT else np.int64
    key: NDArray[Any] = np.empty(n + len(ended), kind)
    key[:n] = account
    key[n:] = account[ended]
    key <<= bits
    key[:n] += (spans.start - base).astype(kind)
    key[n:] += (spans.end[ended] - base).astype(kind)
    delta = np.empty(n + len(ended), np.int64)
    delta[:n] = spans.amount
    np.negative(spans.amount[ended], out=delta[n:])
    balances = [delta]
    if spans.paused is not None and spans.paused.any():
        resting = np.concatenate([spans.paused, spans.paused[ended]])
        balances = [np.where(resting, 0, delta), np.where(resting, delta, 0)]
    key, balances = by_key(key, balances)
    return key, bits, balances


def _at_once(
    key: NDArray[Any], changes: list[NDArray[np.int64]]
) -> tuple[NDArray[Any], list[NDArray[np.int64]]]:
    """Add up what changes at one moment, and leave out what comes to nothing."""
    begins = np.ones(len(key), bool)
    np.not_equal(key[1:], key[:-1], out=begins[1:])
    if not begins.all():
        at = np.flatnonzero(begins)
        key, changes = key[at], [np.add.reduceat(change, at) for change in changes]
    moved = np.logical_or.reduce([change != 0 for change in changes])
    if moved.all():
        return key, changes
    return key[moved], [change[moved] for change in changes]


def _cuts_of(key: NDArray[Any], bits: int) -> Iterator[slice]:
    """Yield slices of sorted keys that no account straddles."""
    at = 0
    while at < len(key):
        following = (int(key[min(at + BLOCK, len(key)) - 1] >> bits) + 1) << bits
        ends = following > int(key[-1])
        stop = len(key) if ends else int(np.searchsorted(key, key.dtype.type(following)))
        yield slice(at, stop)
        at = stop


def cuts(account: NDArray[np.int32]) -> Iterator[slice]:
    """Yield slices of a sorted column of accounts that no account straddles."""
    at = 0
    while at < len(account):
        stop = min(at + BLOCK, len(account))
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
    """Return the minimum so far within each owner; owners ascend."""
    if not len(values):
        return values.copy()
    span = int(values.max()) - int(values.min()) + 1
    if span * (int(owner[-1]) + 1) >= _HELD:
        return _running_minimum_of_large(values, owner)
    # Lowered by its owner's share, a value is below all those of the owners before.
    below = owner.astype(np.int64) * span
    out = values - below
    np.minimum.accumulate(out, out=out)
    out += below
    return out


def _running_minimum_of_large(
    values: NDArray[np.int64], owner: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Do the same where 64 bits do not hold what is lowered, in passes that double their reach."""
    out = values.copy()
    begins = np.concatenate([[0], np.flatnonzero(owner[1:] != owner[:-1]) + 1])
    longest = int(np.diff(np.append(begins, len(out))).max())
    step = 1
    while step < longest:
        inside = owner[step:] == owner[:-step]
        out[step:] = np.where(inside, np.minimum(out[step:], out[:-step]), out[step:])
        step *= 2
    return out
