"""Whose definitions differ where: every choice under every preset, from the data of the presets."""

from __future__ import annotations

from html import escape
from typing import Any

from docs.site import shown
from docs.site.metric_pages import DEMO, alternatives
from docs.site.page import Page

# The numbers that tell presets apart on the demo company.
_TOLD = {
    "MRR": ("revenue", "mrr", {}),
    "NRR, 12 months": ("retention", "nrr", {"window": 12}),
    "GRR, 12 months": ("retention", "grr", {"window": 12}),
    "Logo churn, a month": ("retention", "logo_churn", {"window": 1}),
    "Gross churn, a month": ("retention", "gross_churn", {"window": 1}),
    "Net churn, a month": ("retention", "net_churn", {"window": 1}),
    "Quick ratio": ("revenue", "quick_ratio", {}),
}


def page() -> Page:
    """Return the page on policies."""
    parts = [
        f'<h2 id="numbers">The same company, by each of them</h2>{_numbers()}',
        f'<h2 id="choices">Every choice, side by side</h2>{_side_by_side()}',
        f'<h2 id="alternatives">What each choice can be</h2><dl class="names">{_alternatives()}</dl>',
        f'<h2 id="presets">The presets</h2>{_presets()}',
    ]
    summary = "Every choice under every preset, what it does to the numbers, and what each alternative means."
    return Page(
        "policies.html",
        "Policies compared",
        summary,
        "".join(parts),
        words="definition choice preset G1 G16",
    )


def _names() -> list[str]:
    """Return the presets, the default first."""
    from saasmetrics.policy import presets

    return sorted(presets(), key=lambda name: name != "default")


def _numbers() -> str:
    import pandas as pd

    import saasmetrics as sm

    book = sm.demo(customers=300, seed=7)
    rows = []
    for name in _names():
        read = book.with_policy(name)
        found = {
            title: getattr(getattr(sm, topic), metric)(read, **options).text
            for title, (topic, metric, options) in _TOLD.items()
        }
        rows.append({"policy": name, **found})
    intro = f"<p><code>{escape(DEMO)}</code>, as of {book.as_of_text}: one set of customers in every row.</p>"
    return intro + shown.frame(pd.DataFrame(rows))


def _side_by_side() -> str:
    from saasmetrics.policy import Policy, choices

    default, policies = Policy(), [Policy.named(name) for name in _names()]
    head = "".join(
        f'<th scope="col"><a href="policies.html#preset-{p.name}">{p.name}</a></th>'
        for p in policies
    )
    rows = []
    for name, info in choices().items():
        cells = "".join(
            _cell(getattr(p, name), getattr(default, name), p.sentence(name)) for p in policies
        )
        rows.append(
            f'<tr><th scope="row"><a href="policies.html#{name}">{escape(info["title"])}</a> '
            f"<span>{escape(info['rule'])}</span></th>{cells}</tr>"
        )
    top = f'<thead><tr><th scope="col">Choice</th>{head}</tr></thead>'
    table = f'<table class="matrix">{top}<tbody>{"".join(rows)}</tbody></table>'
    intro = (
        "<p>A dot is the choice of the default; what differs is written out. "
        "Hover over it, or follow its name, for the meaning.</p>"
    )
    return intro + shown.scrolled("Choices by preset", table, "table")


def _cell(value: Any, default: Any, sentence: str) -> str:
    if value == default:
        return '<td class="same"><span aria-label="as the default">·</span></td>'
    return f'<td title="{escape(sentence)}">{escape(str(value)).replace("_", "_<wbr>")}</td>'


def _alternatives() -> str:
    from saasmetrics.policy import choices

    return "".join(
        f'<dt id="{name}">{escape(info["title"])} <code>{name}</code> <span>{escape(info["rule"])}</span></dt>'
        f"<dd><ul>{alternatives(name)}</ul></dd>"
        for name, info in choices().items()
    )


def _presets() -> str:
    from saasmetrics.policy import Policy

    base = Policy()
    parts = []
    for policy in map(Policy.named, _names()):
        changed = "".join(
            f"<li><code>{choice}={escape(repr(value))}</code> {escape(policy.sentence(choice))}</li>"
            for choice, (_, value) in base.differences(policy).items()
        )
        body = (
            f"<ul>{changed}</ul>" if changed else "<p>It is what the others are compared with.</p>"
        )
        for title, words in (
            ("Where it differs from the tool", policy.limits),
            ("Sources", policy.sources),
        ):
            items = "".join(f"<li>{escape(word)}</li>" for word in words)
            body += f'<p class="label">{title}</p><ul>{items}</ul>' if items else ""
        parts.append(
            f'<h3 id="preset-{policy.name}">{escape(policy.title)} <code>{policy.name}</code></h3>{body}'
        )
    return "".join(parts)
