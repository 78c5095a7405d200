"""The headline of a result in words, where it is not one value: of a bridge, of groups, of cohorts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.money import (
    counted,
    format_difference,
    format_money,
    format_part,
    format_ratio,
    format_value,
)
from saasmetrics.periods import PER_YEAR, period_text

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.result import Result

_YEAR = {**PER_YEAR, "renewals": 1}
_LEFT = {
    "logos": "of customers are there",
    "net": "of MRR is there",
    "gross": "of MRR is there, expansion left out,",
    "gross_profit": "of gross profit brought by a customer",
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
        "curve": _curve,
        "hazard": _hazard,
        "expansion": _expanded,
        "incidence": _causes,
        "layers": _layers,
        "renewal_calendar": _calendar,
        "renewal_accuracy": _accuracy,
        "tornado": _tornado,
    }
    own = {"concentration": _concentration, "value_path": _path, "support_scorecard": _scores}
    way = own.get(result.metric.id) or ways.get(result.kind)
    if way is not None:
        said = way(result) if len(result.df) else ""
    else:
        said = _groups(result) if result.by and "value" in result.df.columns else ""
    return said or _reason(result)


def _reason(result: Result) -> str:
    """Return why there is no value, "" where nobody says it."""
    if "reason" not in result.df.columns or "value" not in result.df.columns:
        return ""
    rows = last_complete(result.df)
    whys = rows.loc[rows["value"].isna() & (rows["reason"] != ""), "reason"]
    return f"no value: {whys.iloc[-1]}" if len(whys) and rows["value"].isna().all() else ""


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
    if measure == "mrr":
        seen = result.df[result.df["observed"].astype(bool)]
        return f"MRR by age of {counted(seen['cohort'].nunique(), 'cohort')}" if len(seen) else ""
    if measure not in _LEFT or (average is None and not by_value):
        return ""
    nouns = {"D": "day", "W": "week", "M": "month", "Q": "quarter", "Y": "year"}
    noun = nouns.get(freq, "renewal")
    after = counted(_YEAR[freq], noun)
    by = (*result.by, "cohort") if by_value else result.by
    unit = "money" if measure == "gross_profit" else "ratio"
    frame: Any = result.df if by_value else average
    frame = frame[frame["age"] == _YEAR[freq]]
    if by:
        said = span(frame, by, unit, result.context.currency)
        return said and f"{said} {_LEFT[measure]} after {after}"
    found: list[dict[Any, Any]] = frame.to_dict("records")
    if not found:
        return ""
    row = found[0]
    value = format_value(row["value"], unit, result.context.currency)
    said = f"{value} {_LEFT[measure]} after {after}"
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
        f"renewed {of} available to renew in {_when(result, rows)} ({format_part(renewed / due)})"
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
    said = f"{value} of {due} expected to renew {when} ({format_part(row['share'])})"
    return f"{said}, P10 to P90 {low} to {high}"


def _groups(result: Result) -> str:
    rows = last_complete(result.df)
    return span(rows, result.by, result.metric.unit, result.context.currency)


def _at_a_year(result: Result) -> tuple[Any, str]:
    """Return the rows of the age of a year, or of the last age before it, and the age in words."""
    df, freq = result.df, str(result.context.options.get("freq", "months"))
    noun = {"M": "month", "Q": "quarter", "Y": "year"}.get(freq, freq.removesuffix("s"))
    year = {"day": 365, "week": 52, "month": 12, "quarter": 4}.get(noun, 1)
    age = df.loc[(df["age"] <= year) & df["value"].notna(), "age"].max()
    return df[df["age"] == age], counted(int(age), noun) if age == age else ""


def _curve(result: Result) -> str:
    rows, age = _at_a_year(result)
    what = "of MRR is there" if result.context.options.get("weight") == "mrr" else _LEFT["logos"]
    return _of_age(result, rows, age, what)


def _hazard(result: Result) -> str:
    rows, age = _at_a_year(result)
    noun, number = age.split(" ")[1].removesuffix("s") if age else "", age.split(" ")[0]
    said = _of_age(result, rows, age, "")
    return (
        said
        and f"{said.partition(' after ')[0].strip()} of those still there leave in {noun} {number}"
    )


def _expanded(result: Result) -> str:
    rows, age = _at_a_year(result)
    return _of_age(result, rows, age, "have expanded") if "age" in result.df.columns else ""


def _of_age(result: Result, rows: Any, age: str, what: str) -> str:
    """Return the share of an age, of groups the lowest and the highest."""
    if not len(rows) or not age:
        return ""
    value = format_value(float(rows["value"].iloc[0]), "ratio")
    said = span(rows, result.by, "ratio", "") if result.by else value
    return said and f"{said} {what} after {age}"


def _causes(result: Result) -> str:
    if result.by:
        return ""
    rows, age = _at_a_year(result)
    parts = [
        f"{cause} {format_part(value)}"
        for cause, value in zip(rows["cause"], rows["value"], strict=True)
    ]
    return f"left after {age}: {', '.join(parts)}" if parts else ""


def _concentration(result: Result) -> str:
    rows = result.df.dropna(subset="value")
    tops = rows[rows["measure"].str.startswith("top")].tail(1)
    if result.by or not len(tops):
        return ""
    name, value = tops["measure"].iloc[0], float(tops["value"].iloc[0])
    return f"the {name} pay {format_part(value)} of MRR"


def _layers(result: Result) -> str:
    if result.by:
        return ""
    rows = result.df[result.df["period"] == result.df["period"].max()]
    currency, total = result.context.currency, float(rows["value"].sum())
    if not total:
        return ""
    largest: Any = rows.loc[rows["value"].idxmax()]
    cohort = period_text(
        largest["cohort"], str(result.context.options.get("freq", "M")), result.context.fiscal_start
    )
    share = format_part(float(largest["value"]) / total)
    many = counted(int((rows["value"] > 0).sum()), "cohort")
    return f"MRR {format_money(total, currency)} from {many}, {share} of it from that of {cohort}"


def _calendar(result: Result) -> str:
    """Return what comes up for renewal in the quarters shown, by category."""
    df, currency = result.df, result.context.currency
    sums = (
        df.groupby("category", sort=False)["value"].sum()
        if "category" in df.columns
        else df["value"].iloc[:0]
    )
    parts = [
        f"{str(name).replace('_', ' ')} {format_money(float(value), currency)}"
        for name, value in sums.items()
    ]
    when = period_text(df["period"].min(), "Q", result.context.fiscal_start)
    return (
        f"{format_money(float(df['value'].sum()), currency)} to renew from {when} on: {', '.join(parts)}"
        if parts
        else ""
    )


def _accuracy(result: Result) -> str:
    """Return by how much forecasts made before the quarters were wrong, of the earliest horizon."""
    known = result.df.dropna(subset="error")
    if not len(known):
        return ""
    horizon = int(known["horizon"].max())
    rows = known[known["horizon"] == horizon]
    inside = f"{int(rows['inside'].sum())} of {counted(len(rows), 'quarter')} within P10 to P90"
    error = format_ratio(float(rows["error"].abs().mean()))
    return f"off by {error} on average {counted(horizon, 'day')} ahead, {inside}"


def _tornado(result: Result) -> str:
    top: Any = result.df.iloc[0]
    currency = result.context.currency
    low, high = (
        format_difference(float(value), "money", currency)
        for value in sorted((top["change_down"], top["change_up"]))
    )
    lever = result.extra.get("words", {}).get(top["lever"], top["lever"])
    return f"moved most by {lever}: {low} to {high}"


def _path(result: Result) -> str:
    if result.by:
        return ""
    last: Any = result.df.dropna(subset="value").tail(1)
    if not len(last):
        return ""
    age = counted(int(last["age"].iloc[0]) + 1, "month")
    return f"{format_money(float(last['value'].iloc[0]), result.context.currency)} per customer after {age}"


def _scores(result: Result) -> str:
    rows = last_complete(result.df)
    if not len(rows):
        return ""
    who = (
        counted(len(rows), str(result.by[0]).removesuffix("_id").replace("_", " "))
        if result.by
        else "everybody"
    )
    return f"{who} solved {int(rows['solved'].sum()):,} tickets in {_when(result, rows)}"
