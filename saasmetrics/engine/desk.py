"""The renewal desk: every contract term of a book, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.engine.contracts import contract_terms
from saasmetrics.engine.implied_terms import subscription_terms
from saasmetrics.engine.renewals import renewals
from saasmetrics.engine.self_renewal import rolled_on
from saasmetrics.engine.uplifts import with_growth, with_uplifts
from saasmetrics.errors import MissingTableError

if TYPE_CHECKING:
    from saasmetrics.engine.contracts import Terms
    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.engine.renewals import Renewals, Window


def terms_of(engine: LocalEngine) -> Terms:
    """Return every contract term of the tables, or of the subscriptions where there are no contracts."""
    if "contracts" not in engine.tables:
        if engine.source != "subscriptions":
            raise MissingTableError.of("contracts", "The renewal desk")
        return subscription_terms(engine)
    found = contract_terms(engine.tables, engine.policy, engine.as_of, engine.currency)
    return rolled_on(engine, found)


def renewals_of(engine: LocalEngine, window: Window, as_of: int | None) -> Renewals:
    """Return what became of every contract term, as known at the as-of date or on an earlier day."""
    day = engine.as_of if as_of is None else min(as_of, engine.as_of)
    return with_growth(engine, with_uplifts(engine, renewals(engine.contract_terms, day, window)))
