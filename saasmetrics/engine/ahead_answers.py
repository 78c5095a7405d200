"""What an engine says of committed MRR: the balances of groups and periods, and the customers behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from saasmetrics.engine import committed
from saasmetrics.recording import answers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from saasmetrics.engine.local import LocalEngine


@answers
class AheadHere:
    """The part of the local engine that knows what lies ahead of MRR."""

    def commitments(self, freq: str, by: Sequence[str], told: int) -> committed.Commitments:
        """Return what is known beyond MRR at the end of every period; see `committed.commitments`."""
        return committed.commitments(cast("LocalEngine", self), freq, by, told)

    def commitment_rows(
        self, period: int, freq: str, by: Sequence[str], group: Any, told: int
    ) -> pd.DataFrame:
        """Return the customers with something ahead at the end of a period; see `committed.commitment_rows`."""
        return committed.commitment_rows(cast("LocalEngine", self), period, freq, by, group, told)
