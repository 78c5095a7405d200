"""What is known of MRR beyond what runs, where the tables are: `engine.promises`, role by role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from saasmetrics.engine.portable.ahead.facts import FACTS
from saasmetrics.engine.portable.amounts import currency_rate, micro, names, per_month
from saasmetrics.engine.portable.entities import with_entity
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.told import step
from saasmetrics.engine.portable.whole import FAR, day_number
from saasmetrics.engine.promises import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from saasmetrics.engine.portable.ahead.facts import Facts
    from saasmetrics.engine.portable.basis import Basis
    from saasmetrics.engine.portable.whole import Frame

PROMISE = ("entity", "role", "start", "end", "amount", "moving")
_PROMISES_ARE = "amounts from the day on which each is known until it happens; role: " + ", ".join(
    f"{number} {name}" for number, name in enumerate(ROLES)
)


def promises(
    basis: Basis,
    facts: Facts | None,
    contracts: Frame | None,
    told: int,
    by: Mapping[str, Callable[[Frame], Frame]],
) -> Frame:
    """Return all promises with the columns `PROMISE` and what each row says of the columns to group by.

    Parameters
    ----------
    basis
        What is paid.
    facts
        How rows of subscriptions are read; None where MRR comes from another table.
    contracts
        The table of contracts; None without one.
    told
        The day until which the tables tell.
    by
        The columns to group by that are of rows of the source, each with what adds it to them.
    """
    keep = (*by, *(FACTS if facts is not None else ()))

    def carried(table: Frame) -> Frame:
        for add in by.values():
            table = add(table)
        return table if facts is None else facts.carried(table)

    whole = _Pieces(basis, carried, keep)
    live = whole.of(basis).filter(nw.col("rests") == 0)
    found = [_role(live, "live", by)]
    if facts is not None:
        found += _ahead(whole, live, facts, by)
    if contracts is not None and basis.policy.entity != "subscription":
        found += _contracts(basis, contracts, told, live, by)
    every = nw.concat(found)
    every = every.filter(nw.col("end") > nw.col("start"), nw.col("amount") != 0)
    return held(every, "promises", _PROMISES_ARE)


class _Pieces:
    """The pieces of a book with what their rows say, under its policy and under others."""

    def __init__(
        self, basis: Basis, carried: Callable[[Frame], Frame], keep: Sequence[str]
    ) -> None:
        self.basis, self._carried, self._keep = basis, carried, keep
        self._made: dict[tuple[int, bool], Frame] = {}

    def of(self, basis: Basis, *, ahead: bool = False) -> Frame:
        """Return the pieces that are known; `ahead`: all, also those that lie ahead and those that cost nothing."""
        key = (id(basis), ahead)
        if key not in self._made:
            found = basis.carrying(self._carried, self._keep, ahead=ahead)
            self._made[key] = held(found, "every_piece" if ahead else "known_pieces")
        return self._made[key]


def _role(found: Frame, name: str, by: Iterable[str]) -> Frame:
    role = nw.lit(ROLES.index(name)).cast(nw.Int64)
    days = {day: nw.col(day).cast(nw.Int64) for day in ("start", "end", "amount")}
    found = found.with_columns(role=role, **days)
    return step(found.select(*PROMISE, *by), name, f"what each says that is {name}")


def _ahead(whole: _Pieces, live: Frame, facts: Facts, by: Iterable[str]) -> list[Frame]:
    """Return what is known of subscriptions beyond that they run."""
    basis, policy = whole.basis, facts.policy
    every = whole.of(basis, ahead=True)
    own = live.filter(~nw.col("line").is_null())
    ending = own.with_columns(start=nw.max_horizontal("start", "ahead_ends"))
    running = nw.concat([_columns(own, by), _free(whole, basis, by, resting=False)])
    undiscounted = nw.col("ahead_full")
    stop = nw.min_horizontal("end", "ahead_until", "ahead_ends")
    less = nw.max_horizontal(undiscounted - nw.col("amount"), nw.lit(0))
    aside = basis.under(pause="line")
    resting = whole.of(aside).filter(nw.col("rests") == 1, ~_given())
    resting = nw.concat([_columns(resting, by), _free(whole, aside, by, resting=True)])
    found = [
        _role(_signed(every, by), "signed", by),
        _role(ending, "ending", by),
        _role(running.with_columns(end=stop, amount=less), "discount", by),
        _role(resting, "paused", by),
        _role(_late(whole), "past_due", by),
    ]
    if policy.pause == "kept":
        return found
    level = nw.when(nw.col("start") < nw.col("ahead_until")).then(undiscounted).otherwise(0)
    back = resting.filter(nw.col("ahead_back") == 1).with_columns(_level=level)
    back = back.with_columns(
        amount=nw.max_horizontal("amount", "_level"),
        start=nw.max_horizontal(nw.col("start"), nw.lit(facts.told)),
        end=nw.min_horizontal("end", "ahead_ends"),
    )
    return [*found, _role(back, "resuming", by)]


def _columns(found: Frame, by: Iterable[str]) -> Frame:
    return found.select("entity", "start", "end", "amount", "moving", *by, *FACTS)


def _signed(every: Frame, by: Iterable[str]) -> Frame:
    """Return the lines signed and not begun: the first piece of each row, from the day it is known."""
    there = every.filter(nw.col("end") > nw.col("start"))
    there = there.with_columns(_begin=nw.col("start").min().over("ahead_row"))
    first = there.filter(nw.col("start") == nw.col("_begin"))
    begins = nw.min_horizontal("_begin", "ahead_asked")
    found = first.with_columns(
        start=nw.col("ahead_known"),
        end=begins,
        amount=nw.max_horizontal("amount", "ahead_full"),
    )
    return found.select("entity", "start", "end", "amount", "moving", *by)


def _late(whole: _Pieces) -> Frame:
    """Return the running lines from the first unpaid invoice on."""
    counted = whole.of(whole.basis.under(past_due="counted"))
    own = counted.filter(nw.col("rests") == 0, ~nw.col("line").is_null())
    own = own.filter(nw.col("ahead_late") < FAR)
    return own.with_columns(start=nw.max_horizontal("start", "ahead_late"))


def _given() -> nw.Expr:
    """Return which pieces rest because their line is free for a time, not because of a pause."""
    outside = (nw.col("start") < nw.col("ahead_rests")) | (
        nw.col("start") >= nw.col("ahead_resumes")
    )
    return (nw.col("rests") == 1) & (nw.col("ahead_free") == 1) & outside


def _free(whole: _Pieces, basis: Basis, by: Iterable[str], *, resting: bool) -> Frame:
    """Return the lines that a finite discount makes free of charge, which the ledger leaves out, running or paused."""
    every = whole.of(basis, ahead=True)
    given, rests = _given(), nw.col("rests") == (1 if resting else 0)
    nothing = (nw.col("amount") == 0) & rests
    nothing = nothing if resting else nothing | given
    found = every.filter(nw.col("ahead_full") > 0, nothing, nw.col("start") <= basis.as_of)
    if basis.policy.overlap != "sum":
        found = found.head(0)
    none = nw.lit(0).cast(nw.Int64)
    return _columns(found.with_columns(amount=none), by)


def _contracts(
    basis: Basis, contracts: Frame, told: int, live: Frame, by: Iterable[str]
) -> list[Frame]:
    """Return contracts signed and not begun, with what those were worth that they renew."""
    tables = {**basis.tables, "contracts": contracts}
    found = with_entity(tables, "contracts", basis.source, basis.policy.entity)
    there, kinds = names(found), live.collect_schema()
    moving = nw.lit(0)
    if "currency" in there:
        for place, name in enumerate(basis.curves, 1):
            moving = nw.when(nw.col("currency") == name).then(place).otherwise(moving)
    rate = currency_rate(tables, "contracts", basis.as_of, basis.currency)
    none = nw.lit(told).cast(nw.Int64)
    found = found.with_columns(_arr=nw.col("arr").cast(nw.Float64).fill_null(0.0), _rate=rate)
    found = found.with_columns(
        entity=nw.col("entity").cast(kinds["entity"]),
        moving=moving.cast(nw.Int64),
        _yearly=micro("_arr", nw.col("_rate")),
        _begin=day_number("start", 0),
        _over=day_number("end", FAR),
        _known=day_number("signed_at", told) if "signed_at" in there else none,
        **{name: nw.lit(None, dtype=kinds[name]) for name in by},
    )
    amount = per_month(nw.col("_yearly"), nw.lit(12).cast(nw.Int64))
    begins = nw.when(nw.col("_over") > nw.col("_begin")).then(nw.col("_begin"))
    found = found.with_columns(
        amount=amount, start=nw.col("_known"), end=begins.otherwise(nw.col("_known"))
    )
    if "previous_contract_id" not in there:
        return [_role(found, "contract", by)]
    worth = found.group_by("contract_id").agg(_worth=nw.col("amount").max())
    worth = worth.select("_worth", _before=nw.col("contract_id"))
    named = nw.col("previous_contract_id").cast(found.collect_schema()["contract_id"])
    found = found.with_columns(_before=named).join(worth, on="_before", how="left")
    renews = ~nw.col("_worth").is_null()
    renewing = found.filter(renews)
    return [
        _role(found.filter(~renews), "contract", by),
        _role(renewing, "renewal", by),
        _role(renewing.with_columns(amount=nw.col("_worth")), "renewed", by),
    ]
