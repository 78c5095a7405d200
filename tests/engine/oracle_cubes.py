"""The cubes of the obvious way, cell by cell: (group, period) or (group, cohort, age) -> measures."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.engine.oracle import NEVER, Oracle, period_of, split
from tests.properties.ledgers import Case

Cells = dict[Any, dict[str, int]]
NOUN = {
    "reactivation": "reactivated",
    "expansion": "expanded",
    "contraction": "contracted",
    "churn": "churned",
}


def movements(case: Case, freq: str, by: tuple[str, ...]) -> Cells:
    """Walk through each customer's days (or period ends) and name every change."""
    oracle = Oracle(case, by)
    cells: Cells = defaultdict(lambda: defaultdict(int))
    counted: dict[Any, set[str]] = defaultdict(set)
    for entity in oracle.entities:
        before: dict[Any, Any] = {}
        known, last = False, 0
        for period, days in oracle.periods(freq):
            visit = _visits(oracle, entity, before, days)
            paying = sum(m for m, _ in before.values()) > 0
            for group, (mrr, _) in before.items():
                cells[group, period]["opening"] += mrr
                cells[group, period]["customers_opening"] += mrr > 0
            for day in days if case.policy.view == "event" else days[-1:]:
                now = oracle.state(entity, day)
                kind = "visit" if visit else _kind(oracle, entity, before, day, known)
                known = known or (not visit and sum(map(sum, now.values())) > 0)
                _move(oracle, cells, counted, (entity, period, kind, paying, last), before, now)
                before, last = now, oracle.held(entity, day) or last
            for group, (mrr, _) in before.items():
                cells[group, period]["closing"] += mrr
                cells[group, period]["customers_closing"] += mrr > 0
    for (group, period, name), who in counted.items():
        cells[group, period][name] += len(who)
    return cells


def _visits(oracle: Oracle, entity: str, before: dict[Any, Any], days: list[int]) -> bool:
    """Whether a customer who holds nothing before a period and at its end does not count in it."""
    policy = oracle.case.policy
    if policy.view == "snapshot" or policy.same_period == "counted":
        return False
    return not any(map(sum, before.values())) and not oracle.held(entity, days[-1])


def _kind(oracle: Oracle, entity: str, before: dict[Any, Any], day: int, known: bool) -> str | None:
    was, now = sum(map(sum, before.values())), oracle.held(entity, day)
    if was > 0 and now > 0:
        return None
    if was > 0:
        return "churn"
    if not known:
        return "new"
    back = day
    while oracle.held(entity, back - 1) > 0:
        back -= 1
    left = back
    while left > oracle.base and oracle.held(entity, left - 1) == 0:
        left -= 1
    after = oracle.case.policy.new_after_days
    return "new" if after is not None and back - left > after else "reactivation"


def _move(oracle: Oracle, cells: Cells, counted: Any, what: Any, before: Any, now: Any) -> None:
    entity, period, kind, paying, last = what
    groups = sorted({*before, *now}, key=oracle.groups.index)
    if kind == "visit":
        return
    aside = oracle.case.policy.pause != "contraction"
    held = {g: sum(now.get(g, (0, 0))) - sum(before.get(g, (0, 0))) for g in groups}
    change = (
        held if aside else {g: now.get(g, (0, 0))[0] - before.get(g, (0, 0))[0] for g in groups}
    )
    moved = split(change, oracle.groups) if kind is None else dict.fromkeys(groups, 0)
    changed = [g for g in groups if before.get(g, (0, 0)) != now.get(g, (0, 0))]
    old, short = last, max(last - sum(change.values()), 0)
    for group in groups:
        rest = change[group] - moved[group]
        cell = cells[group, period]
        cell["pause"] += aside * (before.get(group, (0, 0))[1] - now.get(group, (0, 0))[1])
        cell["transfer"] += moved[group]
        name = kind or ("expansion" if rest > 0 else "contraction")
        if (
            kind == "reactivation"
            and oracle.case.policy.return_price == "split"
            and group in changed
        ):
            back = min(rest, old)
            old -= back
            back += short if group == changed[0] else 0
            again = "expansion" if rest > back else "contraction"
            cell[again] += rest - back
            if rest != back:
                counted[group, period, "customers_" + NOUN[again]].add(entity)
            rest = back
        cell[name] += rest
        seen = held[group] if kind else rest
        if name == "reactivation" and aside:
            seen = rest
        if seen:
            counted[group, period, "customers_" + NOUN.get(name, name)].add(entity)
        if seen and name == "churn" and paying:
            counted[group, period, "customers_churned_from_opening"].add(entity)


