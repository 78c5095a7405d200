"""The settings of a pack: one TOML file, every key known, every value checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saasmetrics.asked import is_number, is_whole, one_of
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.periods import quarter_month

if TYPE_CHECKING:
    import os

AUDIENCES = ("founder", "cfo", "board")
FORMATS = ("html", "pdf", "pptx", "xlsx")
PAPERS = ("16:9", "a4")
PAGES = (
    "summary", "asks", "t9q", "bridge", "retention", "cohorts", "economics", "renewals", "health",
    "success", "support", "capacity", "finance", "definitions", "quality",
)  # fmt: skip
FOR = {
    "founder": ("summary", "bridge", "retention", "economics", "renewals", "health", "finance"),
    "cfo": tuple(page for page in PAGES if page != "asks"),
    "board": PAGES,
}
COLORS = ("actual", "prior", "plan", "forecast", "good", "bad", "accent")
PLANNED = (
    "arr", "new_arr", "expansion_arr", "contraction_arr", "churned_arr", "net_new_arr", "nrr", "grr",
    "logo_churn", "customers", "cac_ratio", "burn_multiple", "rule_of_40", "ltv_cac", "payback",
)  # fmt: skip


_MOST = 1e300
_LARGEST = 2**24  # bytes of a file of settings
_PERIOD = re.compile(r"\d{4}-\d{2}(-\d{2})?")


@dataclass(frozen=True)
class Words:
    """Title and comment of a page written by hand, and the number that they were written for."""

    title: str = ""
    text: str = ""
    written_for: str = ""


@dataclass(frozen=True)
class Ask:
    """What is asked of the board: a decision with its owner and date."""

    text: str
    owner: str = ""
    date: str = ""


@dataclass(frozen=True)
class Settings:
    """What a pack is to be: whose, as of when, which pages, in which words and colors.

    Parameters
    ----------
    company, title
        Name of the company, and what the pack is called.
    data
        Folder of the tables, from the folder of the file; by default that folder. A book that is given must hold
        the same tables.
    currency, fiscal_start
        As for `saasmetrics.read`; `fiscal_start` is the first month of the fiscal year. A book that is given must
        have the same.
    as_of, policy
        As for `saasmetrics.read`; a book that is given is read by them.
    audience
        "founder", "cfo" or "board"; says which pages there are by default.
    pages
        The pages, in order.
    targets
        Plan by metric and period, such as targets.arr."2026-Q3" = 4800000, for what the table `targets` has no plan
        of: where both have one the table's is shown everywhere, and the first page says so if they differ. A period
        is a quarter by its name ("2026-Q3" or "Q3 2026" of the calendar, "Q3 FY26" or "FY26-Q3" of the fiscal year,
        which is named by the year in which it ends) or by the month in which it ends ("2026-09").
    comments
        Title and text by page, in your own words.
    margin
        Gross margin where the tables do not give it, such as 0.8.

    Examples
    --------
    >>> Settings(company="Example").pages_shown[0]
    'summary'
    """

    company: str = ""
    title: str = "Board pack"
    data: str | None = None
    currency: str | None = None
    fiscal_start: int | None = None
    as_of: str | None = None
    policy: str | None = None
    audience: str = "board"
    pages: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    paper: str = "16:9"
    logo: str = ""
    template: str = ""
    margin: float | None = None
    benchmarks: bool = True
    missing_pages: bool = True
    colors: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    comments: Mapping[str, Words] = field(default_factory=dict)
    asks: tuple[Ask, ...] = ()
    folder: Path = field(default=Path(), compare=False)

    @property
    def pages_shown(self) -> tuple[str, ...]:
        """The pages asked for, or those of the audience."""
        return self.pages or FOR[self.audience]

    @property
    def formats_written(self) -> tuple[str, ...]:
        """The formats asked for, or all."""
        return self.formats or FORMATS

    @property
    def policy_file(self) -> str | None:
        """The name of the policy, or its file from the folder of the settings; None where none is named."""
        if self.policy is None or not self.policy.endswith(".json"):
            return self.policy
        beside = self.folder / self.policy
        return str(beside) if beside.is_file() else self.policy

    def file(self, name: str, what: str) -> Path:
        """Return a file named in the settings; refuse one that is not there.

        Raises
        ------
        DataError
            If there is no such file.
        """
        path = self.folder / name
        if not path.is_file():
            msg = (
                f"The settings name {what} {name!r}, and there is no file {path}. Correct the path."
            )
            raise DataError(msg)
        return path


def settings(given: Any) -> Settings:
    """Return settings from a TOML file, from a mapping of the same keys, or as they are.

    Parameters
    ----------
    given
        A path, a mapping, settings, or None for the defaults.

    Returns
    -------
    Settings
        With every key known and every value checked.

    Raises
    ------
    UnknownNameError
        If there is no such key, page, audience, format, color or planned metric.
    DataError
        If a value is not what its key takes, or the file cannot be read.

    Examples
    --------
    >>> settings({"company": "Example", "fiscal_start": 2}).fiscal_start
    2
    >>> settings({"compny": "Example"})
    Traceback (most recent call last):
    ...
    saasmetrics.errors.UnknownNameError: There is no setting called 'compny'. Did you mean 'company'?
    """
    if given is None:
        return Settings()
    if isinstance(given, Settings):
        _targets("targets", given.targets)
        return given
    if isinstance(given, Mapping):
        return _checked(given)
    return _read(given)


def _read(given: str | os.PathLike[str]) -> Settings:
    from saasmetrics.export.files import file_path, whole_text

    path = file_path(given, "board.toml")
    try:
        held = tomllib.loads(whole_text(path, "The settings", _LARGEST).removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        msg = f"The settings {path} are not TOML: {error}."
        raise DataError(msg) from error
    try:
        found = _checked(held)
    except DataError as error:
        msg = f"{path}: {error}"
        raise type(error)(msg) from error
    return replace(found, folder=path.parent)


def _checked(held: Mapping[str, Any]) -> Settings:
    known = {each.name for each in fields(Settings)} - {"folder"}
    for key in held:
        one_of("setting", key, known)
    return Settings(**{key: _WAYS[key](key, value) for key, value in held.items()})


def _text(key: str, value: Any) -> str:
    if hasattr(value, "isoformat"):  # TOML has days
        return str(value.isoformat())
    if not isinstance(value, str):
        msg = f"{key} is text, not {value!r}."
        raise DataError(msg)
    return value


def _choice(options: tuple[str, ...]) -> Callable[[str, Any], str]:
    def chosen(key: str, value: Any) -> str:
        one_of(key, value, options)
        return str(value)

    return chosen


def _paper(key: str, value: Any) -> str:
    """Return the paper in small letters: A4 is how the standard writes it."""
    return _choice(PAPERS)(key, value.lower() if isinstance(value, str) else value)


def _choices(noun: str, options: tuple[str, ...]) -> Callable[[str, Any], tuple[str, ...]]:
    def chosen(key: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not value:
            msg = f"{key} is a list such as [{options[0]!r}], not {value!r}."
            raise DataError(msg)
        for each in value:
            one_of(noun, each, options)
        if len(set(value)) < len(value):
            msg = f"{key} names a {noun} twice: {', '.join(value)}."
            raise DataError(msg)
        return tuple(value)

    return chosen


def _month(key: str, value: Any) -> int:
    if not is_whole(value) or not 1 <= value <= 12:
        msg = f"{key} is the first month of the fiscal year, 1 to 12, not {value!r}."
        raise DataError(msg)
    return int(value)


def _margin(key: str, value: Any) -> float:
    if not is_number(value) or not 0 < value <= 1:
        msg = f"{key} is a share such as 0.8, not {value!r}."
        raise DataError(msg)
    return float(value)


def _truth(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        msg = f"{key} is true or false, not {value!r}."
        raise DataError(msg)
    return value


def _table(key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        msg = f"{key} is a table of the file, [{key}], not {value!r}."
        raise DataError(msg)
    return value


def _colors(key: str, value: Any) -> dict[str, str]:
    for name, color in _table(key, value).items():
        one_of("color", name, COLORS)
        if not isinstance(color, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
            msg = f'{key}.{name} is a color such as "#0072b2", not {color!r}.'
            raise DataError(msg)
    return dict(value)


def _targets(key: str, value: Any) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for metric, periods in _table(key, value).items():
        one_of("planned metric", metric, PLANNED)
        for period, amount in _table(f"{key}.{metric}", periods).items():
            if not is_number(amount) or not abs(amount) <= _MOST:  # nan is within no limits
                msg = f'{key}.{metric}."{period}" is a number, and finite, not {amount!r}.'
                raise DataError(msg)
            if not _is_period(period):
                msg = (
                    f"{key}.{metric} has {period!r}, which is no period: write a quarter such as "
                    '"2026-Q3" (of a fiscal year "Q3 FY26"), or the month in which it ends, such as "2026-09".'
                )
                raise DataError(msg)
            found.setdefault(metric, {})[str(period)] = float(amount)
    return found


def _is_period(text: Any) -> bool:
    if quarter_month(text):
        return True
    if not isinstance(text, str) or not _PERIOD.fullmatch(text):
        return False
    try:
        date.fromisoformat(text if len(text) == len("2026-09-30") else f"{text}-01")
    except ValueError:
        return False
    return True


def _policy(key: str, value: Any) -> str:
    from saasmetrics.policy import resolve

    name = _text(key, value)
    if not name.endswith(".json"):  # a file is looked for from the folder of the settings
        resolve(name)
    return name


def _currency(key: str, value: Any) -> str | None:
    from saasmetrics.engine.amounts import reporting_currency

    return reporting_currency(_text(key, value))


def _comments(key: str, value: Any) -> dict[str, Words]:
    found = {}
    for page, words in _table(key, value).items():
        one_of("page", page, PAGES)
        for name in _table(f"{key}.{page}", words):
            one_of("part of a comment", name, ("title", "text", "written_for"))
        found[page] = Words(
            **{name: _text(f"{key}.{page}.{name}", said) for name, said in words.items()}
        )
    return found


def _asks(key: str, value: Any) -> tuple[Ask, ...]:
    if not isinstance(value, list):
        msg = f"{key} are tables of the file, [[{key}]], not {value!r}."
        raise DataError(msg)
    found = []
    for each in value:
        for name in _table(key, each):
            one_of("part of an ask", name, ("text", "owner", "date"))
        if "text" not in each:
            msg = f"An ask needs its text: [[{key}]] text = ..."
            raise UnknownNameError(msg)
        found.append(Ask(**{name: _text(f"{key}.{name}", said) for name, said in each.items()}))
    return tuple(found)


_WAYS: dict[str, Callable[[str, Any], Any]] = {
    "company": _text, "title": _text, "data": _text, "currency": _currency, "fiscal_start": _month,
    "as_of": _text, "policy": _policy, "audience": _choice(AUDIENCES), "pages": _choices("page", PAGES),
    "formats": _choices("format", FORMATS), "paper": _paper, "logo": _text, "template": _text,
    "margin": _margin, "benchmarks": _truth, "missing_pages": _truth, "colors": _colors,
    "targets": _targets, "comments": _comments, "asks": _asks,
}  # fmt: skip
