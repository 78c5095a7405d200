"""Groups: the value of the columns in `by=` for every entity, or for every line where an entity's lines differ."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.engine.columns import encode, flat
from saasmetrics.engine.tally import distinct
from saasmetrics.errors import DataError, UnknownNameError, hint
from saasmetrics.money import multiplied
from saasmetrics.tables.arrays import looked_up, parts, raw
from saasmetrics.tables.nested import refuse_nested
from saasmetrics.tables.order import in_order
from saasmetrics.tables.runs import columns_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.spans import Spans
    from saasmetrics.tables import Table

ARR_BAND = "arr_band"  # computed: the ARR of a customer when it first pays
BANDS = ("under 1k", "1k to 5k", "5k to 25k", "25k to 100k", "100k and more")
EDGES = np.array([1_000, 5_000, 25_000, 100_000]) * 1_000_000
NONE = "(none)"  # the group of customers without a value
MISSING = "(missing)"  # the same, where "(none)" is a value
RESERVED = frozenset(
    {"period", "value", "numerator", "denominator", "n", "reason", "complete", "low", "high"}
    | {"cohort", "age", "observed", "movement", "customers", "opening", "new", "reactivation"}
    | {"expansion", "contraction", "churn", "pause", "fx", "transfer", "closing", "residual"}
    | {"duration", "entry", "event", "cause", "bag", "mrr", "floor", "verdict", "target", "months"}
    | {"probability", "at_risk", "events", "censored", "arpa", "margin", "lifetime"}
    | {"retention", "cumulative", "projected", "alone", "survival", "alive", "uniform", "month"}
    | {"live", "paused", "past_due", "scheduled_churn", "scheduled_downgrades", "not_started"}
    | {"resuming", "discounts_ending", "committed", "gap", "changes", "only_mrr", "credits"}
    | {"only_invoices", "day_count", "billed_ahead", "billed_before", "billed_later", "one_off"}
    | {"unexplained", "billed", "recognised", "revenue", "share", "within", "share_then", "rate"}
    | {"share_now", "rate_then", "rate_now", "median", "median_low", "median_high", "rmst"}
    | {"rmst_low", "rmst_high", "horizon", "model", "observed_to", "log_likelihood", "aic", "bic"}
    | {"converged", "parameter", "chosen", "cumulative_low", "cumulative_high", "p10", "p50"}
    | {"p90", "overdue", "of_all", "periods", "atr", "share_p10", "share_p90", "won", "lost"}
    | {"open", "commit", "n_open", "renewed", "open_share", "full", "downsell", "mid_term"}
    | {"escalator", "upsell", "early", "on_time", "late", "multi_year", "terms", "final"}
    | {"terms_renewed", "terms_lost", "terms_open", "terms_returned", "customers_renewed"}
    | {"customers_open", "customers_lost", "forecast", "cohorts", "repaid", "never"}
)  # columns of results that no table of a company usually has; `unreserved` refuses those of one result too


def columns(by: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the by-columns as a tuple."""
    if by is None:
        return ()
    if isinstance(by, str):
        return (by,)
    if not isinstance(by, Iterable) or not all(isinstance(name, str) for name in by):
        msg = f"by={by!r} is neither the name of a column nor a list of names."
        raise DataError(msg)
    names = tuple(by)
    if len(set(names)) < len(names):
        msg = f"by={list(names)!r} names a column twice; name each once."
        raise DataError(msg)
    return names


def unreserved(by: Iterable[str], also: Iterable[str] = (), table: str = "customers") -> None:
    """Refuse to group by a name that the columns of results have, or those of one result (`also`).

    Raises
    ------
    UnknownNameError
        If a name is taken; it says which name to write instead.
    """
    taken = RESERVED.union(also)
    for name in by:
        if name in taken:
            other = f"{table}.{name}"
            msg = f"Results have a column {name!r} of their own; to group by that of {table}, write {other!r}."
            raise UnknownNameError(msg)


