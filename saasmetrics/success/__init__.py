"""What customer success does for retention and revenue, and what it is worth.

- assign, detectable: draw who gets a programme first; the smallest effect that a test of a size can show
- attribution: the effect of a programme on retention, NRR or expansion, by the best design that the data allow
- balance, event_study: whether those compared were alike; the effect by months since the start, and before it
- value_of: the effect in money, less what the programme costs
- levers: which of several levers is worth more in the first year
- touched_expansion: touched customers that expand in the same quarter; an association
- handoff: how long it takes from the signed contract to the first contact with customer success
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "assign": "saasmetrics.success.effect.assignment",
    "attribution": "saasmetrics.success.effect.ladder",
    "balance": "saasmetrics.success.effect.diagnostics",
    "detectable": "saasmetrics.success.effect.power",
    "event_study": "saasmetrics.success.effect.diagnostics",
    "handoff": "saasmetrics.success.effect.handoff",
    "levers": "saasmetrics.success.effect.levers",
    "touched_expansion": "saasmetrics.success.effect.touched",
    "value_of": "saasmetrics.success.effect.worth",
}

__all__ = sorted(_HOME)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module 'saasmetrics.success' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*__all__]
