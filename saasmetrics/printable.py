"""The one place where text of tables is made safe to be shown; what tables hold stays as it is.

Names can hold signs that nobody sees and that change what is read: one turns the order of all that follows, another
makes two names of one. Wherever a name is shown (pages, charts, notebooks, workbooks, slides), it goes through here.
"""

from __future__ import annotations

import re
from html import escape as _escape
from typing import Any

__all__ = ["escape", "printable", "printable_in"]

_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_RIGHT_TO_LEFT = r"\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_LATIN = r"\x00-\u024f"
_HIDDEN = re.compile(
    # Overrides and embeddings of direction, what has no width, and letters that are blank.
    r"[\xad\u034f\u115f\u1160\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
    # Marks of direction belong beside letters that run from right to left,
    rf"|(?<![{_RIGHT_TO_LEFT}])[\u200e\u200f\u061c](?![{_RIGHT_TO_LEFT}])"
    # and joiners between letters of scripts that join, and between the parts of an emoji.
    rf"|(?:^|(?<=[{_LATIN}]))[\u200c\u200d]|[\u200c\u200d](?=[{_LATIN}]|$)"
)


def printable(text: str) -> str:
    r"""Return a text with what no document can hold replaced, and with what nobody could see made visible.

    Examples
    --------
    >>> printable("a\x01b") == "a\N{REPLACEMENT CHARACTER}b"
    True
    >>> printable("Acme\u202egnp.exe"), printable("Ac\u200bme")
    ('Acme‹U+202E›gnp.exe', 'Ac‹U+200B›me')
    """
    if text.isascii() and text.isprintable():
        return text
    shown = _HIDDEN.sub(lambda found: f"‹U+{ord(found[0]):04X}›", text)
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", shown)


def printable_in(part: Any) -> Any:
    r"""Return lists and mappings of texts, such as the specification of a chart, with printable ones.

    Examples
    --------
    >>> printable_in({"names": ["a\u2066", 1]})
    {'names': ['a‹U+2066›', 1]}
    """
    if isinstance(part, str):
        return printable(part)
    if isinstance(part, dict):
        return {printable_in(key): printable_in(value) for key, value in part.items()}
    return [printable_in(each) for each in part] if isinstance(part, list | tuple) else part


def escape(text: str) -> str:
    r"""Return a text as HTML in which it is nothing but text, and printable.

    Examples
    --------
    >>> escape("<b>\u202e")
    '&lt;b&gt;‹U+202E›'
    """
    return _escape(printable(text))
