"""The scripts of widgets: a widget is given one text, so what a script imports from beside it is put into it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)


@cache
def script(name: str) -> str:
    """Return a script as one module.

    Parameters
    ----------
    name
        The file, such as "widget.js".

    Examples
    --------
    >>> text = script("widget.js")
    >>> "from " + '"./' in text, "export function themeOf" in text, text.count("export default")
    (False, True, 1)
    """
    return _whole(name, set())


def styles(*names: str) -> str:
    """Return style sheets as one.

    Examples
    --------
    >>> styles("widget.css")[:18]
    '.saasmetrics-room '
    """
    return "".join((_STATIC / name).read_text("utf-8") for name in names)


def _whole(name: str, there: set[str]) -> str:
    def put(found: re.Match[str]) -> str:
        if found[1] in there:
            return ""
        there.add(found[1])
        return _whole(found[1], there)

    return _IMPORT.sub(put, (_STATIC / name).read_text("utf-8"))
