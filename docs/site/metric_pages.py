"""The reference of a metric: what the catalogue says, its parameters, and what it says of the demo company."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docs.site import docstrings, known, shown
from docs.site.page import Page
from docs.site.text import call_block, code_block, inline, markdown, output

if TYPE_CHECKING:
    from saasmetrics.catalogue import Metric
    from saasmetrics.result import Result

CALLS = Path(__file__).parent / "calls.json"
DEMO = "book = sm.demo(customers=300, seed=7)"
_BETTER = {"higher": "more is better", "lower": "less is better", "neutral": "neither is better"}


def call(metric: Metric) -> str:
    """Return the call that the page of a metric runs: the shortest one, or that of calls.json."""
    from saasmetrics_widgets.shipped import shipped

    given = json.loads(CALLS.read_text(encoding="utf-8"))
    if metric.id in given:
        return str(given[metric.id])
    return str(next(one["code"] for one in shipped()["metrics"] if one["id"] == metric.id))


def page(metric: Metric) -> Page:
    """Return the page of a metric."""
    from saasmetrics.metrics.glossary import topic

    title = f"{metric.name} ({metric.abbr})" if metric.abbr else metric.name
    parts = [
        _facts(metric),
        f'<h2 id="formula">Formula</h2><p class="formula">{inline(metric.formula)}</p>',
        f'<h2 id="missing">When there is no value</h2><p>{inline(metric.missing)}</p>',
        _example(metric),
        _parameters(metric),
        _choices(metric),
        _small(metric),
        _sources(metric),
    ]
    words = " ".join([metric.id, metric.abbr, topic(metric), metric.function.__name__])
    return Page(
        f"metrics/{metric.id}.html", title, metric.meaning, "".join(parts), topic(metric), words
    )


def _facts(metric: Metric) -> str:
    from saasmetrics.calls import public

    name = "book.check" if metric.id == "check" else f"sm.{public(metric.function)}"
    facts = {
        "Function": f"<code>{name}</code>",
        "Unit": escape(metric.unit),
        "Direction": _BETTER[metric.better],
        "Id": f"<code>{metric.id}</code>, version {metric.version}",
    }
    items = "".join(f"<div><dt>{name}</dt><dd>{said}</dd></div>" for name, said in facts.items())
    return f'<dl class="facts">{items}</dl>'


def _example(metric: Metric) -> str:
    code = call(metric)
    found = _run(code)
    shown_code = f"import saasmetrics as sm\n\n{DEMO}\n{code}"
    return (
        '<h2 id="example">Example</h2>'
        f"{code_block(shown_code, 'python')}{output(shown.result(found, 'p-'))}"
    )


def _run(code: str) -> Result:
    import saasmetrics as sm

    names: dict[str, Any] = {"sm": sm}
    *before, last = [DEMO, *code.split("\n")]
    exec("\n".join(before), names)  # noqa: S102
    found: Result = eval(last, names)  # noqa: S307
    return found


def _parameters(metric: Metric) -> str:
    from saasmetrics.metrics.glossary import call as whole
    from saasmetrics.metrics.glossary import topic

    said, mine = docstrings.told(metric.function), topic(metric)
    rows = []
    for names, words in said.entries("Parameters"):
        listed = "".join(
            f"<li><code>{escape(repr(value))}</code> {inline(str(sentence))}</li>"
            for name in names.replace("*", "").split(", ")
            if isinstance(options := metric.options.get(name), dict)
            for value, sentence in options.items()
        )
        listed = f"<ul>{listed}</ul>" if listed else ""
        rows.append(
            f"<dt><code>{escape(names)}</code></dt><dd>{markdown(words, topic=mine)}{listed}</dd>"
        )
    table = f'<dl class="names">{"".join(rows)}</dl>' if rows else "<p>It takes none.</p>"
    notes = said.sections.get("Notes", "")
    more = f'<h2 id="notes">Notes</h2>{markdown(notes, topic=mine)}' if notes else ""
    return (
        f'<h2 id="parameters">Parameters</h2>{call_block(whole(metric))}{table}'
        f"{_returned(said, mine)}{more}"
    )


def _returned(said: docstrings.Told, topic: str) -> str:
    parts = []
    for section in ("Returns", "Raises"):
        rows = [
            f"<dt><code>{escape(name)}</code></dt><dd>{markdown(words, topic=topic)}</dd>"
            for name, words in said.entries(section)
        ]
        if rows:
            parts.append(
                f'<h3 id="{section.lower()}">{section}</h3><dl class="names">{"".join(rows)}</dl>'
            )
    return "".join(parts)


def _choices(metric: Metric) -> str:
    from saasmetrics.policy import choices

    if not metric.choices:
        return ""
    rows = []
    for name in metric.choices:
        info = choices()[name]
        rows.append(
            f'<dt><a href="policies.html#{name}">{escape(info["title"])}</a> <code>{name}</code></dt>'
            f"<dd><ul>{alternatives(name)}</ul></dd>"
        )
    return (
        '<h2 id="choices">Choices of the policy that decide it</h2>'
        f'<dl class="names">{"".join(rows)}</dl>'
    )


def alternatives(choice: str) -> str:
    """Return the alternatives of a choice as items of a list, the default first."""
    from saasmetrics.policy import Policy, choices

    info, default = choices()[choice], getattr(Policy(), choice)
    if "options" not in info:
        said = [
            (f"{default}", Policy().sentence(choice)),
            ("a number", info["number"].format(value="n")),
        ]
    else:
        ordered = sorted(info["options"], key=lambda option: option != default)
        said = [(option, info["options"][option]) for option in ordered]
    marked = [" <em>(default)</em>", *[""] * len(said)]
    return "".join(
        f"<li><code>{escape(value)}</code> {escape(words)}{mark}</li>"
        for (value, words), mark in zip(said, marked, strict=False)
    )


def _small(metric: Metric) -> str:
    session = docstrings.examples(metric.function)
    if not session:
        return ""
    return f'<h2 id="by-hand">In small, to check by hand</h2>{code_block(session, "pycon")}'


def _sources(metric: Metric) -> str:
    listed = [source for source in metric.sources if source != "METRICS.md"]
    if not listed:
        return ""
    items = "".join(f"<li>{escape(source.removeprefix('METRICS.md, '))}</li>" for source in listed)
    return f'<h2 id="sources">Sources</h2><ul>{items}</ul>'


def overview() -> Page:
    """Return the list of all metrics by topic."""
    parts = []
    for topic, metrics in known.metrics().items():
        items = "".join(
            f'<li><a href="metrics/{m.id}.html">{escape(m.name)}</a>'
            f"{f' <abbr>{escape(m.abbr)}</abbr>' if m.abbr else ''} <span>{escape(m.meaning)}</span></li>"
            for m in metrics
        )
        parts.append(f'<h2 id="{topic}">{known.TITLES[topic]}</h2><ul class="metrics">{items}</ul>')
    count = sum(map(len, known.metrics().values()))
    summary = f"All {count} metrics by topic: what each means, how it is computed, and when it has no value."
    return Page("metrics/index.html", "Metrics", summary, "".join(parts))
