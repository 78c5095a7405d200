"""The whole job in SQL on DuckDB the way of Fight Churn with Data, written afresh from its description.

The accounts that are active on each of two dates, with what they pay, are joined; each measure is a query of its own,
asked for each pair of dates: net retention, churn of accounts, and MRR churn with downsell. Movements by month and
cohorts are not in the book: the first are told by the same two lists of accounts, the second as in the MRR playbook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tests.bench.duckdb_ways import (
    ACTIVE,
    DENSE_AGED,
    DENSE_LIVES,
    PADDED,
    PAIRS,
    Tables,
    by_month,
    cells_of,
    connected,
    moves_of,
)
from tests.bench.pandas_tutorial import MONTHS, WINDOW

if TYPE_CHECKING:
    import duckdb

SUBSCRIPTION = """
create temp table subscription as
select customer_id as account_id, segment, make_date(2021 + begin // 12, 1 + begin % 12, 1) as start_date,
    case when until < 60 then make_date(2021 + until // 12, 1 + until % 12, 1) end as end_date, mrr from line
"""
ACTIVE_AT = """
select account_id, any_value(segment) as segment, sum(mrr)::bigint as total_mrr
from subscription, date_range
where start_date <= {day} and (end_date > {day} or end_date is null) group by account_id
"""
TWO_DATES = f"""
with date_range as (select $start::date as first_day, $end::date as last_day),
start_accounts as ({ACTIVE_AT.format(day="first_day")}), end_accounts as ({ACTIVE_AT.format(day="last_day")})
"""
NET_RETENTION = f"""
{TWO_DATES}, retained_accounts as (
    select s.account_id, sum(e.total_mrr) as total_mrr from start_accounts s join end_accounts e using (account_id)
    group by s.account_id
), start_mrr as (select sum(total_mrr)::double as start_mrr from start_accounts),
retain_mrr as (select sum(total_mrr)::double as retain_mrr from retained_accounts)
select start_mrr as opening, retain_mrr as closing from start_mrr, retain_mrr
"""
ACCOUNTS_AT = """
select distinct account_id from subscription, date_range
where start_date <= {day} and (end_date > {day} or end_date is null)
"""
ACCOUNT_CHURN = f"""
with date_range as (select $start::date as first_day, $end::date as last_day),
start_accounts as ({ACCOUNTS_AT.format(day="first_day")}), end_accounts as ({ACCOUNTS_AT.format(day="last_day")}),
churned_accounts as (
    select s.account_id from start_accounts s left join end_accounts e on s.account_id = e.account_id
    where e.account_id is null
), start_count as (select count(*)::double as n_start from start_accounts),
churn_count as (select count(*)::double as n_churn from churned_accounts)
select n_start as customers, n_churn as customers_lost from start_count, churn_count
"""
MRR_CHURN = f"""
{TWO_DATES}, churned_accounts as (
    select s.account_id, sum(s.total_mrr) as total_mrr from start_accounts s left join end_accounts e
    on s.account_id = e.account_id where e.account_id is null group by s.account_id
), downsell_accounts as (
    select s.account_id, s.total_mrr - e.total_mrr as downsell_amount
    from start_accounts s join end_accounts e on s.account_id = e.account_id where e.total_mrr < s.total_mrr
), start_mrr as (select sum(total_mrr)::double as start_mrr from start_accounts),
churn_mrr as (select coalesce(sum(total_mrr), 0)::double as churn_mrr from churned_accounts),
downsell_mrr as (select coalesce(sum(downsell_amount), 0)::double as downsell_mrr from downsell_accounts)
select start_mrr - churn_mrr - downsell_mrr as kept from start_mrr, churn_mrr, downsell_mrr
"""
MEASURES = (NET_RETENTION, ACCOUNT_CHURN, MRR_CHURN)
MOVED = f"""
{TWO_DATES}, earlier as (
    select distinct account_id from subscription, date_range
    where start_date < last_day and (end_date > start_date or end_date is null)
), moved as (
    select coalesce(e.segment, s.segment) as segment, coalesce(e.total_mrr, 0) - coalesce(s.total_mrr, 0) as delta, case
        when s.total_mrr is null and earlier.account_id is null then 'new' when s.total_mrr is null then 'reactivation'
        when e.total_mrr is null then 'churn' when e.total_mrr > s.total_mrr then 'expansion' else 'contraction'
        end as kind
    from start_accounts s full join end_accounts e using (account_id)
    left join earlier on earlier.account_id = e.account_id where e.total_mrr is distinct from s.total_mrr
)
select kind, sum(value)::double as value
from (select segment, kind, sum(delta) as value from moved group by all) group by kind
"""


def _days(before: int, now: int) -> dict[str, str]:
    """Return the first days of two months."""
    return {
        name: f"{2021 + month // 12}-{1 + month % 12:02}-01"
        for name, month in (("start", before), ("end", now))
    }


def _measured(con: duckdb.DuckDBPyConnection, month: int) -> pd.DataFrame:
    days = _days(month - WINDOW, month)
    parts = [con.execute(query, days).df() for query in MEASURES]
    return pd.concat(parts, axis=1).assign(month=month)


def dates(path: str) -> Tables:
    """Return movements and pairs by month from the accounts of two dates each, triangles, and lifetimes."""
    con = connected(path)
    con.execute(SUBSCRIPTION)
    moved = [
        con.execute(MOVED, _days(month - 1, month)).df().assign(month=month)
        for month in range(MONTHS)
    ]
    paired = [_measured(con, month) for month in range(WINDOW, MONTHS)]
    con.execute(ACTIVE)
    con.execute(PADDED)
    return (
        moves_of(pd.concat(moved)),
        by_month(pd.concat(paired), PAIRS),
        cells_of(con.sql(DENSE_AGED).df()),
        con.sql(DENSE_LIVES).df(),
    )
