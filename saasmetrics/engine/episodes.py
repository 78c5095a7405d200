"""Lifetimes cut where something changes: what a customer was while it was at risk of leaving."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.engine.columns import has, numbers
from saasmetrics.engine.keys import apart, in_one
from saasmetrics.engine.ledger import Ledger, ledger
from saasmetrics.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.engine.local import LocalEngine

    Columns = dict[str, NDArray[np.int64]]

VARYING = ("mrr", "seats")
_LARGEST = 2**62


def episodes(
    engine: LocalEngine, freq: str, columns: Sequence[str], varying: Sequence[str]
) -> Columns:
    """Return how many customers went through each kind of episode.

    Parameters
    ----------
    engine
        The engine.
    freq
        Unit of age.
    columns
        Columns to tell customers apart by; the group of each is a number.
    varying
        Of `VARYING`: a life is cut into an episode for each value; at an age counts the value that
        the period before ended with, so that nothing is known before it happens.

    Returns
    -------
    dict
        entry, duration (ages from and to which the episode runs), event, start_mrr, the columns, the
        varying (micro-units), customers: how many episodes are exactly alike.
    """
    lives = engine.lives(freq)
    found = {name: lives[name] for name in ("entry", "duration", "event")}
    found["start_mrr"] = lives["mrr"]
    for name in columns:
        found[name] = engine.origin((name,))[lives["account"]].astype(np.int64)
    if varying:
        found = _cut(found, lives, {name: _balance(engine, freq, name) for name in varying})
    return counted(found)


def _balance(engine: LocalEngine, freq: str, name: str) -> Ledger:
    if name == "mrr":
        return engine.periodic(freq)
    spans = engine.spans
    data = engine.tables[spans.source].data
    if not has(data, "quantity"):
        msg = (
            f"Seats come from the column quantity of the table {spans.source}, which it does not "
            "have: add it, or leave seats out of varying."
        )
        raise DataError(msg)
    seats = np.append(numbers(data["quantity"]), 0.0)[spans.lines()]
    held = replace(spans, amount=np.rint(seats * 1e6).astype(np.int64))
    return engine.at_periods(ledger(held, spans.entity, len(spans.entity_ids)), freq)


def _cut(found: Columns, lives: Columns, balances: dict[str, Ledger]) -> Columns:
    """Return the lives cut at every change of a balance."""
    many = len(lives["account"])
    if not many:
        return {**found, **{name: np.zeros(0, np.int64) for name in balances}}
    life = np.full(max(b.accounts for b in balances.values()), -1, np.int64)
    life[lives["account"]] = np.arange(many)
    keys = [in_one(np.arange(many), np.zeros(many, np.int64))]
    own = {}
    for name, balance in balances.items():
        owner = life[balance.account]
        age = balance.time - lives["cohort"][np.maximum(owner, 0)]
        mine = owner >= 0
        own[name] = (in_one(owner[mine], age[mine]), balance.held[mine])
        within = (age > 0) & (age < lives["duration"][np.maximum(owner, 0)]) & mine
        keys.append(in_one(owner[within], age[within]))
    key = np.unique(np.concatenate(keys))
    owner, start = apart(key)
    last = np.append(owner[1:] != owner[:-1], True)[: len(owner)]
    stop = np.where(last, lives["duration"][owner], np.append(start[1:], 0)[: len(owner)])
    out = {name: values[owner] for name, values in found.items()}
    out["event"] = np.where(last, out["event"], 0)
    out["entry"], out["duration"] = np.maximum(start, out["entry"]), stop
    for name, (when, value) in own.items():
        at = np.searchsorted(when, key, side="right") - 1
        right = (at >= 0) & (apart(when[np.maximum(at, 0)])[0] == owner)
        out[name] = np.where(right, value[np.maximum(at, 0)], 0)
    seen = (out["duration"] > out["entry"]) | ((out["duration"] == 0) & (out["entry"] == 0))
    return {name: values[seen] for name, values in out.items()}


def counted(found: Columns) -> Columns:
    """Return each combination of values once, with how many rows have it as `customers`."""
    rows = len(next(iter(found.values())))
    key, size = np.zeros(rows, np.int64), 1
    for values in found.values():
        used, code = np.unique(values, return_inverse=True)
        if size > _LARGEST // max(len(used), 1):
            _, key = np.unique(key, return_inverse=True)
            size = int(key.max(initial=0)) + 1
        key, size = key.reshape(-1) * len(used) + code.reshape(-1), size * max(len(used), 1)
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    return {**{name: values[first] for name, values in found.items()}, "customers": count}
