"""A page before it is laid out: its place, its words and its body."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

_HEADING = re.compile(r'<h([23]) id="([^"]+)">(.*?)</h\1>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Page:
    """One page; links in its body are written from the root of the site.

    Attributes
    ----------
    path : str
        Its file, such as "metrics/nrr.html".
    title, summary : str
        What it is called, and one sentence.
    body : str
        HTML below the title.
    group : str
        The topic that it is listed under beside its neighbours; "" for pages of the main list.
    words : str
        What it is found by besides its title.
    files : dict
        Pages of its own that it shows, as they are: file -> HTML.
    """

    path: str
    title: str
    summary: str
    body: str
    group: str = ""
    words: str = ""
    files: dict[str, str] = field(default_factory=dict)

    @property
    def headings(self) -> list[tuple[int, str, str]]:
        """Level, id and words of each heading below the title."""
        found = _HEADING.findall(self.body)
        return [(int(level), name, plain(words)) for level, name, words in found]


def plain(html: str) -> str:
    """Return the words of HTML.

    Examples
    --------
    >>> plain("<b>R&amp;D</b> spend")
    'R&D spend'
    """
    return unescape(_TAG.sub("", html)).strip()


def slug(words: str) -> str:
    """Return words as an id.

    Examples
    --------
    >>> slug("What is missing?")
    'what-is-missing'
    """
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "part"
