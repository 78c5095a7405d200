"""What a line of text is answered with beside a result: lists of what there is, definitions, several results."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from inspect import Parameter, getdoc
from typing import TYPE_CHECKING, Any

import saasmetrics as sm
from saasmetrics.printable import escape
from saasmetrics_widgets.asking import COMMON, entry_of, named, parameters, topics, words_of

if TYPE_CHECKING:
    from saasmetrics.result import Result


@dataclass(frozen=True, repr=False)
class Listing:
    """Names with what they mean.

    Parameters
    ----------
    title, words
        What is listed, and what to know about it.
    rows
        A name and its meaning each.
    """

    title: str
    words: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        wide = max((len(name) for name, _ in self.rows), default=0)
        listed = [f"  {name:{wide}}  {meaning}".rstrip() for name, meaning in self.rows]
        return "\n".join([self.title, *self.words, *listed])

    def _repr_html_(self) -> str:
        words = "".join(f"<p>{escape(line)}</p>" for line in self.words)
        left = ' style="text-align:left"'
        rows = "".join(
            f"<tr><th{left}><code>{escape(name)}</code></th><td{left}>{escape(meaning)}</td></tr>"
            for name, meaning in self.rows
        )
        return f"<div><h4>{escape(self.title)}</h4>{words}<table>{rows}</table></div>"


class Answers(Mapping[str, "Result"]):
    """Several results, each under the name or the line that asked for it.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> list(Answers({"nrr --window 3": sm.retention.nrr(sm.demo(customers=30), 3)}))
    ['nrr --window 3']
    """

    def __init__(self, results: Mapping[str, Result]) -> None:
        self._results = dict(results)

    def __getitem__(self, name: str) -> Result:
        return self._results[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    def __repr__(self) -> str:
        return "\n\n".join(f"{name}\n{result}" for name, result in self.items())

    def _repr_html_(self) -> str:
        return "".join(
            f"<section><p><code>{escape(name)}</code></p>{result._repr_html_()}</section>"
            for name, result in self.items()
        )


def overview() -> Listing:
    """Return the topics that a book can be asked about."""
    told = dict(re.findall(r"^- (\w+): (.*)$", sm.__doc__ or "", re.MULTILINE))
    rows = [(topic, f"{told[topic]}: {', '.join(topics()[topic])}") for topic in topics()]
    words = (
        "%saas nrr --window 12 --by segment computes a metric; %saas nrr? says what it means.",
        "%saas retention lists the metrics of a topic; %saas check looks at the data.",
    )
    return Listing("What a book can be asked", words, tuple(rows))


def of_topic(topic: str) -> Listing:
    """Return the metrics of a topic with what they mean."""
    return Listing(
        f"sm.{topic}",
        (),
        tuple((f"{topic}.{name}", _meaning(one)) for name, one in topics()[topic].items()),
    )


def _meaning(function: Any) -> str:
    entry = entry_of(function)
    return entry.meaning if entry else (getdoc(function) or "").split("\n")[0]


def definition(name: str) -> Listing:
    """Return what a metric means and how it is asked for.

    Raises
    ------
    UnknownNameError
        If there is no such metric.
    """
    function = named(name)
    entry, said = entry_of(function), words_of(function)
    title, *words = (
        str(entry).split("\n") if entry else [name, (getdoc(function) or "").split("\n")[0]]
    )
    rows = [(f"--{key}", _option(one, said[key])) for key, one in parameters(function).items()]
    rows += [(f"--{key}", meaning) for key, meaning in COMMON.items()]
    return Listing(title, tuple(words), tuple(rows))


def _option(one: Parameter, words: str) -> str:
    if one.default in (Parameter.empty, None):
        return words
    return f"{words} [{one.default}]".strip()
