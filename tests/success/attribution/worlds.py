"""Made-up companies in which the effect of a programme is known, because everybody can live twice.

Each month an account at risk leaves more often and is enrolled more often; being in the programme keeps it directly
(log-odds of -0.3) and lowers its risk month after month. So current risk is both a reason for help and its result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from saasmetrics.success.effect.marginal import ordered
from saasmetrics.success.effect.panel import Panel

MONTHS = 24
DIRECT = -0.3  # of being in the programme, on the log-odds of leaving in a month
_BASE, _RISK, _STAYS, _LOWERS = -4.4, 1.2, 0.85, 0.06
_ENROLS = (-3.8, 1.5)  # log-odds of being enrolled: constant and slope by risk


@dataclass(frozen=True)
class World:
    """The months of all accounts, and when each was drawn to start."""

    panel: Panel
    start: np.ndarray

    @property
    def kept(self) -> float:
        """Share of accounts that stay to the end."""
        return 1 - float((self.panel.closing <= 0).sum()) / len(self.start)


def world(seed: int, accounts: int = 4000, enrolled: str = "by risk") -> World:
    """Live through two years.

    Parameters
    ----------
    seed, accounts
        Which world, and how large.
    enrolled
        "by risk", "by lot" (at the same pace, whatever the risk), "half" (drawn before the first month), "waves" (of 12
        groups in four waves of six months), "all" or "nobody".
    """
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=accounts)
    first = risk.copy()
    never = MONTHS + 1
    start = np.full(accounts, never)
    group = rng.integers(0, 12, accounts)
    if enrolled == "waves":
        start = (rng.permutation(12) % 4 * 6)[group]
    elif enrolled == "half":
        start = np.where(rng.permutation(accounts) % 2 == 0, 0, never)
    elif enrolled == "all":
        start = np.zeros(accounts, int)
    alive, rows = np.ones(accounts, bool), []
    for month in range(1, MONTHS + 1):
        who = np.flatnonzero(alive)
        on = start[who] < month
        place = _BASE + _RISK * risk[who] + DIRECT * on
        leaves = rng.random(len(who)) < 1 / (1 + np.exp(-place))
        asks = risk[who] if enrolled == "by risk" else rng.permutation(risk[who])
        luck = rng.random(len(who)) < 1 / (1 + np.exp(-(_ENROLS[0] + _ENROLS[1] * asks)))
        begins = luck & ~on & (enrolled in ("by risk", "by lot"))
        rows.append([who, np.full(len(who), month), leaves, on, begins, risk[who]])
        start[who[begins]] = month
        alive[who[leaves]] = False
        inside = start <= month
        risk = _STAYS * risk + rng.normal(0, np.sqrt(1 - _STAYS**2), accounts) - _LOWERS * inside
    unit, month, left, on, begins, seen = (np.concatenate(c) for c in zip(*rows, strict=True))
    cluster = group[unit] if enrolled == "waves" else unit
    panel = Panel(
        unit,
        month,
        month - 1,
        np.ones(len(unit)),
        1.0 - left,
        on,
        begins,
        cluster,
        first[unit][:, None],
        seen[:, None],
        ("risk at first",),
        ("risk",),
    )
    return World(ordered(panel), start)
