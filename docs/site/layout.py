"""Lays pages out: the list of all pages, the neighbours, the contents of the page, colors and scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from docs.site import known

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from docs.site.page import Page

HERE = Path(__file__).parent / "look"
_INSIDE = re.compile(r'\b(href|src)="(?!https?:|#|data:|mailto:)([^"]*)"')
_OUTSIDE = re.compile(r'(<a href="https?:[^"]*")')


@dataclass(frozen=True)
class Link:
    """An entry of the list of pages."""

    title: str
    path: str
    here: bool = False
    below: tuple[Link, ...] = ()


def page(found: Page, pages: Mapping[str, Page], sections: Mapping[str, Sequence[str]]) -> str:
    """Return the HTML of a page with everything around it.

    Parameters
    ----------
    found
        The page.
    pages
        All pages by their path.
    sections
        The main list: title of a section -> paths.
    """
    listed = {
        title: [_link(pages[path], found, pages) for path in paths]
        for title, paths in sections.items()
    }
    before, after = _around(found, pages, sections)
    html = _template().render(
        page=found,
        body=Markup(found.body),  # noqa: S704
        listed=listed,
        contents=[one for one in found.headings if one[0] == 2],
        before=before,
        after=after,
        section=_section(found, sections),
        version=_version(),
    )
    html = _OUTSIDE.sub(r'\1 target="_blank" rel="noopener"', html)
    up = "../" * found.path.count("/")
    return _INSIDE.sub(lambda link: f'{link[1]}="{up}{link[2]}"', html) if up else html


def _version() -> str:
    from saasmetrics import __version__

    return __version__


def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(HERE)
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("page.html.j2")


def _link(one: Page, at: Page, pages: Mapping[str, Page]) -> Link:
    below: list[Link] = []
    folder = one.path.removesuffix("index.html")
    if one.path.endswith("/index.html") and at.path.startswith(folder):
        groups = [p for p in pages.values() if p.path.startswith(folder) and p.group]
        below = (
            _topics(at, groups)
            if folder == "metrics/"
            else [Link(p.title, p.path, p is at) for p in groups]
        )
    return Link(one.title, one.path, one is at, tuple(below))


def _topics(at: Page, pages: list[Page]) -> list[Link]:
    """Return the topics of the metrics, the one of the page opened."""
    links = []
    for topic, title in known.TITLES.items():
        mine = tuple(Link(p.title, p.path, p is at) for p in pages if p.group == topic)
        links.append(
            Link(title, f"metrics/index.html#{topic}", False, mine if topic == at.group else ())
        )
    return links


def _section(found: Page, sections: Mapping[str, Sequence[str]]) -> list[Link]:
    """Return the way from the start to a page."""
    if found.path.startswith("metrics/") and found.group:
        return [
            Link("Metrics", "metrics/index.html"),
            Link(known.TITLES[found.group], f"metrics/index.html#{found.group}"),
        ]
    if found.group == "api":
        return [Link("API reference", "api/index.html")]
    return [
        Link(title, "")
        for title, paths in sections.items()
        if found.path in paths and found.path != "index.html"
    ]


def _around(
    found: Page, pages: Mapping[str, Page], sections: Mapping[str, Sequence[str]]
) -> tuple[Page | None, Page | None]:
    order = [path for paths in sections.values() for path in paths]
    if found.path not in order:
        order = [path for path, one in pages.items() if one.group == found.group]
    at = order.index(found.path)
    before = pages[order[at - 1]] if at else None
    after = pages[order[at + 1]] if at + 1 < len(order) else None
    return before, after


def styles() -> str:
    """Return the style sheet, with the colors of the charts."""
    from saasmetrics.charts.theme import DARK, LIGHT

    names = ("surface", "ink", "muted", "rule", "grid", "gain", "loss", "plain")
    pairs: dict[str, Any] = {n: (getattr(LIGHT, n), getattr(DARK, n)) for n in names}
    rows = [f"  --{name}: light-dark({one}, {two});" for name, (one, two) in pairs.items()]
    return ":root {\n" + "\n".join(rows) + "\n}\n" + (HERE / "site.css").read_text(encoding="utf-8")
