"""The glossary of all metrics as Markdown; `python -m saasmetrics.metrics.glossary > METRICS.md` writes it."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING

from saasmetrics.calls import public
from saasmetrics.policy import Policy, choices

if TYPE_CHECKING:
    from saasmetrics.catalogue import Metric

_HEAD = """# Metrics

Generated from the catalogue; do not edit. Every number carries its numerator, denominator, interval and the rows
behind it; the choices named below are those of the policy, with the default first.
"""


def glossary() -> str:
    """Return the definitions of all metrics and of all policy choices as Markdown.

    Examples
    --------
    >>> "## Net revenue retention (NRR)" in glossary()
    True
    """
    from saasmetrics.metrics.all import CATALOGUE

    entries = sorted(CATALOGUE.values(), key=lambda m: (topic(m), m.name))
    return "\n".join([_HEAD, *map(_entry, entries), _policy()])


def topic(metric: Metric) -> str:
    """Return the part of the library that a metric belongs to, such as "retention"."""
    return public(metric.function).split(".")[0]


def _entry(metric: Metric) -> str:
    title = f"{metric.name} ({metric.abbr})" if metric.abbr else metric.name
    lines = [f"## {title}", "", metric.meaning, "", f"- **Formula:** {metric.formula}"]
    lines += [
        f"- **Missing:** {metric.missing}",
        f"- **Unit:** {metric.unit}; better: {metric.better}",
    ]
    for option, words in metric.options.items():
        if not isinstance(words, str):
            lines.append(f"- **{option}:** " + "; ".join(f"`{k}`: {v}" for k, v in words.items()))
    if metric.choices:
        lines.append(
            "- **Policy choices:** " + ", ".join(f"`{choice}`" for choice in metric.choices)
        )
    lines.append(
        f"- **Sources:** {'; '.join(metric.sources)} (`{metric.id}`, version {metric.version})"
    )
    lines.append(f"- `{call(metric)}`")
    return "\n".join([*lines, ""])


def call(metric: Metric) -> str:
    """Return how a metric is called, with every argument and its default."""
    if metric.id == "check":
        return "book.check()"
    shown = [
        str(p).split(":")[0] if p.default is p.empty else f"{p.name}={p.default!r}"
        for p in inspect.signature(metric.function).parameters.values()
    ]
    return f"sm.{public(metric.function)}({', '.join(shown)})"


def _policy() -> str:
    lines = ["# Policy choices", ""]
    default = Policy()
    for name, info in choices().items():
        lines.append(f"## `{name}`: {info['title']} ({info['rule']})")
        lines.append("")
        value = getattr(default, name)
        if "options" in info:
            ordered = sorted(info["options"], key=lambda option: option != value)
            lines += [f"- `{option}`: {info['options'][option]}" for option in ordered]
        else:
            lines.append(f"- `{value}`: {default.sentence(name)}")
            lines.append(f"- a number: {info['number'].format(value='n')}")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(glossary())
