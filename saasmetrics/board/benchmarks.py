"""Published figures beside our own, for context: each with source, year, how many answered, and its definition.

A figure is shown only where our definition is the same as the published one; unlike ones are never compared.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saasmetrics.board.making import Making


@cache
def benchmarks() -> tuple[dict[str, Any], ...]:
    """Return the published figures.

    Examples
    --------
    >>> benchmarks()[0]["definition"]
    'Sales and marketing spend / new ARR of new customers'
    """
    text = files("saasmetrics.board").joinpath("benchmarks.json").read_text(encoding="utf-8")
    return tuple(json.loads(text))


def alike(benchmark: dict[str, Any], options: dict[str, Any], policy: Any) -> bool:
    """Return whether a figure was published for the definition that ours has: same options, same choices.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> entry = {"requires": {"options": {"window": "12 months"}, "choices": {}}}
    >>> alike(entry, {"window": "3 months"}, sm.Policy())
    False
    """
    needs = benchmark["requires"]
    same = all(str(options.get(name)) == str(value) for name, value in needs["options"].items())
    return same and all(getattr(policy, name) == value for name, value in needs["choices"].items())


def context(making: Making, metric: str) -> str:
    """Return the published figure beside a metric in words, "" where there is none of the same definition."""
    result = making.sources.get(metric)
    if result is None or not making.settings.benchmarks:
        return ""
    for entry in benchmarks():
        if entry["metric"] == metric and alike(
            entry, dict(result.context.options), result.context.policy
        ):
            n = f"n = {entry['n']:,}" if entry["n"] else "n not published"
            return f"{entry['label']} {entry['text']} ({entry['source']}, {entry['year']}, {n})"
    return ""
