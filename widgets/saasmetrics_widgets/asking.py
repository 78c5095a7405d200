"""What is asked on one line of text, such as `nrr --window 12 --by segment`: read, understood and answered."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from functools import cache
from inspect import Parameter, getdoc, isfunction, ismodule, signature
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import saasmetrics as sm
from saasmetrics.catalogue import CATALOGUE, Metric
from saasmetrics.errors import DataError, UnknownNameError, hint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from saasmetrics.book import Book
    from saasmetrics.result import Result

COMMON = {
    "policy": "the definitions to read the book by, a preset or a file",
    "book": "which variable holds the book, where there are several",
    "out": "the variable that takes the result",
}
_ASSIGNED = re.compile(r"\s*([^\W\d]\w*)\s*=\s*(\S.*)")
_NO_LINE = ("Scenario", "Problem")  # kinds of arguments that no single word says


@dataclass(frozen=True)
class Question:
    """One line, taken apart.

    Parameters
    ----------
    name
        What is asked for, as it was written.
    plain
        The words after it that belong to no option, in order.
    options
        The options by name, each as it was written; "" for one without a value.

    Examples
    --------
    >>> Question.read("nrr --window 12 --by segment").options
    {'window': '12', 'by': 'segment'}
    """

    name: str = ""
    plain: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, line: str) -> Question:
        """Take a line apart; nothing in it is run.

        Raises
        ------
        DataError
            If quotes do not close, or an option is given twice.
        """
        words, options, plain = _words(line), dict[str, str](), list[str]()
        while words:
            word = words.pop(0)
            if not word.startswith("--"):
                plain.append(word)
                continue
            name, sign, value = word[2:].partition("=")
            name = name.replace("-", "_")
            if name in options:
                msg = f"--{name} is given twice; give it once."
                raise DataError(msg)
            if not sign and words and not words[0].startswith("--"):
                value = words.pop(0)
            options[name] = value
        return cls(plain[0] if plain else "", tuple(plain[1:]), options)

    def answered(self, books: Books) -> Result:
        """Return the result that is asked for.

        Raises
        ------
        DataError
            If there is no such metric, option or book, or a value does not fit.
        """
        function = named(self.name)
        given = self._arguments(function)
        book = books.one(self._said("book"))
        if policy := self._said("policy"):
            book = book.with_policy(policy)
        result: Result = function(book, **given)
        return result

    @property
    def out(self) -> str:
        """The variable that takes the result; "" for none."""
        name = self._said("out")
        if name and (not name.isidentifier() or iskeyword(name)):
            msg = f"--out {name}: that is no name of a variable."
            raise DataError(msg)
        return name

    def _said(self, name: str) -> str:
        if name in self.options and not self.options[name]:
            msg = f"--{name} needs a value: {COMMON[name]}."
            raise DataError(msg)
        return self.options.get(name, "")

    def _arguments(self, function: Callable[..., Any]) -> dict[str, Any]:
        known = parameters(function)
        free = [name for name, one in known.items() if one.kind is not Parameter.VAR_KEYWORD]
        if len(self.plain) > len(free):
            msg = f"{self.name} takes {', '.join(free)}; {' '.join(self.plain[len(free) :])} is too much."
            raise DataError(msg)
        asked = dict(zip(free, self.plain, strict=False))
        for name, text in self.options.items():
            if name in COMMON:
                continue
            if name not in known and len(free) == len(known):
                raise UnknownNameError.of(f"option of {self.name}", name, [*known, *COMMON])
            if name in asked:
                msg = f"{name} is given twice, as {asked[name]!r} and as --{name} {text}."
                raise DataError(msg)
            asked[name] = text
        missing = [n for n in free if known[n].default is Parameter.empty and n not in asked]
        if missing:
            msg = f"{self.name} needs --{missing[0]}: {words_of(function)[missing[0]]}"
            raise DataError(msg)
        return {name: _value(name, text, known.get(name)) for name, text in asked.items()}


@dataclass(frozen=True)
class Books:
    """The books among some variables.

    Parameters
    ----------
    variables
        Names with their values.
    """

    variables: Mapping[str, Any]

    @property
    def names(self) -> list[str]:
        """The variables that hold a book."""
        found = self.variables.items()
        return [n for n, one in found if isinstance(one, sm.Book) and not n.startswith("_")]

    def one(self, name: str = "") -> Book:
        """Return the book of a name, or the only one.

        Raises
        ------
        DataError
            If there is none of that name, or not exactly one.
        """
        names = self.names
        if name and not isinstance(self.variables.get(name), sm.Book):
            if name in self.variables:
                kind = type(self.variables[name]).__name__
                msg = f"{name} is a {kind}, not a book; make one of it with sm.Book(...)."
                raise DataError(msg)
            raise UnknownNameError.of("variable with a book", name, names)
        if not name and not names:
            msg = 'There is no book yet. Make one first: book = sm.read("exports/"), or book = sm.demo().'
            raise DataError(msg)
        if not name and len({id(self.variables[one]) for one in names}) > 1:
            msg = f"There are several books: {', '.join(names)}. Say which: --book {names[0]}."
            raise DataError(msg)
        book: Book = self.variables[name or names[0]]
        return book


@cache
def topics() -> dict[str, dict[str, Callable[..., Any]]]:
    """Return what a book can be asked: per topic the functions by name."""
    found: dict[str, dict[str, Callable[..., Any]]] = {}
    for topic in sm.__all__:
        module = getattr(sm, topic)
        if ismodule(module):
            known = {name: getattr(module, name) for name in module.__all__}
            found[topic] = {name: one for name, one in known.items() if _of_a_book(one)}
    return {topic: functions for topic, functions in found.items() if functions}


def _of_a_book(one: Any) -> bool:
    return isfunction(one) and next(iter(signature(one).parameters), "") == "book"


@cache
def names() -> dict[str, Callable[..., Any]]:
    """Return everything that can be asked by its short name; the rest needs its topic, as in forecast.mrr."""
    listed = [(name, one) for functions in topics().values() for name, one in functions.items()]
    often = [name for name, _ in listed]
    short = {name: one for name, one in listed if often.count(name) == 1}
    ids = {entry.id: entry.function for entry in CATALOGUE.values()}
    asked = {name: one for name, one in ids.items() if one in [found for _, found in listed]}
    return {"check": _check, **short, **asked}


def _check(book: Book) -> Result:
    """Return the data-quality report."""
    return book.check()


def named(name: str) -> Callable[..., Any]:
    """Return the function of a name.

    Raises
    ------
    UnknownNameError
        If there is none, or several.

    Examples
    --------
    >>> named("nrr") is named("retention.nrr") is sm.retention.nrr
    True
    """
    topic, _, rest = name.rpartition(".")
    if topic in topics() and rest in topics()[topic]:
        return topics()[topic][rest]
    if name in names():
        return names()[name]
    if topic in topics():
        raise UnknownNameError.of(f"metric of {topic}", rest, topics()[topic])
    several = [f"{topic}.{name}" for topic, functions in topics().items() if name in functions]
    if several:
        msg = f"{name!r} is several: {', '.join(several)}; write one of them."
        raise UnknownNameError(msg)
    msg = f"There is no metric called {name!r}; %saas alone lists them."
    raise UnknownNameError(msg + hint(name, [*names(), *topics()]))


def entry_of(function: Callable[..., Any]) -> Metric | None:
    """Return the catalogue entry of a function; None where it is about metrics instead of being one."""
    if function is _check:
        return CATALOGUE["check"]
    return next((entry for entry in CATALOGUE.values() if entry.function is function), None)


def parameters(function: Callable[..., Any]) -> dict[str, Parameter]:
    """Return the parameters of a function beside the book."""
    return {name: one for name, one in signature(function).parameters.items() if name != "book"}


@cache
def words_of(function: Callable[..., Any]) -> dict[str, str]:
    """Return what the help of a function says of each parameter, in one line."""
    section = (getdoc(function) or "").partition("Parameters\n----------\n")[2]
    found: dict[str, str] = dict.fromkeys(parameters(function), "")
    heads: list[str] = []
    for line in section.partition("\n\n")[0].splitlines():
        if line[:1] != " ":
            heads = [name.strip(" *") for name in line.partition(":")[0].split(",")]
        else:
            found |= {n: f"{found[n]} {line.strip()}".strip() for n in heads if n in found}
    return found


def lines(cell: str) -> Iterator[tuple[int, str, str]]:
    """Give the lines of a cell that ask something: its number, the variable that takes the result, the question."""
    for number, line in enumerate(cell.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        assigned = _ASSIGNED.fullmatch(line)
        name, asked = assigned.groups() if assigned else ("", line.strip())
        if iskeyword(name):
            msg = f"{name} is no name of a variable."
            raise DataError(msg)
        yield number, name, asked


def _words(line: str) -> list[str]:
    reader = shlex.shlex(line, posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.commenters, reader.escape = True, "", ""
    try:
        return list(reader)
    except ValueError:
        msg = f"The quotes in {line.strip()!r} do not close."
        raise DataError(msg) from None


def _value(name: str, text: str, known: Parameter | None) -> Any:
    """Return an option in the kind that its parameter takes."""
    kind = "Any" if known is None else str(known.annotation)
    if any(word in kind for word in _NO_LINE):
        msg = f"--{name} takes what no single word says; call the function in Python instead."
        raise DataError(msg)
    if kind == "bool" and text in ("", "true", "false"):
        return text != "false"
    if not text:
        msg = f"--{name} needs a value."
        raise DataError(msg)
    if text.lower() == "none" and ("None" in kind or kind in ("Any", "Margin")):
        return None
    many = "Sequence" in kind or "Iterable" in kind
    if many and ("," in text or "str |" not in kind):
        return [_one(name, part.strip(), kind) for part in text.split(",")]
    return _one(name, text, kind)


def _one(name: str, text: str, kind: str) -> Any:
    counts, measures = bool(re.search(r"\bint\b", kind)), "float" in kind
    if known := _number(text):
        if counts or measures or kind == "Margin" or (kind == "Any" and name not in _DATES):
            return known[0]
    elif (counts or measures) and "str" not in kind:
        msg = f"--{name} takes {'a whole number' if counts else 'a number'}, not {text!r}."
        raise DataError(msg)
    return text


_DATES = ("period", "then", "now")


def _number(text: str) -> tuple[float] | tuple[()]:
    """Return a number in a tuple; an empty one where the text is none."""
    if re.fullmatch(r"[+-]?\d+", text):
        return (int(text),)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        return (float(text),)
    return ()