def pairs(case: Case, window: int, freq: str, by: tuple[str, ...]) -> Cells:
    """Compare each customer's balance at the end of each period with that a window before."""
    oracle = Oracle(case, by)
    cells: Cells = defaultdict(lambda: defaultdict(int))
    ends = oracle.ends(freq)
    for entity in oracle.entities:
        since = min((p for p, day in ends.items() if oracle.held(entity, day)), default=NEVER)
        for period, day in ends.items():
            then = oracle.state(entity, ends.get(period - window, oracle.base - 1))
            _compare(
                oracle, cells, period, then, oracle.state(entity, day), since <= period - window
            )
    return cells


def _compare(oracle: Oracle, cells: Cells, period: int, then: Any, now: Any, seen: bool) -> None:
    groups = {*then, *now}
    m0, p0 = ({g: then.get(g, (0, 0))[i] for g in groups} for i in (0, 1))
    m1, p1 = ({g: now.get(g, (0, 0))[i] for g in groups} for i in (0, 1))
    if sum(m0.values()) + sum(p0.values()) > 0:
        gone = sum(m1.values()) + sum(p1.values()) <= 0
        for g in groups:
            here = m0[g] + p0[g] > 0
            cells[g, period]["customers"] += here
            cells[g, period]["customers_lost"] += here and gone
    if sum(m0.values()) == 0:
        back = "resumed" if sum(p0.values()) > 0 else "reactivation"
        for g in groups:
            cells[g, period][back if seen else "new"] += m1[g]
        return
    stays = sum(m1.values()) + sum(p1.values()) > 0
    if oracle.case.policy.pause == "contraction":
        p0 = p1 = dict.fromkeys(groups, 0)
    held = {g: m1[g] + p1[g] - m0[g] - p0[g] for g in groups}
    paid = {g: m1[g] - m0[g] for g in groups}
    held_moved, paid_moved = split(held, oracle.groups), split(paid, oracle.groups)
    for g in groups:
        cell, rest = cells[g, period], held[g] - held_moved[g] if stays else 0
        cell["opening"] += m0[g]
        cell["kept"] += m0[g] + min(0, paid[g] - paid_moved[g])
        cell["expansion"] += max(rest, 0)
        cell["contraction"] += min(rest, 0)
        cell["churn"] += 0 if stays else -m0[g]
        cell["paused"] += p0[g] - p1[g] if stays else 0
        cell["closing"] += m0[g] + rest + p0[g] - p1[g] if stays else 0
        if m0[g] > 0:
            cell["customers_grown"] += rest > 0
            cell["customers_shrunk"] += rest < 0


def triangle(case: Case, freq: str, by: tuple[str, ...]) -> Cells:
    """Follow each customer from the first period at whose end it pays."""
    oracle = Oracle(case, by)
    cells: Cells = defaultdict(lambda: defaultdict(int))
    ends = {p: d for p, d in oracle.ends(freq).items() if p <= oracle.last_full(freq)}
    for entity in oracle.entities:
        paid = [p for p, day in ends.items() if oracle.mrr(entity, day) > 0]
        if not paid:
            continue
        group, cohort, floor = oracle.origin(entity), paid[0], None
        start = oracle.mrr(entity, ends[cohort])
        for period, day in ends.items():
            if period < cohort:
                continue
            mrr = oracle.mrr(entity, day)
            floor = mrr if floor is None else min(floor, mrr)
            cell = cells[group, cohort, period - cohort]
            cell["customers"] += oracle.held(entity, day) > 0
            cell["mrr"] += mrr
            cell["constant"] += mrr
            cell["floor"] += floor
            cell["point"] += min(start, mrr)
    return cells


