"""Result: a number with everything that is needed to trust it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from inspect import signature
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import finite, text
from saasmetrics.errors import DataError, MissingExtraError, UnknownNameError, hint
from saasmetrics.headline import in_words
from saasmetrics.money import format_value
from saasmetrics.policy import DATA_CHOICES
from saasmetrics.version import __version__

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pandas as pd

    from saasmetrics.calls import Call
    from saasmetrics.catalogue import Metric
    from saasmetrics.policy import Policy
    from saasmetrics.proof import Proof, Trace
    from saasmetrics.recording import Asked


_NO_VALUE = "–"
_HEADED = (
    "series",
    "verdict",
    "table",
    "worth",
    "committed",
    "renewal_rates",
    "survey",
    "paired",
    "promise",
    "backlog",
    "tank_tickets",
    "unit_cost",
    "frontier",
)  # the kinds of result that can have one value as headline
_TABLED = ("comparison", "explanation")  # whose tables say in a terminal what the rows do not


@dataclass(frozen=True)
class Context:
    """Under which circumstances a number holds: as-of date, currency, policy, options used, start of fiscal years."""

    as_of: str
    currency: str
    policy: Policy
    options: Mapping[str, Any] = field(default_factory=dict)
    hashed: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    fiscal_start: int = 1

    @property
    def data_hash(self) -> str:
        """The hash of the tables behind the number, computed when it is first asked for; empty without tables."""
        return "" if self.hashed is None else self.hashed()


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
    parts : Mapping
        How columns of the rows follow from others, as formulas.
    trace : callable, optional
        How the number of a cell follows from rows, where that is not the sum of its `drill`.
    call : Call, optional
        The call that made it; `code` has it as Python.
    asked : Asked, optional
        The book and the cubes that it was made from; `sql` has them as SQL.
    extra : mapping
        What else belongs to the numbers; `extra["tables"]` are frames by title that are displayed beside the chart.
    """

    metric: Metric
    df: pd.DataFrame
    kind: str
    context: Context
    by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    drill: Callable[..., pd.DataFrame] | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    trace: Callable[..., Trace | str] | None = None
    call: Call | None = field(default=None, repr=False, compare=False)
    asked: Asked | None = field(default=None, repr=False, compare=False)

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
        if self.kind in ("table", "worth") and len(df) != 1:
            return None
        if "complete" in df.columns:
            df = df[df["complete"]]
        last = df["value"].iloc[-1] if len(df) else None
        return None if last is None or last != last else float(last)

    @property
    def stamp(self) -> str:
        """By which data, policy and code the numbers were computed, in short; `proof` has it in full."""
        context, metric = self.context, self.metric
        policy, data = context.policy, context.data_hash
        return (
            f"data {data[:12] or 'none'}, policy {policy.name} v{policy.version} {policy.hash[:12]}, "
            f"{metric.id} v{metric.version}, saasmetrics {__version__}"
        )

    @property
    def text(self) -> str:
        """The headline in words, such as "104.2%"; of groups the lowest and the highest."""
        if "headline" in self.extra:
            return str(self.extra["headline"])
        if self.value is None and (said := in_words(self)):
            return said
        return format_value(self.value, self.metric.unit, self.context.currency)

    def saying(self, **options: Any) -> Result:
        """Return this result with more options in its footnote."""
        context = replace(self.context, options={**self.context.options, **options})
        return replace(self, context=context)

    def chart(self, **options: Any) -> Any:
        """Return an Altair chart of this result; `chart().save("x.png")`, .svg or .html writes it, without the network.

        Parameters
        ----------
        **options
            Of every chart: `theme` ("light" or "dark"), `width` (pixels, or "container" for that of the page),
            `height` (pixels), `title` (replaces the message; "" for none). Most series take `last`, a number of
            periods; a bridge also `first` and `last` as days, such as first="2026-01". The function of the kind in
            `saasmetrics.charts`, such as `saasmetrics.charts.bridge`, documents all of them.

        Raises
        ------
        DataError
            If this kind of result has no chart, or an option cannot be.
        UnknownNameError
            If the chart has no such option; the message lists those it has.
        MissingExtraError
            If the charts are not installed.

        Examples
        --------
        >>> import saasmetrics as sm, tempfile
        >>> sm.revenue.mrr(sm.demo(customers=50)).chart(theme="dark", title="Ours").save(tempfile.mkdtemp() + "/x.png")
        """
        draw = _charts().get(self.kind)
        if draw is None:
            msg = f"A result of kind {self.kind!r} has no chart; its numbers are in .df."
            raise DataError(msg)
        known = [*signature(draw).parameters][1:]
        for name in options:
            if name not in known:
                msg = f"The chart of {self.metric.name} has no option {name!r}; it has {', '.join(known)}."
                raise UnknownNameError(msg + hint(name, known))
        given = {name: value for name, value in options.items() if value is not None}
        for name in ("width", "height"):
            if given.get(name, "container") != "container":
                finite(name, given[name], "a number of pixels", least=1, most=20_000)
        if given.get("title", "") != "":
            text("title", given["title"], "what stands above the chart")
        return draw(self, **given)

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

    def proof(self, **cell: Any) -> Proof:
        """Return the proof of one number: both sides of it, the rows that add up to them, and by which data and code.

        Parameters
        ----------
        **cell
            The cell, as for `rows`: `period` (the latest complete one by default), `cohort` and `age`, `movement`,
            and a value for each by-column.

        Returns
        -------
        Proof
            With value, numerator, denominator, formula, rows, checks and `to_xlsx`.

        Raises
        ------
        DataError
            If the cell is not one of this result.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> rows = {"customer_id": ["a", "b", "a"], "month": ["2026-01", "2026-01", "2026-02"], "mrr": [9, 3, 10]}
        >>> sm.retention.nrr(sm.Book(mrr=rows), window=1).proof().formula
        'numerator / denominator = 10 / 12 = 83.3%'
        """
        from saasmetrics.proof import prove

        return prove(self, cell)

    def code(self, book: str = "book") -> str:
        """Return the call that makes this result, as Python.

        Parameters
        ----------
        book
            What the book that was asked is called there; it is taken as it was, with its policy and its filters.

        Raises
        ------
        DataError
            If it was not made by a public function, or an argument is a table or another book.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> sm.retention.nrr(sm.demo(customers=50), 3, freq="Q").code()
        'sm.retention.nrr(book, window=3, freq="Q")'
        """
        if self.call is None:
            msg = f"This {self.metric.name} was not made by one call of the library, so there is no code for it."
            raise DataError(msg)
        return self.call.code(book)

    def sql(self, dialect: str = "duckdb", tables: Mapping[str, str] | None = None) -> str:
        """Return the SQL that computes the cubes behind this number, to audit it or to run it on a schedule.

        Parameters
        ----------
        dialect
            "duckdb", "postgres", "bigquery", "snowflake", "databricks", "clickhouse", "trino" or "spark".
        tables
            Where the tables are, by their names here, such as {"subscriptions": "billing.subscriptions"}.

        Returns
        -------
        str
            One statement per cube, over tables with the columns of `saasmetrics schema`. Comments before each say which
            number it is for, by which policy, and what to do with the rows; each step has a name and says what it is.
            Dates, choices and exchange rates are those of the number: write it anew for another as-of date.

        Raises
        ------
        DataError
            If the number is not made of cubes that have SQL, or its book was cut otherwise than by filters and dates.
        UnknownNameError
            If there is no such dialect, or the SQL reads no such table.
        MissingExtraError
            If Ibis is not installed.

        Examples
        --------
        >>> import saasmetrics as sm
        >>> rows = {"customer_id": ["a", "b", "a"], "month": ["2026-01", "2026-01", "2026-02"], "mrr": [9, 3, 10]}
        >>> query = sm.retention.nrr(sm.Book(mrr=rows), window=1).sql("postgres", tables={"mrr": "finance.cube"})
        >>> print(query.splitlines()[2])
        -- Policy default v1, as of 2026-02-28.
        """
        if self.asked is None:
            msg = f"This {self.metric.name} was not made from one book, so there is no SQL for it."
            raise DataError(msg)
        written: str = self.asked.book.place.sql(self, dialect, tables)
        return written

    def to_xlsx(self, path: str | os.PathLike[str]) -> Path:
        """Write the numbers as a workbook: a triangle for cohorts, a table for others, rates as live formulas.

        Parameters
        ----------
        path
            The file. An older one is replaced in one step.

        Raises
        ------
        DataError
            If the file cannot be written, or a sheet cannot hold so many rows.

        Examples
        --------
        >>> import saasmetrics as sm, tempfile
        >>> sm.retention.cohorts(sm.demo(customers=50)).to_xlsx(tempfile.mkdtemp() + "/cohorts.xlsx").name
        'cohorts.xlsx'
        """
        from saasmetrics.export.numbers import write

        return write(self, path)

    def __str__(self) -> str:
        head = self.metric.name + (f": {self.text}" if self.text != _NO_VALUE else "")
        rows = self.df.to_string(max_rows=24, index=False)
        if self.kind in _TABLED and self.extra.get("tables"):
            tables = self.extra["tables"].items()
            rows = "\n\n".join(
                f"{words}\n{frame.to_string(index=False)}" for words, frame in tables
            )
        return f"{head}\n{rows}\n{self.footnote}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from saasmetrics import shown

        drawn = bool(len(self.df) or "steps" in self.extra) and self.kind in _charts()
        return shown.of_result(self, drawn=drawn, headline=self.text.removeprefix(_NO_VALUE))


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
