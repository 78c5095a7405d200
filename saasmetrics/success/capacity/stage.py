"""Which numbers matter at which size of company, and what is due to be set up."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import days, has, numbers
from saasmetrics.engine.followed import followed
from saasmetrics.engine.staff import NONE, staff
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result

MOST_SHOWN = 7


@dataclass(frozen=True)
class Stage:
    """A stage of growth: from how many employees on, and what to look at.

    Attributes
    ----------
    name
        Founding, Early, Mid, Growth or Scaling.
    first
        Employees from which it holds.
    north_star
        The one number that comes first.
    show, hide
        Numbers to look at, at most seven, and numbers that are premature.
    advice
        What to do, in sentences.
    focus
        What the stage is about.

    Examples
    --------
    >>> [Stage.of(n).name for n in (0, 4, 5, 19, 20, 99, 100, 249, 250)]
    ['Founding', 'Founding', 'Early', 'Early', 'Mid', 'Mid', 'Growth', 'Growth', 'Scaling']
    """

    name: str
    first: int
    north_star: str
    show: tuple[str, ...]
    hide: tuple[str, ...]
    advice: tuple[str, ...]
    focus: str

    @classmethod
    def of(cls, employees: int, guide: str | os.PathLike[str] | None = None) -> Stage:
        """Return the stage of so many employees; a number where two stages meet belongs to the later one."""
        many = whole("employees", employees, 0, "a number of employees")
        return [stage for stage in guide_of(guide)[0] if stage.first <= many][-1]


def guide_of(
    guide: str | os.PathLike[str] | None = None,
) -> tuple[list[Stage], list[dict[str, Any]]]:
    """Return stages and triggers, of the library or of a file of one's own.

    Raises
    ------
    DataError
        If the file is none, a stage shows more than seven numbers or hides what it shows, or the first is not from 0.

    Examples
    --------
    >>> len(guide_of()[0])
    5
    """
    own = files("saasmetrics.success.capacity").joinpath("stages.json")
    try:
        text = own.read_text("utf-8") if guide is None else Path(guide).read_text("utf-8")
        found = json.loads(text)
        stages = [
            Stage(
                str(row["name"]),
                int(row["from"]),
                str(row["north_star"]),
                tuple(row["show"]),
                tuple(row["hide"]),
                tuple(row["advice"]),
                str(row["focus"]),
            )
            for row in found["stages"]
        ]
        triggers = [dict(row) for row in found["triggers"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"guide={guide!r} is no guide of stages: {error}. Copy the one of the library and edit it."
        raise DataError(msg) from error
    _checked(stages)
    return sorted(stages, key=lambda stage: stage.first), triggers


def _checked(stages: Sequence[Stage]) -> None:
    for stage in stages:
        if len(stage.show) > MOST_SHOWN:
            msg = (
                f"The stage {stage.name} shows {len(stage.show)} numbers; {MOST_SHOWN} is the most a page can have "
                "before nobody looks at any. Leave some out."
            )
            raise DataError(msg)
        if stage.north_star not in stage.show or set(stage.show) & set(stage.hide):
            msg = f"The stage {stage.name} must show its north star, {stage.north_star}, and hide nothing it shows."
            raise DataError(msg)
    if not stages or min(stage.first for stage in stages) != 0:
        msg = "The first stage must hold from 0 employees on."
        raise DataError(msg)


@metric(
    id="stage",
    name="Stage of the company",
    unit="table",
    better="neutral",
    meaning="Which numbers matter at the size of the company, and which are premature.",
    formula="the stage that holds from so many employees on: 0, 5, 20, 100 and 250; 5 employees are in the second",
    missing="Never missing; without a head count it is asked for.",
    sources=("METRICS.md", "HubSpot: customer success from 0 to 250 employees and more"),
    options={"employees": "{value:,} employees"},
)
def stage(
    book: Book, employees: int | None = None, *, guide: str | os.PathLike[str] | None = None
) -> Result:
    """Numbers to look at and numbers to leave, for the size of the company.

    Parameters
    ----------
    book
        The company's tables.
    employees
        Head count of the whole company; by default the last of `finance.headcount`.
    guide
        A file of stages of your own, in the form of the library's stages.json.

    Returns
    -------
    Result
        stage, metric, advice ("north star", "show" or "hide"). `extra` has stage, north_star, focus and advice.

    Raises
    ------
    DataError
        If the head count is not known.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.capacity.stage(sm.demo(customers=50), employees=19)
    >>> made.text
    'Early (from 5 employees): north star logo_retention'
    """
    import pandas as pd

    many = _headcount(book) if employees is None else whole("employees", employees, 0)
    found = Stage.of(many, guide)
    rest = [name for name in found.show if name != found.north_star]
    rows = [(found.north_star, "north star"), *((name, "show") for name in rest)]
    rows += [(name, "hide") for name in found.hide]
    df = pd.DataFrame(rows, columns=["metric", "advice"])
    df.insert(0, "stage", found.name)
    return made(
        book,
        "stage",
        df,
        "table",
        options={"employees": many},
        notes=tuple(sentence.rstrip(".") for sentence in found.advice),
        extra={
            "headline": f"{found.name} (from {found.first} employees): north star {found.north_star}",
            "stage": found.name,
            "north_star": found.north_star,
            "focus": found.focus,
            "advice": found.advice,
        },
    )


def _headcount(book: Book) -> int:
    finance = book.tables.get("finance")
    if finance is None or not has(finance.data, "headcount"):
        msg = "The stage of a company needs its head count: give employees=, or finance.headcount."
        raise DataError(msg)
    month = days(finance.data["month"], -(2**30))
    heads = numbers(finance.data["headcount"], np.nan)
    known = np.flatnonzero((month <= book.as_of_day) & ~np.isnan(heads))
    if not len(known):
        msg = "finance.headcount has no number up to the as-of date; give employees=."
        raise DataError(msg)
    return int(heads[known[month[known].argmax()]])


@metric(
    id="triggers",
    name="What is due to be set up",
    unit="table",
    better="neutral",
    meaning="Which steps of building customer success are due at the size that the company has.",
    formula="customers, people and reports of a manager against the number from which each step is due",
    missing="Missing where the table people is not there.",
    sources=(
        "METRICS.md",
        "HubSpot: a knowledge base at 1,000 customers, specialize from six people",
    ),
)
def triggers(book: Book, *, guide: str | os.PathLike[str] | None = None) -> Result:
    """Steps that are due, and those that are not yet.

    Parameters
    ----------
    book
        The company's tables; `people` for those about the team.
    guide
        A file of one's own, in the form of the library's stages.json.

    Returns
    -------
    Result
        trigger, value, target (from which it is due), due (missing where the value is), advice, reason.

    Raises
    ------
    DataError
        If the guide is none.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.capacity.triggers(sm.demo(customers=100)).df["trigger"].tolist()
    ['knowledge base', 'specialize', 'team leads']
    """
    import pandas as pd

    measures = _measures(book)
    rows = []
    for trigger in guide_of(guide)[1]:
        value = measures.get(str(trigger["measure"]), np.nan)
        known = value == value
        rows.append(
            {
                "trigger": trigger["name"],
                "value": value,
                "target": float(trigger["from"]),
                "due": bool(value >= trigger["from"]) if known else None,
                "advice": trigger["advice"],
                "reason": "" if known else "the table people is not there",
            }
        )
    df = pd.DataFrame(rows, columns=["trigger", "value", "target", "due", "advice", "reason"])
    due = df.loc[df["due"].eq(True), "trigger"].tolist()
    headline = f"due: {', '.join(due)}" if due else "nothing is due yet"
    return made(book, "triggers", df, "table", tables=["people"], extra={"headline": headline})


def _measures(book: Book) -> Mapping[str, float]:
    ledger = followed(book.engine).entities
    out = {"customers": float((ledger.state(book.as_of_day)[0] > 0).sum())}
    if "people" in book.tables:
        people = staff(book.tables, book.as_of_day, None, "Triggers")
        people = people.pick(people.active(book.as_of_day))
        managers = people.manager_id[people.manager_id != NONE]
        reports = np.unique(managers.astype(str), return_counts=True)[1]
        out |= {"people": float(len(people)), "largest_span": float(reports.max(initial=0))}
    return out
