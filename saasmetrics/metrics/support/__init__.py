"""Support: how many tickets there are, how fast and how well they are solved, at what cost and by whom.

All of it reads the table tickets; `by=` takes columns of tickets ("channel", "tag", "priority", "team_id"), of the
customers ("segment") and of the people who answer ("pod"). What is still waiting counts as waiting, never as fast.

- load: tickets per customer, per contacting customer and per head
- times, answered, sla: first reply, resolution and handle times; answered within 24 hours; what was promised
- backlog: what waits, how old it is, and whether support keeps up
- reopens, touches, tiers: solved for good, in how many replies, at which tier
- tank_tickets: tickets that take longer than tickets used to
- WorkingHours: the hours of a team, in its time zone, without its holidays
"""

from __future__ import annotations

from saasmetrics.engine.moments import WorkingHours
from saasmetrics.metrics.support.backlog import backlog
from saasmetrics.metrics.support.load import load
from saasmetrics.metrics.support.promises import answered, sla
from saasmetrics.metrics.support.solved import reopens, tiers, touches
from saasmetrics.metrics.support.speed import times
from saasmetrics.metrics.support.tanks import tank_tickets

__all__ = [
    "WorkingHours",
    "answered",
    "backlog",
    "load",
    "reopens",
    "sla",
    "tank_tickets",
    "tiers",
    "times",
    "touches",
]


def __dir__() -> list[str]:
    return __all__
