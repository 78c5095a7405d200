"""Spans of control: how many people each manager leads, and how people make pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.staff import NONE, Staff, staff
from saasmetrics.errors import DataError
from saasmetrics.metrics.formulas.workforce import managers_required
from saasmetrics.metrics.formulas.workforce import pods as pods_of
from saasmetrics.metrics.made import made
from saasmetrics.money import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

TEMPLATE: Mapping[str, int] = {"csm": 2, "agent": 5, "specialist": 1}


@metric(
    id="span_of_control",
    name="Span of control",
    unit="count",
    better="neutral",
    meaning="How many people report to each manager.",
    formula="people at the as-of date by manager",
    missing="Never missing; people without a manager are a row of their own.",
    sources=("METRICS.md", "HubSpot: 8 where work is specialized, 15 or 20 where it is less so"),
    options={"limit": "at most {value:g} people a manager"},
)
def spans(book: Book, *, limit: float = 8) -> Result:
    """Reports of each manager at the as-of date, against a limit.

    Parameters
    ----------
    book
        The company's tables; needs `people` with manager_id.
    limit
        Most people a manager can lead well: 8 for specialized work, 15 or 20 for less specialized.

    Returns
    -------
    Result
        manager_id, value and n (people), fte, role (of the manager), verdict ("within", "over", "no manager"), needed
        (managers that so many people take), reason.

    Raises
    ------
    MissingTableError
        If there is no table people.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> people = {"person_id": ["boss", *range(12)], "role": ["agent"] * 13}
    >>> people["manager_id"] = [None] + ["boss"] * 12
    >>> mrr = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [10]}
    >>> made = sm.capacity.spans(sm.Book(mrr=mrr, people=people))
    >>> made.text
    'More than 8 people under 1 of 1 manager; 12 reports take 2'
    """
    import pandas as pd

    limit = finite("limit", limit, "a number of people above 0", least=1)
    people = _here(book, "Spans of control")
    managers, at = np.unique(people.manager_id.astype(str), return_inverse=True)
    heads, fte = np.bincount(at), np.bincount(at, people.fte)
    role = dict(zip(people.person.tolist(), people.role.tolist(), strict=True))
    df = pd.DataFrame(
        {
            "manager_id": managers.astype(object),
            "value": heads.astype(float),
            "n": heads,
            "fte": fte,
            "role": [role.get(name, NONE) for name in managers],
        }
    )
    top = (df["manager_id"] == NONE).to_numpy(bool)
    alone = top & (heads > 1)  # one person without a manager leads the others
    over = heads > limit
    df["verdict"] = np.select([alone, over], ["no manager", "over"], "within")
    df["needed"] = [managers_required(int(n), limit) for n in heads]
    df["reason"] = np.select(
        [alone, over], ["nobody leads them", f"more than {limit:g} people"], ""
    )
    df = df.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)
    led = int(heads[~top].sum())
    headline = (
        f"More than {limit:g} people under {int((df['verdict'] == 'over').sum())} of "
        f"{counted(int((~top).sum()), 'manager')}; {counted(led, 'report')} take {managers_required(led, limit)}"
    )
    return made(
        book,
        "span_of_control",
        df,
        "books",
        by="manager_id",
        options={"limit": limit},
        notes=people.notes,
        tables=["people"],
        extra={"headline": headline, "limits": (0, limit)},
    )


@metric(
    id="pods",
    name="Pods",
    unit="count",
    better="neutral",
    meaning="How many people of each role every pod has, against the pod it is meant to be.",
    formula="people at the as-of date by pod and role",
    missing="Never missing; people without a pod are a row of their own.",
    sources=("METRICS.md", "Poster POS: two of success, five of support, one product specialist"),
    options={"template": "a pod is {value}"},
)
def pods(book: Book, *, template: Mapping[str, int] = TEMPLATE) -> Result:
    """People of each pod by role at the as-of date, and how many pods all of them would make.

    Parameters
    ----------
    book
        The company's tables; needs `people` with pod.
    template
        Role -> how many of it a pod has.

    Returns
    -------
    Result
        pod, value and n (people of the roles of the template), one column per role, short (how many are missing), spare
        (how many are more than the template), verdict ("full", "short", "no pod"), reason.
        `extra["possible"]` is how many pods the people would make: of any role, and with roles kept.

    Raises
    ------
    MissingTableError
        If there is no table people.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.capacity.pods(sm.demo(customers=300)).df["verdict"].isin(["full", "short"]).all()
    np.True_
    """
    import pandas as pd

    wanted = _template(template)
    people = _here(book, "Pods")
    people = people.pick(np.isin(people.role, list(wanted)))
    names, at = np.unique(people.pod.astype(str), return_inverse=True)
    counts = {role: np.bincount(at[people.role == role], minlength=len(names)) for role in wanted}
    table = np.stack(list(counts.values())) if len(names) else np.zeros((len(wanted), 0), int)
    need = np.array(list(wanted.values()))[:, None]
    short, spare = np.maximum(need - table, 0), np.maximum(table - need, 0)
    heads = table.sum(axis=0)
    missing = [
        ", ".join(
            f"{counted(int(gap), role)} missing"
            for role, gap in zip(wanted, column, strict=True)
            if gap
        )
        for column in short.T
    ]
    outside = names == NONE
    df = pd.DataFrame(
        {"pod": names.astype(object), "value": heads.astype(float), "n": heads, **counts}
    )
    df["short"], df["spare"] = short.sum(axis=0), spare.sum(axis=0)
    df["verdict"] = np.select([outside, df["short"] > 0], ["no pod", "short"], "full")
    df["reason"] = np.where(outside, "belong to no pod", missing)
    total = int(heads.sum())
    possible = _possible(table.sum(axis=1), need[:, 0])
    return made(
        book,
        "pods",
        df,
        "books",
        by="pod",
        options={"template": " + ".join(f"{n} {role}" for role, n in wanted.items())},
        notes=people.notes,
        tables=["people"],
        extra={
            "headline": _said(total, possible),
            "limits": (sum(wanted.values()), None),
            "possible": possible,
        },
    )


def _possible(there: NDArray[np.int64], need: NDArray[np.int64]) -> dict[str, int]:
    full, left = pods_of(int(there.sum()), need.tolist())
    kept = int(min((there // np.maximum(need, 1))[need > 0], default=0))
    return {"any_role": full, "left_over": left, "roles_kept": kept}


def _said(total: int, possible: Mapping[str, int]) -> str:
    left = possible["left_over"]
    return (
        f"{counted(total, 'head')} make {counted(possible['any_role'], 'pod')}"
        + (f" and {left} left over" if left else "")
        + f"; with roles as they are {possible['roles_kept']}"
    )


def _here(book: Book, wanted_by: str) -> Staff:
    people = staff(book.tables, book.as_of_day, None, wanted_by)
    return people.pick(people.active(book.as_of_day))


def _template(template: Any) -> dict[str, int]:
    try:
        found = {
            str(role): whole("template", n, 0, "people of a role") for role, n in template.items()
        }
    except AttributeError as error:
        msg = f"template={template!r} is not a pod: role -> number of people, such as {{'csm': 2}}."
        raise DataError(msg) from error
    if not any(found.values()):
        msg = f"template={template!r} is a pod of nobody; give at least one role a number above 0."
        raise DataError(msg)
    return found