def lifetimes(case: Case, freq: str, by: tuple[str, ...]) -> Cells:
    """Count periods from the first at whose end each customer pays to the first without it."""
    oracle = Oracle(case, by)
    cells: Cells = defaultdict(lambda: defaultdict(int))
    last = oracle.last_full(freq)
    ends = {p: d for p, d in oracle.ends(freq).items() if p <= last}
    left = None if case.since is None else period_of(case.since - 1, freq, case.fiscal_start)
    for entity in oracle.entities:
        paid = [p for p, day in ends.items() if oracle.mrr(entity, day) > 0]
        if not paid:
            continue
        cohort = paid[0]
        gone = [p for p, day in ends.items() if p > cohort and not oracle.held(entity, day)]
        duration, event = (gone[0] - cohort, 1) if gone else (last - cohort, 0)
        entry = 0 if left is None else max(0, left - cohort)
        if entry and duration <= entry:
            continue
        cause = _cause(oracle, entity, gone[0], freq) if gone else 0
        cell = cells[oracle.origin(entity), duration, entry, event, cause]
        cell["customers"] += 1
        cell["mrr_micro"] += oracle.mrr(entity, ends[cohort])
    return cells


def _cause(oracle: Oracle, entity: str, period: int, freq: str) -> int:
    """Of what ended last in the period, the known cause."""
    ended = [
        p
        for p in oracle.pieces
        if p.entity == entity
        and p.end < NEVER
        and period_of(p.end, freq, oracle.case.fiscal_start) == period
    ]
    last = max(p.end for p in ended)
    return max(p.cause for p in ended if p.end == last)


def terms(case: Case, freq: str, by: tuple[str, ...], grace_days: int = 90) -> Cells:
    """Take each line's last day and look for the entity's next line, or one begun shortly before that goes on."""
    oracle = Oracle(case, by)
    cells: Cells = defaultdict(lambda: defaultdict(int))
    lines: dict[str, list[Any]] = defaultdict(list)
    for piece in oracle.pieces:
        lines[piece.line].append(piece)
    first = [min(mine, key=lambda p: p.start) for mine in lines.values()]
    for mine in lines.values():
        ending = max(mine, key=lambda p: p.start)
        if ending.end == NEVER:
            continue
        later = [p for p in first if p.entity == ending.entity and p.start >= ending.end]
        nearest = min((p.start for p in later), default=NEVER)
        follows = max((p.amount for p in later if p.start == nearest), default=0)
        sooner = [
            p
            for p in first
            if p.entity == ending.entity
            and ending.end - 90 <= p.start < ending.end
            and max(lines[p.line], key=lambda q: q.start).end > ending.end
        ]
        wait = nearest - ending.end
        open_still = ending.end + grace_days > case.as_of
        name = (
            "renewed"
            if wait == 0 or sooner
            else "late"
            if wait <= grace_days
            else "open"
            if open_still
            else "lost"
        )
        cell = cells[ending.group, period_of(ending.end, freq, case.fiscal_start)]
        follows = follows if wait <= grace_days else 0
        if wait and sooner:
            last = max(p.start for p in sooner)
            follows = max(p.amount for p in sooner if p.start == last)
        for measure, value in (("terms", 1), ("expiring", ending.amount)):
            cell[measure] += value
            cell[f"{measure}_{name}"] += value
        cell["kept"] += min(follows, ending.amount)
        cell["next"] += follows
    return cells
