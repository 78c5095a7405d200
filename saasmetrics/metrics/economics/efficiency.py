"""How efficiently the company grows: magic number, burn multiple, Rule of 40."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import days, has, numbers
from saasmetrics.engine.exchange import monthly_rates
from saasmetrics.errors import DataError, MissingTableError
from saasmetrics.metrics.economics.asked import functions_of
from saasmetrics.metrics.economics.spans import Spans
from saasmetrics.metrics.economics.spend import ACQUISITION, monthly_spend
from saasmetrics.metrics.economics.traced_months import burn_trace, forty_trace, magic_trace
from saasmetrics.metrics.economics.window import divide_signed
from saasmetrics.metrics.formulas.acquisition import burn_band
from saasmetrics.metrics.made import made
from saasmetrics.money import MICRO

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

MAGIC = {
    "revenue": "revenue gained on the period before, a year's worth of it, over the spend of that "
    "period",
    "net_new_arr": "ARR added in the period over the spend of the period before",
}
FORTY = {
    "arr_fcf": "growth of ARR over a year plus free cash flow over revenue of that year",
    "revenue_ebitda": "growth of revenue over a year plus EBITDA over revenue of that year",
}
_UNRECORDED = "the table {table} does not have every month"


@metric(
    id="magic_number",
    name="Magic number",
    unit="multiple",
    better="higher",
    meaning="Yearly revenue gained for each 1.00 of sales and marketing spent a period earlier.",
    formula="(revenue - revenue of the quarter before) x 4 / sales and marketing spend of the quarter "
    "before",
    missing="Missing in the first period and in one that is not over, and where spend or revenue is not "
    "recorded for every month.",
    sources=("METRICS.md", "Scale Venture Partners"),
    options={
        "method": MAGIC,
        "revenue": {
            "finance": "revenue of the table finance",
            "mrr": "revenue of a month is its closing MRR",
        },
        "spend": "spend on {value}",
    },
)
def magic_number(
    book: Book,
    freq: str = "Q",
    method: str | None = None,
    *,
    revenue: str | None = None,
    spend: str | Sequence[str] = ACQUISITION,
) -> Result:
    """Yearly revenue gained per dollar of sales and marketing of the period before.

    Parameters
    ----------
    book
        The company's tables; needs `spend`.
    freq
        Q, M or Y.
    method
        "revenue" or "net_new_arr".
    revenue
        "finance" or "mrr"; by default the table finance where it has revenue, else closing MRR.
    spend
        Functions of the table spend to count.

    Returns
    -------
    Result
        period, value, numerator, denominator, n (months), reason, complete.

    Raises
    ------
    MissingTableError
        If there is no table of spend.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.economics.magic_number(sm.demo(customers=200)).df["value"].notna().any()
    np.True_
    """
    method = method or book.policy.magic_number
    one_of("method of the magic number", method, MAGIC)
    functions, spans = functions_of(spend), Spans.of(book, freq, 1)
    source = revenue or ("finance" if _recorded(book, "revenue") else "mrr")
    one_of("source of revenue", source, ["finance", "mrr"])
    cost = monthly_spend(book, functions)
    spent = cost.over(*_before(spans)).sum(axis=0)
    earned = _monthly(book, "revenue") if source == "finance" else _closing(book)
    if method == "net_new_arr":
        gained = _net_new_arr(book, spans)
    else:
        now, then = _over(book, earned, spans), _over(book, earned, spans, *_before(spans))
        gained = (now - then) * book.calendar(freq).year()
    reason = np.select(
        [~spans.complete, np.isnan(gained), np.isnan(spent), spent <= 0],
        [
            "the period is not over",
            "revenue is not recorded for both periods",
            _UNRECORDED.format(table="spend"),
            "nothing was spent in the period before",
        ],
        "",
    )
    df = _frame(spans, divide_signed(gained, spent), gained, spent, reason)
    options = {"method": method, "spend": " and ".join(functions)}
    if method == "revenue":
        options["revenue"] = source
    trace = magic_trace(spans, _before(spans), cost, _closing(book), earned, method)
    tables = ["spend", "finance"]
    return made(book, "magic_number", df, "series", options=options, tables=tables, trace=trace)


@metric(
    id="burn_multiple",
    name="Burn multiple",
    unit="multiple",
    better="lower",
    meaning="Cash burnt for each 1.00 of ARR added.",
    formula="net burn / net new ARR",
    missing="Missing where no ARR was added: a multiple of a company that shrinks means nothing.",
    sources=("METRICS.md", "Sacks 2020"),
    options={
        "burn": {"net_burn": "net burn as given", "free_cash_flow": "free cash flow, negated"}
    },
)
def burn_multiple(book: Book, freq: str = "Q", *, window: int = 1) -> Result:
    """Net burn over net new ARR, with Sacks's word for it.

    Parameters
    ----------
    book
        The company's tables; needs `finance` with net_burn or free_cash_flow.
    freq
        Q, M or Y.
    window
        Periods to look back over, this one included.

    Returns
    -------
    Result
        period, value, numerator (net burn), denominator (net new ARR), n (months), reason, complete,
        band: below 1 amazing, [1, 1.5) great, [1.5, 2) good, [2, 3) suspect, from 3 bad.

    Raises
    ------
    MissingTableError
        If there is no table finance.
    DataError
        If it has no burn.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> "band" in sm.economics.burn_multiple(sm.demo(customers=200)).df
    True
    """
    spans = Spans.of(book, freq, window)
    source = next((c for c in ("net_burn", "free_cash_flow") if _recorded(book, c)), None)
    if source is None:
        raise _nothing(book, "The burn multiple", "net_burn or free_cash_flow")
    sign = 1 if source == "net_burn" else -1
    monthly = _monthly(book, source)
    burnt = _over(book, monthly, spans) * sign
    added = _net_new_arr(book, spans)
    reason = np.select(
        [np.isnan(burnt), added <= 0],
        [_UNRECORDED.format(table="finance"), "no ARR was added"],
        "",
    )
    df = _frame(spans, divide_signed(burnt, added), burnt, added, reason)
    df["band"] = [burn_band(None if v != v else v) for v in df["value"].tolist()]
    options = {"burn": source}
    trace = burn_trace(spans, monthly, _closing(book), sign)
    return made(
        book, "burn_multiple", df, "series", options=options, tables=["finance"], trace=trace
    )


@metric(
    id="rule_of_40",
    name="Rule of 40",
    unit="ratio",
    better="higher",
    meaning="Growth and profit margin added up; 40 % and more passes.",
    formula="growth over a year + profit margin over the same year",
    missing="Missing in the first year, and where the table finance does not have every month.",
    sources=("METRICS.md", "Ordway: ARR and free cash flow, or revenue and EBITDA"),
    options={"method": FORTY},
)
def rule_of_40(book: Book, freq: str = "Q", method: str | None = None) -> Result:
    """Growth over a year plus profit margin.

    Parameters
    ----------
    book
        The company's tables; needs `finance` with revenue, and free_cash_flow, net_burn or ebitda.
    freq
        Q, M or Y: how often to look; growth and margin are always over twelve months.
    method
        "arr_fcf" or "revenue_ebitda".

    Returns
    -------
    Result
        period, value, growth, margin, numerator (profit), denominator (revenue), n (months), reason,
        complete. Numerator over denominator is the margin.

    Raises
    ------
    MissingTableError
        If there is no table finance.
    DataError
        If it lacks a column.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.economics.rule_of_40(sm.demo(customers=200)).df["growth"].notna().any()
    np.True_
    """
    method = method or book.policy.rule_of_40
    one_of("Rule of 40", method, FORTY)
    if not _recorded(book, "revenue"):
        raise _nothing(book, "The Rule of 40", "revenue")
    spans = Spans.of(book, freq, 1)
    year = (spans.last - 11, spans.last)
    revenue = _over(book, _monthly(book, "revenue"), spans, *year)
    if method == "arr_fcf":
        now, then = (_closing_at(book, months) for months in (spans.last, spans.last - 12))
        source = next((c for c in ("free_cash_flow", "net_burn") if _recorded(book, c)), None)
        wanted = "free_cash_flow or net_burn"
    else:
        before = (spans.last - 23, spans.last - 12)
        now, then = revenue, _over(book, _monthly(book, "revenue"), spans, *before)
        source, wanted = ("ebitda" if _recorded(book, "ebitda") else None), "ebitda"
    if source is None:
        raise _nothing(book, "The Rule of 40", wanted)
    sign = -1 if source == "net_burn" else 1
    profit = _over(book, _monthly(book, source), spans, *year) * sign
    growth, margin = divide_signed(now - then, then), divide_signed(profit, revenue)
    reason = np.select(
        [np.isnan(profit) | np.isnan(revenue), np.isnan(growth)],
        [_UNRECORDED.format(table="finance"), "there was nothing a year before"],
        "",
    )
    df = _frame(spans, growth + margin, profit, revenue, reason)
    df.insert(2, "growth", growth)
    df.insert(3, "margin", margin)
    earned, kept = _monthly(book, "revenue"), _monthly(book, source) * sign
    grown = ("revenue", earned) if method == "revenue_ebitda" else ("closing MRR", _closing(book))
    trace = forty_trace(spans, earned, kept, *grown)
    options = {"method": method}
    return made(book, "rule_of_40", df, "series", options=options, tables=["finance"], trace=trace)


def _frame(
    spans: Spans, value: Any, numerator: Any, denominator: Any, reason: NDArray[Any]
) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "period": spans.book.calendar(spans.freq).starts(spans.period),
            "value": np.where(reason == "", value, np.nan),
            "numerator": numerator,
            "denominator": denominator,
            "n": spans.last - spans.first + 1,
            "reason": reason,
            "complete": spans.complete,
        }
    )


def _before(spans: Spans) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the months of the period before each."""
    calendar, monthly = spans.book.calendar(spans.freq), spans.book.calendar("M")
    first = monthly.ordinal(calendar.first_day(spans.period - 1))
    return first, spans.first - 1


