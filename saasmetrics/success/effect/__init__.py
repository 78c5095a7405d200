"""The effect of customer success: drawn by lot, at a threshold, by waves, weighted, or merely side by side.

Importing this package enters its metrics into the catalogue.
"""

from __future__ import annotations

from saasmetrics.success.effect.assignment import assign
from saasmetrics.success.effect.diagnostics import balance, event_study
from saasmetrics.success.effect.handoff import handoff
from saasmetrics.success.effect.ladder import attribution
from saasmetrics.success.effect.levers import levers
from saasmetrics.success.effect.power import detectable
from saasmetrics.success.effect.touched import touched_expansion
from saasmetrics.success.effect.worth import value_of

__all__ = [
    "assign",
    "attribution",
    "balance",
    "detectable",
    "event_study",
    "handoff",
    "levers",
    "touched_expansion",
    "value_of",
]
