"""The capacity planner: tickets to come, when to hire, people against the work, and books of business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import format_part
from saasmetrics_widgets import plans
from saasmetrics_widgets.base import MetricWidget
from saasmetrics_widgets.behind import Cell
from saasmetrics_widgets.calls import Call
from saasmetrics_widgets.choices import Choices, check_names, one_of, select
from saasmetrics_widgets.scenarios import signed
from saasmetrics_widgets.view import footnotes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_MONTHS = {n: f"{n} month{'' if n == 1 else 's'}" for n in range(13)}
GROWTH: dict[Any, str] = {
    "": "As in the past",
    **{share: signed(share) if share else "±0%" for share in range(-30, 101, 5)},
}
CONTACTS = {share: signed(share) for share in range(-50, 51, 5)}
OCCUPANCY = {share: f"{share} %" for share in range(50, 101, 5)}
HORIZONS = {n: f"{n} months" for n in (6, 12, 18, 24)}
# Each control with its values and where it starts.
_LEVERS: dict[str, tuple[str, Mapping[Any, str], Any]] = {
    "growth": ("Customers, a year", GROWTH, ""),
    "contacts": ("Contact rate", CONTACTS, 0),
    "ramp": ("Ramp", _MONTHS, 2),
    "occupancy": ("Occupancy", OCCUPANCY, 80),
    "lead": ("Lead time", _MONTHS, 2),
}
_USUAL = "agent"  # the role that a plan is for where there are such people


class CapacityPlanner(MetricWidget):
    """Demand for support, the hiring plan, people against the work, and the books of customer success managers.

    Parameters
    ----------
    book
        The company's tables: tickets and people; customers with csm_id for the books.
    **controls
        Where to start, as in `controls`.

    Traits
    ------
    controls : dict, both ways
        growth (of customers in % a year, -30 to 100 by 5; "" for as many won a month as in the past), contacts (change
        of tickets an account opens in %, -50 to 50 by 5), ramp (months until a hire has full output, 0 to 12),
        occupancy (share of available time spent on tickets in %, 50 to 100 by 5), lead (months from opening a
        requisition to the first day, 0 to 12), role (of the people, "" for all), horizon (months ahead: 6, 12, 18, 24).
    demand, hiring, people, books : dict, Python to browser
        The pictures: title, note, scene, code and key.
    selection : dict, both ways
        {"of": "books", "csm_id"}: the accounts of a customer success manager; {"of": "demand", "period"}: who opened
        the tickets of a month that is over.

    All other traits are those of `MetricWidget`.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> planner = CapacityPlanner(sm.demo(customers=120), growth=50)
    >>> [card["title"] for card in planner.view["cards"]][1:]
    ['To hire in 12 months', 'Open next', 'Chance of being short', 'Books over the limit']
    """

    kind = "planner"
    words = "Capacity planner"
    layout = (
        (("demand", 50), ("people", 50)),
        (("hiring", 50), ("books", 50)),
        (("table", 100),),
    )

    demand = traitlets.Dict().tag(sync=True)
    hiring = traitlets.Dict().tag(sync=True)
    people = traitlets.Dict().tag(sync=True)
    books = traitlets.Dict().tag(sync=True)

    def _prepare(self, book: Book) -> None:
        super()._prepare(book)
        self._choices = Choices(book)

    def _roles(self) -> dict[str, str]:
        """Return the roles of people that a plan can be for."""
        found: list[str] = []
        if "people" in self.book.tables:
            data = self.book.tables["people"].data
            if "role" in data.column_names:
                found = sorted(str(role) for role in set(data["role"].to_pylist()) if role)
        return {"": "Everybody", **{role: role.replace("_", " ").capitalize() for role in found}}

    def _settled(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        check_names(wanted, (*_LEVERS, "role", "horizon"))
        roles = self._roles()
        now = {
            name: _of(name, wanted.get(name), options, start)
            for name, (_, options, start) in _LEVERS.items()
        }
        role = wanted.get("role")
        usual = _USUAL if _USUAL in roles else ""
        now["role"] = one_of("role", usual if role is None else role, roles)
        return {**now, "horizon": _of("horizon", wanted.get("horizon"), HORIZONS, 12)}

    def _calls(self, now: Mapping[str, Any]) -> dict[str, Call]:
        """Return the call behind each panel; what is as it always is, is not said."""
        ahead: list[tuple[str, Any]] = [("horizon", now["horizon"])]
        customers = self.book.tables.get("customers")
        if customers is None or "segment" not in customers.data.column_names:
            ahead.append(("by", None))
        if now["growth"] != "":
            ahead.append(("growth", now["growth"] / 100))
        if now["contacts"]:
            ahead.append(("contact_change", now["contacts"] / 100))
        plan = [("roles", now["role"] or None), ("ramp", now["ramp"]), ("lead", now["lead"])]
        plan.append(("occupancy", now["occupancy"] / 100))
        hiring = Call("capacity.hiring_plan", (*ahead, *plan))
        return {
            "demand": Call("capacity.demand", tuple(ahead)),
            "people": hiring,
            "hiring": hiring,
            "books": Call("capacity.books"),
        }

    def _needs(self, now: Mapping[str, Any]) -> Sequence[Call]:
        return list(self._calls(now).values())

    def _make(self, now: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        asked = self._calls(now)
        draw = {
            "demand": plans.demand,
            "people": plans.people,
            "hiring": plans.hiring,
            "books": plans.books,
        }
        ready = [of for of, one in asked.items() if wait or one in self._results]
        panels = {of: self._panels.panel(of, asked[of], (), draw[of]) for of in ready}
        levers = [
            select(name, label, now, options, "range")
            for name, (label, options, _) in _LEVERS.items()
        ]
        words = f"as of {self.book.as_of_text}, {self.book.currency}"
        return {
            "headline": f"Capacity, {now['horizon']} months ahead, {words}",
            "controls": [
                select("role", "People", now, self._roles()),
                select("horizon", "Look ahead", now, HORIZONS),
                *levers,
            ],
            "cards": self._cards(now, asked) if len(ready) == len(asked) else [],
            "panels": panels,
            "footnotes": footnotes(self._results, asked.values()),
        }

    def _cards(self, now: Mapping[str, Any], asked: Mapping[str, Call]) -> list[dict[str, Any]]:
        plan = (
            ("hires", f"To hire in {now['horizon']} months", _hires),
            ("next", "Open next", _next),
            ("short", "Chance of being short", _short),
        )
        return [
            self._card("demand", "Tickets to come", asked["demand"], _tickets),
            *(self._card(name, title, asked["hiring"], read) for name, title, read in plan),
            self._card("books", "Books over the limit", asked["books"], _over),
        ]

    def _card(self, id: str, title: str, asked: Call, read: Any) -> dict[str, Any]:
        """Return a card: value, unit and note as they are read, or why there are none."""
        try:
            value, unit, note = read(self._results[asked])
        except DataError as error:
            value, unit, note = "–", "", str(error).split("\n", maxsplit=1)[0]
        say = f"{title} {value}{f' {unit}' if unit else ''}, {note}"
        words = {"id": id, "title": title, "value": value, "unit": unit, "note": note}
        return {**words, "pick": {}, "say": say, "tip": note}

    def _carried(
        self, selection: Mapping[str, Any], old: Mapping[str, Any], now: Mapping[str, Any]
    ) -> dict[str, Any]:
        del old, now  # books and past months are what they are, whatever is planned
        return dict(selection)

    def _cell(self, now: Mapping[str, Any], selection: Mapping[str, Any]) -> Cell:
        of = str(selection.get("of"))
        if of not in ("books", "demand"):
            raise UnknownNameError.of("part of the planner", of, ("books", "demand"))
        call = self._calls(now)[of]
        if of == "books":
            owner = selection.get("csm_id")
            return Cell(call, {"csm_id": owner}, ("arr",), (), f"Accounts of {owner}")
        period = selection.get("period")
        month = self._choices.text("M", self.book.calendar("M").of(period))
        return Cell(call, {"period": period}, ("tickets", "paying"), (), f"Tickets of {month}")


def _of(name: str, wanted: Any, options: Mapping[Any, str], start: Any) -> Any:
    """Return a value that is on offer, or refuse it with those that are."""
    value = start if wanted is None else wanted
    if value not in options:
        raise UnknownNameError.of(name, str(value), [str(one) for one in options])
    return value


def _tickets(found: Result) -> tuple[str, str, str]:
    total = found.extra["total"]
    last = total.iloc[-1]
    span = f"{last['low']:,.0f} to {last['high']:,.0f} in 95% of draws"
    over = total[~total["forecast"]]
    was = f"; {over.iloc[-1]['value']:,.0f} in {over.iloc[-1]['period']:%b %Y}"
    return f"{last['value']:,.0f}", f"in {last['period']:%b %Y}", f"{span}{was}"


def _hires(found: Result) -> tuple[str, str, str]:
    many = int(found.df["hires"].iloc[-1])
    return f"{many:,}", "hire" if many == 1 else "hires", str(found.extra["headline"])


def _next(found: Result) -> tuple[str, str, str]:
    opened, started = (found.df[found.df[name] > 0] for name in ("open", "start"))
    if not len(opened):
        return "–", "", "nobody has to be hired"
    first, late = opened.iloc[0], found.extra["overdue"]
    begin = f", first day {started.iloc[0]['period']:%b %Y}" if len(started) else ""
    overdue = f"; {late} overdue" if late else ""
    return f"{first['period']:%b %Y}", "", f"{int(first['open'])} to open{begin}{overdue}"


def _short(found: Result) -> tuple[str, str, str]:
    worst = found.df.iloc[int(found.df["short"].to_numpy().argmax())]
    without = format_part(float(worst["short_now"]), 0)
    note = f"in {worst['period']:%b %Y}, the worst month, with hires; {without} without"
    return format_part(float(worst["short"]), 0), "", note


def _over(found: Result) -> tuple[str, str, str]:
    owned = found.df[found.df["verdict"] != "no owner"]
    over = int((owned["verdict"] == "over").sum())
    return f"{over} of {len(owned)}", "", str(found.extra["headline"])


def plan_capacity(book: Book, **controls: Any) -> CapacityPlanner:
    """Open the capacity planner of a book.

    Parameters
    ----------
    book
        The company's tables.
    **controls
        Where to start: growth, contacts, ramp, occupancy, lead, role, horizon.

    Returns
    -------
    CapacityPlanner
        A widget; show it by making it the last line of a cell.

    Raises
    ------
    DataError
        If a control does not exist or is not on offer.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> plan_capacity(sm.demo(customers=120), lead=4).controls["lead"]
    4
    """
    return CapacityPlanner(book, **controls)
