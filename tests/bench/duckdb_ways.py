"""The whole job in SQL on DuckDB from changes, and what the ways of others share, each in a module of its own.

Changes of MRR per customer and month, window functions over them; no table of customers and months.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tests.bench.pandas_tutorial import MONTHS

if TYPE_CHECKING:
    import duckdb

Tables = tuple[dict[str, Any], dict[str, Any], dict[str, Any], pd.DataFrame]
KINDS = ("new", "reactivation", "expansion", "contraction", "churn")
PAIRS = ("opening", "closing", "kept", "customers", "customers_lost")
CELLS = ("customers", "mrr", "floor")

LINES = """
create temp table line as
select customer_id, segment, cast(round(amount * 1000000 / case interval when 'year' then 12 when 'quarter' then 3
       else 1 end) as bigint) as mrr,
       (year(start) - 2021) * 12 + month(start) - 1 as begin,
       coalesce((year("end") - 2021) * 12 + month("end") - 1, 60) as until
from read_parquet($path)
"""

CHANGES = """
create temp table change as
with point as (
    select customer_id, segment, begin as month, mrr as delta from line where until > begin
    union all
    select customer_id, segment, until, -mrr from line where until > begin and until < 60
), net as (
    select customer_id, any_value(segment) as segment, month, sum(delta)::bigint as delta
    from point group by all having sum(delta) <> 0
)
select *, sum(delta) over w ::bigint as level, min(month) over (partition by customer_id) as cohort,
from net window w as (partition by customer_id order by month)
"""
MOVED = """
with moved as (
    select segment, month, delta, case
        when level - delta = 0 and month = cohort then 'new' when level - delta = 0 then 'reactivation'
        when level = 0 then 'churn' when delta > 0 then 'expansion' else 'contraction' end as kind
    from change
)
select month, kind, sum(value)::double as value
from (select segment, month, kind, sum(delta) as value from moved group by all) group by all
"""
PAIRED = """
with point as (
    select customer_id, month, delta as now, 0 as before from change
    union all
    select customer_id, month + 12, 0, delta from change where month + 12 < 60
), net as (
    select customer_id, month, sum(now) as now, sum(before) as before from point group by all
), level as (
    select customer_id, month, sum(now) over w as now, sum(before) over w as before
    from net window w as (partition by customer_id order by month)
), cell as (
    select *, before as opening, case when before > 0 then now else 0 end as closing, least(before, now) as kept,
        (before > 0)::int as customers, (before > 0 and now = 0)::int as customers_lost
    from level
), step as (
    select month, {steps} from cell window w as (partition by customer_id order by month)
)
select month, {sums} from step group by month
"""
AGED = """
with least_so_far as (
    select *, min(level) over (partition by customer_id order by month) as floor, (level > 0)::int as customers,
        level as mrr
    from change
), step as (
    select cohort, month - cohort as age, {steps} from least_so_far
    window w as (partition by customer_id order by month)
)
select cohort, age, {sums} from step group by all
"""
LIVES = """
with life as (
    select any_value(segment) as segment, min(cohort) as cohort, min(case when level = 0 then month end) as gone,
        arg_min(level, month) as mrr
    from change group by customer_id
)
select segment, coalesce(gone, 59) - cohort as duration, (gone is not null)::int as event,
    count(*)::double as customers, sum(mrr)::double as mrr_micro
from life group by all
"""

ACTIVE = """
create temp table active as
select customer_id, any_value(segment) as segment, spine.month, sum(mrr)::bigint as mrr
from line join (select unnest(range(60)) as month) spine on spine.month >= begin and spine.month < until
group by customer_id, spine.month
"""
PADDED = """
create temp table padded as
with reach as (
    select customer_id, any_value(segment) as segment, min(month) as first, max(month) as last
    from active group by customer_id
), filled as (
    select reach.customer_id, reach.segment, first, last, spine.month, coalesce(active.mrr, 0) as mrr
    from reach join (select unnest(range(60)) as month) spine on spine.month between first and least(last + 1, 59)
    left join active on active.customer_id = reach.customer_id and active.month = spine.month
)
select *, coalesce(lag(mrr) over (partition by customer_id order by month), 0) as previous from filled
"""
DENSE_AGED = """
with lived as (
    select first as cohort, month - first as age, mrr,
        min(mrr) over (partition by customer_id order by month) as floor
    from padded
)
select cohort, age, sum((mrr > 0)::int)::double as customers, sum(mrr)::double as mrr, sum(floor)::double as floor
from lived group by all
"""
DENSE_LIVES = """
with life as (
    select any_value(segment) as segment, min(first) as cohort, min(case when mrr = 0 then month end) as gone,
        arg_min(mrr, month) as mrr
    from padded group by customer_id
)
select segment, coalesce(gone, 59) - cohort as duration, (gone is not null)::int as event,
    count(*)::double as customers, sum(mrr)::double as mrr_micro
from life group by all
"""


def connected(path: str) -> duckdb.DuckDBPyConnection:
    """Read the lines with their months and MRR into a table, on one thread."""
    import duckdb

    con = duckdb.connect()
    con.execute("set threads to 1")
    con.execute(LINES, {"path": path})
    return con


def by_month(frame: pd.DataFrame, names: tuple[str, ...]) -> dict[str, Any]:
    frame = frame.set_index("month").reindex(range(MONTHS), fill_value=0)
    return {name: frame[name].to_numpy(float) for name in names}


def moves_of(frame: pd.DataFrame) -> dict[str, Any]:
    table = frame.pivot_table(index="month", columns="kind", values="value", aggfunc="sum")
    table = table.reindex(index=range(MONTHS), columns=list(KINDS)).fillna(0.0)
    return {kind: table[kind].to_numpy() for kind in KINDS}


def cells_of(frame: pd.DataFrame) -> dict[str, Any]:
    grid = pd.MultiIndex.from_product([range(MONTHS), range(MONTHS)], names=["cohort", "age"])
    frame = frame.set_index(["cohort", "age"]).reindex(grid, fill_value=0)
    return {name: frame[name].to_numpy(float).reshape(MONTHS, MONTHS) for name in CELLS}


def _stepped(query: str, names: tuple[str, ...]) -> str:
    """Fill in the changes of columns from row to row, and their sums."""
    steps = ", ".join(f"{name} - coalesce(lag({name}) over w, 0) as {name}" for name in names)
    return query.format(
        steps=steps, sums=", ".join(f"sum({name})::double as {name}" for name in names)
    )


def events(path: str) -> Tables:
    """Return movements and pairs by month, triangles, and lifetimes, from changes."""
    con = connected(path)
    con.execute(CHANGES)
    pairs = by_month(con.sql(_stepped(PAIRED, PAIRS)).df(), PAIRS)
    cells = cells_of(con.sql(_stepped(AGED, CELLS)).df())
    return (
        moves_of(con.sql(MOVED).df()),
        {name: np.cumsum(values) for name, values in pairs.items()},
        {name: np.cumsum(values, axis=1) for name, values in cells.items()},
        con.sql(LIVES).df(),
    )
