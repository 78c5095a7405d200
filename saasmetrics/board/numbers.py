"""The quantities of a pack while it is made: from results, from their rows, and from one another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from saasmetrics.board.condensed import COUNT, MOST, NOTE, Began, condensed
from saasmetrics.board.figures import better_of, unit_in_pack
from saasmetrics.board.model import Check, Quantity, Rows, Total
from saasmetrics.errors import DataError
from saasmetrics.export.expression import computed, names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from saasmetrics.proof import Proof
    from saasmetrics.proof.trace import Trace
    from saasmetrics.result import Result

MOST_ROWS = (
    200_000  # of a table behind quantities; above it only the sums are kept, and the note says so
)
_CLOSE = 1e-9
_SHOWN_FIRST = ("customer_id", "contract_id", "name", "item", "month")


class Numbers:
    """Collects the quantities of a pack, the rows behind them, and what must hold between them.

    Parameters
    ----------
    began
        Gives the month in which each customer began, by which rows are added up where there are too many.
    named
        Gives rows of customers with their names.

    Examples
    --------
    >>> numbers = Numbers()
    >>> numbers.derived("twice", "Twice", "2 * a", {"a": numbers.given("one", "One", 1.0, "count", "by hand")})
    'twice'
    >>> numbers.value("twice")
    2.0
    """

    def __init__(
        self,
        began: Callable[[], Began] | None = None,
        named: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    ) -> None:
        self.quantities: dict[str, Quantity] = {}
        self.tables: dict[str, _Gathered] = {}
        self.checks: list[Check] = []
        self._began = began
        self._named = named

    def __contains__(self, id: str) -> bool:
        return id in self.quantities

    def value(self, id: str) -> float | None:
        """Return the value of a quantity, None where it is missing or there is none."""
        return self.quantities[id].value if id in self.quantities else None

    def given(
        self,
        id: str,
        label: str,
        value: Any,
        unit: str,
        source: str,
        reason: str = "",
        *,
        signed: bool = False,
    ) -> str:
        """Add a number that does not follow from others, and return its id."""
        number = None if value is None or value != value else float(value)
        return self._add(
            Quantity(id, label, number, unit, source=source, reason=reason, signed=signed)
        )

    def derived(
        self,
        id: str,
        label: str,
        formula: str,
        parts: Mapping[str, str],
        unit: str = "",
        *,
        signed: bool = False,
        better: str = "higher",
    ) -> str:
        """Add a number computed from others, missing where one of them is, and return its id."""
        held = {name: self.quantities[part] for name, part in parts.items()}
        gone = [each for each in held.values() if each.value is None]
        value = None if gone else computed(formula, {n: q.value for n, q in held.items()})
        reason = gone[0].reason or f"{gone[0].label} is missing" if gone else ""
        if value is None and not reason:
            reason = "what it is divided by is not above 0"
        own = unit or next(iter(held.values())).unit
        return self._add(
            Quantity(id, label, value, own, formula, dict(parts), "", reason, signed, better)
        )

    def less(self, id: str, label: str, now: str, then: str) -> str:
        """Add the difference of two quantities of one unit, in points for rates, and return its id."""
        unit = self.quantities[now].unit
        unit = "points" if unit == "ratio" else unit
        parts, better = {"now": now, "then": then}, better_of(now)
        return self.derived(id, label, "now - then", parts, unit, signed=True, better=better)

    def share(self, id: str, label: str, now: str, then: str) -> str:
        """Add the difference to another quantity as a share of the size of that one, and return its id."""
        below = (self.value(then) or 0.0) < 0
        formula = "(now - then) / max(then, -then)" if below else "now / then - 1"
        parts = {"now": now, "then": then}
        return self.derived(id, label, formula, parts, "ratio", signed=True, better=better_of(now))

    def traced(self, result: Result, id: str, label: str, part: str, **cell: Any) -> str:
        """Add one number of a result with the rows it follows from, and return its id.

        A number that no formula of its rows gives is added as a value, with the reason for it.
        """
        proof = result.proof(**cell)
        trace, unit = proof.trace, unit_in_pack(result.metric.id, proof.unit)
        if (
            trace is None
            or proof.value is None
            or not proof.holds
            or "product" in trace.totals.values()
        ):
            return self._quotient(proof, id, label, unit)
        name = f"Rows_{result.metric.id}"
        if not self.rows(name, part, trace):
            return self.given(
                id, label, proof.value, unit, "the sum of more rows than a workbook has"
            )
        totals = {total: Total(name, total, part) for total in trace.totals}
        return self._add(Quantity(id, label, proof.value, unit, trace.value, totals))

    def _quotient(self, proof: Proof, id: str, label: str, unit: str) -> str:
        """Add a number whose rows are not known: its two sides and their quotient, or the value alone."""
        top, bottom, value = proof.numerator, proof.denominator, proof.value
        why = proof.untraced or f"{proof.result.metric.id}, as of {proof.result.context.as_of}"
        if (
            not top
            or not bottom
            or value is None
            or bottom < 0
            or abs(top / bottom - value) > _CLOSE * abs(value)
        ):
            return self.given(id, label, value, unit, why, proof.reason)
        parts = {
            "top": self.given(f"{id}.numerator", f"{label}, numerator", top, "number", why),
            "bottom": self.given(
                f"{id}.denominator", f"{label}, denominator", bottom, "number", why
            ),
        }
        return self.derived(id, label, "top / bottom", parts, unit)

    def rows(self, name: str, part: str, trace: Trace) -> bool:
        """Add rows behind quantities as one part of a table; return whether they fit."""
        used = [*trace.totals]
        for (
            column
        ) in used:  # grows while it is read: what a column follows from may follow from others
            used += [n for n in names(trace.formulas.get(column, "0")) if n not in used]
        kept = [c for c in dict.fromkeys((*_SHOWN_FIRST, *used)) if c in trace.rows.columns]
        formulas = {t: f for t, f in trace.formulas.items() if t in kept}
        table = self.tables.setdefault(name, _Gathered(name, kept, formulas))
        return table.add(part, self._few(trace.rows, kept, [*trace.totals]))

    def frame(
        self, name: str, part: str, rows: pd.DataFrame, columns: Sequence[str], added: Sequence[str]
    ) -> bool:
        """Add a frame as one part of a table of rows, of which some columns add up; return whether it fits."""
        few = self._few(rows, columns, added)
        if self._named is not None and "name" in columns:
            few = self._named(few)
        return self.tables.setdefault(name, _Gathered(name, list(columns), {})).add(part, few)

    def _few(
        self, rows: pd.DataFrame, columns: Sequence[str], added: Sequence[str]
    ) -> pd.DataFrame:
        if len(rows) <= MOST:
            return rows
        there = [name for name in columns if name in rows.columns]
        return condensed(rows[there], added, self._began() if self._began is not None else None)

    def total(
        self,
        id: str,
        label: str,
        unit: str,
        value: float,
        formula: str,
        totals: Mapping[str, Total],
    ) -> str:
        """Add a number that is a formula of sums over rows; refuse one that is not what its rows give."""
        sums = {n: self.tables[t.table].sum(t.column, t.part) for n, t in totals.items()}
        again = computed(formula, sums)
        if abs((again or 0.0) - value) > max(0.005, _CLOSE * abs(value)):
            msg = f"{label} is {value:,.2f}, and its rows give {again:,.2f}; this is a mistake of the library."
            raise DataError(msg)
        # Reported amounts are rounded to micro-units; what the rows give is the number that formulas give again.
        return self._add(Quantity(id, label, again, unit, formula, dict(totals)))

    def holds(
        self, label: str, formula: str, parts: Mapping[str, str], tolerance: float = 0.005
    ) -> None:
        """Add something that must hold: a formula that is 0."""
        if all(self.value(part) is not None for part in parts.values()):
            self.checks.append(Check(label, formula, dict(parts), tolerance))

    def relabel(self, id: str, label: str) -> str:
        """Give a quantity another label."""
        self.quantities[id] = replace(self.quantities[id], label=label)
        return id

    @property
    def held(self) -> dict[str, Rows]:
        """The tables of rows, as the pack keeps them."""
        return {name: table.made() for name, table in self.tables.items() if len(table)}

    def _add(self, quantity: Quantity) -> str:
        self.quantities[quantity.id] = quantity
        return quantity.id


class _Gathered:
    """A table of rows that grows part by part."""

    def __init__(self, name: str, columns: list[str], formulas: dict[str, str]) -> None:
        self.name, self.columns, self.formulas = name, columns, formulas
        self.parts: dict[str, pd.DataFrame] = {}

    def __len__(self) -> int:
        return sum(map(len, self.parts.values()))

    def add(self, part: str, rows: pd.DataFrame) -> bool:
        """Add one part, unless there would be too many rows."""
        if part in self.parts:
            return True
        if len(self) + len(rows) > MOST_ROWS:
            return False
        if COUNT in rows.columns and COUNT not in self.columns:
            self.columns.append(COUNT)
        kept = [name for name in self.columns if name in rows.columns]
        self.parts[part] = rows[kept]
        self.formulas = {t: f for t, f in self.formulas.items() if _gives(rows, t, f)}
        return True

    def sum(self, column: str, part: str) -> float:
        """Return the sum of a column over one part."""
        return float(self.parts[part][column].sum())

    def made(self) -> Rows:
        """Return the table as the pack keeps it."""
        there = [name for name in self.columns if any(name in rows for rows in self.parts.values())]
        columns: dict[str, list[Any]] = {name: [] for name in ("part", *there)}
        for part, rows in self.parts.items():
            columns["part"] += [part] * len(rows)
            for name in there:
                blank = 1 if name == COUNT else None
                columns[name] += _listed(rows[name]) if name in rows else [blank] * len(rows)
        return Rows(self.name, columns, self.formulas, NOTE if COUNT in there else "")


def _gives(rows: pd.DataFrame, column: str, formula: str) -> bool:
    """Return whether a formula of the columns gives what it holds to every row that has all of them."""
    used = list(names(formula))
    if column not in rows.columns or not set(used) <= set(rows.columns):
        return False
    whole = rows.dropna(subset=used)  # lines that add up other rows have sums alone
    gap = abs(computed(formula, {n: whole[n] for n in used}) - whole[column])
    return bool((gap < 5e-6).all())


def _listed(values: pd.Series[Any]) -> list[Any]:
    """Return a column as JSON holds it: numbers, text, days as ISO text."""
    if values.dtype.kind == "M":
        return [None if v != v else f"{v:%Y-%m-%d}" for v in values]
    if values.dtype.kind in "biuf":
        return [None if v != v else v for v in values.tolist()]
    return [None if v is None or v != v else str(v) for v in values]
