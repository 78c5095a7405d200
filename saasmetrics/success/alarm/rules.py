"""The rules of alerts: for every customer and day whether the condition holds, and what shows it in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite, one_of
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.money import counted
from saasmetrics.periods import iso_day
from saasmetrics.success.alarm.grid import known_for, rolling, shifted
from saasmetrics.success.score.events import optional
from saasmetrics.success.score.history import in_force, scored
from saasmetrics.success.score.scorer import scorer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.success.alarm.grid import Grid

    Bools = NDArray[np.bool_]
    Say = Callable[[NDArray[Any], int], list[str]]
    Found = tuple[Bools, Say]


@dataclass(frozen=True)
class Rule:
    """A rule: whether it warns of churn or points to expansion, what it means, its numbers and how it is computed."""

    name: str
    kind: str
    meaning: str
    numbers: Mapping[str, float]
    compute: Callable[[Grid, Mapping[str, float]], Found | str]


def usage_drop(grid: Grid, n: Mapping[str, float]) -> Found | str:
    """Less use than a share of the customer's own average before."""
    return _against_baseline(grid, n, lambda now, then: now < (1 - n["share"]) * then)


def usage_growth(grid: Grid, n: Mapping[str, float]) -> Found | str:
    """More use than the customer's own average before, by a share."""
    return _against_baseline(grid, n, lambda now, then: now > (1 + n["share"]) * then)


def _against_baseline(
    grid: Grid, n: Mapping[str, float], test: Callable[[Any, Any], Any]
) -> Found | str:
    use = grid.use
    if use is None:
        return "the table usage is missing"
    width, before = int(n["days"]), int(n["baseline_days"])
    now = rolling(use, width)
    base = shifted(rolling(use, before), width)
    enough = (known_for(use > 0) >= width + before) & (base >= n["least"])
    then = base * width / before
    hold = enough & test(now, then) & grid.paying

    def say(rows: NDArray[Any], day: int) -> list[str]:
        pairs = zip(now[rows, day].tolist(), then[rows, day].tolist(), strict=True)
        return [
            f"{abs(a / b - 1):.0%} {'less' if a < b else 'more'} use in {width} days than its own average of the "
            f"{before} days before ({a:,.0f} against {b:,.0f})"
            for a, b in pairs
        ]

    return hold, say


def silence(grid: Grid, n: Mapping[str, float]) -> Found | str:
    """No use at all for some days, though there was use before."""
    use = grid.use
    if use is None:
        return "the table usage is missing"
    width = int(n["days"])
    used = use > 0
    hold = (rolling(use, width) == 0) & (known_for(used) > width) & grid.paying
    steps = np.arange(use.shape[1])
    last = np.maximum.accumulate(np.where(used, steps, -1), axis=1)

    def say(rows: NDArray[Any], day: int) -> list[str]:
        return [f"no use since {iso_day(grid.first + at)}" for at in last[rows, day].tolist()]

    return hold, say


def champion_change(grid: Grid, n: Mapping[str, float]) -> Found | str:
    """The champion at the customer left or changed, as an activity says."""
    touches = optional(grid.book, "activities", "at")
    if touches is None:
        return "the table activities is missing"
    kinds, code = touches.codes("kind")
    mine = np.array([str(kind) == "champion_change" for kind in kinds] + [False])[code]
    came = grid.count(touches, mask=mine)
    hold = (rolling(came, int(n["days"])) > 0) & grid.paying
    last = np.maximum.accumulate(np.where(came > 0, np.arange(came.shape[1]), -1), axis=1)

    def say(rows: NDArray[Any], day: int) -> list[str]:
        return [
            f"champion changed on {iso_day(grid.first + at)}" for at in last[rows, day].tolist()
        ]

    return hold, say


def payment_failed(grid: Grid, n: Mapping[str, float]) -> Found | str:
    """An invoice is unpaid."""
    late = grid.past_due()
    if late is None:
        return "subscriptions.past_due_since is missing"
    hold = (rolling(late.astype(float), int(n["days"])) >= n["days"]) & grid.paying
    length = np.cumsum(late, axis=1)

    def say(rows: NDArray[Any], day: int) -> list[str]:
        return [f"past due for {counted(int(n), 'day')}" for n in length[rows, day].tolist()]

    return hold, say


def ticket_burst(grid: Grid, n: Mapping[str, float]) -> Found | str:
    """Many times as many tickets as the customer's own average before."""
    tickets = scorer(grid.book).tickets
    if tickets is None:
        return "the table tickets is missing"
    width, before = int(n["days"]), int(n["baseline_days"])
    asked = grid.count(tickets.events)
    now = rolling(asked, width)
    then = shifted(rolling(asked, before), width) * width / before
    hold = (now >= n["least"]) & (now >= n["times"] * then) & grid.paying
    hold &= known_for(grid.paying) >= width + before / 2

    def say(rows: NDArray[Any], day: int) -> list[str]:
        pairs = zip(now[rows, day].tolist(), then[rows, day].tolist(), strict=True)
        return [
            f"{a:,.0f} tickets in {width} days, against {b:,.1f} on its own average"
            for a, b in pairs
        ]

    return hold, say


