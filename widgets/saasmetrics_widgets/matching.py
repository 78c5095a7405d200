"""What can be written next: in a line of %saas, and inside the quotes of a call of the library."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from inspect import Parameter, isfunction, signature
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import saasmetrics as sm
from saasmetrics.catalogue import CATALOGUE
from saasmetrics.errors import DataError
from saasmetrics.policy import choices, presets
from saasmetrics_widgets.asking import COMMON, Books, entry_of, named, names, parameters, topics
from saasmetrics_widgets.choices import FREQS, Choices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saasmetrics.book import Book

_COLUMNS = ("by", "pool", "covariates", "cohort")
_POLICIES = ("policy", "policies", "policy_a", "policy_b", "policy_then", "policy_now")
_METHODS = ("where", "with_policy")
_OPENED = MappingProxyType({"(": ")", "[": "]", "{": "}"})


class Written(NamedTuple):
    """What is written so far, and what may follow it.

    Parameters
    ----------
    offered
        All that may stand here.
    begun
        The part of it that is written.
    """

    offered: tuple[str, ...] = ()
    begun: str = ""

    @property
    def fitting(self) -> list[str]:
        """What is offered and begins as what is written does."""
        return [text for text in dict.fromkeys(self.offered) if text.startswith(self.begun)]


# Lines of %saas


def of_line(line: str, books: Books) -> Written:
    """Return what may follow a line of %saas up to the cursor."""
    words = line.split()
    begun = "" if not line or line[-1].isspace() else words.pop()
    if not words:
        return Written(_asked(begun), begun)
    if words[0] in topics():
        return Written()
    before = words[-1]
    option, sign, text = begun.partition("=")
    if sign and option.startswith("--"):
        return _listed(_of_option(words, option, books), text)
    if before.startswith("--") and "=" not in before and not begun.startswith("--"):
        return _listed(_of_option(words, before, books), begun)
    function = None if words[0].startswith("--") else named(words[0])
    known = [*(parameters(function) if function else ()), *COMMON]
    given = {word.partition("=")[0] for word in words}
    return Written(tuple(f"--{name}" for name in known if f"--{name}" not in given), begun)


def _asked(begun: str) -> tuple[str, ...]:
    if "." in begun:
        return tuple(f"{topic}.{name}" for topic, known in topics().items() for name in known)
    if begun.startswith("-"):
        return tuple(f"--{name}" for name in COMMON)
    return (*names(), *topics())


def _listed(offered: Iterable[str], begun: str) -> Written:
    """Return what may stand after the last comma of a list."""
    return Written(tuple(offered), begun.rpartition(",")[2])


def _of_option(words: list[str], option: str, books: Books) -> tuple[str, ...]:
    name = option.removeprefix("--").replace("-", "_")
    if name == "book":
        return tuple(books.names)
    if name == "policy" or words[0].startswith("--"):
        return presets() if name == "policy" else ()
    which = [words[i + 1] for i, word in enumerate(words[:-1]) if word == "--book"]
    return values(named(words[0]), name, _quietly(lambda: books.one("".join(which[:1]))))


# Values of arguments


def values(function: Callable[..., Any], name: str, book: Book | None) -> tuple[str, ...]:
    """Return the values that an argument of a function takes, as far as they can be listed."""
    if name in _POLICIES or (function is sm.definitions.explain and name in ("a", "b")):
        return presets()
    if name == "metric":
        return tuple(i for i, entry in CATALOGUE.items() if entry.function in names().values())
    if name.endswith("freq"):
        return tuple(FREQS)
    entry = entry_of(function)
    told: Any = entry.options.get(name) if entry else None
    chosen = choices().get(entry.id if entry and name == "method" else name, {}).get("options", {})
    found = [
        str(key).lower() if isinstance(key, bool) else str(key)
        for key in (told if hasattr(told, "keys") else chosen)
    ]
    if name in _COLUMNS and book is not None:
        found += [*Choices(book).columns, "arr_band"]
    known = signature(function).parameters.get(name)
    if not found and known is not None and known.annotation in (bool, "bool"):
        return ("true", "false")
    return tuple(found)


def _quietly(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except DataError:
        return None


# Calls of the library


class Place(NamedTuple):
    """Where the cursor is in a call: what is called, which argument, the text begun, and whether inside quotes."""

    callee: str
    first: str
    keyword: str
    number: int
    begun: str
    in_text: bool


def place(code: str) -> Place | None:
    """Return the call that a piece of code ends inside of; None where there is none.

    Examples
    --------
    >>> place('x = sm.retention.nrr(book, by="seg')
    Place(callee='sm.retention.nrr', first='book', keyword='by', number=1, begun='seg', in_text=True)
    """
    opened, commas, quote = _scanned(code)
    calls = [at for at in opened if code[at] == "("]
    if not calls or (opened[-1] != calls[-1] and code[opened[-1]] != "["):
        return None
    at = calls[-1]
    callee = re.search(r"([^\W\d][\w.]*)\s*$", code[:at])
    if callee is None:
        return None
    marks = [at, *commas.get(at, ())]
    end = len(code) if quote is None else quote
    argument = code[marks[-1] + 1 : end]
    keyword = re.match(r"\s*([^\W\d]\w*)\s*=(?!=)", argument)
    first = code[at + 1 : marks[1] if len(marks) > 1 else end].strip()
    begun = code[end:].lstrip("rbfuRBFU").lstrip("\"'") if quote is not None else ""
    if quote is None:
        begun = argument.strip() if keyword is None else ""
    return Place(
        callee[1], first, keyword[1] if keyword else "", len(marks) - 1, begun, quote is not None
    )


def _scanned(code: str) -> tuple[list[int], dict[int, list[int]], int | None]:
    """Return the brackets that are open at the end, the commas of each, and where an open text begins."""
    opened: list[int] = []
    commas: dict[int, list[int]] = {}
    at = 0
    while at < len(code):
        sign = code[at]
        if sign in "\"'":
            mark = code[at : at + 3] if code[at : at + 3] in ('"""', "'''") else sign
            end = re.compile(rf"(?:\\.|(?!{mark})[\s\S])*").match(code, at + len(mark))
            stop = end.end() if end else len(code)
            if not code.startswith(mark, stop):
                return opened, commas, at
            at = stop + len(mark)
            continue
        if sign == "#":
            at = code.find("\n", at) if "\n" in code[at:] else len(code)
            continue
        if sign in _OPENED:
            opened.append(at)
        elif sign in _OPENED.values() and opened:
            opened.pop()
        elif sign == "," and opened:
            commas.setdefault(opened[-1], []).append(at)
        at += 1
    return opened, commas, None


