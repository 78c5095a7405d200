"""Which pages there are: id, name and builder."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from saasmetrics.board.pages.asks import asks
from saasmetrics.board.pages.bridge import bridge
from saasmetrics.board.pages.capacity import capacity
from saasmetrics.board.pages.cohorts import cohorts
from saasmetrics.board.pages.economics import economics
from saasmetrics.board.pages.finance import finance
from saasmetrics.board.pages.health import health
from saasmetrics.board.pages.quality import quality
from saasmetrics.board.pages.renewals import renewals
from saasmetrics.board.pages.retention import retention
from saasmetrics.board.pages.success import success
from saasmetrics.board.pages.summary import summary
from saasmetrics.board.pages.support import support
from saasmetrics.board.pages.t9q import t9q

if TYPE_CHECKING:
    from saasmetrics.board.making import Making
    from saasmetrics.board.model import Page


PAGES: dict[str, tuple[str, Callable[[Making], Page]]] = {
    "summary": ("Summary", summary),
    "asks": ("Asks", asks),
    "t9q": ("Trailing nine quarters", t9q),
    "bridge": ("ARR bridge", bridge),
    "retention": ("NRR and GRR", retention),
    "cohorts": ("Cohorts", cohorts),
    "economics": ("Unit economics", economics),
    "renewals": ("Renewals", renewals),
    "health": ("Customer health", health),
    "success": ("Customer success and revenue", success),
    "support": ("Support", support),
    "capacity": ("Capacity and plan", capacity),
    "finance": ("Profit, loss and cash", finance),
    "quality": ("Data quality", quality),
}
