"""The proof of a number: both sides of it, the rows that add up to them, and by which data and code it was made."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.export.expression import computed, in_words
from saasmetrics.money import format_value
from saasmetrics.proof.cell import BY_POLICY, chosen, not_observed, reported
from saasmetrics.proof.trace import CENT, CLOSE, Trace, near
from saasmetrics.version import __version__

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from saasmetrics.result import Result

_SHOWN = 12  # rows in a terminal and a notebook

__all__ = ["Proof", "Trace", "number_in_words", "prove"]


@dataclass(frozen=True, eq=False, repr=False)
class Proof:
    """One number with everything that shows it is right.

    Attributes
    ----------
    cell : Mapping
        Which number of the result it is.
    value, numerator, denominator, low, high : float or None
        As reported; None where missing.
    reason : str
        Why the value is missing, or what is special about it.
    trace : Trace or None
        How it follows from rows; None where it does not, and then `untraced` says why.
    """

    result: Result
    cell: Mapping[str, Any]
    value: float | None
    numerator: float | None
    denominator: float | None
    low: float | None
    high: float | None
    reason: str
    trace: Trace | None
    untraced: str = ""

    @property
    def unit(self) -> str:
        """The unit of the value."""
        own = self.trace.unit if self.trace is not None else ""
        return own or {"curve": "ratio"}.get(self.result.metric.unit, self.result.metric.unit)

    def _same(self, one: float | None, other: float | None) -> bool:
        if one is None or other is None:
            return one is None and other is None
        return abs(one - other) <= max(near(self.unit), CLOSE * abs(other))

    @property
    def rows(self) -> pd.DataFrame:
        """The rows behind the number, with what each adds to its sides; a copy, and empty where there are none."""
        import pandas as pd

        return pd.DataFrame() if self.trace is None else self.trace.rows.copy()

    @property
    def expression(self) -> str:
        """The value as a formula of its totals."""
        if self.trace is not None:
            return self.trace.value
        if self.numerator is None or self.denominator is None or self.value is None:
            return ""
        again = computed("numerator / denominator", self.totals)
        return "numerator / denominator" if self._same(again, self.value) else ""

    @property
    def totals(self) -> dict[str, float]:
        """The sums that the formula is made of: from the rows, or as reported where there are none."""
        if self.trace is not None:
            return self.trace.sums
        sides = {"numerator": self.numerator, "denominator": self.denominator}
        return {name: value for name, value in sides.items() if value is not None}

    @property
    def recomputed(self) -> float | None:
        """The value computed again from the totals; None where that divides by nothing."""
        if not self.expression:
            return None
        found = computed(self.expression, self.totals)
        return None if found is None or found != found else float(found)

    @property
    def formula(self) -> str:
        """The formula in words, then with the numbers put in, then the value."""
        if not self.expression:
            return self.said(self.value)
        numbers = {name: number_in_words(value) for name, value in self.totals.items()}
        steps = [self.in_words]
        if self.expression not in self.totals:
            steps.append(in_words(self.expression, numbers))
        return " = ".join([*steps, self.said(self.value)])

    @property
    def in_words(self) -> str:
        """The formula in words."""
        if self.trace is not None and self.expression in self.totals:
            how, many = self.trace.totals[self.expression], len(self.trace.rows)
            what = "" if self.expression == "numerator" else f" of {self.expression}"
            return f"{how}{what} over {many:,} {self.trace.noun}"
        return in_words(self.expression, {n: n.replace("_", " ") for n in self.totals})

    @property
    def checks(self) -> dict[str, bool]:
        """What was checked, and whether it holds: the rows add up, and the value computed again is that reported."""
        found = {}
        if self.trace is not None:
            sides = {"numerator": self.numerator, "denominator": self.denominator}
            for name, value in sides.items():
                if name in self.totals and value is not None:
                    found[f"rows sum to the {name}, to the cent"] = (
                        abs(self.totals[name] - value) < CENT
                    )
        if self.expression and (self.value is not None or not self.reason):
            found["value computed again is the value reported"] = self._same(
                self.recomputed, self.value
            )
        return found

    @property
    def holds(self) -> bool:
        """Whether all checks hold, and, where there is a number, there was something to check it by."""
        return all(self.checks.values()) and (self.trace is not None or self.value is None)

    @property
    def facts(self) -> dict[str, str]:
        """By which definition, policy, data and code the number was computed."""
        metric, context = self.result.metric, self.result.context
        policy = context.policy
        return {
            "Meaning": metric.meaning,
            "Definition": metric.formula,
            "Missing": metric.missing,
            "Sources": "; ".join(metric.sources),
            "Metric": f"{metric.id} v{metric.version}",
            "Policy": f"{policy.name} v{policy.version}, sha256 {policy.hash}",
            "Data": f"sha256 {context.data_hash}" if context.data_hash else "no tables",
            "Code": f"saasmetrics {__version__}",
            "As of": context.as_of,
            "Currency": context.currency,
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What else there is to say about the number."""
        own = self.trace.notes if self.trace is not None else (self.untraced,)
        return tuple(note for note in (*own, *self.result.notes) if note)

    @property
    def title(self) -> str:
        """The metric and the value."""
        metric = self.result.metric
        return f"{metric.name}{f' ({metric.abbr})' if metric.abbr else ''}: {self.said(self.value)}"

    @property
    def where(self) -> str:
        """The cell in words."""
        return ", ".join(f"{name} {_plain(value)}" for name, value in self.cell.items())

    def said(self, value: float | None) -> str:
        """Return a value in its unit; money to the cent."""
        if value is None:
            return f"missing ({self.reason})" if self.reason else "missing"
        if self.unit == "money":
            return f"{value:,.2f} {self.result.context.currency}"
        return format_value(value, self.unit, self.result.context.currency)

    def to_xlsx(self, path: str | os.PathLike[str]) -> Path:
        """Write the proof as a workbook with live formulas from the rows to the number.

        Sheets "Number", "Rows" and "Checks". An older file is replaced in one step.

        Parameters
        ----------
        path
            The file.

        Raises
        ------
        DataError
            If there are more than 1,048,575 rows, or the file cannot be written.

        Examples
        --------
        >>> import saasmetrics as sm, tempfile
        >>> sm.revenue.mrr(sm.demo(customers=50)).proof().to_xlsx(tempfile.mkdtemp() + "/mrr.xlsx").name
        'mrr.xlsx'
        """
        from saasmetrics.proof.sheets import write

        return write(self, path)

    def __repr__(self) -> str:
        lines = [self.title, *([self.where] if self.where else []), f"  {self.formula}"]
        if self.low is not None and self.high is not None:
            lines.append(f"  interval {self.said(self.low)} to {self.said(self.high)}")
        if self.reason and self.value is not None:
            lines.append(f"  {self.reason}")
        if self.trace is not None:
            rows = self.trace.rows
            lines.append(f"{len(rows):,} {self.trace.noun}")
            lines.append(rows.head(_SHOWN).to_string(index=False))
        lines += [f"{'yes' if held else 'NO '}  {check}" for check, held in self.checks.items()]
        lines += [f"{name}: {text}" for name, text in self.facts.items()]
        return "\n".join([*lines, *(f"{note}." for note in self.notes)])

    def _repr_html_(self) -> str:
        from saasmetrics.printable import escape, printable

        def items(pairs: Mapping[str, str]) -> str:
            return "".join(
                f"<tr><th style='text-align:left'>{escape(k)}</th><td style='text-align:left'>{escape(v)}</td></tr>"
                for k, v in pairs.items()
            )

        interval = ""
        if self.low is not None and self.high is not None:
            interval = (
                f"<p>interval {escape(self.said(self.low))} to {escape(self.said(self.high))}</p>"
            )
        table = ""
        if self.trace is not None:
            rows = self.trace.rows
            shown = printable(rows.head(_SHOWN).to_html(index=False, border=0, na_rep="–"))
            more = f", the first {_SHOWN}" if len(rows) > _SHOWN else ""
            count = f"{len(rows):,} {escape(self.trace.noun)}{more}"
            table = f"<details open><summary>{count}</summary>{shown}</details>"
        checks = {
            check: "holds" if held else "DOES NOT HOLD" for check, held in self.checks.items()
        }
        notes = "".join(f"<p><small>{escape(note)}.</small></p>" for note in self.notes)
        return (
            f'<div class="saasmetrics-proof"><h4>{escape(self.title)}</h4><p>{escape(self.where)}</p>'
            f"<p><code>{escape(self.formula)}</code></p>{interval}{table}"
            f"<table>{items(checks)}{items(self.facts)}</table>{notes}</div>"
        )


