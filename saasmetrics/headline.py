"""The headline of a result in words, where it is not one value: of a bridge, of groups, of cohorts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.money import counted, format_difference, format_money, format_ratio, format_value
from saasmetrics.periods import PER_YEAR, period_text

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.result import Result

_YEAR = {**PER_YEAR, "renewals": 1}
_LEFT = {
    "logos": "of customers are there",
    "net": "of MRR is there",
    "gross": "of MRR is there, expansion left out,",
}


def in_words(result: Result) -> str:
    """Return the headline of a result that is not one value; "" where there is none.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.Book(mrr={"customer_id": ["a", "a"], "month": ["2026-01", "2026-02"], "mrr": [100, 80]})
    >>> in_words(sm.revenue.bridge(book))
    'closing MRR $80 in Feb 2026, residual 0'
    """
    ways = {
        "bridge": _bridge,
        "movements": _movements,
        "subtypes": _movements,
        "balances": _balances,
        "cohorts": _cohorts,
        "ages": _cohorts,
        "renewal_cohorts": _cohorts,
        "atr_waterfall": _waterfall,
        "renewal_forecast": _forecast,
    }
    if result.kind in ways:
        return ways[result.kind](result) if len(result.df) else ""
    return _groups(result) if result.by and "value" in result.df.columns else ""


def last_complete(df: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last complete period; all rows where there are no periods."""
    if "complete" in df.columns:
        df = df[df["complete"].to_numpy(bool)]
    return df[df["period"] == df["period"].max()] if "period" in df.columns else df


def span(df: pd.DataFrame, by: tuple[str, ...], unit: str, currency: str) -> str:
    """Return the values of groups from the lowest to the highest, with the names of both."""
    known = df[df["value"].notna()]
    if not len(known) or known.duplicated([*by]).any():
        return ""
    values = known["value"].to_numpy(float)
    ends = [known.iloc[int(at)] for at in (values.argmin(), values.argmax())]
    said = [
        f"{format_value(float(row['value']), unit, currency)} ({' · '.join(str(row[n]) for n in by)})"
        for row in ends
    ]
    return " to ".join(dict.fromkeys(said))


def _when(result: Result, rows: pd.DataFrame) -> str:
    freq = str(result.context.options.get("freq", "M"))
    return period_text(rows["period"].iloc[0], freq, result.context.fiscal_start)


def _bridge(result: Result) -> str:
    rows = last_complete(result.df)
    if not len(rows):
        return ""
    currency = result.context.currency
    rest = float(rows["residual"].sum())
    residual = format_money(rest, currency) if rest else "0"
    closing = format_money(float(rows["closing"].sum()), currency)
    return f"closing MRR {closing} in {_when(result, rows)}, residual {residual}"


def _movements(result: Result) -> str:
    rows = last_complete(result.df)
    if not len(rows):
        return ""
    currency = result.context.currency
    sums = rows.groupby("movement", sort=False)["value"].sum()
    parts = [
        f"{name} {format_difference(float(value), 'money', currency)}"
        for name, value in sums.items()
        if value
    ]
    return f"{', '.join(parts) or 'no movement'} in {_when(result, rows)}"


def _balances(result: Result) -> str:
    rows = last_complete(result.df)
    if not len(rows):
        return ""
    currency = result.context.currency
    sums = {name: float(rows[name].sum(min_count=1)) for name in ("live", "committed")}
    live, committed = (format_money(value, currency) for value in sums.values())
    return f"live MRR {live}, committed {committed} in {_when(result, rows)}"


def _cohorts(result: Result) -> str:
    average, options = result.extra.get("average"), result.context.options
    freq, measure = str(options.get("freq", "renewals")), str(options.get("measure", ""))
    by_value = result.kind == "ages"
    if measure not in _LEFT or (average is None and not by_value):
        return ""
    nouns = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}
    noun = nouns.get(freq, "renewal")
    after = counted(_YEAR[freq], noun)
    by = (*result.by, "cohort") if by_value else result.by
    frame: Any = result.df if by_value else average
    frame = frame[frame["age"] == _YEAR[freq]]
    if by:
        said = span(frame, by, "ratio", result.context.currency)
        return said and f"{said} {_LEFT[measure]} after {after}"
    found: list[dict[Any, Any]] = frame.to_dict("records")
    if not found:
        return ""
    row = found[0]
    said = f"{format_value(row['value'], 'ratio')} {_LEFT[measure]} after {after}"
    return (
        f"{said}, average of {counted(int(row['cohorts']), 'cohort')}" if "cohorts" in row else said
    )


def _waterfall(result: Result) -> str:
    """Return what was renewed in the last period that is decided and in which anything came up."""
    df = result.df
    rows = last_complete(df[df["complete"] & df["period"].isin(df.loc[df["atr"] > 0, "period"])])
    if not len(rows):
        return ""
    due, renewed = (float(rows[name].sum()) for name in ("atr", "renewed"))
    currency = result.context.currency
    of = f"{format_money(renewed, currency)} of {format_money(due, currency)}"
    return (
        f"renewed {of} available to renew in {_when(result, rows)} ({format_ratio(renewed / due)})"
    )


def _forecast(result: Result) -> str:
    """Return what is expected of all the quarters, and how surely; of groups the lowest and the highest."""
    currency = result.context.currency
    rows = result.df[result.df["periods"] == result.df["periods"].max()]
    first, many = rows["period"].iloc[0], int(rows["periods"].iloc[0])
    when = period_text(first, "Q", result.context.fiscal_start)
    when = f"in {when}" if many == 1 else f"in the {many} quarters from {when}"
    if result.by:
        said = span(rows, result.by, "money", currency)
        return said and f"{said} expected to renew {when}"
    row = rows.iloc[-1]
    if row["value"] != row["value"]:
        return ""
    value, due, low, high = (
        format_money(row[name], currency) for name in ("value", "atr", "p10", "p90")
    )
    said = f"{value} of {due} expected to renew {when} ({format_ratio(row['share'])})"
    return f"{said}, P10 to P90 {low} to {high}"


def _groups(result: Result) -> str:
    rows = last_complete(result.df)
    return span(rows, result.by, result.metric.unit, result.context.currency)
