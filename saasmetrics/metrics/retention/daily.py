"""Rates that add up the days: the losses of each day over what the day began with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.engine import spot, valued
from saasmetrics.engine.movements import KINDS
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import group_code, made, ratio
from saasmetrics.metrics.retention.shared import NOBODY
from saasmetrics.metrics.retention.window import ordinal
from saasmetrics.money import MICRO

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.metrics.rates import Question
    from saasmetrics.result import Result

_NOTE = "The rates of the days are added up; the numerator is that sum at the scale of what the window began with"


@dataclass(frozen=True)
class Daily:
    """A rate that adds up the days of a window: which movements count, and whether money or customers.

    `signs` gives each kind of movement that counts its sign, `heads` counts customers instead of money.
    """

    question: Question
    signs: Mapping[str, int]
    heads: bool = False

    def result(self, id: str) -> Result:
        """Return the rate of every period."""
        question = self.question
        cube = question.book.engine.movements("D", question.by).measures
        opening = cube["customers_opening" if self.heads else "opening"].astype(float)
        lost = sum(
            sign * cube[self._measure(name)].astype(float) for name, sign in self.signs.items()
        )
        # A day on which nobody was there to leave adds nothing.
        days = np.nan_to_num(ratio(lost, opening))
        running = np.cumsum(np.pad(days, ((0, 0), (1, 0))), axis=1)
        begin, end = self._edges()
        value = running[:, end] - running[:, begin]
        start = opening[:, np.minimum(begin, opening.shape[1] - 1)]
        value = np.where(start > 0, value, np.nan)
        df = self._frame(value, start / (1 if self.heads else MICRO))
        options = {"window": question.span}
        return made(
            question.book,
            id,
            df,
            "series",
            by=question.by,
            options=options,
            notes=(_NOTE,),
            drill=self._drill(),
        )

    def _measure(self, name: str) -> str:
        return {"churn": "customers_churned"}[name] if self.heads else name

    def _edges(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return for each period the first day of its window and the day after it, as places in the daily cube."""
        question = self.question
        engine, calendar = question.book.engine, question.book.calendar(question.freq)
        first_day, days, _ = engine.extent("D")
        first, periods, _ = engine.extent(question.freq)
        numbers = np.arange(first, first + periods)
        begin = np.asarray(calendar.first_day(numbers - question.window + 1), np.int64) - first_day
        end = np.asarray(calendar.last_day(numbers), np.int64) - first_day + 1
        return np.clip(begin, 0, days), np.clip(end, 0, days)

    def _frame(self, value: NDArray[np.float64], start: NDArray[np.float64]) -> pd.DataFrame:
        import pandas as pd

        question = self.question
        engine = question.book.engine
        first, periods, full = engine.extent(question.freq)
        starts = question.book.calendar(question.freq).starts(np.arange(first, first + periods))
        labels = engine.grouping(question.by).labels
        data: dict[str, Any] = {"period": np.tile(starts, len(labels))}
        for i, name in enumerate(question.by):
            data[name] = np.repeat(np.array([label[i] for label in labels], object), periods)
        data["value"] = value.ravel()
        data["numerator"] = (value * start).ravel()
        data["denominator"] = start.ravel()
        data["n"] = self._heads_at_start().ravel()
        data["reason"] = np.where(np.isnan(data["value"]), NOBODY, "")
        data["complete"] = np.tile(np.arange(first, first + periods) <= full, len(labels))
        out = pd.DataFrame(data)
        if question.book.since_day is not None:
            since = np.datetime64(question.book.since_day, "D")
            out = out[out["period"] >= since]
        return out.reset_index(drop=True)

    def _heads_at_start(self) -> NDArray[np.int64]:
        cube = self.question.book.engine.movements("D", self.question.by).measures
        heads, (begin, _) = cube["customers_opening"], self._edges()
        return heads[:, np.minimum(begin, heads.shape[1] - 1)]

    def _drill(self) -> Callable[..., pd.DataFrame]:
        def rows(period: Any = None, **group: Any) -> pd.DataFrame:
            question = self.question
            code = group_code(question.book, question.by, group)
            if question.book.engine.grouping(question.by).of_entity is None:
                msg = "Rates that add up days open to customers for columns of customers only."
                raise DataError(msg)
            number = ordinal(question.book, question.freq, period)
            return self._rows(number, code)

        return rows

    def _rows(self, period: int, code: int | None) -> pd.DataFrame:
        """Return what each customer adds: its losses over what their days began with, at the scale of the start."""
        import pandas as pd

        question = self.question
        engine = question.book.engine
        first_day, _, _ = engine.extent("D")
        first, _, _ = engine.extent(question.freq)
        begin, end = (int(edge[period - first]) for edge in self._edges())
        group_of = engine.grouping(question.by).of_entity
        assert group_of is not None
        cube = engine.movements("D", question.by if code is not None else ()).measures
        opening = cube["customers_opening" if self.heads else "opening"][code or 0].astype(float)
        entity, day, kind, amount = self._moves()
        keep = (day >= first_day + begin) & (day < first_day + end)
        keep &= np.isin(kind, [KINDS.index(name) for name in self.signs])
        if code is not None:
            keep &= group_of[entity] == code
        entity, day, kind, amount = (values[keep] for values in (entity, day, kind, amount))
        below = opening[day - first_day]
        sign = np.array([self.signs.get(name, 0) for name in KINDS])[kind]
        size = np.ones(len(entity)) if self.heads else amount.astype(float)
        added = np.divide(sign * size, below, out=np.zeros(len(entity)), where=below > 0)
        start = float(opening[min(begin, len(opening) - 1)])
        many = len(engine.spans.entity_ids)
        lost = np.bincount(entity, weights=added, minlength=many)
        if self._rates_count():
            inside = np.zeros(len(opening))
            inside[begin:end] = 1
            share = np.divide(inside, opening, out=np.zeros(len(opening)), where=opening > 0)
            mine = np.ones(many, bool) if code is None else group_of == code
            lost = lost + np.where(mine, self._lost_to_rates(share), 0.0)
        top = lost * start
        bottom = self._held(first_day + begin - 1).astype(float)
        if code is not None:
            bottom = np.where(group_of == code, bottom, 0.0)
        unit = 1 if self.heads else MICRO
        used = np.flatnonzero((top != 0) | (bottom != 0))
        ids = engine.spans.entity_ids.take(pa.array(used)).to_pandas()
        return pd.DataFrame(
            {"customer_id": ids, "numerator": top[used] / unit, "denominator": bottom[used] / unit}
        )

    def _rates_count(self) -> bool:
        """Return whether what exchange rates do is expansion and contraction."""
        book = self.question.book
        return book.engine.valuation is not None and book.policy.fx == "spot" and not self.heads

    def _lost_to_rates(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each customer lost to exchange rates, of which each day counts in a share.

        Between the days on which it changes, an account loses on every day what its currency does.
        """
        engine = self.question.book.engine
        rates = engine.valuation
        assert rates is not None
        first, days, _ = engine.extent("D")
        held = valued.accounts(engine, rates, ())
        moved, _ = valued.valued_moves(engine, rates, held, "D")
        seen = valued.seen(engine, held, "D")
        found = spot.changes(engine, rates, held.currency, seen, moved, "D")
        more, less = (self.signs.get(name, 0) for name in ("expansion", "contraction"))

        def counted(effect: NDArray[Any]) -> NDArray[np.float64]:
            both: NDArray[np.float64] = more * np.maximum(effect, 0) + less * np.minimum(
                effect, 0.0
            )
            return both

        factor = rates.at(first + np.arange(days))
        step = np.diff(factor, axis=1, prepend=factor[:, :1])
        until = np.pad(np.cumsum(counted(step) * share, axis=1), ((0, 0), (1, 0)))
        day, currency = found.period.astype(np.int64) - first, held.currency[found.account]
        after = np.full(len(day), days)
        same = found.account[1:] == found.account[:-1]
        after[:-1][same] = day[1:][same]
        lost = found.closing * (until[currency, after] - until[currency, day + 1])
        lost += counted(found.effect) * share[day]
        out = np.zeros(len(engine.spans.entity_ids))
        np.add.at(out, held.entity[found.account], lost)
        return out

    def _moves(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return customer, day, kind and amount of every daily movement."""
        engine = self.question.book.engine
        if engine.valuation is None or self.heads:
            moved, _ = engine.moved("D")
            return moved.account, moved.period, moved.kind, moved.amount
        held = valued.accounts(engine, engine.valuation, ())
        moved, _ = valued.valued_moves(engine, engine.valuation, held, "D")
        return held.entity[moved.account], moved.period, moved.kind, moved.amount

    def _held(self, day: int) -> NDArray[np.int64]:
        """Return what each customer pays at the end of a day, or 1 for each that does."""
        engine = self.question.book.engine
        if self.heads:
            mrr, paused = engine.entities.state(day)
            return ((mrr > 0) & (mrr + paused > 0)).astype(np.int64)
        if engine.valuation is None:
            return engine.entities.state(day)[0]
        held = valued.accounts(engine, engine.valuation, ())
        factor = engine.valuation.at(np.array([day]))[held.currency, 0]
        out = np.zeros(len(engine.spans.entity_ids), np.int64)
        np.add.at(out, held.entity, np.rint(held.daily.state(day)[0] * factor).astype(np.int64))
        return out
