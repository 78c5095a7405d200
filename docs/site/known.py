"""Where the site has what: the page of each metric and of each public name."""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from typing import Any

TITLES = {
    "revenue": "Revenue",
    "retention": "Retention",
    "renewals": "Renewals",
    "economics": "Unit economics",
    "survival": "Survival",
    "forecast": "Forecast",
    "support": "Support",
    "surveys": "Surveys",
    "success": "Customer success",
    "capacity": "Capacity",
    "quality": "Data quality",
}
API = {
    "saasmetrics": "Books, policies, results",
    **{f"saasmetrics.{name}": title for name, title in TITLES.items() if name != "quality"},
    "saasmetrics.definitions": "Definitions side by side",
    "saasmetrics.formulas": "Formulas on numbers",
    "saasmetrics.board": "Board pack",
    "saasmetrics.importers": "Importers",
    "saasmetrics.cache": "Results kept",
    "saasmetrics_widgets": "Widgets",
}


@cache
def metrics() -> dict[str, list[Any]]:
    """Return the metrics by topic, in the order of the topics and of their names."""
    from saasmetrics.metrics.all import CATALOGUE
    from saasmetrics.metrics.glossary import topic

    found: dict[str, list[Any]] = {name: [] for name in TITLES}
    for metric in sorted(CATALOGUE.values(), key=lambda metric: metric.name.lower()):
        found[topic(metric)].append(metric)
    return found


def members(module: str) -> dict[str, Any]:
    """Return the public functions and classes of a module that the reference lists, by name."""
    import saasmetrics as sm

    if module.startswith("saasmetrics."):
        home = getattr(sm, module.partition(".")[2])
    else:
        home = importlib.import_module(module)
    named = {name: getattr(home, name) for name in home.__all__}
    found = {n: t for n, t in named.items() if inspect.isroutine(t) or inspect.isclass(t)}
    return dict(sorted(found.items(), key=lambda one: one[0].lower()))


@cache
def places() -> dict[str, str]:
    """Return where each public name is explained: "sm.retention.nrr" -> "metrics/nrr.html"."""
    from saasmetrics.calls import public

    found = {}
    for module in API:
        for name in members(module):
            found[called(module, name)] = f"{place(module)}#{name}"
    for metric in (metric for topic in metrics().values() for metric in topic):
        found[f"sm.{public(metric.function)}"] = f"metrics/{metric.id}.html"
    return found | {"book.check": "metrics/check.html"}


def called(module: str, name: str) -> str:
    """Return how a public name is written in code.

    Examples
    --------
    >>> called("saasmetrics.retention", "nrr"), called("saasmetrics_widgets", "to_html")
    ('sm.retention.nrr', 'saasmetrics_widgets.to_html')
    """
    short = "sm" if module == "saasmetrics" else module.replace("saasmetrics.", "sm.")
    return f"{short}.{name}"


def place(module: str) -> str:
    """Return the page of the reference of a module."""
    name = module.removeprefix("saasmetrics.")
    return f"api/{'core' if name == 'saasmetrics' else name.replace('saasmetrics_', '')}.html"
