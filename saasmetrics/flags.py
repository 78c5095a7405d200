"""Remedies that name arguments of Python, as the flags of the command, or the settings of a file, that say the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from saasmetrics.errors import InvalidTablesError

if TYPE_CHECKING:
    from saasmetrics.errors import Problem

_READ = ("dayfirst", "decimal", "encoding")  # which mapping.toml beside the tables can say
_SET = ("as_of", "currency", "fiscal_start", "margin")  # which the settings of a board pack can say
_FLAGS = {name: f"--{name.replace('_', '-')}" for name in (*_READ, *_SET, "cache", "remedies")}
_VALUE = r"(?:\"[^\"\n]*\"|'[^'\n]*'|True|False|[\d.]*\d)"
_ARGUMENT = re.compile(
    rf"(?P<call>sm\.(?:read|Book)\((?:\.\.\.|folder), )?(?<!\w)(?P<name>{'|'.join(_FLAGS)})="
    rf"(?P<value>{_VALUE})?(?P<fx>, fx=rates)?(?(call)\)|)"
)
_CHOICE = re.compile(rf"policy (?P<name>[a-z_]+)=(?P<value>{_VALUE})?")
_COLUMN = re.compile(
    r'sm\.read\(\.\.\., columns=\{"\w+": \{(?P<old>"[^\n]*?"): (?P<new>"\w+")\}\}\)'
)
_TABLE = re.compile(r"sm\.Book\(\.\.\., (?P<table>\w+)=df\)")
_REPAIR = re.compile(r'book\.repair\(\{"(?P<place>[\w.-]+)": "(?P<name>\w+)"\}\)')
_CHECK = r"saasmetrics check FOLDER --repair \g<place>=\g<name> --save FOLDER/remedies.toml"
_ONLY_PYTHON = re.compile(r",? or read them with pd\.to_datetime\([^\n]*?\)(?=\.)")


def as_flags(text: str, settings: str = "") -> str:
    """Return a message of the library with what can be passed to it as the command takes it.

    Parameters
    ----------
    text
        The message of an error, or of a finding.
    settings
        The file of the settings of a board pack, where the command is given one: then its keys, and those of
        mapping.toml beside the tables.

    Examples
    --------
    >>> as_flags("Say the order: sm.read(..., dayfirst=True), or dayfirst=False where the month comes first.")
    'Say the order: --dayfirst, or --monthfirst where the month comes first.'
    >>> as_flags("pass margin=0.8", "board.toml")
    'pass margin = 0.8 in board.toml'
    >>> as_flags("Add it: sm.Book(..., spend=df).")
    'Add it: a file spend.csv beside the others.'
    >>> as_flags('Drop them: book.repair({"usage.missing-value": "drop"}).')
    'Drop them: saasmetrics check FOLDER --repair usage.missing-value=drop --save FOLDER/remedies.toml.'
    """
    text = _REPAIR.sub(_CHECK, text)
    text = _TABLE.sub(r"a file \g<table>.csv beside the others", text)
    text = _COLUMN.sub(
        r"\g<old> = \g<new> in mapping.toml, which saasmetrics import begins",
        _ONLY_PYTHON.sub("", text),
    )
    if not settings:
        text = _CHOICE.sub(lambda said: f"--set {said['name']}={_bare(said)}", text)
    return _ARGUMENT.sub(partial(_setting, settings) if settings else _flag, text)


def flagged(problem: Problem, settings: str = "") -> Problem:
    """Return a finding whose rule and remedy name flags; its rows stay as they are."""
    return replace(
        problem,
        rule=as_flags(problem.rule, settings),
        remedy=as_flags(problem.remedy, settings),
    )


def told(error: Exception, settings: str = "") -> str:
    """Return an error in words that name flags."""
    if isinstance(error, InvalidTablesError):
        return str(InvalidTablesError([flagged(one, settings) for one in error.problems]))
    return as_flags(str(error), settings)


def _bare(said: re.Match[str]) -> str:
    return (said["value"] or "").strip("\"'")


def _rates(said: re.Match[str]) -> str:
    return ", beside a file fx.csv of rates" if said["fx"] else ""


def _flag(said: re.Match[str]) -> str:
    name, value = said["name"], _bare(said)
    if name == "dayfirst":
        return "--monthfirst" if value == "False" else "--dayfirst"
    if name == "remedies" and value == "False":
        value = "none"
    return f"{_FLAGS[name]} {value}".rstrip() + _rates(said)


def _setting(settings: str, said: re.Match[str]) -> str:
    name, value = said["name"], _bare(said)
    if name not in (*_READ, *_SET):
        return said[0]
    words = {"True": "true", "False": "false"}
    shown = value if said["value"] == value else json.dumps(value)
    key = f"{name} = {words.get(value, shown)}" if value else name
    return f"{key} in {settings if name in _SET else 'mapping.toml'}{_rates(said)}"
