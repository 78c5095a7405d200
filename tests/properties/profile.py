"""How many ledgers a property is tried on."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # explaining costs minutes
_TIMES = int(os.environ.get("SAASMETRICS_EXAMPLES", "1"))
quick = settings(
    max_examples=40 * _TIMES, deadline=None, suppress_health_check=_SLOW, phases=_PHASES
)
thorough = settings(quick, max_examples=50 * _TIMES)
