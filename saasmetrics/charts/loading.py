"""Loading Altair without what it never asks for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

_GRAMMAR = "rfc3987_syntax"


@contextmanager
def spared() -> Iterator[None]:
    """Let jsonschema, which Altair loads, compile its grammar of web addresses when somebody checks one.

    Where JupyterLab is installed the grammar is as well, and takes longer to compile than all else that a first chart
    needs.

    Examples
    --------
    >>> with spared():
    ...     import altair
    """
    if "jsonschema" in sys.modules or _GRAMMAR in sys.modules or find_spec(_GRAMMAR) is None:
        yield
        return
    later = ModuleType(_GRAMMAR)
    later.__dict__["is_valid_syntax"] = _is_valid_syntax
    sys.modules[_GRAMMAR] = later
    try:
        yield
    finally:
        if sys.modules.get(_GRAMMAR) is later:
            del sys.modules[_GRAMMAR]


def _is_valid_syntax(term: str, value: str) -> bool:
    return bool(import_module(_GRAMMAR).is_valid_syntax(term, value))
