"""Pages that are written elsewhere: the importers, the changelog, and the words of the field."""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

from docs.site import known
from docs.site.page import Page, slug
from docs.site.text import inline, markdown

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "docs"
_REPORTS = "benchmarks*.md"
TERMS = Path(__file__).parent / "terms.json"


def importers() -> Page:
    """Return the page on raw exports."""
    from saasmetrics.importers.pages import page

    title, _, rest = page().strip().removeprefix("# ").partition("\n")
    summary = "Which files of which billing, sales and support systems are recognized, and what each must have."
    return Page("importers.html", title, summary, markdown(rest), words="export csv system")


def changelog() -> Page:
    """Return the page on what has changed."""
    source = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    title, _, rest = source.strip().removeprefix("# ").partition("\n")
    return Page("changelog.html", title, "What each version brought.", markdown(rest))


def speed() -> Page:
    """Return the page on what was measured: the reports of the benchmarks, one after the other."""
    reports = {path.name: path.read_text("utf-8") for path in sorted(BENCHMARKS.glob(_REPORTS))}
    titles = {name: text.removeprefix("# ").partition("\n")[0] for name, text in reports.items()}
    whole = "\n\n".join(re.sub("^#", "##", text, flags=re.MULTILINE) for text in reports.values())
    for name, title in titles.items():
        whole = whole.replace(f"]({name})", f"](speed.html#{slug(title)})")
    summary = (
        "What it costs in time and memory, against other ways, by size, and of a whole board pack."
    )
    words = "benchmark performance fast slow memory large million rows"
    return Page("speed.html", "Speed and memory", summary, markdown(whole), words=words)


def glossary() -> Page:
    """Return every abbreviation and every metric in one alphabet."""
    terms = {
        name: (inline(said), "") for name, said in json.loads(TERMS.read_text("utf-8")).items()
    }
    for metric in (metric for topic in known.metrics().values() for metric in topic):
        title = f"{metric.name} ({metric.abbr})" if metric.abbr else metric.name
        terms[title] = (escape(metric.meaning), f"metrics/{metric.id}.html")
    letters: dict[str, list[str]] = {}
    for title, (said, place) in sorted(terms.items(), key=lambda one: one[0].lower()):
        name = f'<a href="{place}">{escape(title)}</a>' if place else escape(title)
        entry = f'<dt id="{slug("term " + title)}">{name}</dt><dd>{said}</dd>'
        letters.setdefault(title[0].upper(), []).append(entry)
    body = "".join(
        f'<h2 id="{letter.lower()}">{letter}</h2><dl class="names">{"".join(entries)}</dl>'
        for letter, entries in letters.items()
    )
    return Page(
        "glossary.html", "Glossary", "The words of the field, and how this library uses them.", body
    )
