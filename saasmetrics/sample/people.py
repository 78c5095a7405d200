"""Who works in customer success and support, and their hours: people, hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.sample import columns
from saasmetrics.sample.company import (
    CSMS_PER_POD,
    MONTHS,
    Company,
    Days,
    Floats,
    Ints,
    generator,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from saasmetrics.sample.lifecycle import History

AGENTS_PER_POD = 3
ROLES = ("csm", "agent", "specialist", "team_lead", "vp")
_PREFIX = ("csm", "agent", "spec", "lead", "vp")
_TEAMS = ("Customer Success", "Support", "Support", "Leadership", "Leadership")
_COST = np.array([9200.0, 5600.0, 8100.0, 11500.0, 21000.0])
_ATTRITION = np.array([0.012, 0.022, 0.012, 0.006, 0.004])
_LEAD_SPAN = 8
_PAID_HOURS = 152.0
_HOLDERS = 3
"""A seat has at most this many holders one after another."""


@dataclass(frozen=True)
class Staff:
    """Seats and who held them; person = 3 x seat + how many holders ago (0 is today's)."""

    company: Company
    opened: Ints
    role: Ints
    pod: Ints
    number: Ints
    since: Days
    changes: Days

    def open_pod(self, pod: Ints, month: Ints) -> Ints:
        """Give the pod that serves the customers of a pod in a month: its own once it exists."""
        n_open = np.searchsorted(self.opened, np.arange(MONTHS), side="right")[month]
        serving: Ints = np.where(pod < n_open, pod, pod % n_open)
        return serving

    def holder(self, seat: Ints, day: Days) -> Ints:
        """Give the person who held a seat on a day."""
        later = (day[:, None] < self.changes[seat]).sum(axis=1)
        persons: Ints = seat * _HOLDERS + later
        return persons

    def csm_seat(self, csm: Ints, month: Ints) -> Ints:
        """Give the seat of the CSM in charge in a month."""
        pod = self.open_pod(csm // CSMS_PER_POD, month)
        seats: Ints = pod * CSMS_PER_POD + csm % CSMS_PER_POD
        return seats

    def agent_seat(self, pod: Ints, month: Ints, pick: Ints, specialist: NDArray[np.bool_]) -> Ints:
        """Give the seat of an agent of the pod in charge, or of its specialist."""
        serving, pods = self.open_pod(pod, month), self.company.pods
        agent = pods * CSMS_PER_POD + serving * AGENTS_PER_POD + pick % AGENTS_PER_POD
        seats: Ints = np.where(specialist, pods * (CSMS_PER_POD + AGENTS_PER_POD) + serving, agent)
        return seats

    def ids(self) -> pa.Array:
        """Give the id of every person: of today's holder csm-01, of earlier ones csm-01-1, -2."""
        roles = columns.names(_PREFIX, np.repeat(self.role, _HOLDERS))
        seat = columns.identifiers("-", np.repeat(self.number, _HOLDERS), 2)
        past = columns.names(("", "-1", "-2"), np.tile(np.arange(_HOLDERS), self.role.size))
        return pc.binary_join_element_wise(roles, seat, past, "")


def staff_of(history: History) -> Staff:
    """Open pods as the customer base grows, and let seats change hands."""
    company, rng = history.company, generator(history.company.seed, "staff")
    pods = company.pods
    base = np.maximum.accumulate(np.bincount(history.months["month"], minlength=MONTHS))
    opened = np.searchsorted(base, np.arange(pods) * base[-1] / pods)
    leads = max(1, -(-pods * (CSMS_PER_POD + AGENTS_PER_POD + 1) // _LEAD_SPAN))
    sizes = (pods * CSMS_PER_POD, pods * AGENTS_PER_POD, pods, leads, 1)
    role = np.repeat(np.arange(len(sizes)), sizes)
    number = np.concatenate([np.arange(size) for size in sizes])
    per_pod = np.array([CSMS_PER_POD, AGENTS_PER_POD, 1])
    pod = np.where(role < 3, number // per_pod[np.minimum(role, 2)], -1)
    late = np.where(role == 3, np.minimum(number * _LEAD_SPAN // 7, pods - 1), np.maximum(pod, 0))
    since = company.calendar.day(opened[late], np.ones(role.size, np.int64))
    served = (company.calendar.as_of - since).astype(int)
    gaps = rng.exponential(30.4 / _ATTRITION[role], (2, role.size))
    first = 120 + gaps[0]
    second = first + 120 + gaps[1]
    ends = np.stack([since + first.astype(int), since + second.astype(int)], axis=1)
    left = np.stack([first, second], axis=1) < (served - 60)[:, None]
    changes = np.where(left, ends, np.datetime64("1900-01-01", "D"))
    return Staff(company, opened, role, pod, number, since, changes)


def _employment(staff: Staff) -> tuple[Ints, Days, Days]:
    """Give the persons who exist, with first day and first day after; NaT when still here."""
    real = staff.changes > np.datetime64("1900-01-01", "D")
    stints = real.sum(axis=1)
    ago = np.tile(np.arange(_HOLDERS), staff.role.size)
    seat = np.repeat(np.arange(staff.role.size), _HOLDERS)
    persons = np.flatnonzero(ago <= stints[seat])
    ago, seat = ago[persons], seat[persons]
    turn = stints[seat] - ago
    starts = np.concatenate([staff.since[:, None], staff.changes], axis=1)
    ends = np.concatenate(
        [staff.changes, np.full((staff.role.size, 1), np.datetime64("NaT", "D"))], axis=1
    )
    end = np.where(ago == 0, np.datetime64("NaT", "D"), ends[seat, turn])
    return persons, starts[seat, turn], end


def people(staff: Staff) -> pa.Table:
    """Give one row per person; who left was followed by another person in the same seat."""
    persons, start, end = _employment(staff)
    seat = persons // _HOLDERS
    role, pod = staff.role[seat], staff.pod[seat]
    rng = generator(staff.company.seed, "people")
    first_lead = int(np.flatnonzero(staff.role == 3)[0])
    leads = int((staff.role == 3).sum())
    vp = staff.role.size - 1
    manager = np.where(role < 3, first_lead + np.arange(persons.size) % leads, vp)
    ids = staff.ids()
    fte = np.where(rng.random(persons.size) < 0.12, 0.8, 1.0)
    cost = _COST[role] * fte * rng.uniform(0.9, 1.15, persons.size)
    return pa.table(
        {
            "person_id": columns.pick(ids, persons),
            "role": columns.names(ROLES, role),
            "team": columns.names(_TEAMS, role),
            "pod": columns.pod_ids(np.maximum(pod, 0), pod < 0),
            "tier": columns.names(
                ("1", "2", "3"), np.where(role == 2, 2, seat % 4 == 0), (role != 1) & (role != 2)
            ),
            "start": columns.dates(start),
            "end": columns.dates(end),
            "fte": columns.numbers(fte),
            "cost_month": columns.money(np.round(cost, -1)),
            "manager_id": columns.pick(ids, manager * _HOLDERS, role == 4),
        }
    )


def hours(staff: Staff, person: Ints, month: Ints, handled: Floats) -> pa.Table:
    """Give monthly hours of support people: paid >= online >= available >= handling.

    Parameters
    ----------
    staff
        The seats.
    person, month, handled
        Who worked on each ticket, in which month, for how many seconds.
    """
    persons, start, end = _employment(staff)
    support = np.isin(staff.role[persons // _HOLDERS], (1, 2))
    persons, start, end = persons[support], start[support], end[support]
    calendar = staff.company.calendar
    first, after = calendar.month_starts, calendar.month_ends
    end = np.where(np.isnat(end), after[-1], end)
    days = np.minimum(end[:, None], after) - np.maximum(start[:, None], first)
    share = np.maximum(days.astype(float), 0) / (after - first).astype(float)
    load = np.zeros((staff.role.size * _HOLDERS, MONTHS))
    np.add.at(load, (person, month), handled / 3600.0)
    row, when = np.nonzero(share > 0)
    handling = load[persons[row], when]
    rng = generator(staff.company.seed, "hours")
    # Overtime: nobody handles tickets for more than 62 % of the hours that are paid.
    paid = np.maximum(_PAID_HOURS * share[row, when], handling / 0.62)
    online = paid * rng.uniform(0.80, 0.92, row.size)
    available = online * rng.uniform(0.84, 0.95, row.size)
    months = pa.array(np.datetime_as_string(first.astype("datetime64[M]")))
    return pa.table(
        {
            "person_id": columns.pick(staff.ids(), persons[row]),
            "period": columns.pick(months, when),
            "paid": columns.money(paid),
            "online": columns.money(online),
            "available": columns.money(available),
            "handling": columns.money(np.floor(handling * 100) / 100),
        }
    )
