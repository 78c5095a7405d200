"""Result: a number with everything that is needed to trust it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from inspect import signature
from typing import TYPE_CHECKING, Any

from saasmetrics.errors import DataError, MissingExtraError, UnknownNameError, hint
from saasmetrics.money import format_value
from saasmetrics.policy import DATA_CHOICES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from saasmetrics.catalogue import Metric
    from saasmetrics.policy import Policy


_NO_VALUE = "–"
_SHOWN = 60  # rows of the table in a notebook
_HEADED = (
    "series",
    "verdict",
    "table",
    "renewal_rates",
)  # the kinds of result that can have one value as headline


@dataclass(frozen=True)
class Context:
    """Under which circumstances a number holds: the as-of date, the currency, the policy, the options used."""

    as_of: str
    currency: str
    policy: Policy
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """A metric's numbers with their definition, their footnote, their chart and the rows behind them.

    Attributes
    ----------
    df : DataFrame
        Tidy numbers: money in currency units, ratios as 1.0 = 100 %, `period` the first day of the period.
    kind : str
        The shape of `df`, which decides how it is drawn.
    by : tuple of str
        The columns of the groups.
    """

    metric: Metric
    df: pd.DataFrame
    kind: str
    context: Context
    by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    drill: Callable[..., pd.DataFrame] | None = None

    @property
    def definition(self) -> Metric:
        """The catalogue entry: meaning, formula, sources."""
        return self.metric

    @property
    def footnote(self) -> str:
        """The definition in one paragraph, with the parameters used."""
        metric, context = self.metric, self.context
        said = [metric.sentence(option, value) for option, value in context.options.items()]
        policy = context.policy
        told = {*DATA_CHOICES, *metric.choices}
        other = (choice for choice in policy.differences(type(policy)()) if choice in told)
        spoken = dict.fromkeys((*metric.choices, *other))
        chosen = [policy.sentence(choice) for choice in spoken if choice not in context.options]
        body = "; ".join([f"{metric.name}: {metric.formula}", *[s for s in (*said, *chosen) if s]])
        where = f"{context.currency}, as of {context.as_of}, policy {context.policy.name} v{context.policy.version}"
        notes = "".join(f" {note}." for note in self.notes)
        return f"{body}. {where}.{notes} [{metric.id} v{metric.version}; {metric.sources[0]}]"

    @property
    def value(self) -> float | None:
        """The headline: the latest complete value of the whole, None where it is missing or there is none."""
        df = self.df
        if self.by or self.kind not in _HEADED or "value" not in df.columns:
            return None
        if self.kind == "table" and len(df) != 1:
            return None
        if "complete" in df.columns:
            df = df[df["complete"]]
        last = df["value"].iloc[-1] if len(df) else None
        return None if last is None or last != last else float(last)

    @property
    def text(self) -> str:
        """The headline in words, such as "104.2%"."""
        if "headline" in self.extra:
            return str(self.extra["headline"])
        return format_value(self.value, self.metric.unit, self.context.currency)

    def saying(self, **options: Any) -> Result:
        """Return this result with more options in its footnote."""
        context = replace(self.context, options={**self.context.options, **options})
        return replace(self, context=context)

    def chart(self, **options: Any) -> Any:
        """Return an Altair chart of this result.

        Raises
        ------
        DataError
            If this kind of result has no chart.
        MissingExtraError
            If the charts are not installed.
        """
        draw = _charts().get(self.kind)
        if draw is None:
            msg = f"A result of kind {self.kind!r} has no chart; its numbers are in .df."
            raise DataError(msg)
        return draw(self, **options)

    def rows(self, **cell: Any) -> pd.DataFrame:
        """Return the customers behind one cell; their amounts sum to it.

        Parameters
        ----------
        **cell
            The cell: `period` (a date or ISO text; the latest complete one by default), `cohort` and `age` for
            cohorts, and a value for each by-column.
        """
        if self.drill is None:
            msg = f"{self.metric.name} is not made of customers, so there are no rows behind it."
            raise DataError(msg)
        known = {*self.by, *(p for p in signature(self.drill).parameters if p != "group")}
        for name in cell:
            if name not in known:
                msg = f"There is no {name!r} to choose a cell by; there are {', '.join(sorted(known))}."
                raise UnknownNameError(msg + hint(name, sorted(known)))
        return self.drill(**cell)

    def __str__(self) -> str:
        head = self.metric.name + (f": {self.text}" if self.text != _NO_VALUE else "")
        return f"{head}\n{self.df.to_string(max_rows=24, index=False)}\n{self.footnote}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from base64 import b64encode
        from html import escape

        name, picture = escape(self.metric.name), ""
        if len(self.df) and self.kind in _charts():
            png = self.chart()._repr_mimebundle_()["image/png"]
            picture = f'<img alt="{name}" style="max-width:100%" src="data:image/png;base64,{b64encode(png).decode()}">'
        headline = f" <span>{escape(self.text)}</span>" if self.text != _NO_VALUE else ""
        state = " open" if self.kind == "table" else ""
        table = self.df.head(_SHOWN).to_html(
            index=False, border=0, na_rep="–", float_format=lambda v: f"{v:,.4g}"
        )
        count = f"{len(self.df):,} rows" + (
            f", the first {_SHOWN}" if len(self.df) > _SHOWN else ""
        )
        return (
            f'<div class="saasmetrics-result"><h4>{name}{headline}</h4>{picture}'
            f"<details{state}><summary>{count}</summary>{table}</details>"
            f"<p><small>{escape(self.footnote)}</small></p></div>"
        )


@cache
def _charts() -> Mapping[str, Callable[..., Any]]:
    """Return the chart of each kind of result, from whoever registered to draw them."""
    from importlib.metadata import entry_points

    found: dict[str, Callable[..., Any]] = {}
    for point in entry_points(group="saasmetrics.charts"):
        try:
            found.update(point.load())
        except ImportError as error:
            msg = f"Charts need {error.name}: pip install altair vl-convert-python."
            raise MissingExtraError(msg) from error
    return found
