"""Tickets to come: customers by age and group carried forward, times how often customers of that age ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import finite
from saasmetrics.engine.contacts import BANDS, Contacts, ages, contacts
from saasmetrics.errors import DataError, MissingTableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book

    Floats = NDArray[np.float64]

DRAWS = 1000
SEED = 20260101
PRIOR = 10  # customer-months of the group's own average, so that an age not seen yet has a rate
_OLDEST = BANDS[-1]
_BAND = np.digitize(np.arange(_OLDEST + 1), BANDS)
GROWTH = "customers grow by {value:.0%} a year"
CONTACTS = "tickets an account {value:+.0%}"
OUTSIDE = "(not paying)"


@dataclass(frozen=True)
class Assumed:
    """What is taken to be another than in the past.

    Attributes
    ----------
    growth
        Growth of customers a year; None for as many won a month as in the past.
    contact_change
        Change of the tickets that an account opens.
    """

    growth: float | None = None
    contact_change: float = 0.0

    @classmethod
    def of(cls, growth: float | None, contact_change: float) -> Assumed:
        """Return what is asked for.

        Raises
        ------
        DataError
            If either is no share.
        """
        if growth is not None:
            growth = finite("growth", growth, "a share a year such as 0.2", least=-0.99, most=10)
        change = finite("contact_change", contact_change, "a share such as 0.1", least=-1, most=10)
        return cls(growth, change)

    @property
    def contacts(self) -> float:
        """How many times as many tickets an account opens."""
        return 1 + self.contact_change

    @property
    def said(self) -> dict[str, float | None]:
        """The options as they were asked for; those that change nothing are missing."""
        return {"growth": self.growth, "contact_change": self.contact_change or None}

    def customers(self, model: Model, month: int) -> float:
        """Return how many customers growth leads to so many months ahead."""
        return float(model.here.sum() * (1 + (self.growth or 0.0)) ** (month / 12))

    def notes(self, model: Model, people: Floats) -> tuple[str, ...]:
        """Return a warning where customers cannot become as few as is assumed."""
        last, months = float(people[:, :, -1].sum(axis=1).mean()), people.shape[2]
        if self.growth is None or last <= self.customers(model, months) * 1.01 + 0.5:
            return ()
        note = (
            f"customers come to {last:,.0f}, not to the {self.customers(model, months):,.0f} that a growth of "
            f"{self.growth:.0%} a year leads to: too few leave, even where nobody is won"
        )
        return (note,)


AS_EVER = Assumed()


@dataclass(frozen=True)
class Model:
    """What the last months say of each group: how many come, leave and ask.

    Attributes
    ----------
    tickets, exposed
        Tickets and customer-months, groups x bands.
    lost, could
        Customers lost, and those who could be, groups x bands.
    new
        Customers won a month, groups x months.
    outside
        Tickets of accounts that do not pay, per month.
    spread
        How much more the tickets of a month vary than by chance alone: per group, and for those who do not pay.
    here
        Customers of today, groups x ages.
    """

    tickets: NDArray[np.int64]
    exposed: NDArray[np.int64]
    lost: NDArray[np.int64]
    could: NDArray[np.int64]
    new: NDArray[np.int64]
    outside: NDArray[np.int64]
    spread: Floats
    here: NDArray[np.int64]


def history(
    book: Book, by: Sequence[str], where: Mapping[str, str] | None, months: int | None = None
) -> Contacts:
    """Return tickets and customers of the complete months.

    Raises
    ------
    MissingTableError
        If there is no table tickets.
    DataError
        If there are fewer than six.
    """
    if "tickets" not in book.tables:
        raise MissingTableError.of("tickets", "A forecast of demand")
    first, _, full = book.engine.extent("M")
    if full - first < 5:
        msg = "A forecast of demand needs six complete months of customers and tickets."
        raise DataError(msg)
    start = first if months is None else max(first, full - months + 1)
    return contacts(book.engine, by, (start, full), where)


def fitted(book: Book, by: Sequence[str], found: Contacts, origin: int, window: int) -> Model:
    """Return the model of the months up to and with an origin."""
    end = origin - found.first + 1
    some = slice(max(end - window, 0), end)
    won = slice(max(end - window, 1), end)  # whoever is there in the first month was won before
    tickets, customers = found.tickets[:, :, some], found.customers[:, :, some]
    total, exposed = tickets.sum(axis=2), customers.sum(axis=2)
    rate = (total + _usual(total, exposed) * PRIOR) / (exposed + PRIOR)
    expected = (rate[:, :, None] * customers).sum(axis=1)
    outside = found.outside[some]
    spread = np.append(
        _dispersion(tickets.sum(axis=1), expected, len(BANDS) + 1),
        _dispersion(outside[None, :], np.full((1, len(outside)), max(outside.mean(), 0.5)), 1),
    )
    return Model(
        total,
        exposed,
        found.lost[:, :, some].sum(axis=2),
        found.exposed[:, :, some].sum(axis=2),
        found.new[:, won],
        outside,
        spread,
        ages(book.engine, by, origin),
    )


def _usual(count: NDArray[np.int64], exposed: NDArray[np.int64]) -> Floats:
    """Return the rate of each group over all ages, that of all groups where it has none: groups x 1."""
    overall = (count.sum() + 0.5) / max(exposed.sum(), 1)
    mine = exposed.sum(axis=1)
    usual = np.where(mine > 0, (count.sum(axis=1) + 0.5) / np.maximum(mine, 1), overall)
    return np.asarray(usual[:, None])


def _dispersion(seen: NDArray[np.int64], expected: Floats, parameters: int) -> Floats:
    """Return Pearson's measure of how much more counts vary than Poisson ones, at least 1."""
    free = max(seen.shape[1] - parameters, 1)
    chi = ((seen - expected) ** 2 / np.maximum(expected, 0.5)).sum(axis=1)
    return np.asarray(np.maximum(chi / free, 1.0))


