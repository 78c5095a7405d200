"""Month by month: who signs up, falls silent, expands, pauses, leaves and comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.sample import prices
from saasmetrics.sample.company import (
    MONTHS,
    Bools,
    Company,
    Days,
    Floats,
    Ints,
    generator,
    segment_values,
)
from saasmetrics.sample.ledger import Chunks
from saasmetrics.sample.truths import PARAMETERS, SEGMENTS, TENURE_BANDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BEYOND = 3
"""Months simulated after as_of, so that cancellations already announced then exist."""

NEVER = -(10**6)
_NAT = np.datetime64("NaT", "D")
CAUSES = ("voluntary", "involuntary", "unknown")


@dataclass(frozen=True)
class History:
    """What happened: subscription lines, contracts, customer months, decisions.

    Each is a dict of equally long columns. `months` has one row per month that a customer lived
    and carries the true signals; `decisions` has one row per month that ended, with the true
    probability that the customer left then.
    """

    company: Company
    lines: dict[str, NDArray[Any]]
    contracts: dict[str, NDArray[Any]]
    months: dict[str, NDArray[Any]]
    decisions: dict[str, NDArray[Any]]


def simulate(company: Company) -> History:
    """Live through the five years of a company."""
    life = _Life(company)
    for month in range(MONTHS + _BEYOND):
        life.live(month)
    return life.history()


class _Life:
    """The state of every customer during the simulation; one element per customer."""

    def __init__(self, company: Company) -> None:
        n = company.size
        self.company = company
        self.rng = generator(company.seed, "lifecycle")
        self.lines, self.contracts = Chunks(), Chunks()
        self.months, self.decisions = Chunks(), Chunks()
        self.active: Bools = np.zeros(n, bool)
        self.began: Ints = np.full(n, NEVER)
        self.left: Ints = np.full(n, NEVER)
        self.may_return: Bools = np.zeros(n, bool)
        self.renewal: Ints = np.full(n, NEVER)
        self.paused_until: Ints = np.full(n, NEVER)
        self.has_paused: Bools = np.zeros(n, bool)
        self.seats, self.plan, self.term = (
            company.seats.copy(),
            company.plan.copy(),
            company.term.copy(),
        )
        self.price_list: Ints = np.zeros(n, np.int64)
        self.discount: Floats = np.zeros(n)
        self.discount_until: Ints = np.full(n, NEVER)
        self.line: Ints = np.full(n, -1)
        self.line_month: Ints = np.full(n, NEVER)
        self.addon: Ints = np.full(n, -1)
        self.contract: Ints = np.full(n, -1)
        self.declining: Bools = np.zeros(n, bool)
        self.saved: Bools = np.zeros(n, bool)
        self.champion_until: Ints = np.full(n, NEVER)
        self.trouble_until: Ints = np.full(n, NEVER)
        self.programme_from: Ints = np.array(PARAMETERS.programme_waves)[company.wave[company.csm]]

    def live(self, month: int) -> None:
        """Let one month begin: decisions at the anniversary first, then signals of the month."""
        active = np.flatnonzero(self.active)
        deciding = active[(self.began[active] < month) & (self.paused_until[active] <= month)]
        waiting = active[self.paused_until[active] > month]
        stay = self._decide(deciding, month)
        self._wait(waiting, month)
        if stay.size:
            self._change(stay, month)
            self._addons(stay, month)
            self._pause(stay, month)
        if month < MONTHS:
            self._come_back(month)
            self._begin(np.flatnonzero(self.company.start_month == month), month)
        self._signal(month)

    def _on(self, who: Ints, month: int) -> Days:
        return self.company.calendar.day(np.full(who.size, month), self.company.anchor[who])

    def relative_risk(self, who: Ints, month: int) -> Floats:
        """Give the product of the hazard ratios that apply to customers before a month begins."""
        p, signals = PARAMETERS, PARAMETERS.signal_hazard_ratios
        risk = np.where(self.company.onboarded[who], p.onboarding_hazard_ratio, 1.0)
        risk *= np.where(self.company.icp[who], p.icp_hazard_ratio, 1.0)
        risk *= np.where(self.programme_from[who] < month, p.programme_hazard_ratio, 1.0)
        risk *= np.where(self.declining[who], signals["usage_decline"], 1.0)
        risk *= np.where(self.declining[who] & self.saved[who], p.save_play_hazard_ratio, 1.0)
        risk *= np.where(self.champion_until[who] >= month, signals["champion_change"], 1.0)
        risk *= np.where(self.trouble_until[who] >= month, signals["support_trouble"], 1.0)
        return risk

    def _decide(self, who: Ints, month: int) -> Ints:
        """Let customers at the end of a term leave; return those who stay."""
        p = PARAMETERS
        tenure = month - self.began[who]
        band = np.digitize(tenure, [4, 13])
        term = self.term[who]
        per_month = np.array([p.term_factor[t] for t in (1, 3, 12, 24)])
        rate = term * per_month[np.searchsorted([1, 3, 12, 24], term)]
        rate = rate * segment_values(p.base_rate)[self.company.segment[who]]
        rate *= np.array([p.tenure_factor[name] for name in TENURE_BANDS])[band]
        risk = self.relative_risk(who, month)
        due = self.renewal[who] == month
        chance = np.where(due, -np.expm1(-rate * risk), 0.0)
        leaves = self.rng.random(who.size) < chance
        self.decisions.add(
            who.size, customer=who, month=month, tenure=tenure, chance=chance, left=leaves
        )
        held = due & (self.contract[who] >= 0)
        self.contracts.amend(self.contract[who[held]], risk=risk[held])
        self._leave(who[leaves], month)
        return who[~leaves]

    def _wait(self, who: Ints, month: int) -> None:
        """Record the month of customers who are paused: nobody leaves out of a pause."""
        tenure = month - self.began[who]
        self.decisions.add(
            who.size, customer=who, month=month, tenure=tenure, chance=0.0, left=False
        )

    def _leave(self, who: Ints, month: int) -> None:
        split = np.array([PARAMETERS.cause_split[name] for name in SEGMENTS])
        edges = np.cumsum(split, axis=1)[self.company.segment[who], :2]
        cause = (self.rng.random(who.size)[:, None] >= edges).sum(axis=1)
        end = self._on(who, month)
        notice = np.where(
            self.term[who] >= 12,
            self.rng.integers(20, 90, who.size),
            self.rng.integers(1, 26, who.size),
        )
        asked = np.where(cause == 0, end - notice, _NAT)
        for line in (self.line, self.addon):
            open_ = line[who] >= 0
            self.lines.amend(
                line[who[open_]], end=end[open_], cause=cause[open_], asked=asked[open_]
            )
            line[who] = -1
        self.active[who] = False
        self.left[who] = month
        self.may_return[who] = cause == 0
        self.contract[who] = -1
        self.declining[who] = False

    def _open_line(self, who: Ints, month: int) -> None:
        """Start a core line at the state that customers are in now."""
        discounted = self.discount_until[who] > month
        temporary = np.where(discounted, self.discount[who], 0.0)
        until = self.company.calendar.day(
            np.where(discounted, self.discount_until[who], 0), self.company.anchor[who]
        )
        self.line[who] = self.lines.add(
            who.size,
            customer=who,
            start=self._on(who, month),
            end=_NAT,
            product=0,
            plan=self.plan[who],
            seats=self.seats[who],
            term=self.term[who],
            price=prices.seat_price(self.plan[who], self.price_list[who], self.company.euro[who]),
            discount=1 - (1 - self.company.standing_discount[who]) * (1 - temporary),
            discount_end=np.where(discounted, until, _NAT),
            first=self.began[who] == month,
            cause=-1,
            asked=_NAT,
            pause_start=_NAT,
            pause_end=_NAT,
        )
        self.line_month[who] = month
        self.has_paused[who] = False

    def _begin(self, who: Ints, month: int) -> None:
        """Start customers on the current prices, with a contract for terms of a year or more."""
        self.active[who] = True
        self.began[who] = month
        self.renewal[who] = month + self.term[who]
        self.price_list[who] = prices.list_in_force(month)
        fresh = self.left[who] == NEVER
        self.discount[who] = np.where(fresh, self.company.first_discount[who], 0.0)
        self.discount_until[who] = np.where(
            fresh & (self.discount[who] > 0), month + self.company.discount_months[who], NEVER
        )
        self._open_line(who, month)
        self._sign(who[self.term[who] >= 12], month)

    def _sign(self, who: Ints, month: int) -> None:
        previous = self.contract[who]
        self.contract[who] = self.contracts.add(
            who.size,
            customer=who,
            month=month,
            term=self.term[who],
            line=self.line[who],
            addon=self.addon[who],
            previous=previous,
            risk=np.nan,
        )

    def _change(self, who: Ints, month: int) -> None:
        """Change seats, plan and price; a change ends the line and starts another the same day."""
        p, segment = PARAMETERS, self.company.segment[who]
        due = self.renewal[who] == month
        self.renewal[who[due]] += self.term[who[due]]
        calm = ~self.declining[who]
        u, v = self.rng.random(who.size), self.rng.random(who.size)
        grows = (u < segment_values(p.expansion_rate)[segment]) & calm
        cut = segment_values(p.contraction_rate)[segment] * np.where(calm, 1, 4)
        cut = np.where(self.term[who] >= 12, cut * 4, cut)
        shrinks = due & ~grows & (v < cut) & (self.seats[who] > 2)
        seats = self.seats[who]
        factor = self.rng.gamma(2.0, 0.5, who.size)
        more = np.maximum(1, np.round(seats * p.expansion_size * factor)).astype(np.int64)
        fewer = np.maximum(1, np.round(seats * p.contraction_size * np.minimum(factor, 3)))
        new_seats = np.where(grows, seats + more, seats)
        new_seats = np.where(shrinks, np.maximum(1, seats - fewer.astype(np.int64)), new_seats)
        upgrades = (self.rng.random(who.size) < p.plan_upgrade_rate) & calm & (self.plan[who] < 2)
        price_list = np.where(due, prices.list_in_force(month), self.price_list[who])
        ended = self.discount_until[who] == month
        changed = (new_seats != seats) | upgrades | ended | (price_list != self.price_list[who])
        self.seats[who], self.price_list[who] = new_seats, price_list
        self.plan[who] += upgrades
        movers = who[changed]
        self.lines.amend(self.line[movers], end=self._on(movers, month))
        self._open_line(movers, month)
        self._sign(who[due & (self.term[who] >= 12)], month)

    def _addons(self, who: Ints, month: int) -> None:
        """Sell the analytics add-on as a line of its own beside the core line, or end it."""
        u = self.rng.random(who.size)
        has = self.addon[who] >= 0
        drops = who[has & (u < PARAMETERS.addon_drop_rate) & (self.term[who] < 12)]
        self.lines.amend(self.addon[drops], end=self._on(drops, month))
        self.addon[drops] = -1
        buys = who[~has & (u < PARAMETERS.addon_rate) & ~self.declining[who] & (self.plan[who] > 0)]
        self.addon[buys] = self.lines.add(
            buys.size,
            customer=buys,
            start=self._on(buys, month),
            end=_NAT,
            product=1,
            plan=self.plan[buys],
            seats=self.seats[buys],
            term=self.term[buys],
            price=prices.addon_price(self.company.euro[buys]),
            discount=self.company.standing_discount[buys],
            discount_end=_NAT,
            first=False,
            cause=-1,
            asked=_NAT,
            pause_start=_NAT,
            pause_end=_NAT,
        )

    def _pause(self, who: Ints, month: int) -> None:
        u = self.rng.random(who.size)
        able = (self.term[who] == 1) & (self.addon[who] < 0) & ~self.has_paused[who]
        able &= (self.discount_until[who] <= month) & (self.line_month[who] < month)
        pauses = who[able & (u < PARAMETERS.pause_rate)]
        length = self.rng.integers(1, 4, pauses.size)
        until = self.company.calendar.day(month + length, self.company.anchor[pauses])
        self.lines.amend(self.line[pauses], pause_start=self._on(pauses, month), pause_end=until)
        self.paused_until[pauses] = month + length
        self.has_paused[pauses] = True

    def _come_back(self, month: int) -> None:
        gap = month - self.left
        able = np.flatnonzero(~self.active & self.may_return & (gap >= 2) & (gap <= 12))
        back = able[self.rng.random(able.size) < PARAMETERS.reactivation_rate]
        self.seats[back] = np.maximum(1, np.round(self.seats[back] * 0.8)).astype(np.int64)
        self._begin(back, month)

    def _signal(self, month: int) -> None:
        """Draw the signals of the month that begins; they act on the decision that ends it."""
        p = PARAMETERS
        who = np.flatnonzero(self.active)
        u, v, w, s = self.rng.random((4, who.size))
        was = self.declining[who]
        now = np.where(was, u >= p.usage_decline_exit, u < p.signal_entry["usage_decline"])
        self.declining[who] = now
        started = now & ~was
        self.saved[who] = np.where(started, s < p.save_play_share, self.saved[who] & now)
        champion = (v < p.signal_entry["champion_change"]) & (self.champion_until[who] < month)
        self.champion_until[who[champion]] = month + p.champion_change_months
        trouble = (w < p.signal_entry["support_trouble"]) & (self.trouble_until[who] < month)
        self.trouble_until[who[trouble]] = month + p.support_trouble_months
        if month >= MONTHS:
            return
        self.months.add(
            who.size,
            customer=who,
            month=month,
            tenure=month - self.began[who],
            seats=self.seats[who],
            plan=self.plan[who],
            paused=self.paused_until[who] > month,
            declining=now,
            saved=started & self.saved[who],
            champion=champion,
            trouble=self.trouble_until[who] > month,
            programme=self.programme_from[who] <= month,
        )

    def history(self) -> History:
        """Hand over the records; open contracts carry the risk that they have at the end."""
        held = np.flatnonzero(self.contract >= 0)
        self.contracts.amend(self.contract[held], risk=self.relative_risk(held, MONTHS + _BEYOND))
        return History(
            company=self.company,
            lines=self.lines.joined(),
            contracts=self.contracts.joined(),
            months=self.months.joined(),
            decisions=self.decisions.joined(),
        )