@dataclass(frozen=True)
class Groups:
    """The groups of a grouping, and who belongs to which.

    `labels` has one tuple per group, in the order of `by`; either `of_entity` (one group per entity) or `of_span`
    (one per span, where an entity can be in several groups at once) is given.
    """

    by: tuple[str, ...]
    labels: tuple[tuple[Any, ...], ...]
    of_entity: NDArray[np.int32] | None = None
    of_span: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.labels)


def columns_for(tables: Mapping[str, Table], source: str) -> dict[str, tuple[str, str]]:
    """Return the names that `by=` takes, each with its table and column; customers come before the source."""
    names = {
        name: columns_of(tables[name].data) for name in (source, "customers") if name in tables
    }
    return named(names, source)


def named(columns: Mapping[str, Iterable[str]], source: str) -> dict[str, tuple[str, str]]:
    """Return what `columns_for` does, from the columns of the tables."""
    names: dict[str, tuple[str, str]] = {}
    for table in (source, "customers"):
        for column in columns.get(table, ()):
            names[f"{table}.{column}"] = names[column] = (table, column)
    return names


def column_of(name: str, known: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """Return the table and the column that a name of `by=` stands for.

    Raises
    ------
    UnknownNameError
        If results have a column of that name, or no table has one.
    """
    unreserved([name], table=known.get(name, ("customers", name))[0])
    if name not in known:
        short = sorted(n for n in known if "." not in n)
        msg = f"No table has a column {name!r} to group by; there are {', '.join(short)}."
        raise UnknownNameError(msg + hint(name, short))
    return known[name]


def ambiguous(by: Sequence[str], tables: Mapping[str, Table], source: str) -> list[str]:
    """Return a sentence for each column that both the customers and the source of MRR have."""
    if "customers" not in tables or source not in tables:
        return []
    both = set(tables["customers"].data.column_names) & set(tables[source].data.column_names)
    return [
        f"{name} is that of customers; {source}.{name} groups by the one of each row of {source}"
        for name in by
        if name in both - {"customer_id"}
    ]


def groups(
    by: Sequence[str], spans: Spans, tables: Mapping[str, Table], entity: str = "customer"
) -> Groups:
    """Return the groups of a book by some columns of its customers or of the source of its MRR.

    Raises
    ------
    UnknownNameError
        If no table has a column of that name.
    """
    if not by:
        return Groups((), ((),), of_entity=np.broadcast_to(np.int32(0), len(spans.entity_ids)))
    per_entity: list[NDArray[np.int32]] = []
    per_span: list[NDArray[np.int32] | None] = []
    labels: list[list[Any]] = []
    for name in by:
        values, of_entity, of_span = _column(name, spans, tables, entity)
        labels.append(values)
        per_entity.append(of_entity)
        per_span.append(of_span)
    sizes = [len(v) for v in labels]
    by_line = any(codes is not None for codes in per_span)
    parts = (
        [
            of_entity[spans.entity] if codes is None else codes
            for codes, of_entity in zip(per_span, per_entity, strict=True)
        ]
        if by_line
        else per_entity
    )
    code = np.ravel_multi_index(parts, sizes) if len(spans) or not by_line else np.zeros(0, int)
    used, code = distinct(code, math.prod(sizes))
    cells = [np.asarray(cell) for cell in np.unravel_index(used, sizes)]
    found = tuple(
        zip(
            *([values[i] for i in cell] for values, cell in zip(labels, cells, strict=True)),
            strict=True,
        )
    )
    if by_line:
        return Groups(tuple(by), found, of_span=code)
    return Groups(tuple(by), found, of_entity=code)


def _column(
    name: str, spans: Spans, tables: Mapping[str, Table], entity: str
) -> tuple[list[Any], NDArray[np.int32], NDArray[np.int32] | None]:
    """Return sorted labels, a code per entity, and a code per span where entities are in several groups."""
    known = columns_for(tables, spans.source)
    if name == ARR_BAND and name not in known:
        return list(BANDS), _band(spans), None
    table, column = column_of(name, known)
    data = tables[table].data
    refuse_nested(table, column, data.field(column).type)
    if table == "customers" and entity != "subscription":
        at = pc.index_in(
            spans.entity_ids, value_set=flat(data["customer_id"]).cast(spans.entity_ids.type)
        )
        labels, code = encoded(pc.take(flat(data[column]), at))
        return labels, code, None
    if table == "customers":
        at = pc.index_in(
            tables[spans.source].data["customer_id"], value_set=flat(data["customer_id"])
        )
        values = pc.take(flat(data[column]), flat(at))
    else:
        values = data[column]
    if (
        spans.line is not None and (spans.line < 0).any()
    ):  # which then find the last value, a missing one
        values = pa.concat_arrays([flat(values), pa.nulls(1, values.type)])
    labels, code = encoded(values)
    of_span = code if spans.line is None else code[spans.lines()]
    # Who never pays is counted with somebody who does, so that no group is empty.
    first = np.full(len(spans.entity_ids), of_span[0] if len(of_span) else 0, np.int32)
    for part in parts(len(of_span)):
        first[spans.entity[part].astype(np.intp)] = of_span[part]
    same = bool((looked_up(first, spans.entity) == of_span).all())
    return labels, first, None if same else of_span


def _band(spans: Spans) -> NDArray[np.int32]:
    """Return for each entity the band of its ARR on the first day that it has any."""
    begin = np.full(len(spans.entity_ids), np.iinfo(np.int32).max, np.int32)
    pays = np.flatnonzero(spans.amount > 0)
    np.minimum.at(begin, spans.entity[pays], spans.start[pays])
    first = pays[spans.start[pays] == begin[spans.entity[pays]]]
    mrr = np.zeros(len(begin), np.int64)
    np.add.at(mrr, spans.entity[first], spans.amount[first])
    return np.asarray(np.searchsorted(EDGES, multiplied(mrr, 12), side="right"), np.int32)


def encoded(values: Any) -> tuple[list[Any], NDArray[np.int32]]:
    """Encode values with labels in order, the missing ones last as "(none)"."""
    ids, code = encode(values)
    names = [label_of(value) for value in ids.to_pylist()]
    order = sorted(range(len(names)), key=lambda i: (str(type(names[i])), names[i]))
    rank = np.empty(len(names) + 1, np.int32)
    rank[order] = np.arange(len(names))
    labels = [names[i] for i in order]
    missing = code < 0
    if missing.any() or not labels:
        code = np.where(missing, np.int32(len(names)), code)
        rank[-1] = len(labels)
        labels.append(missing_label(labels))
    return labels, looked_up(rank, code)


def missing_label(values: Iterable[Any]) -> str:
    """Return what customers without a value are called beside groups of some values."""
    return MISSING if NONE in values else NONE


def label_of(value: Any) -> Any:
    """Return a date for a time at midnight, and any other value as it is."""
    if isinstance(value, datetime):
        return value.date() if value.time() == time() else value
    return value


def sort_key(ids: pa.Array) -> NDArray[np.int64]:
    """Return the rank of each id in sorted order, so that nothing depends on the order of rows."""
    whole = pa.types.is_int64(ids.type) and not ids.null_count
    rank = np.arange(len(ids))
    if whole and bool((raw(ids)[1:] > raw(ids)[:-1]).all()):
        return rank
    order = _of_whole(raw(ids)) if whole else np.asarray(pc.sort_indices(ids))
    out = np.empty_like(rank)
    out[order] = rank
    return out


def _of_whole(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    least, most = int(ids.min()), int(ids.max())
    return in_order(ids - least)[1] if most - least < 1 << 63 else np.argsort(ids)


def spread(rank: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return one of `count` bags for each rank, mixed so that neighbours are apart; each its own where they suffice."""
    if len(rank) <= count:
        return rank
    mixed = rank * np.int64(2654435761)
    for most in (4294967291, count):  # twice as fast as %
        mixed -= mixed // most * most
    return mixed
