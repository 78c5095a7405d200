"""How fast new people reach full output: profiles by channel, and capacity that allows for them."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, is_number, listed, one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.groups import columns
from saasmetrics.engine.staff import staff
from saasmetrics.metrics.made import made
from saasmetrics.money import counted
from saasmetrics.success.capacity.load import said_roles
from saasmetrics.success.capacity.shared import ROLES, by_cell, grid, month_edges, share, span_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Floats = NDArray[np.float64]

_MONTH = 365.25 / 12


@cache
def profiles() -> dict[str, tuple[float, ...]]:
    """Return the ramp of each channel.

    Examples
    --------
    >>> profiles()["email"]
    (0.35, 0.75)
    """
    text = files("saasmetrics.success.capacity").joinpath("profiles.json").read_text("utf-8")
    return {name: tuple(ramp) for name, ramp in json.loads(text)["ramps"].items()}


def ramp_of(ramp: int | str | Sequence[float]) -> Floats:
    """Return a ramp by the name of its channel, by its months, or as given.

    Raises
    ------
    DataError
        If it is neither a channel nor a number of months nor a list of shares.

    Examples
    --------
    >>> ramp_of([0.5]).tolist(), ramp_of(2).tolist()
    ([0.5], [0.25, 0.75])
    """
    if is_number(ramp):
        months = whole("ramp", ramp, 0, "months to full output", most=36)
        return np.asarray((np.arange(months) + 0.5) / max(months, 1))  # in the middle of each month
    if isinstance(ramp, str):
        one_of("ramp profile", ramp, profiles())
        return np.array(profiles()[ramp])
    shares = listed("ramp", ramp, "shares of full output by month")
    return np.array([finite("ramp", s, "a share of full output", least=0, most=1) for s in shares])


def said_ramp(ramp: int | str | Sequence[float]) -> str:
    """Return a ramp in words.

    Examples
    --------
    >>> said_ramp("email"), said_ramp(3), said_ramp([0.5])
    ('email', 'of 3 months', '50%')
    """
    if isinstance(ramp, str):
        return ramp
    if is_number(ramp):
        return f"of {counted(len(ramp_of(ramp)), 'month')}"
    return " ".join(f"{s:.0%}" for s in ramp_of(ramp))


def pace(tenure: Floats, ramp: Floats) -> Floats:
    """Return the share of full output at tenures in months; 0 before the first day, 1 after the ramp.

    Examples
    --------
    >>> pace(np.array([-1.0, 0.5, 1.0, 9.0]), np.array([0.25, 0.75])).tolist()
    [0.0, 0.25, 0.75, 1.0]
    """
    at = np.clip(np.floor(tenure), -1, len(ramp)).astype(int)
    return np.asarray(np.concatenate([ramp, [1.0, 0.0]])[at])


@metric(
    id="effective_capacity",
    name="Effective capacity",
    unit="fte",
    better="neutral",
    meaning="How many fully trained people at work the team amounts to.",
    formula="sum over people of FTE x share of the month worked x share of full output at their tenure x "
    "(1 - shrinkage)",
    missing="Never missing; 0 where nobody worked.",
    sources=("METRICS.md", "Zendesk (two months to train)"),
    options={
        "ramp": "ramp {value}",
        "shrinkage": "shrinkage {value:.0%}",
        "roles": ROLES,
    },
)
def effective(
    book: Book,
    freq: str = "M",
    by: str | Sequence[str] | None = None,
    *,
    roles: str | Sequence[str] | None = None,
    ramp: int | str | Sequence[float] = "email",
    shrinkage: float = 0.3,
) -> Result:
    """Full-time people with full output that a team amounts to, over time.

    Parameters
    ----------
    book
        The company's tables; needs `people` with start and end.
    freq
        M, Q or Y; of a quarter or year the mean of its months.
    by
        Columns of people: role, team, pod, tier, manager_id.
    roles
        Roles of people to count; None for all.
    ramp
        "email", "chat", "phone", "social" or "csm"; months to full output along a straight line; or your own: share of
        full output in the first month, the second...
    shrinkage
        Share of paid time not available for work with customers.

    Returns
    -------
    Result
        period, by-columns, value (effective FTE), numerator (effective FTE-months), denominator (months), n (people who
        worked), heads (mean), fte (mean, untrained people in full), lost_to_ramp, lost_to_shrinkage, reason, complete.
        fte - lost_to_ramp - lost_to_shrinkage = value.

    Raises
    ------
    MissingTableError
        If there is no table people.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> df = sm.capacity.effective(sm.demo(customers=200), "Y", roles="agent").df
    >>> bool((df["value"] <= df["fte"]).all())
    True
    """
    shares, away = ramp_of(ramp), share("shrinkage", shrinkage)
    names, span = columns(by), span_of(book, freq)
    people = staff(book.tables, book.as_of_day, roles, "Effective capacity")
    starts, ends, period = month_edges(book, span)
    worked = people.months(starts, ends) * people.fte[:, None]
    tenure = (starts[None, :] - people.start[:, None]) / _MONTH
    trained = worked * pace(np.maximum(tenure, 0.0), shares)
    labels, code = people.groups(names)
    shape = (len(labels), span.count)
    sums = {"heads": people.months(starts, ends), "fte": worked, "trained": trained}
    table = {name: by_cell(part, code, period, shape) for name, part in sums.items()}
    months = np.broadcast_to(np.bincount(period, minlength=span.count), shape)
    df = grid(span, names, labels)
    done = table["trained"] * (1 - away)
    columns_of = {
        "value": done / months,
        "numerator": done,
        "denominator": months.astype(float),
        "n": _people(worked, code, period, shape),
        "heads": table["heads"] / months,
        "fte": table["fte"] / months,
        "lost_to_ramp": (table["fte"] - table["trained"]) / months,
        "lost_to_shrinkage": table["trained"] * away / months,
    }
    df = df.assign(**{name: value.ravel() for name, value in columns_of.items()})
    df = df.assign(reason="", complete=np.tile(span.complete, shape[0]))
    options = {"freq": freq, "ramp": said_ramp(ramp), "shrinkage": away, "roles": said_roles(roles)}
    return made(
        book,
        "effective_capacity",
        df,
        "series",
        by=by,
        options=options,
        notes=people.notes,
        tables=["people"],
    )


def _people(
    worked: Floats, code: NDArray[np.int64], period: NDArray[np.int64], shape: tuple[int, int]
) -> Any:
    """Return how many different people worked in each cell."""
    there = np.zeros((len(code), shape[1]), bool)
    person, month = np.nonzero(worked > 0)
    there[person, period[month]] = True
    out = np.zeros(shape, np.int64)
    np.add.at(out, code, there.astype(np.int64))
    return out
