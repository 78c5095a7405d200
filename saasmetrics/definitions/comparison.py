"""The same metric under several policies, side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import listed, one_of
from saasmetrics.calls import recorded
from saasmetrics.definitions.asked import (
    comparable,
    completed,
    deciding,
    metric_of,
    named,
    policy_of,
    result,
)
from saasmetrics.errors import DataError
from saasmetrics.headline import last_complete, span
from saasmetrics.money import format_value
from saasmetrics.policy import told_apart
from saasmetrics.proof.cell import BY_POLICY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.catalogue import Metric
    from saasmetrics.policy import Policy
    from saasmetrics.result import Result

_COLUMNS = ("value", "numerator", "denominator", "n", "reason", "complete", "low", "high")
_UNSHARED = "What they do not share"


@recorded
def compare(
    book: Book,
    metric: str | Callable[..., Result],
    policies: Iterable[str | Policy | Mapping[str, Any]],
    **options: Any,
) -> Result:
    """Return a metric under each of several policies, over time, with what stands above and below the line.

    Parameters
    ----------
    book
        The company's tables.
    metric
        Id of a metric in the catalogue, such as "nrr", or its function.
    policies
        Names of presets, policies, or choices that change the book's policy, such as {"grr": "total"}.
    **options
        Options of the metric, such as window, freq, by or interval. There is no interval unless asked for.

    Returns
    -------
    Result
        policy, period, by-columns, value, numerator, denominator, n, reason, complete. `extra["policies"]` holds the
        policies and `extra["differences"]` what each says on the choices that they do not share. In a notebook the
        last complete period is shown side by side, with what is not shared.

    Raises
    ------
    UnknownNameError
        If there is no such metric, policy or option.
    DataError
        If the metric is not one number per period, or no policy is given.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> book = sm.demo(customers=60)
    >>> made = sm.definitions.compare(book, "nrr", ["default", {"reactivation": "in"}])
    >>> made.df["policy"].unique().tolist()
    ['default', 'default*']
    """
    entry = metric_of(metric)
    given = [policies] if isinstance(policies, str) else listed("policies", policies, "policies")
    asked = named(policy_of(book, policy) for policy in given)
    if not asked:
        msg = 'Name at least one policy to compare, such as ["default", "stripe"].'
        raise DataError(msg)
    shortened = "window" not in options
    options = completed(entry, asked, options)
    shortened = shortened and "window" in options
    found = [result(book, entry, policy, options) for policy in asked]
    if not comparable(found[0]):
        msg = f"{entry.name} is not one number per period, so it cannot be compared; ask for a rate or an amount."
        raise DataError(msg)
    by_policy = dict(zip((policy.name for policy in asked), found, strict=True))
    notes = [f"Policies: {', '.join(f'{one.name} v{one.version}' for one in asked)}"]
    if shortened:
        notes.append("Windows are one period, as some of these policies count departures of one")
    notes += _notes(by_policy)
    df, differences = _joined(found, asked), told_apart(asked)
    tables = _side_by_side(df, entry, found[0].by, book.currency)
    can_decide = {c for one in asked for other in asked for c in deciding(entry, one, other)}
    told = differences[differences["choice"].isin(can_decide)]
    if len(told):
        tables[_UNSHARED] = told.drop(columns=["choice"])
        notes[0] += f"; the table “{_UNSHARED}” says each one's choices"
    return replace(
        found[0],
        df=df,
        kind="comparison",
        context=replace(found[0].context, policy=asked[0], options=_shared(found)),
        notes=tuple(notes),
        extra={
            "policies": asked,
            "differences": differences,
            "tables": tables,
            "headline": _headline(df, entry, found[0].by, book.currency),
            BY_POLICY: by_policy,
        },
        drill=_drill(by_policy),
        trace=None,
    )


def _notes(found: Mapping[str, Result]) -> list[str]:
    """Return what results say beside their numbers, each once, and of which policies where not of all."""
    said: dict[str, list[str]] = {}
    for name, each in found.items():
        for note in dict.fromkeys(each.notes):
            said.setdefault(note, []).append(name)
    return [
        note if len(names) == len(found) else f"{note} ({', '.join(names)})"
        for note, names in said.items()
    ]


def _side_by_side(
    df: pd.DataFrame, metric: Metric, by: Iterable[str], currency: str
) -> dict[str, pd.DataFrame]:
    """Return what each policy says for the last complete period, with numerator and denominator beside, by title."""
    import pandas as pd

    if not len(df):
        return {}
    last = _last(df)
    shown = last[["policy", *by]].assign(
        value=[format_value(value, metric.unit, currency) for value in last["value"]]
    )
    for name in ("numerator", "denominator", "n"):
        if name in last.columns:
            shown[name] = [
                "–" if value != value else f"{value:,.0f}" for value in last[name].astype(float)
            ]
    if "reason" in last.columns and (last["reason"].fillna("") != "").any():
        shown["reason"] = last["reason"].fillna("")
    if "period" not in last.columns:
        return {"Side by side": shown}
    return {f"Side by side, period of {pd.Timestamp(last['period'].iloc[0]):%Y-%m-%d}": shown}


def _last(df: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last complete period, or of the last one where none is."""
    return last_complete(
        df
        if "complete" in df.columns and df["complete"].any()
        else df.drop(columns="complete", errors="ignore")
    )


def _headline(df: pd.DataFrame, metric: Metric, by: tuple[str, ...], currency: str) -> str:
    """Return what each policy says in words, or why it says nothing."""
    said = []
    for policy, rows in _last(df).groupby("policy", sort=False):
        if by:
            said.append(f"{span(rows, by, metric.unit, currency) or 'missing'} by {policy}")
            continue
        row = rows.iloc[-1].to_dict()
        value, reason = row["value"], str(row.get("reason") or "no reason known")
        text = format_value(value, metric.unit, currency) if value == value else "missing"
        said.append(f"{text} ({policy}{'' if value == value else f': {reason}'})")
    if not said:
        return "no period yet"
    join = " to " if len(said) == 2 and not by else ", "
    return f"{metric.abbr or metric.name} {join.join(said)}"


def _shared(found: list[Result]) -> dict[str, Any]:
    """Return the options that all results were computed with: a window may be 12 months here and 360 days there."""
    options = [each.context.options for each in found]
    return {k: v for k, v in options[0].items() if all(other.get(k) == v for other in options)}


def _joined(found: list[Result], policies: tuple[Policy, ...]) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for each, policy in zip(found, policies, strict=True):
        named_by = [name for name in ("period", *each.by) if name in each.df.columns]
        kept = [name for name in _COLUMNS if name in each.df.columns]
        parts.append(each.df[[*named_by, *kept]].assign(policy=policy.name))
    out = pd.concat(parts, ignore_index=True)
    return out[["policy", *[name for name in out.columns if name != "policy"]]]


def _drill(found: Mapping[str, Result]) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows`: the customers of one policy's cell."""

    def rows(policy: str, period: Any = None, **group: Any) -> pd.DataFrame:
        one_of("policy in this comparison", policy, found)
        cell = {**group} if period is None else {"period": period, **group}
        return found[policy].rows(**cell)

    return rows
