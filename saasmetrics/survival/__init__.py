"""How long customers and their money stay, why they leave, and whether groups differ.

- curve: the share still there at each age (Kaplan-Meier)
- hazard: the share that leaves at each age, or at each renewal
- causes: how many each cause of churn takes (Aalen-Johansen)
- compare, cox: whether groups differ by more than chance; what goes with leaving sooner
- fit, fit_shares: models that go on after the last age seen, from a book or from shares alone
"""

from __future__ import annotations

from saasmetrics.survival.causes import causes
from saasmetrics.survival.comparison import compare
from saasmetrics.survival.cox import cox
from saasmetrics.survival.curves import curve
from saasmetrics.survival.fits import fit
from saasmetrics.survival.hazards import hazard
from saasmetrics.survival.shares import fit_shares

__all__ = ["causes", "compare", "cox", "curve", "fit", "fit_shares", "hazard"]


def __dir__() -> list[str]:
    return __all__