def prove(result: Result, cell: Mapping[str, Any]) -> Proof:
    """Return the proof of one number of a result; see `Result.proof`."""
    if BY_POLICY in result.extra:
        name, of_policy = cell.get("policy"), result.extra[BY_POLICY]
        if name is None:
            msg = f"Name the policy of the number, such as proof(policy={next(iter(of_policy))!r})."
            raise DataError(msg)
        if name not in of_policy:
            raise UnknownNameError.of("policy in this comparison", name, of_policy)
        return prove(
            of_policy[name], {key: value for key, value in cell.items() if key != "policy"}
        )
    row, keys = chosen(result, cell)
    sides, reason = reported(result, row, keys)
    if not_observed(row):
        trace, why = None, "it has not been observed yet, or was before the first day observed"
    else:
        trace, why = _traced(result, keys)
    return Proof(result, keys, **sides, reason=reason, trace=trace, untraced=why)


def _traced(result: Result, keys: Mapping[str, Any]) -> tuple[Trace | None, str]:
    """Return how a number follows from rows, or why it does not."""
    name = result.metric.name
    if result.trace is not None:
        found = result.trace(**keys)
        return (found, "") if isinstance(found, Trace) else (None, str(found))
    if result.drill is None:
        return None, f"{name} is not a sum over customers, so there are no rows behind it"
    takes = {*signature(result.drill).parameters, *result.by}
    rows = result.drill(**{key: value for key, value in keys.items() if key in takes})
    if "numerator" not in rows.columns:
        return None, f"{name} has rows, which do not add up to it: see Result.rows"
    return Trace.of_sides(rows, result.parts), ""


def number_in_words(value: float) -> str:
    """Return a number as a person checks it: whole, to the cent, or to four digits below one.

    Examples
    --------
    >>> [number_in_words(x) for x in (12.0, 1234.567, 0.78125)]
    ['12', '1,234.57', '0.7812']
    """
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"


def _plain(value: Any) -> str:
    return value.date().isoformat() if hasattr(value, "date") else str(value)
