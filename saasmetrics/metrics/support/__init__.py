"""Support: how many tickets there are, how fast and how well they are solved, at what cost, by whom and for whom.

All of it reads the table tickets; `by=` takes columns of tickets ("channel", "tag", "priority", "team_id"), of the
customers ("segment") and of the people who answer ("pod"). What is still waiting counts as waiting, never as fast, and
what is fast stands beside what is good.

- load, mix, voice, top_issues: tickets per customer and head; what they are about, who asks, and the ARR behind it
- times, answered, sla, backlog: how long customers wait, what was promised, and what waits now
- reopens, touches, tiers, tank_tickets, channel_switches: solved for good, in how many replies, where; what eats time
- unit_cost, cost_to_serve, by_revenue, root_cause: what a ticket, a customer and a cause cost
- scorecard, utilization, productivity, league: agents, teams and the company, told apart only where chance does not
- reactive_share, exec_contacts: who reaches out to customers
- macro_effect, trial_conversion, before_after, deflection: what goes with templates, help, a change, self-service
- untagged: how many tickets each topic has when untagged ones are counted in
- WorkingHours: the hours of a team, in its time zone, without its holidays
"""

from __future__ import annotations

from saasmetrics.engine.moments import WorkingHours
from saasmetrics.metrics.support.backlog import backlog
from saasmetrics.metrics.support.contacts import channel_switches, deflection
from saasmetrics.metrics.support.effects import macro_effect, trial_conversion
from saasmetrics.metrics.support.interrupted import before_after
from saasmetrics.metrics.support.issues import by_revenue, top_issues
from saasmetrics.metrics.support.load import load
from saasmetrics.metrics.support.mix import mix, voice
from saasmetrics.metrics.support.promises import answered, sla
from saasmetrics.metrics.support.root_cause import root_cause
from saasmetrics.metrics.support.scorecards import scorecard, utilization
from saasmetrics.metrics.support.solved import reopens, touches
from saasmetrics.metrics.support.speed import times
from saasmetrics.metrics.support.tanks import tank_tickets
from saasmetrics.metrics.support.teams import league, productivity
from saasmetrics.metrics.support.tiers import tiers
from saasmetrics.metrics.support.touched import exec_contacts, reactive_share
from saasmetrics.metrics.support.unit_cost import cost_to_serve, unit_cost
from saasmetrics.metrics.support.untagged import untagged

__all__ = [
    "WorkingHours",
    "answered",
    "backlog",
    "before_after",
    "by_revenue",
    "channel_switches",
    "cost_to_serve",
    "deflection",
    "exec_contacts",
    "league",
    "load",
    "macro_effect",
    "mix",
    "productivity",
    "reactive_share",
    "reopens",
    "root_cause",
    "scorecard",
    "sla",
    "tank_tickets",
    "tiers",
    "times",
    "top_issues",
    "touches",
    "trial_conversion",
    "unit_cost",
    "untagged",
    "utilization",
    "voice",
]


def __dir__() -> list[str]:
    return __all__
