"""Docstrings taken apart, and their examples run."""

from __future__ import annotations

import contextlib
import doctest
import inspect
import io
import re
import sys
from dataclasses import dataclass, field
from typing import Any

_RULE = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.MULTILINE)
_ENTRY = re.compile(r"^(\S.*)\n((?:    .*\n?|\n)*)", re.MULTILINE)
_PROVEN = {"", "True", "np.True_"}  # what an example says that is a check


@dataclass(frozen=True)
class Told:
    """What a docstring says: first sentence, other paragraphs, and its sections."""

    summary: str
    more: str = ""
    sections: dict[str, str] = field(default_factory=dict)

    def entries(self, section: str) -> list[tuple[str, str]]:
        """Return the names of a section with what is said of each."""
        text = self.sections.get(section, "") + "\n"
        return [(name.strip(), inspect.cleandoc(said)) for name, said in _ENTRY.findall(text)]


def told(thing: Any) -> Told:
    """Return what the docstring of a function or class says.

    Examples
    --------
    >>> told(told).entries("Returns")
    []
    >>> told(told).summary
    'Return what the docstring of a function or class says.'
    """
    first, *parts = _RULE.split(inspect.getdoc(thing) or "")
    summary, _, more = first.strip().partition("\n\n")
    sections = dict(zip(parts[::2], (part.strip("\n") for part in parts[1::2]), strict=True))
    return Told(" ".join(summary.split()), more.strip(), sections)


def signature(thing: Any) -> str:
    """Return the parameters of a function with their defaults, without types.

    Examples
    --------
    >>> signature(signature)
    '(thing)'
    """
    try:
        known = inspect.signature(thing)
    except ValueError:
        return "()"
    empty = inspect.Parameter.empty
    kept = [
        one.replace(annotation=empty)
        for one in known.parameters.values()
        if one.name not in ("self", "cls")
    ]
    return str(known.replace(parameters=kept, return_annotation=inspect.Signature.empty))


def examples(thing: Any) -> str:
    """Run the examples of a docstring and return them as a session with what the run gave.

    Examples that only show that something holds are for a test and not for a reader: they are left out.

    Parameters
    ----------
    thing
        A function or a class.

    Returns
    -------
    str
        The session; "" where there is none for a reader.
    """
    found = doctest.DocTestParser().get_examples(inspect.getdoc(thing) or "")
    if all(one.want.strip() in _PROVEN and one.exc_msg is None for one in found):
        return ""
    lines: list[str] = []
    names = dict(vars(sys.modules[inspect.unwrap(thing).__module__]))
    for one in found:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            _run(one, names)
        first, *rest = one.source.rstrip("\n").split("\n")
        lines += [f">>> {first}", *(f"... {line}" for line in rest)]
        differs = "..." in one.want and one.exc_msg is None  # from machine to machine
        said = one.want if differs else printed.getvalue()
        lines += said.rstrip("\n").split("\n") if said else []
    return "\n".join(lines)


def _run(one: doctest.Example, names: dict[str, Any]) -> None:
    """Run an example; an error that its docstring shows is printed in short, any other is raised."""
    try:
        exec(compile(one.source, "<example>", "single"), names)  # noqa: S102
    except Exception as error:
        if one.exc_msg is None:
            raise
        sys.stdout.write(f"{type(error).__name__}: {error}\n")
