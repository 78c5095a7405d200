"""The same metric under several policies, side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from saasmetrics.definitions.asked import completed, metric_of, named, policy_of, result
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.policy import choices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.policy import Policy
    from saasmetrics.result import Result

_COLUMNS = ("value", "numerator", "denominator", "n", "reason", "complete", "low", "high")


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
        policies and `extra["differences"]` what each says on the choices that they do not share.

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
    if isinstance(policies, (str, bytes)):
        policies = [policies]
    asked = named(policy_of(book, policy) for policy in policies)
    if not asked:
        msg = 'Name at least one policy to compare, such as ["default", "stripe"].'
        raise DataError(msg)
    options = completed(entry, asked, options)
    found = [result(book, entry, policy, options) for policy in asked]
    if "value" not in found[0].df.columns or found[0].kind not in (
        "series",
        "verdict",
        "table",
        "renewal_rates",
    ):
        msg = f"{entry.name} is not one number per period, so it cannot be compared; ask for a rate or an amount."
        raise DataError(msg)
    notes = [f"Policies: {'; '.join(map(str, asked))}"]
    notes += dict.fromkeys(note for each in found for note in each.notes)
    return replace(
        found[0],
        df=_joined(found, asked),
        kind="comparison",
        context=replace(found[0].context, policy=asked[0]),
        notes=tuple(notes),
        extra={"policies": asked, "differences": _differences(asked)},
        drill=_drill(dict(zip((p.name for p in asked), found, strict=True))),
    )


def _joined(found: list[Result], policies: tuple[Policy, ...]) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for each, policy in zip(found, policies, strict=True):
        named_by = [name for name in ("period", *each.by) if name in each.df.columns]
        kept = [name for name in _COLUMNS if name in each.df.columns]
        parts.append(each.df[[*named_by, *kept]].assign(policy=policy.name))
    out = pd.concat(parts, ignore_index=True)
    return out[["policy", *[name for name in out.columns if name != "policy"]]]


def _differences(policies: tuple[Policy, ...]) -> pd.DataFrame:
    """Return the choices on which the policies do not all agree: one row per choice, one column per policy."""
    import pandas as pd

    rows = []
    for choice, info in choices().items():
        if len({getattr(policy, choice) for policy in policies}) > 1:
            said = {policy.name: policy.sentence(choice) for policy in policies}
            rows.append({"choice": choice, "rule": info["rule"], "title": info["title"], **said})
    columns = ["choice", "rule", "title", *(policy.name for policy in policies)]
    return pd.DataFrame(rows, columns=columns)


def _drill(found: Mapping[str, Result]) -> Callable[..., pd.DataFrame]:
    """Return the function behind `Result.rows`: the customers of one policy's cell."""

    def rows(policy: str, period: Any = None, **group: Any) -> pd.DataFrame:
        if policy not in found:
            raise UnknownNameError.of("policy in this comparison", policy, found)
        cell = {**group} if period is None else {"period": period, **group}
        return found[policy].rows(**cell)

    return rows