def _recorded(book: Book, column: str) -> bool:
    return "finance" in book.tables and has(book.tables["finance"].data, column)


def _nothing(book: Book, wanted_by: str, column: str) -> DataError:
    if "finance" not in book.tables:
        return MissingTableError.of("finance", wanted_by)
    msg = f"{wanted_by} needs the column {column} in the table finance. Add it by month."
    return DataError(msg)


def _monthly(book: Book, column: str) -> NDArray[np.float64]:
    """Return a column of the table finance for each month of the book; nan where not recorded."""
    data = book.tables["finance"].data
    first, periods, _ = book.engine.extent("M")
    month = book.calendar("M").ordinal(days(data["month"])) - first
    rates = monthly_rates(book.engine, book.tables, "finance", book.currency)
    values = numbers(data[column], np.nan) * rates
    inside = (month >= 0) & (month < periods)
    out = np.zeros(periods)
    np.add.at(out, month[inside], values[inside])
    out[np.setdiff1d(np.arange(periods), month[inside])] = np.nan
    return out


def _closing(book: Book) -> NDArray[np.float64]:
    closing = book.engine.movements("M").measures["closing"].sum(axis=0)
    return np.asarray(closing / MICRO)


def _closing_at(book: Book, months: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the closing MRR of months; 0 before the first customer."""
    at = months - book.engine.extent("M")[0]
    return np.where(at >= 0, _closing(book)[np.maximum(at, 0)], 0.0)


def _net_new_arr(book: Book, spans: Spans) -> NDArray[np.float64]:
    now, then = _closing_at(book, spans.last), _closing_at(book, spans.first - 1)
    return np.asarray(12 * (now - then))


def _over(
    book: Book,
    monthly: NDArray[np.float64],
    spans: Spans,
    first: NDArray[np.int64] | None = None,
    last: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return sums over spans of months; nan where a month is before the book or not recorded."""
    start = book.engine.extent("M")[0]
    begin = (spans.first if first is None else first) - start
    end = (spans.last if last is None else last) - start
    sums = [
        monthly[low : high + 1].sum() if low >= 0 else np.nan
        for low, high in zip(begin.tolist(), end.tolist(), strict=True)
    ]
    return np.array(sums, np.float64)
