"""Who reaches out: reactive and proactive work, and executives who talk to customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.asked import listed, one_of, whole
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import days, encode, flat, has
from saasmetrics.engine.groups import columns, encoded, unreserved
from saasmetrics.engine.moments import check_zone
from saasmetrics.engine.tally import tally
from saasmetrics.engine.ticket_groups import OF_RESULTS
from saasmetrics.errors import DataError, MissingTableError, UnknownNameError
from saasmetrics.metrics.made import made, ratio
from saasmetrics.metrics.rates import check_interval
from saasmetrics.metrics.support.contact_rows import contact_rows
from saasmetrics.metrics.support.exposure import people_of
from saasmetrics.money import counted
from saasmetrics.survival.estimate import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Ints = NDArray[np.int64]

KINDS = {
    "onboarding": "proactive",
    "training": "proactive",
    "qbr": "proactive",
    "success_review": "proactive",
    "business_review": "proactive",
    "webinar": "proactive",
    "escalation": "reactive",
    "issue": "reactive",
    "complaint": "reactive",
    "support": "reactive",
    "ticket": "reactive",
}
_SIDES = ("reactive", "proactive")


@metric(
    id="reactive_share",
    name="Reactive share",
    unit="ratio",
    better="lower",
    meaning="How much of the work with customers answers difficulties, and how much comes on our own initiative.",
    formula="reactive contacts / contacts whose initiative is known",
    missing="Missing where no contact of the period tells its initiative.",
    sources=(
        "Poster POS, reactive and proactive tasks",
        "HubSpot, proactive service",
        "METRICS.md",
    ),
    options={"tickets": {True: "every ticket is a reactive contact", False: "activities alone"}},
)
def reactive_share(
    book: Book,
    by: str | Sequence[str] | None = None,
    freq: str = "M",
    *,
    tickets: bool = False,
    kinds: Mapping[str, str] | None = None,
    zone: str = "UTC",
    interval: float | None = 0.95,
) -> Result:
    """How much of the work with customers is reactive, by person and month.

    Parameters
    ----------
    book
        With the table activities.
    by
        Columns of activities ("csm_id", "kind") or customers ("segment").
    freq
        Length of the periods.
    tickets
        Whether tickets count too, as reactive contacts; only for groups of customers, or none.
    kinds
        "reactive" or "proactive" by kind of activity, for those that do not say whether they are proactive.
    zone
        Time zone in which days begin.
    interval
        Coverage of Wilson's interval, or None.

    Returns
    -------
    Result
        Columns period, the by-columns, value (reactive share), numerator (reactive), denominator (known), n (all),
        proactive_share, unknown (contacts whose initiative is not known), reason, complete, low, high.

    Raises
    ------
    MissingTableError
        If the book has no activities.
    UnknownNameError
        If a column or a value of kinds does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> df = sm.support.reactive_share(sm.demo(customers=50), freq="Y").df
    >>> bool(((df["value"] + df["proactive_share"]).dropna().round(12) == 1).all())
    True
    """
    check_interval(interval)
    found = _Contacts(book, freq, columns(by), check_zone(zone), bool(tickets))
    side = found.sides(_classes(kinds))
    top, other, unknown = (found.sums(side == code) for code in (0, 1, -1))
    df = found.frame(top, top + other, top + other + unknown, interval)
    df["proactive_share"] = 1 - df["value"]
    df["unknown"] = unknown.ravel()
    many = int(unknown.sum())
    notes = [f"{counted(many, 'contact')} of unknown initiative not in the share"] if many else []
    options = {"freq": freq, "tickets": bool(tickets)}
    used = ("activities", *(("tickets",) if tickets else ()))
    return made(
        book, "reactive_share", df, "series", by=by, options=options, notes=notes, tables=used
    )


def _classes(kinds: Mapping[str, str] | None) -> Mapping[str, str]:
    if kinds is None:
        return KINDS
    if not isinstance(kinds, Mapping):
        msg = f'kinds={kinds!r} is no mapping of kinds of activity, such as {{"check_in": "proactive"}}.'
        raise DataError(msg)
    for value in kinds.values():
        one_of("initiative", value, _SIDES)
    return {**KINDS, **kinds}


class _Contacts:
    """Activities, and tickets as far as asked for, in periods and groups."""

    def __init__(
        self, book: Book, freq: str, by: tuple[str, ...], zone: str, tickets: bool
    ) -> None:
        if "activities" not in book.tables:
            raise MissingTableError.of("activities", "What is done for customers")
        if tickets and "tickets" not in book.tables:
            raise MissingTableError.of("tickets", "Counting tickets as contacts")
        self.book, self.by, self.zone, self.calendar = book, by, zone, book.calendar(freq)
        own = set() if tickets else {*book.tables["activities"].data.column_names}
        theirs = [] if {*by} <= own else ["customer_id"]
        looked = ("kind", "proactive", *(name for name in by if name in own), *theirs)
        done = contact_rows(book, "activities", looked, self.calendar, zone)
        asked = contact_rows(book, "tickets", theirs, self.calendar, zone) if tickets else None
        parts = [part for part in (done, asked) if part is not None]
        self.data, self.tickets = done.data, None if asked is None else asked.data
        self.at, self.n = (
            np.concatenate([getattr(p, name) for p in parts]) for name in ("at", "n")
        )
        self.seen = np.concatenate([part.seen for part in parts])
        last = int(self.calendar.ordinal(np.array([book.as_of_day]))[0])
        first = int(self.at[self.seen].min(initial=last))
        if book.since_day is not None:
            first = max(first, int(self.calendar.ordinal(np.array([book.since_day]))[0]))
        self.first, self.periods = first, last - first + 1
        full = int(self.calendar.last_day(np.array([last]))[0]) <= book.as_of_day
        self.full = last if full else last - 1
        self.labels, self.code = self._groups()

    def _groups(self) -> tuple[list[tuple[Any, ...]], Ints]:
        code, labels = np.zeros(len(self.at), np.int64), [()]
        unreserved(self.by, OF_RESULTS)
        for name in self.by:
            values, codes = encoded(self._column(name))
            key = code * len(values) + codes
            used, at = np.unique(key, return_inverse=True)
            labels = [(*labels[k // len(values)], values[k % len(values)]) for k in used]
            code = at.reshape(-1).astype(np.int64)
        return labels, code

    def _column(self, name: str) -> pa.Array:
        own = self.book.tables["activities"].data.column_names
        theirs = (
            self.book.tables["customers"].data.column_names
            if "customers" in self.book.tables
            else []
        )
        if name in own and self.tickets is None:
            return flat(self.data[name])
        column = name.removeprefix("customers.")
        if column not in theirs:
            known = [*([] if self.tickets is not None else own), *theirs]
            raise UnknownNameError.of(
                "column of activities and customers", name, sorted(set(known))
            )
        customers = self.book.tables["customers"].data
        ids = [flat(t["customer_id"]) for t in (self.data, self.tickets) if t is not None]
        at = pc.index_in(
            pa.concat_arrays([i.cast(ids[0].type) for i in ids]),
            value_set=flat(customers["customer_id"]).cast(ids[0].type),
        )
        return pc.take(flat(customers[column]), at)

    def sides(self, kinds: Mapping[str, str]) -> Ints:
        """Return 0 for reactive contacts, 1 for proactive ones, -1 where that is not known."""
        names, code = encode(self.data["kind"])
        of_kind = [_SIDES.index(kinds[k]) if k in kinds else -1 for k in names.to_pylist()]
        side = np.append(np.array(of_kind, np.int64), -1)[code]
        if "proactive" in self.data.column_names:
            said = flat(self.data["proactive"])
            told = np.asarray(said.is_valid())
            side = np.where(told, np.asarray(pc.fill_null(said, False)).astype(np.int64), side)
        more = 0 if self.tickets is None else len(self.tickets)
        return np.append(side, np.zeros(more, np.int64))

    def sums(self, kept: NDArray[np.bool_]) -> Ints:
        """Return how many contacts there are per group and period."""
        mine = kept & self.seen & (self.at >= self.first)
        cell = self.code[mine] * self.periods + self.at[mine] - self.first
        found = tally(cell, self.n[mine], len(self.labels) * self.periods)
        return found.reshape(-1, self.periods)

    def frame(self, top: Ints, bottom: Ints, n: Ints, interval: float | None) -> pd.DataFrame:
        """Return a share per group and period as a tidy frame."""
        import pandas as pd

        number, many = np.arange(self.first, self.first + self.periods), len(self.labels)
        data: dict[str, Any] = {"period": np.tile(self.calendar.starts(number), many)}
        for i, name in enumerate(self.by):
            label = np.empty(many, object)
            label[:] = [row[i] for row in self.labels]
            data[name] = np.repeat(label, self.periods)
        value = ratio(top, bottom).ravel()
        data |= {
            "value": value,
            "numerator": top.ravel(),
            "denominator": bottom.ravel(),
            "n": n.ravel(),
        }
        data["reason"] = np.where(
            np.isnan(value), "no contact of the period tells its initiative", ""
        )
        data["complete"] = np.tile(number <= self.full, many)
        if interval is not None:
            low, high = wilson(top, bottom, interval)
            data |= {"low": low.ravel(), "high": high.ravel()}
        return pd.DataFrame(data)


@metric(
    id="exec_contacts",
    name="Executives with customers",
    unit="ratio",
    better="higher",
    meaning="Whether each executive talks to at least so many customers a month.",
    formula="executives with enough customers in the month / executives who were there",
    missing="Missing where no executive was there.",
    sources=("HubSpot, each executive talks to a customer a month", "METRICS.md"),
    options={"least": "enough is {value}", "roles": "executives are those with the role {value}"},
)
def exec_contacts(
    book: Book,
    roles: Sequence[str] = ("ceo", "cto", "coo", "cfo", "cpo", "cro", "vp", "executive", "founder"),
    least: int = 1,
    freq: str = "M",
    *,
    zone: str = "UTC",
) -> Result:
    """Which executives talked to customers each month.

    Parameters
    ----------
    book
        With the tables people and activities; tickets that an executive answered count too.
    roles
        Roles of executives in people.
    least
        Customers a period that are enough.
    freq
        Length of the periods.
    zone
        Time zone in which days begin.

    Returns
    -------
    Result
        Columns period, value, numerator (executives with enough), denominator (executives there), n, reason, complete;
        `extra["tables"]` has customers by executive and period.

    Raises
    ------
    MissingTableError
        If there are no people or no activities.
    DataError
        If nobody has one of the roles.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.support.exec_contacts(sm.demo(customers=50), roles=["csm"]).value > 0
    True
    """
    enough = whole("least", least, 1, "a number of customers")
    one = [roles] if isinstance(roles, str) else roles
    wanted = [str(role) for role in listed("roles", one, "roles of people")]
    check_zone(zone)
    contacts = _Contacts(book, freq, (), zone, "tickets" in book.tables)
    data, kept = people_of(book, wanted)
    at = np.flatnonzero(kept)
    ids = flat(data["person_id"]).take(pa.array(at))
    customers = _customers_of(contacts, ids)
    number = np.arange(contacts.first, contacts.first + contacts.periods)
    first, last = contacts.calendar.first_day(number), contacts.calendar.last_day(number)
    start = days(data["start"], -(2**30))[at] if has(data, "start") else np.full(len(at), -(2**30))
    end = days(data["end"], 2**30)[at] if has(data, "end") else np.full(len(at), 2**30)
    there = (start[:, None] <= last) & (end[:, None] > first)
    top = ((customers >= enough) & there).sum(axis=0)[None, :]
    df = contacts.frame(top, there.sum(axis=0)[None, :], there.sum(axis=0)[None, :], None)
    df["reason"] = np.where(df["value"].isna(), "no executive was there", "")
    options = {"freq": freq, "least": f"{enough}", "roles": " or ".join(wanted)}
    tables = {"Customers by executive": _people_frame(contacts, ids, customers, there)}
    used = ("activities", "people")
    return made(
        book, "exec_contacts", df, "series", options=options, extra={"tables": tables}, tables=used
    )


def _customers_of(contacts: _Contacts, people: pa.Array) -> Ints:
    """Return how many customers each person had contact with, per person and period."""
    names, book = people.cast(pa.string()), contacts.book
    person, at, every = [], [], []
    for table, column in (("activities", "csm_id"), ("tickets", "agent_id")):
        if table not in book.tables or column not in book.tables[table].data.column_names:
            continue
        wanted = {column: names.to_pylist()}
        looked = (column, "customer_id")
        found = contact_rows(book, table, looked, contacts.calendar, contacts.zone, wanted)
        who = pc.fill_null(pc.index_in(flat(found.data[column]).cast(pa.string()), names), -1)
        person.append(np.where(found.seen, np.asarray(who), -1).astype(np.int64))
        at.append(found.at)
        every.append(flat(found.data["customer_id"]).cast(pa.string()))
    if not every:
        return np.zeros((len(people), contacts.periods), np.int64)
    _, customer = encode(pa.concat_arrays(every))
    persons, when = np.concatenate(person), np.concatenate(at)
    mine = (persons >= 0) & (when >= contacts.first)
    many = int(customer.max(initial=0)) + 1
    cell = persons[mine] * contacts.periods + when[mine] - contacts.first
    used = np.unique(cell * many + customer[mine])
    counts: Ints = np.bincount(used // many, minlength=len(people) * contacts.periods)
    return counts.reshape(len(people), contacts.periods)


def _people_frame(
    contacts: _Contacts, people: pa.Array, customers: Ints, there: NDArray[np.bool_]
) -> pd.DataFrame:
    import pandas as pd

    number = np.arange(contacts.first, contacts.first + contacts.periods)
    names = people.to_pylist()
    data = {
        "person_id": np.repeat(np.array(names, object), contacts.periods),
        "period": np.tile(contacts.calendar.starts(number), len(names)),
        "customers": customers.ravel(),
    }
    return pd.DataFrame(data)[there.ravel()].reset_index(drop=True)