def simulated(
    model: Model,
    horizon: int,
    draws: int = DRAWS,
    seed: int = SEED,
    assumed: Assumed = AS_EVER,
) -> tuple[Floats, Floats]:
    """Return tickets and customers to come: draws x (groups, and those who do not pay) x months.

    Notes
    -----
    Each draw has rates of its own (gamma for tickets and new customers, beta for leaving, as uncertain as the window is
    short), and then the chances of the months: who leaves, who comes, who asks. Where growth is assumed, as many come
    as it takes after those who left, to each group its share of those won in the past.
    """
    rng = np.random.default_rng(seed)
    many, bands = model.tickets.shape
    spread = model.spread[:-1, None]
    shape = (model.tickets + _usual(model.tickets, model.exposed) * PRIOR) / spread
    rate = rng.gamma(shape, spread / (model.exposed + PRIOR), (draws, many, bands))
    lost = model.lost + np.minimum(_usual(model.lost, model.could), 0.5) * PRIOR
    leaving = rng.beta(lost, model.could + PRIOR - lost, (draws, many, bands))
    months, past = model.new.shape[1], len(model.outside)
    won_spread = _dispersion(
        model.new, np.broadcast_to(model.new.mean(axis=1, keepdims=True), model.new.shape), 1
    )
    won = rng.gamma((model.new.sum(axis=1) + 0.5) / won_spread, won_spread / months, (draws, many))
    mix = (won + 1e-9) / (won + 1e-9).sum(axis=1, keepdims=True)
    other = rng.gamma(
        (model.outside.sum() + 0.5) / model.spread[-1], model.spread[-1] / past, draws
    )
    other *= assumed.contacts
    here = np.broadcast_to(model.here, (draws, *model.here.shape)).copy()
    tickets = np.zeros((draws, many + 1, horizon))
    customers = np.zeros((draws, many + 1, horizon))
    for month in range(horizon):
        here = _older(here - rng.binomial(here, leaving[:, :, _BAND]))
        if assumed.growth is not None:
            missing = assumed.customers(model, month + 1) - here.sum(axis=(1, 2))
            won = mix * np.maximum(missing, 0)[:, None]
        here[:, :, 0] = _varied(rng, won, won_spread)
        asked = (here * rate[:, :, _BAND]).sum(axis=2) * assumed.contacts
        tickets[:, :-1, month] = _varied(rng, asked, model.spread[:-1])
        tickets[:, -1, month] = _varied(rng, other[:, None], model.spread[-1:])[:, 0]
        customers[:, :-1, month] = here.sum(axis=2)
    return tickets, customers


def _older(here: NDArray[np.int64]) -> NDArray[np.int64]:
    out = np.zeros_like(here)
    out[:, :, 1:] = here[:, :, :-1]
    out[:, :, -1] += here[:, :, -1]
    return out


def _varied(rng: np.random.Generator, mean: Floats, spread: Floats) -> Any:
    """Return counts with a mean, and a variance of so many times it."""
    more = np.maximum(spread - 1, 1e-9)
    return rng.poisson(rng.gamma(np.maximum(mean, 1e-12) / more, more))
