"""What is known of MRR beyond what runs: signed and not begun, cancelled and still running, discounted, paused, late.

Each is an amount of one line over the half-open days [begin, end) in which it is known and has not happened yet. A
fact that the export does not date counts as known only from the day until which the tables tell, so that a past
period never knows what became known later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.amounts import currency_rates, monthly_micro, scaled
from saasmetrics.engine.asof import billing_periods
from saasmetrics.engine.columns import days, encode, flags, flat, has, numbers
from saasmetrics.engine.service import FAR
from saasmetrics.engine.spans import Spans, entity_column, every_span, spans
from saasmetrics.money import to_micro

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.engine.exchange import Valuation
    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.policy import Policy

# What a promise says of its amount: it runs; it begins; it ends; a discount on it ends; it rests; it rests until a day
# that is known; its payment is late; a contract for it is signed, and what the contract before it was worth.
ROLES = (
    "live",
    "signed",
    "ending",
    "discount",
    "paused",
    "resuming",
    "past_due",
    "contract",
    "renewal",
    "renewed",
)
_AT = {name: number for number, name in enumerate(ROLES)}


@dataclass(frozen=True, eq=False)
class Promises:
    """Amounts over days with what each says; `spans` has who, the line, the days and the micro-units."""

    spans: Spans
    role: NDArray[np.int8]
    currency: NDArray[np.int32]
    notes: tuple[str, ...]


def promises(engine: LocalEngine, told: int) -> Promises:
    """Return all promises of a book.

    Parameters
    ----------
    engine
        The engine of the book.
    told
        Day number until which the tables tell: from then on what has no date of its own is known.
    """
    rates, live = engine.valuation, engine.spans
    resting = live.rests()
    live = replace(live.pick(~resting), paused=None)
    found = [(live, "live")]
    notes: tuple[str, ...] = ()
    if live.source == "subscriptions":
        rows = Rows.of(engine, told)
        found += [*_ahead(engine, rows), *_of_pieces(engine, rows, live)]
        notes = rows.notes
    else:
        notes = (silent(live.source),)
    contracts = _contracts(engine, told, live)
    currency = [_currency(rates, engine, live.source, part) for part, _ in found]
    currency += [_currency(rates, engine, "contracts", part) for part, _ in contracts]
    found += [(replace(part, line=np.full(len(part), -1)), role) for part, role in contracts]
    joined, role, code = _joined(found, currency)
    return Promises(joined, role, code, notes)


@dataclass(frozen=True, eq=False)
class Rows:
    """What each row of the subscriptions says of what lies ahead: days on which it is known, and its list MRR.

    `starts` is the day its start is known, `asked` that of the cancellation, `ends` that its end is known, `until` that
    on which a discount ends that is taken off MRR; `FAR` for never. `undiscounted` is MRR without that discount.
    """

    starts: NDArray[np.int32]
    asked: NDArray[np.int32]
    ends: NDArray[np.int32]
    until: NDArray[np.int32]
    undiscounted: NDArray[np.int64]
    told: int
    notes: tuple[str, ...]

    @classmethod
    def of(cls, engine: LocalEngine, told: int) -> Rows:
        """Return what the rows say, as known at each day."""
        data, policy = engine.tables["subscriptions"].data, engine.policy

        def day(column: str) -> NDArray[np.int32]:
            known = has(data, column)
            return days(data[column], FAR) if known else np.full(len(data), FAR, np.int32)

        end, asked = day("end"), day("cancel_requested_at")
        signed, recorded = day("signed_at"), day("recorded_at")
        starts = np.where(signed < FAR, signed, recorded)
        if policy.knowledge == "recorded":
            starts = np.where(recorded < FAR, np.maximum(starts, recorded), starts)
        undated = starts >= FAR
        starts = np.where(undated, told, starts)
        if has(data, "trial_end"):
            trial = (day("trial_end") < FAR) & (day("trial_end") > days(data["start"]))
            starts = np.where(trial, signed, starts)
        terms = billing_periods(data)
        open_end = np.asarray((end < FAR) & (asked >= FAR) & (not terms), bool)
        ends = np.where(open_end, told, asked).astype(np.int32)
        finite = has(data, "discount_end") and has(data, "list_amount")
        until = day("discount_end")
        listed = np.zeros(len(data), np.int64)
        if finite and policy.discount in ("live", "recurring"):
            full = flags(pc.is_valid(data["list_amount"]))
            listed = monthly_micro(
                engine.tables, policy, engine.as_of, engine.currency, column="list_amount"
            )
            listed = np.where(full & (until < FAR), listed, 0)
        late = int((open_end & (end > told)).sum())
        counts = (int(undated.sum()), int(open_end.sum()), late)
        notes = ahead_notes(*counts, terms=terms, pauses=has(data, "pause_end"))
        return cls(starts.astype(np.int32), asked, ends, until, listed, told, notes)


def silent(source: str) -> str:
    """Say that a table says nothing of what lies ahead."""
    return f"The table {source} says nothing of what is signed, cancelled, discounted or late"


def ahead_notes(
    undated: int, open_end: int, ahead: int, *, terms: bool, pauses: bool
) -> tuple[str, ...]:
    """Say where the data cannot tell since when something is known.

    Parameters
    ----------
    undated, open_end, ahead
        Subscriptions whose start, or whose end, has no day on which it was known; of these ends, those that lie ahead.
    terms, pauses
        Whether rows are billing periods; whether the end of any pause is known.
    """
    notes = []
    if undated:
        notes.append(
            f"{undated:,} subscriptions have neither signed_at nor recorded_at: before its first day such a "
            "start is known at the date of the tables only"
        )
    if open_end:
        notes.append(
            f"{open_end:,} subscriptions end without cancel_requested_at: past periods do not know of it "
            "before it happened"
        )
    if ahead:
        notes.append(
            f"{ahead:,} of them end after the date of the tables and count as scheduled churn"
        )
    if terms:
        notes.append("All rows are billing periods, so their ends are terms and no cancellations")
    if pauses:
        notes.append(
            "The end of a pause has no date of its own and is known at the date of the tables only"
        )
    return tuple(notes)


def _ahead(engine: LocalEngine, rows: Rows) -> list[tuple[Spans, str]]:
    """Return the lines signed and not begun, and those whose payment is late."""
    policy = engine.policy
    every = every_span(engine.tables, policy, engine.as_of, engine.currency)
    every = replace(every, line=every.lines()).pick(every.end > every.start)
    line = every.lines()
    first = np.full(len(rows.starts), FAR, np.int32)
    np.minimum.at(first, line, every.start)
    order = np.lexsort((every.start, line))
    owner, amount = np.zeros(len(first), np.int32), np.zeros(len(first), np.int64)
    owner[line[order][::-1]] = every.entity[order][::-1]
    amount[line[order][::-1]] = every.amount[order][::-1]
    signed = Spans(
        "subscriptions",
        engine.spans.entity_ids,
        owner,
        rows.starts,
        np.where(first < FAR, np.minimum(first, rows.asked), rows.starts).astype(np.int32),
        np.maximum(amount, rows.undiscounted),
        line=np.arange(len(first)),
    )
    return [(signed, "signed"), (_late(engine), "past_due")]


def _late(engine: LocalEngine) -> Spans:
    """Return the running lines from the first unpaid invoice on."""
    data, policy = engine.tables["subscriptions"].data, engine.policy
    counted = engine.spans
    if policy.past_due != "counted":
        counted = spans(
            engine.tables, policy.changed(past_due="counted"), engine.as_of, engine.currency
        )
    counted = replace(counted.pick(~counted.rests() & (counted.lines() >= 0)), paused=None)
    if not has(data, "past_due_since"):
        return counted.pick(np.zeros(len(counted), bool))
    since = days(data["past_due_since"], FAR)[counted.lines()]
    return replace(counted, start=np.maximum(counted.start, since))


def _of_pieces(engine: LocalEngine, rows: Rows, live: Spans) -> list[tuple[Spans, str]]:
    """Return what is known of the lines that run or rest: their ends, the ends of discounts and of pauses."""
    data, policy = engine.tables["subscriptions"].data, engine.policy
    own = live.pick(live.lines() >= 0)
    ending = replace(own, start=np.maximum(own.start, rows.ends[own.lines()]))
    running = own.joined(_free(engine, rows, policy, resting=False))
    line = running.lines()
    less = np.maximum(rows.undiscounted[line] - running.amount, 0)
    stop = np.minimum(np.minimum(running.end, rows.until[line]), rows.ends[line])
    discount = replace(running, end=stop, amount=less, paused=None)
    resting, aside = engine.spans, policy.changed(pause="line")
    if policy.pause != "line":
        resting = spans(engine.tables, aside, engine.as_of, engine.currency)
    resting = replace(resting.pick(resting.rests() & ~_given(engine, resting)), paused=None)
    resting = resting.joined(_free(engine, rows, aside, resting=True))
    back = np.zeros(len(resting), bool)
    if policy.pause != "kept" and has(data, "pause_end"):
        back = flags(pc.is_valid(data["pause_end"]))[resting.lines()]
    line = resting.lines()
    level = np.where(resting.start < rows.until[line], rows.undiscounted[line], 0)
    resuming = replace(
        resting,
        amount=np.maximum(resting.amount, level),
        start=np.maximum(resting.start, np.int32(rows.told)),
        end=np.minimum(resting.end, rows.ends[line]),
    ).pick(back)
    return [
        (ending, "ending"),
        (discount, "discount"),
        (resting, "paused"),
        (resuming, "resuming"),
    ]


def _free(engine: LocalEngine, rows: Rows, policy: Policy, *, resting: bool) -> Spans:
    """Return the lines that a finite discount makes free of charge, which the ledger leaves out, running or paused."""
    every = every_span(engine.tables, policy, engine.as_of, engine.currency)
    every = replace(every, line=every.lines())
    full = rows.undiscounted[every.lines()] > 0
    # A line given free for a time rests in the ledger at its list price; here it runs for nothing.
    given = _given(engine, every)
    costs_nothing = ((every.amount == 0) & (every.rests() == resting)) | (given & (not resting))
    free = full & costs_nothing & (every.start <= engine.as_of)
    every = replace(every, amount=np.where(given, 0, every.amount))
    return replace(every.pick(free & (policy.overlap == "sum")), paused=None, notes=())


def _given(engine: LocalEngine, found: Spans) -> NDArray[np.bool_]:
    """Return which spans rest because their line is free for a time, not because of a pause."""
    data, line = engine.tables["subscriptions"].data, found.lines()
    given = found.rests() & (numbers(data["amount"]) == 0)[line]
    if has(data, "pause_start"):
        begin = days(data["pause_start"], FAR)
        until = days(data["pause_end"], FAR) if has(data, "pause_end") else np.full(len(data), FAR)
        given &= (found.start < begin[line]) | (found.start >= until[line])
    return np.asarray(given, bool)


def _contracts(engine: LocalEngine, told: int, live: Spans) -> list[tuple[Spans, str]]:
    """Return contracts signed and not begun, with what those were worth that they renew."""
    if "contracts" not in engine.tables or engine.policy.entity == "subscription":
        return []
    data = engine.tables["contracts"].data
    column = flat(entity_column(engine.tables, "contracts", engine.policy))
    both, entity = encode(pa.concat_arrays([live.entity_ids, column.cast(live.entity_ids.type)]))
    rate = currency_rates(engine.tables, "contracts", engine.as_of, engine.currency)
    year, one = to_micro(numbers(data["arr"]) * rate), np.ones(len(data), np.int64)
    monthly = scaled(year, one, 12 * one)
    signed = days(data["signed_at"], FAR) if has(data, "signed_at") else np.full(len(data), FAR)
    known = np.where(signed < FAR, signed, told).astype(np.int32)
    begin, end = days(data["start"]), days(data["end"], FAR)
    before = np.full(len(data), -1)
    if has(data, "previous_contract_id"):
        ids = flat(data["contract_id"])
        found = pc.index_in(flat(data["previous_contract_id"]).cast(ids.type), value_set=ids)
        before = np.asarray(pc.fill_null(found, -1)).astype(np.int64)
    every = Spans(
        live.source,
        both,
        entity[len(live.entity_ids) :],
        known,
        np.where(end > begin, begin, known).astype(np.int32),
        monthly,
        line=np.arange(len(data)),
    )
    renews = before >= 0
    replaced = replace(every, amount=monthly[before]).pick(renews)
    return [
        (every.pick(~renews), "contract"),
        (every.pick(renews), "renewal"),
        (replaced, "renewed"),
    ]


def _currency(
    rates: Valuation | None, engine: LocalEngine, table: str, part: Spans
) -> NDArray[np.int32]:
    """Return the currency of each element in a valuation, 0 for those whose rate does not move."""
    data = engine.tables[table].data
    if rates is None or not has(data, "currency"):
        return np.zeros(len(part), np.int32)
    names, code = encode(data["currency"])
    place = {name: number for number, name in enumerate(rates.names, 1)}
    of_name = np.array([*(place.get(name, 0) for name in names.to_pylist()), 0], np.int32)
    return np.append(of_name[code], np.int32(0))[part.lines()]


def _joined(
    found: list[tuple[Spans, str]], currency: list[NDArray[np.int32]]
) -> tuple[Spans, NDArray[np.int8], NDArray[np.int32]]:
    """Return all parts as one, without those that are empty."""
    ids = max((part.entity_ids for part, _ in found), key=len)
    whole, *rest = (replace(part, entity_ids=ids, line=part.lines()) for part, _ in found)
    for part in rest:
        whole = whole.joined(part)
    role = np.repeat(
        np.array([_AT[name] for _, name in found], np.int8), [len(part) for part, _ in found]
    )
    keep = (whole.end > whole.start) & (whole.amount != 0)
    whole = replace(whole.pick(keep), paused=None, notes=())
    return whole, role[keep], np.concatenate(currency)[keep]
