"""Findings about words: intervals, choices, currencies and their rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.errors import Problem, suggest
from saasmetrics.tables.dressed import known_currencies
from saasmetrics.tables.gate.view import Gate, View, iso
from saasmetrics.tables.runs import begun, is_runs
from saasmetrics.tables.schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "missing_currencies",
    "missing_rates",
    "reporting_currency",
    "unknown_choices",
    "unknown_currencies",
    "unused_rates",
]

DATE_OF = {
    "subscriptions": "start",
    "mrr": "month",
    "invoices": "date",
    "spend": "month",
    "contracts": "start",
}
_COUNTED = {
    "interval": "Write day, week, month, quarter or year; half a year is interval=month, interval_count=6.",
}


def unknown_choices(gate: Gate) -> Iterable[Problem]:
    """Words that are not among the choices of their column."""
    for view in gate.having(*SCHEMA):
        for column in SCHEMA[view.name].columns.values():
            if not column.choices or not view.has(column.name):
                continue
            strange = _words(view, column.name) - set(column.choices)
            if not strange:
                continue
            yield from view.problem(
                _rows_with(view, column.name, strange),
                column=column.name,
                rule=f"unknown values {_listed(strange)}",
                remedy=_COUNTED.get(column.name) or _closest(strange, column.choices),
                code="unknown-interval" if column.name == "interval" else "unknown-choice",
                severity="error" if column.required else "warning",
                show=(*SCHEMA[view.name].key, column.name),
            )


def unknown_currencies(gate: Gate) -> Iterable[Problem]:
    """Currencies that ISO 4217 does not know."""
    for view in gate.having(*SCHEMA):
        if not view.has("currency"):
            continue
        strange = _words(view, "currency") - known_currencies()
        if strange:
            yield from view.problem(
                _rows_with(view, "currency", strange),
                column="currency",
                rule=f"unknown currencies {_listed(strange)}",
                remedy=f"Write three letters, such as USD. {_closest(strange, known_currencies())}".rstrip(),
                code="unknown-currency",
                severity="error",
                show=(*SCHEMA[view.name].key, "currency"),
            )


def reporting_currency(gate: Gate) -> Iterable[Problem]:
    """Several currencies, and none said to be the one of the report."""
    used = sorted({word for view in _with_currency(gate) for word in _words(view, "currency")})
    if len(used) > 1 and not gate.currency and not gate.having("fx"):
        yield Problem(
            _with_currency(gate)[0].name,
            "currency",
            f"several currencies ({', '.join(used)}) and no reporting currency",
            0,
            (),
            f'Say which one, and add rates: sm.Book(..., currency="{used[0]}", fx=rates).',
            "error",
            "no-reporting-currency",
        )


def unused_rates(gate: Gate) -> Iterable[Problem]:
    """Exchange rates beside amounts that name no currency."""
    amounts = [gate.views[name] for name in DATE_OF if name in gate.views]
    named = any(view.has("currency") for view in amounts)
    if not gate.having("fx") or not amounts or named:
        return
    yield Problem(
        amounts[0].name,
        "currency",
        "no currency is named beside exchange rates",
        0,
        (),
        "Add the column currency; without it all amounts count as they are, and the rates for nothing.",
        "warning",
        "rates-unused",
    )


def missing_rates(gate: Gate) -> Iterable[Problem]:
    """Amounts in a currency without a rate by the as-of date, and at moving rates without one on their own day."""
    if not gate.currency:
        return
    rates = _first_rates(gate)
    for view in _with_currency(gate):
        foreign = _words(view, "currency") & known_currencies() - {gate.currency}
        for currency in sorted(foreign):
            rows, since = _rows_with(view, "currency", {currency}), rates.get(currency)
            shown = (*SCHEMA[view.name].key, DATE_OF[view.name], "currency")
            if since is None or since > gate.today:
                when = "" if since is None else f" before {iso(since)}"
                yield from view.problem(
                    rows,
                    column="currency",
                    rule=f"no rate from {currency} to {gate.currency}{when}",
                    remedy=f"Add a row to fx with currency {currency} and a date on or before the first day needed.",
                    code="missing-rate",
                    severity="error",
                    show=shown,
                )
            elif gate.choice("fx", "constant") != "constant":
                early = rows & (view.days(DATE_OF[view.name]) < since)
                runs = is_runs(view.table.data)
                yield from view.problem(
                    early,
                    count=int(begun(view.table.data, since - 1)[early].sum()) if runs else None,
                    column="currency",
                    rule=f"no rate from {currency} to {gate.currency} before {iso(since)}; the first one is taken",
                    remedy=f"Add a row to fx with currency {currency} and a date on or before the first day needed.",
                    code="early-rate",
                    severity="warning",
                    show=shown,
                )


def missing_currencies(gate: Gate) -> Iterable[Problem]:
    """Rows without a currency among rows with one."""
    for view in _with_currency(gate):
        if not view.table.data["currency"].null_count:
            continue
        yield from view.problem(
            ~view.valid("currency"),
            column="currency",
            rule="has no currency, and counts as the reporting currency",
            remedy="Fill it in.",
            code="missing-currency",
            severity="note",
            show=(*SCHEMA[view.name].key, "currency"),
        )


def _with_currency(gate: Gate) -> list[View]:
    return [view for view in gate.having(*DATE_OF) if view.has("currency")]


def _first_rates(gate: Gate) -> dict[str, int]:
    for view in gate.having("fx"):
        days, codes = view.days("date"), view.codes("currency")
        good = view.valid("date") & view.valid("rate")
        return {
            name: int(days[good & (codes == code)].min())
            for code, name in enumerate(view.names("currency").to_pylist())
            if (good & (codes == code)).any()
        }
    return {}


def _words(view: View, column: str) -> set[str]:
    return {word for word in view.names(column).to_pylist() if word is not None}


def _rows_with(
    view: View, column: str, words: set[str]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    wanted = np.array(
        [name in words for name in view.names(column).to_pylist()] + [False], np.bool_
    )
    return np.asarray(wanted[view.codes(column)], np.bool_)


def _listed(words: set[str]) -> str:
    shown = ", ".join(repr(word) for word in sorted(words)[:5])
    return f"{shown}, ..." if len(words) > 5 else shown


def _closest(words: set[str], known: Iterable[str]) -> str:
    options = sorted(known)
    hint = suggest(min(words), options)
    return hint or (f"Known are: {', '.join(options)}." if len(options) < 10 else "")
