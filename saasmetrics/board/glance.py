"""A pack at a glance: what a notebook and a terminal show of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.printable import escape

if TYPE_CHECKING:
    from saasmetrics.board.build import Pack


def as_text(pack: Pack) -> str:
    r"""Return the title of a pack and the sentence of each page.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> as_text(sm.board.pack(sm.demo(customers=60), settings={"pages": ["bridge"]})).count("\n")
    1
    """
    return "\n".join([pack.title, *(f"  {page.name}: {page.title}" for page in pack.pages)])


def as_html(pack: Pack) -> str:
    """Return the same as HTML, with what its rules find; names are only text."""
    lines = "".join(
        f"<li><b>{escape(page.name)}</b>: {escape(page.title)}</li>" for page in pack.pages
    )
    found = "".join(f"<li>{escape(str(one))}</li>" for one in pack.lint())
    mend = f"<p>To mend:</p><ul>{found}</ul>" if found else ""
    facts = f"As of {pack.as_of}, {pack.currency}, {len(pack.quantities):,} numbers"
    return f"<h4>{escape(pack.title)}</h4><p>{escape(facts)}</p><ol>{lines}</ol>{mend}"
