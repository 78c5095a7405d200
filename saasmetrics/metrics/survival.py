"""The survival topic among the metrics; its functions live in `saasmetrics.survival`."""

from __future__ import annotations

from saasmetrics.survival.causes import causes
from saasmetrics.survival.comparison import compare
from saasmetrics.survival.cox import cox
from saasmetrics.survival.curves import curve
from saasmetrics.survival.fits import fit
from saasmetrics.survival.hazards import hazard
from saasmetrics.survival.shares import fit_shares

__all__ = ["causes", "compare", "cox", "curve", "fit", "fit_shares", "hazard"]
