"""How many ledgers a property is tried on."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # explaining costs minutes
quick = settings(max_examples=50, deadline=None, suppress_health_check=_SLOW, phases=_PHASES)
thorough = settings(quick, max_examples=60)