def health_red(grid: Grid, _: Mapping[str, float]) -> Found | str:
    """The health score was red at the end of the last month."""
    ends, red, score = _bands(grid.book)
    if not len(ends):
        return "no month is complete yet"
    step = np.searchsorted(ends, grid.first + np.arange(grid.days), side="right") - 1
    mine = red[grid.low : grid.high]
    hold = (step >= 0) & mine[:, np.maximum(step, 0)] & grid.paying

    def say(rows: NDArray[Any], day: int) -> list[str]:
        at = int(step[day])
        values = score[grid.low : grid.high][rows, at].tolist()
        return [f"health {value:.1f} on {iso_day(int(ends[at]))}" for value in values]

    return hold, say


def _bands(book: Book) -> tuple[NDArray[np.int64], Bools, NDArray[np.float64]]:
    """Return the ends of complete months, and who was red with which score, customers x months."""
    facts = scorer(book)
    kept = facts.__dict__.setdefault("red_months", {})
    if not kept:
        first, _, full = book.engine.extent("M")
        ends = book.calendar("M").last_day(np.arange(first, full + 1))
        red = np.zeros((facts.many, len(ends)), bool)
        score = np.full((facts.many, len(ends)), np.nan)
        for at, each in enumerate(scored(book, ends.tolist(), in_force(None))):
            red[each.entity, at], score[each.entity, at] = each.band == 0, each.score
        kept["found"] = np.asarray(ends, np.int64), red, score
    found: tuple[NDArray[np.int64], Bools, NDArray[np.float64]] = kept["found"]
    return found


def seat_limit(grid: Grid, n: Mapping[str, float]) -> Found | str:
    """Nearly all seats that are paid for are in use."""
    seats, usage = grid.seats, scorer(grid.book).usage
    if usage is None or not usage.events.has("users"):
        return "usage.users is missing"
    if seats is None:
        return "subscriptions.quantity is missing"
    peak = _peak(grid, usage.events.numbers("users", 0.0), int(n["days"]))
    hold = (peak >= n["share"] * seats) & (seats >= n["least"]) & grid.paying

    def say(rows: NDArray[Any], day: int) -> list[str]:
        pairs = zip(peak[rows, day].tolist(), seats[rows, day].tolist(), strict=True)
        return [f"{a:,.0f} of {b:,.0f} seats in use" for a, b in pairs]

    return hold, say


def _peak(grid: Grid, users: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the most users of one feature on one of the last days."""
    usage = scorer(grid.book).usage
    assert usage is not None
    events = usage.events
    here = events.of(grid.low, grid.high)
    day = events.known[here].astype(np.int64) - grid.first
    inside = (day >= 0) & (day < grid.days)
    here, day = here[inside], day[inside]
    out = np.zeros((grid.size, grid.days))
    np.maximum.at(out, (events.entity[here] - grid.low, day), users[here])
    reach = 1
    while reach < width:  # the maximum of a window, in steps that double it
        step = min(reach, width - reach)
        out[:, step:] = np.maximum(out[:, step:], out[:, :-step])
        reach += step
    return out


_AGAINST = {"days": 28, "baseline_days": 84, "least": 20}
_BURST = {"days": 28, "times": 3.0, "least": 5, "baseline_days": 168}
_FULL = {"share": 0.95, "days": 28, "least": 3}
_ALL = (
    Rule(
        "usage_drop",
        "churn",
        "uses much less than it used to",
        {"share": 0.4, **_AGAINST},
        usage_drop,
    ),
    Rule("silence", "churn", "does not use it any more", {"days": 30}, silence),
    Rule("champion_change", "churn", "the champion has changed", {"days": 90}, champion_change),
    Rule("payment_failed", "churn", "an invoice is unpaid", {"days": 1}, payment_failed),
    Rule("ticket_burst", "churn", "asks for help far more than usual", _BURST, ticket_burst),
    Rule("health_red", "churn", "the health score is red", {}, health_red),
    Rule("seat_limit", "expansion", "nearly all seats are in use", _FULL, seat_limit),
    Rule(
        "usage_growth",
        "expansion",
        "uses much more than it used to",
        {"share": 0.5, **_AGAINST},
        usage_growth,
    ),
)
RULES: dict[str, Rule] = {rule.name: rule for rule in _ALL}


def chosen(rules: Any) -> list[Rule]:
    """Return the rules asked for: all, those named, or those named with other numbers.

    Raises
    ------
    UnknownNameError
        If there is no such rule or number.

    Examples
    --------
    >>> chosen({"silence": {"days": 14}})[0].numbers["days"]
    14.0
    """
    if rules is None:
        return list(RULES.values())
    if isinstance(rules, str):
        rules = [rules]
    if not isinstance(rules, Iterable):
        msg = f"rules={rules!r} is neither a list of rules nor a table of rules with their numbers."
        raise DataError(msg)
    out = []
    for name in rules:
        one_of("rule", name, RULES)
        out.append(_changed(RULES[name], rules[name] if isinstance(rules, Mapping) else None))
    return out


def _changed(rule: Rule, given: Any) -> Rule:
    from dataclasses import replace

    if given is None:
        return rule
    if not isinstance(given, Mapping):
        msg = f"The numbers of the rule {rule.name} are {given!r}; give a table such as {dict(rule.numbers)}."
        raise DataError(msg)
    numbers = dict(rule.numbers)
    for name, value in given.items():
        if name not in numbers:
            raise UnknownNameError.of(f"number of the rule {rule.name}", name, numbers)
        least = 1.0 if name.endswith("days") else 0.0
        numbers[name] = finite(name, value, "a number", least=least, most=100_000)
    return replace(rule, numbers=numbers)
