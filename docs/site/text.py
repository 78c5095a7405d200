"""Markdown to HTML: code is colored, known names become links, blocks are run where there is a session."""

from __future__ import annotations

import re
from html import escape
from textwrap import fill, indent
from typing import TYPE_CHECKING, Any

import mistune
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from docs.site.known import places
from docs.site.page import Page, plain, slug
from docs.site.run import BlockError

if TYPE_CHECKING:
    from docs.site.run import Session

_NAME = re.compile(r"^(?:sm|book|saasmetrics_widgets)\.[\w.]+")
_WIDE = 84  # of a line of code
_FILES = {"csv": "text", "toml": "toml", "json": "json"}


class Writer(mistune.HTMLRenderer):
    """Writes the HTML of a page, and runs its blocks in the order in which they stand."""

    def __init__(self, session: Session | None = None, topic: str = "") -> None:
        super().__init__(escape=True)
        self.session = session
        self.topic = topic
        self.used: dict[str, int] = {}

    def heading(self, text: str, level: int, **_: Any) -> str:
        """Return a heading that can be linked to."""
        name = slug(plain(text))
        self.used[name] = self.used.get(name, 0) + 1
        if self.used[name] > 1:
            name += f"-{self.used[name]}"
        return f'<h{level} id="{name}">{text}</h{level}>\n'

    def codespan(self, text: str) -> str:
        """Return code in a sentence, linked where the site explains the name that it begins with."""
        found = _NAME.match(text)
        name = found[0] if found else f"sm.{self.topic}.{text}"
        target = places().get(name)
        shown = f"<code>{escape(text)}</code>"
        return f'<a href="{target}">{shown}</a>' if target else shown

    def table(self, text: str) -> str:
        """Return a table in a frame that can be moved."""
        return f'<div class="table words" role="group" tabindex="0" aria-label="Table"><table>{text}</table></div>'

    def block_code(self, code: str, info: str | None = None) -> str:
        """Run a block, and return it with what it showed.

        Raises
        ------
        BlockError
            If the block is of a kind that cannot be run.
        """
        kind, _, more = (info or "").partition(" ")
        if self.session is None or kind not in {"python", "console", *_FILES}:
            raise BlockError(
                f"a block of {kind!r} would stand on the page without being run:\n{code}"
            )
        if kind == "python":
            return code_block(code, "python") + output(
                self.session.python(code, fails=more == "fails")
            )
        if kind == "console":
            return code_block(code, "console") + output(self.session.console(code))
        self.session.file(more, code)
        return f'<p class="file">{escape(more)}</p>{code_block(code, _FILES[kind])}'


def markdown(text: str, session: Session | None = None, topic: str = "") -> str:
    r"""Return Markdown as HTML.

    Parameters
    ----------
    text
        The Markdown.
    session
        Where its blocks are run; without one it may have none.
    topic
        Whose names need no topic before them, as in the docstrings of a module.

    Examples
    --------
    >>> markdown("See `sm.retention.nrr`.")
    '<p>See <a href="metrics/nrr.html"><code>sm.retention.nrr</code></a>.</p>\n'
    """
    made = mistune.create_markdown(
        renderer=Writer(session, topic), plugins=["table", "strikethrough"]
    )
    return str(made(text))


def inline(text: str, topic: str = "") -> str:
    """Return a sentence with its code and its emphasis, without the paragraph around it."""
    return markdown(text, topic=topic).strip().removeprefix("<p>").removesuffix("</p>")


def code_block(code: str, language: str) -> str:
    """Return code in colors, with a button that copies it."""
    lexer = get_lexer_by_name(language, stripnl=False)
    colored = highlight(code.rstrip("\n") + "\n", lexer, HtmlFormatter(nowrap=True)).rstrip("\n")
    return f'<div class="code"><pre tabindex="0"><code>{colored}</code></pre></div>'


def call_block(call: str) -> str:
    """Return the call of a function in colors, over several lines where it is long."""
    name, _, rest = call.partition("(")
    if len(call) > _WIDE:
        inner = fill(
            rest.removesuffix(")"), _WIDE - 4, break_long_words=False, break_on_hyphens=False
        )
        call = f"{name}(\n{indent(inner, '    ')},\n)"
    return code_block(call, "python")


def output(html: str) -> str:
    """Return what a block showed, if it showed something."""
    return f'<div class="output">{html}</div>' if html else ""


def page(path: str, source: str, session: Session, *, words: str = "") -> Page:
    """Return the page of a Markdown file, whose title is its first line and whose summary is the first paragraph."""
    title, _, rest = source.strip().removeprefix("# ").partition("\n")
    summary, _, rest = rest.strip().partition("\n\n")
    body = markdown(rest, session)
    return Page(path, title, plain(inline(summary.replace("\n", " "))), body, words=words)