def of_code(code: str, variables: Mapping[str, Any]) -> Written:
    """Return what may follow a piece of code that ends inside a call of the library."""
    here = place(code)
    if here is None:
        return Written()
    function, book = _called(here.callee, variables)
    if book is not None:
        return _of_method(here, here.callee.rpartition(".")[2], book)
    if not here.in_text or function is None:
        return Written()
    known = [n for n, p in signature(function).parameters.items() if p.kind in _PLACED]
    name = here.keyword or (known[here.number] if here.number < len(known) else "")
    first = variables.get(here.first)
    return Written(
        values(function, name, first if isinstance(first, sm.Book) else None), here.begun
    )


_PLACED = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def _called(callee: str, variables: Mapping[str, Any]) -> tuple[Any, Book | None]:
    """Return the function of the library that a dotted name is, and the book where it is a method of one."""
    root, *rest = callee.split(".")
    found = variables.get(root)
    for part in rest:
        if isinstance(found, sm.Book) and part in _METHODS and part == rest[-1]:
            return None, found
        if not isinstance(found, ModuleType) or found.__name__.split(".")[0] != "saasmetrics":
            named_policy = found is sm.Policy and part == "named"
            return (_named if named_policy else None), None
        found = getattr(found, part, None)
    if found is sm.Book:
        return found, None
    return (found if isfunction(found) else None), None


def _named(policy: str) -> None:
    """Take the place of Policy.named, whose argument is called name."""


def _of_method(here: Place, method: str, book: Book) -> Written:
    if method == "with_policy":
        if here.in_text and not here.keyword:
            return Written(presets() if here.number == 0 else (), here.begun)
        known = choices().get(here.keyword, {}).get("options", {})
        offered = known if here.keyword else [f"{name}=" for name in choices()]
        return Written(tuple(map(str, offered)), here.begun) if _fits(here) else Written()
    there = Choices(book)
    if not here.keyword:
        return Written(() if here.in_text else tuple(f"{c}=" for c in there.columns), here.begun)
    known = there.values(here.keyword) if here.in_text and here.keyword in there.columns else {}
    return Written(tuple(known), here.begun)


def _fits(here: Place) -> bool:
    return here.in_text == bool(here.keyword)


# IPython


def of_cell(text: str, line: int, column: int, variables: Mapping[str, Any]) -> Written:
    """Return what may follow the cursor in a cell, at a line and a column of it; nothing where that is not known."""
    return _quietly(lambda: _of_cell(text, line, column, variables)) or Written()


def _of_cell(text: str, line: int, column: int, variables: Mapping[str, Any]) -> Written:
    rows = text.split("\n")
    before, books = rows[line][:column], Books(variables)
    if text.startswith("%%saas"):
        head = before.removeprefix("%%saas")
        if line == 0:
            return of_line(head.lstrip(), books) if head.strip() else Written(_asked("--"))
        return of_line(re.sub(r"^\s*([^\W\d]\w*\s*=\s*)?", "", before), books)
    magic = re.match(r"\s*(?:[\w.]+\s*=\s*)?%saas\s(.*)", before)
    if magic:
        return of_line(magic[1].lstrip(), books)
    return of_code("\n".join([*rows[:line], before]), variables)


def matcher(ipython: Any) -> Callable[[Any], Any]:
    """Return what completes the cells of a shell."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier="saasmetrics")  # type: ignore[untyped-decorator]
    def complete(context: Any) -> dict[str, Any]:
        at = (context.full_text, context.cursor_line, context.cursor_position)
        found = of_cell(*at, ipython.user_ns)
        token = context.token if found.begun.endswith(context.token) else found.begun
        skipped = len(found.begun) - len(token)
        offered = [SimpleCompletion(text[skipped:], type="saas") for text in found.fitting]
        return {
            "completions": offered,
            "matched_fragment": token,
            "suppress": bool(offered),
            "ordered": True,
        }

    done: Callable[[Any], Any] = complete
    return done
