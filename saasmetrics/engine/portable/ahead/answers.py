"""What the portable engine says of committed MRR: balances are counted where the tables are, their sums come back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

import narwhals as nw
import numpy as np

from saasmetrics.engine import exchange
from saasmetrics.engine.committed import BALANCES, Commitments, at_rates
from saasmetrics.engine.groups import ARR_BAND, column_of
from saasmetrics.engine.portable import entities as who
from saasmetrics.engine.portable.ahead.facts import facts, with_days
from saasmetrics.engine.portable.ahead.promises import promises
from saasmetrics.engine.portable.ahead.sweep import balance_cells, balance_rows
from saasmetrics.engine.portable.fetched import dense
from saasmetrics.engine.portable.held import held
from saasmetrics.engine.portable.reasons.lines import check_kept
from saasmetrics.engine.promises import silent
from saasmetrics.errors import NotPortableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from saasmetrics.engine.groups import Groups
    from saasmetrics.engine.portable.basis import Basis
    from saasmetrics.engine.portable.engine import PortableEngine
    from saasmetrics.engine.portable.whole import Frame


class AheadThere:
    """The part of the portable engine that knows what lies ahead of MRR."""

    basis: Basis
    contracts: Frame | None = None  # the table of contracts, where the others are

    def commitments(self, freq: str, by: Sequence[str], told: int) -> Commitments:
        """Return what is known beyond MRR at the end of every period; see `committed.commitments`."""
        engine = cast("PortableEngine", self)
        found, groups, notes = self._promised(tuple(by), told)
        first, periods, _ = engine.extent(freq)
        cells = balance_cells(found, engine.calendar(freq), engine.as_of, first)
        many = _currencies(engine)
        made = dense(cells, (len(groups) * many, periods), {"time": first}, BALANCES)
        shape = (len(groups), many, periods)
        cube = {name: np.cumsum(value, axis=1).reshape(shape) for name, value in made.items()}
        days = exchange.ends(engine, freq, first, periods)
        factor = np.ones((1, periods)) if engine.valuation is None else engine.valuation.at(days)
        return Commitments(groups, at_rates(cube, factor[None, :many]), first, notes)

    def commitment_rows(
        self, period: int, freq: str, by: Sequence[str], group: Any, told: int
    ) -> pd.DataFrame:
        """Return the customers with something ahead at the end of a period; see `committed.commitment_rows`."""
        import pandas as pd

        engine = cast("PortableEngine", self)
        found, groups, _ = self._promised(tuple(by), told)
        many, day = _currencies(engine), int(exchange.ends(engine, freq, period, 1)[0])
        rows = balance_rows(found, day)
        if group is not None:
            number = groups.labels.index(group) * many
            rows = rows.filter(nw.col("group") >= number, nw.col("group") < number + many)
        rows = engine.bring(rows, engine.source, self)
        used, place = np.unique(rows["entity"].to_numpy(zero_copy_only=False), return_inverse=True)
        currency = np.asarray(rows["group"]).astype(np.int64) % many
        factor = np.ones((1, 1))
        if engine.valuation is not None:
            factor = engine.valuation.at(np.array([day]))
        split = {}
        for name in BALANCES:
            out = np.zeros((len(used), many), np.int64)
            values = np.asarray(rows[name]).astype(np.int64)
            np.add.at(out, (place.reshape(-1), currency), values)
            split[name] = out[:, :, None]
        made = at_rates(split, factor[None, :many])
        columns = {name: value[:, 0] for name, value in made.items()}
        return pd.DataFrame({"customer_id": used, **columns})

    def _promised(self, by: tuple[str, ...], told: int) -> tuple[Frame, Groups, tuple[str, ...]]:
        """Return all promises with their group and currency in one number, the groups, and what is not known."""
        return self.basis.once(("promised", by, told), lambda: self._made(by, told))

    def _made(self, by: tuple[str, ...], told: int) -> tuple[Frame, Groups, tuple[str, ...]]:
        basis, engine = self.basis, cast("PortableEngine", self)
        check_kept(engine)
        if self._is_elsewhere():
            raise NotPortableError("Contracts are not where the subscriptions are.")
        paid, ahead = basis, None
        if basis.source == "subscriptions":
            paid, ahead = basis.under(with_days(basis.tables[basis.source])), facts(basis, told)
        found = promises(paid, ahead, self.contracts, told, _of_rows(basis, by))
        found = _of_customers(basis, found, by)
        found = who.with_group_number(found, by)
        groups = who.groups_of(found, by, basis.known_columns())
        many = _currencies(engine)
        found = found.with_columns(group=(nw.col("group") * many + nw.col("moving")))
        notes = (silent(basis.source),) if ahead is None else ahead.notes(paid)
        return held(found, "promised"), groups, notes

    def _is_elsewhere(self) -> bool:
        """Whether contracts are of another kind of frame than what is paid."""
        if self.contracts is None:
            return False
        paid = self.basis.tables[self.basis.source]
        return self.contracts.implementation is not paid.implementation


def _currencies(engine: PortableEngine) -> int:
    return 1 if engine.valuation is None else engine.valuation.count


def _of_rows(basis: Basis, by: Sequence[str]) -> dict[str, Callable[[Frame], Frame]]:
    """Return the columns to group by that are of rows of the source, with what adds them to rows."""
    known = basis.known_columns()
    out: dict[str, Callable[[Frame], Frame]] = {}
    for number, name in enumerate(by):
        if name == ARR_BAND and name not in known:
            continue
        table, column = column_of(name, known)
        made = f"_by{number}"
        if table == basis.source:
            out[made] = partial(_own, column=column, made=made)
        elif basis.policy.entity == "subscription":
            values = basis.tables[table].select(_key=nw.col("customer_id"), _value=nw.col(column))
            out[made] = partial(_joined, values=values, made=made)
    return out


def _own(frame: Frame, column: str, made: str) -> Frame:
    return frame.with_columns(nw.col(column).alias(made))


def _joined(frame: Frame, values: Frame, made: str) -> Frame:
    values = values.rename({"_value": made})
    return frame.join(values, left_on="customer_id", right_on="_key", how="left")


def _of_customers(basis: Basis, found: Frame, by: Sequence[str]) -> Frame:
    """Add to promises the columns to group by that are of their customers."""
    known = basis.known_columns()
    for number, name in enumerate(by):
        made = f"_by{number}"
        if name == ARR_BAND and name not in known:
            found = found.join(who.bands_of(found).rename({"band": made}), on="entity", how="left")
            found = found.with_columns(nw.col(made).fill_null(0).cast(nw.Int64))
            continue
        table, column = column_of(name, known)
        if table == basis.source or basis.policy.entity == "subscription":
            continue
        values = basis.tables[table].select(
            nw.col("customer_id").alias("_key"), nw.col(column).alias(made)
        )
        found = found.join(values, left_on="entity", right_on="_key", how="left")
    return found
