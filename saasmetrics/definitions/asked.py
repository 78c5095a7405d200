"""Which metric is asked for, under which policies: checked, and in the form that the rest expects."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import one_of
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.policy import DATA_CHOICES, Policy, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from saasmetrics.book import Book
    from saasmetrics.catalogue import Metric
    from saasmetrics.result import Result

_ONE_PERIOD = "logo_churn"  # most of its methods count the departures of one period
_ONE_NUMBER = (
    "series",
    "verdict",
    "table",
    "worth",
    "renewal_rates",
)  # kinds of one number per period
_SPAN = ("window", "month", "open_period")  # choices that every rate reads

# Values of choices under which a number is no sum over customers taken apart.
_TOGETHER: dict[str, set[str]] = {
    "grr": {"cohort_total", "total"},
    "gross_churn": {"daily_sum"},
    "net_churn": {"daily_sum"},
    "logo_churn": {"daily_sum"},
}


def metric_of(metric: str | Callable[..., Result]) -> Metric:
    """Return the catalogue entry of a metric given by its id or as its function.

    Raises
    ------
    UnknownNameError
        If there is no such metric.
    """
    from saasmetrics.metrics.all import CATALOGUE

    for entry in CATALOGUE.values():
        if metric == entry.id or metric is entry.function:
            return entry
    raise UnknownNameError.of("metric", getattr(metric, "__name__", metric), CATALOGUE)


def policy_of(book: Book, policy: str | Policy | Mapping[str, Any]) -> Policy:
    """Return a policy given as itself, by name, or as choices that change the book's."""
    if isinstance(policy, Mapping):
        return book.policy.changed(**{str(choice): value for choice, value in policy.items()})
    return resolve(policy)


def named(policies: Iterable[Policy]) -> tuple[Policy, ...]:
    """Return policies whose names tell them apart: equal names of different policies are numbered."""
    out: list[Policy] = []
    for policy in policies:
        name, number = policy.name, 1
        while any(other.name == name and other != policy for other in out):
            number += 1
            name = f"{policy.name} {number}"
        out.append(policy if name == policy.name else policy.changed(name=name))
    return tuple(dict.fromkeys(out))


def completed(
    metric: Metric, policies: Iterable[Policy], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the options of a call, with no interval unless asked for and a window that every policy takes."""
    known = signature(metric.function).parameters
    for name in options:
        one_of(f"option of {metric.name}", name, [*known][1:])
    out = dict(options)
    if "interval" in known:
        out.setdefault("interval", None)
    if metric.id == _ONE_PERIOD and any(p.logo_churn != "opening" for p in policies):
        out.setdefault("window", 1)
    return out


def freq_of(metric: Metric, options: Mapping[str, Any]) -> str:
    """Return the frequency of the periods of a call."""
    usual = signature(metric.function).parameters
    return str(options.get("freq", usual["freq"].default if "freq" in usual else "M"))


def result(book: Book, metric: Metric, policy: Policy, options: Mapping[str, Any]) -> Result:
    """Return the metric of a book under a policy."""
    found: Result = metric.function(book.with_policy(policy), **options)
    return found


def deciding(metric: Metric, a: Policy, b: Policy) -> tuple[str, ...]:
    """Return the choices that two policies make differently and that can decide the metric."""
    mine = {*DATA_CHOICES, *metric.choices, *_SPAN}
    return tuple(choice for choice in a.differences(b) if choice in mine)


def together(metric: Metric, a: Policy, b: Policy, options: Mapping[str, Any]) -> bool:
    """Return whether customers must be counted together, since what one adds depends on the others."""
    named = options.get("method")
    return any(
        {getattr(a, choice), getattr(b, choice), named} & _TOGETHER[choice]
        for choice in metric.choices
        if choice in _TOGETHER
    )


def refuse(found: Result) -> DataError:
    """Return the error for a result that has no customers behind each number, with what to ask instead."""
    metric = found.metric
    if comparable(found):
        instead = f'definitions.compare(book, "{metric.id}", [...]) sets the numbers side by side.'
    else:
        instead = 'Take one number that is one, such as "mrr" or "nrr".'
    return DataError(
        f"{metric.name} is not a sum over customers, so the difference cannot be told customer by customer. {instead}"
    )


def comparable(found: Result) -> bool:
    """Return whether a result is one number per period."""
    return "value" in found.df.columns and found.kind in _ONE_NUMBER
