"""What the JupyterLab extension is given of the library; the module writes it when it is run.

`python -m saasmetrics_widgets.shipped > widgets/labextension/static/shipped.json`
"""

from __future__ import annotations

import json
import sys
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saasmetrics.catalogue import Metric

TEMPLATES = Path(__file__).parent / "templates"
# Per template its title, which is its file's name, and the ending of the file it writes beside it.
TITLES = {
    "founder": ("Founder explorer", ""),
    "review": ("Retention review", ".html"),
    "board": ("Board pack", ".html"),
    "pack": ("Board pack builder", ""),
    "import": ("Import assistant", ""),
    "check": ("Data check", ""),
}
_LEDGERS = ("subscriptions", "mrr", "invoices")  # the tables that MRR is counted from
_SHORT = 3  # an alias as short as "sub" is part of too many other names


def shipped() -> dict[str, Any]:
    """Return the catalogue, the policies, the templates and the names of files, as data.

    Examples
    --------
    >>> made = shipped()
    >>> [metric["code"] for metric in made["metrics"] if metric["id"] == "nrr"]
    ['sm.retention.nrr(book)']
    """
    from saasmetrics.metrics.all import CATALOGUE
    from saasmetrics.policy import Policy

    metrics = sorted(CATALOGUE.values(), key=lambda metric: metric.name.lower())
    policies = [{"name": name, "title": Policy.named(name).title} for name in Policy.presets()]
    return {
        "metrics": [_metric(metric) for metric in metrics],
        "policies": policies,
        "templates": {name: template(name) for name in TITLES},
        "files": {"suffixes": _suffixes(), "ledgers": _ledgers()},
    }


def template(id: str) -> dict[str, Any]:
    """Return a template: its title, the ending of the file it writes, and the notebook.

    Parameters
    ----------
    id
        "founder", "review", "board", "pack", "import" or "check".

    Examples
    --------
    >>> template("founder")["title"]
    'Founder explorer'
    """
    title, writes = TITLES[id]
    notebook = json.loads((TEMPLATES / f"{id}.ipynb").read_text(encoding="utf-8"))
    return {"title": title, "writes": writes, "notebook": notebook}


def _metric(metric: Metric) -> dict[str, Any]:
    from saasmetrics.metrics.glossary import call, topic

    return {
        "id": metric.id,
        "name": metric.name,
        "abbr": metric.abbr,
        "topic": topic(metric),
        "unit": metric.unit,
        "better": metric.better,
        "meaning": metric.meaning,
        "formula": metric.formula,
        "missing": metric.missing,
        "options": _options(metric),
        "choices": _choices(metric),
        "sources": list(metric.sources),
        "version": metric.version,
        "signature": call(metric),
        "code": _code(metric),
    }


def _options(metric: Metric) -> dict[str, dict[str, str]]:
    """Return per option what each of its values means, where the values are named."""
    return {
        option: {str(value): str(said) for value, said in words.items()}
        for option, words in metric.options.items()
        if not isinstance(words, str)
    }


def _choices(metric: Metric) -> dict[str, str]:
    """Return the policy choices behind a metric with their titles."""
    from saasmetrics.policy import choices

    return {choice: str(choices()[choice]["title"]) for choice in metric.choices}


def _code(metric: Metric) -> str:
    """Return the shortest call; what else must be said is left to fill in."""
    from saasmetrics.calls import public
    from saasmetrics.metrics.glossary import call

    if metric.id == "check":
        return call(metric)
    needed = [p for p in signature(metric.function).parameters.values() if p.default is p.empty]
    words = [p.name if p.name == "book" else f"{p.name}=..." for p in needed]
    return f"sm.{public(metric.function)}({', '.join(words)})"


def _suffixes() -> list[str]:
    """Return the endings of files that are surely tables; a .txt file may be anything."""
    from saasmetrics.tables.files import SUFFIXES

    return [suffix for suffix in SUFFIXES if suffix != ".txt"]


def _ledgers() -> list[str]:
    from saasmetrics.tables import SCHEMA
    from saasmetrics.tables.names import fold

    aliases = {fold(alias) for name in _LEDGERS for alias in SCHEMA[name].aliases}
    return sorted({*_LEDGERS, *(alias for alias in aliases if len(alias) > _SHORT)})


if __name__ == "__main__":
    sys.stdout.write(json.dumps(shipped(), ensure_ascii=False, indent=1) + "\n")
