"""What tickets are told apart by where they are counted in place of being brought: facets, and ranges of days."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saasmetrics.engine.moments import WorkingHours

MOMENTS = {
    "created": "created_at",
    "first_reply": "first_reply_at",
    "first_resolution": "first_solved_at",
    "resolution": "solved_at",
}
"""The moments of a ticket, and the column of each."""
BASE = 65_536
"""What a whole number is split by, so that sums of squares of its parts fit 64 bits."""
SQUARES = ("high", "cross", "low")
"""Sums of the squares of quotients by `BASE`, of the products of quotients and rests, and of the squares of rests."""

ROUNDING = 1e-9
"""How far from a quantile a share may be that has reached it."""
GONE = -60.0
"""The logarithm of the share that is left when the last is over: 0 but for exp(-60), so that sums stay finite."""


@dataclass(frozen=True)
class Switched:
    """When a ticket is followed by one of the same customer and topic on another channel.

    Attributes
    ----------
    topic
        The column of topics.
    span
        Within how many seconds.
    channels
        The channels in order: of tickets of one moment, that on the first of them comes first.
    """

    topic: str
    span: int
    channels: tuple[str, ...]


@dataclass(frozen=True)
class Marked:
    """Which values of a distribution are told of the tickets of each group and period, in place of all of them.

    Attributes
    ----------
    took
        A moment, for how long it took or has been taking, or "work", for that on solved tickets of which it is known.
    at
        The moment in whose period tickets are.
    shares
        The quantiles.
    edges
        The quantile with an interval, and its level.
    backwards
        Whether tickets solved before they were created are left out, though this moment came later.
    hours
        The working hours in which it took so long; None: the calendar.
    """

    took: str
    at: str = "created"
    shares: tuple[float, ...] = ()
    edges: tuple[float, float] | None = None
    backwards: bool = False
    hours: WorkingHours | None = None

    @property
    def moments(self) -> tuple[str, ...]:
        """The moments that are looked at beside the creation."""
        return self.facets.moments

    @property
    def facets(self) -> Facets:
        """What is told of the tickets one by one."""
        if self.took == "work":
            return Facets(over=("first_resolution",), raw=("handle_seconds",))
        at = () if self.at == "created" else (self.at,)
        more = ("first_resolution",) if self.took == "first_reply" else ()
        over = tuple(dict.fromkeys((*at, self.took, *more)))
        return Facets(
            at=at, over=over, took=(self.took,), backwards=self.backwards, hours=self.hours
        )


@dataclass(frozen=True)
class Longer:
    """Which tickets took longer to their last solution than those solved before.

    Attributes
    ----------
    share
        The quantile of those solved before that is the limit.
    periods
        How many periods before the one of the solution these are from.
    days
        The first and the last day that these were solved on, instead.
    hours
        The working hours in which they took so long; None: the calendar.
    """

    share: float
    periods: int = 0
    days: tuple[int, int] | None = None
    hours: WorkingHours | None = None

    @property
    def moments(self) -> tuple[str, ...]:
        """The moments that are looked at beside the creation."""
        return ("first_resolution", "resolution")


@dataclass(frozen=True)
class Facets:
    """What is told of tickets beside their groups, the period of their creation, and whether they are looked at.

    Attributes
    ----------
    at, months
        Moments of which the period, or the month, is told.
    over
        Moments of which it is told whether they have come.
    took
        Moments of which it is told how long they took, or have been taking: with `within` only whether that is below
        0 or above so many seconds, and with `together` as the sum over all that are alike and the longest of them,
        where only being below 0 tells them apart.
    hours
        The working hours in which they took so long, those that ran backwards -1; None: the calendar.
    young
        Whether they are younger than so many seconds, likewise.
    limits
        With `together`: seconds, or a column of seconds promised, of which it is told whether it took more.
    longer
        With `together` and `work`, of the resolution alone: whether it took longer than those solved before.
    squares
        With `together` and `work`: also the sums of squares, in the three parts of `SQUARES`.
    old
        Numbers of days: whether tickets were first solved so many days ago.
    after
        Numbers of seconds: in which period tickets have that age.
    backwards
        Whether they were solved before they were created.
    raw
        Columns as they are; those that the table does not have are left out.
    work
        How much work there was on all that are alike together: only whether it is known tells them apart.
    switched
        Whether another ticket follows on another channel.
    """

    at: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    took: tuple[str, ...] = ()
    within: int | None = None
    together: bool = False
    limits: tuple[int | str, ...] = ()
    longer: Longer | None = None
    squares: bool = False
    hours: WorkingHours | None = None
    young: int | None = None
    old: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    backwards: bool = False
    raw: tuple[str, ...] = ()
    work: bool = False
    switched: Switched | None = None

    def __or__(self, other: Facets) -> Facets:
        """Return what is told by either.

        Examples
        --------
        >>> (Facets(raw=("tag",)) | Facets(raw=("tier", "tag"), backwards=True)).raw
        ('tag', 'tier')
        """
        both: dict[str, Any] = {}
        for each in fields(self):
            one, more = getattr(self, each.name), getattr(other, each.name)
            both[each.name] = (
                tuple(dict.fromkeys([*one, *more])) if each.name in _LISTS else one or more
            )
        return Facets(**both)

    def took_as(self, kind: str) -> str:
        """Return the name under which it is told how long a moment took, or only on which side of a limit."""
        coarse = self.together or self.within is not None
        return f"{'late' if coarse else 'took'}_{kind}"

    @property
    def moments(self) -> tuple[str, ...]:
        """The moments that are looked at beside the creation."""
        used = {*self.at, *self.months, *self.over, *self.took}
        if self.old or self.backwards:
            used.add("first_resolution")
        if self.backwards or "first_resolution" in used:
            used.add("resolution")
        return tuple(kind for kind in MOMENTS if kind in used and kind != "created")


_LISTS = frozenset({"at", "months", "over", "took", "limits", "old", "after", "raw"})
