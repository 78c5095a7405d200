"""The whole job in SQL on DuckDB the way of dbt's MRR playbook, written afresh from its description.

Its models, each a table as dbt builds it: subscription periods by date; months; customers and their months from the
first to the last, to which the periods are joined; whether a customer is active and when first and last, by windows
over the customer; the month of churn after the last; and `mrr`, the union of both with what `lag` says of the month
before, the change, its category, the amount renewed, and a hash of month and customer as key.

What the playbook lacks is added: lines that overlap are summed, and the segment is carried along. What it leaves to
the dashboard is asked of the tables that it ends with.
"""

from __future__ import annotations

from tests.bench.duckdb_ways import (
    PAIRS,
    Tables,
    by_month,
    cells_of,
    connected,
    moves_of,
)

MODELS = {
    "subscription_periods": """
select customer_id, segment, make_date(2021 + begin // 12, 1 + begin % 12, 1) as start_date,
    make_date(2021 + until // 12, 1 + until % 12, 1) as end_date, mrr as monthly_amount
from line where until > begin
""",
    "util_months": """
select unnest(generate_series(date '2021-01-01', date '2025-12-01', interval 1 month))::date as date_month
""",
    "customer_revenue_by_month": """
with customers as (
    select customer_id, any_value(segment) as segment, date_trunc('month', min(start_date)) as date_month_start,
        date_trunc('month', max(end_date)) as date_month_end
    from subscription_periods group by customer_id
), customer_months as (
    select customer_id, segment, date_month from customers join util_months
        on date_month >= date_month_start and date_month < date_month_end
), joined as (
    select months.date_month, months.customer_id, any_value(months.segment) as segment,
        coalesce(sum(periods.monthly_amount), 0)::bigint as mrr
    from customer_months months left join subscription_periods periods
        on months.customer_id = periods.customer_id and months.date_month >= periods.start_date
        and months.date_month < periods.end_date
    group by months.date_month, months.customer_id
), active as (
    select *, mrr > 0 as is_active,
        min(case when mrr > 0 then date_month end) over (partition by customer_id) as first_active_month,
        max(case when mrr > 0 then date_month end) over (partition by customer_id) as last_active_month
    from joined
)
select *, first_active_month = date_month as is_first_month, last_active_month = date_month as is_last_month from active
""",
    "customer_churn_month": """
select (date_month + interval 1 month)::date as date_month, customer_id, segment, 0::bigint as mrr, false as is_active,
    first_active_month, last_active_month, false as is_first_month, false as is_last_month
from customer_revenue_by_month where is_last_month and date_month < date '2025-12-01'
""",
    "mrr": """
with unioned as (
    select * from customer_revenue_by_month union all select * from customer_churn_month
), lagged as (
    select *, coalesce(lag(is_active) over w, false) as previous_month_is_active,
        coalesce(lag(mrr) over w, 0) as previous_month_mrr
    from unioned window w as (partition by customer_id order by date_month)
), changed as (
    select *, mrr - previous_month_mrr as mrr_change from lagged
)
select md5(date_month::varchar || '-' || customer_id::varchar) as id, *, case
    when is_first_month then 'new' when not is_active and previous_month_is_active then 'churn'
    when is_active and not previous_month_is_active then 'reactivation'
    when mrr_change > 0 then 'upgrade' when mrr_change < 0 then 'downgrade' end as change_category,
    least(mrr, previous_month_mrr) as renewal_amount
from changed
""",
}
NAMES = {"upgrade": "expansion", "downgrade": "contraction"}
MONTH = "((year({0}) - 2021) * 12 + month({0}) - 1)::int"
MOVED = f"""
select {MONTH.format("date_month")} as month, change_category as kind, sum(value)::double as value
from (select segment, date_month, change_category, sum(mrr_change) as value from mrr
      where change_category is not null group by all) group by all
"""
PAIRED = f"""
select {MONTH.format("a.date_month")} + 12 as month, sum(a.mrr)::double as opening,
    sum(coalesce(b.mrr, 0))::double as closing, sum(least(a.mrr, coalesce(b.mrr, 0)))::double as kept,
    count(*)::double as customers, sum((coalesce(b.mrr, 0) = 0)::int)::double as customers_lost
from mrr a left join mrr b on a.customer_id = b.customer_id and b.date_month = a.date_month + interval 12 month
where a.is_active and a.date_month < date '2025-01-01' group by a.date_month
"""
AGED = f"""
with lived as (
    select {MONTH.format("first_active_month")} as cohort, {MONTH.format("date_month")} as month, mrr,
        min(mrr) over (partition by customer_id order by date_month) as floor
    from mrr
)
select cohort, month - cohort as age, sum((mrr > 0)::int)::double as customers, sum(mrr)::double as mrr,
    sum(floor)::double as floor
from lived group by all
"""
LIVES = f"""
with life as (
    select any_value(segment) as segment, min({MONTH.format("first_active_month")}) as cohort,
        min(case when not is_active then {MONTH.format("date_month")} end) as gone, arg_min(mrr, date_month) as mrr
    from mrr group by customer_id
)
select segment, coalesce(gone, 59) - cohort as duration, (gone is not null)::int as event,
    count(*)::double as customers, sum(mrr)::double as mrr_micro
from life group by all
"""


def playbook(path: str) -> Tables:
    """Return movements and pairs by month, triangles, and lifetimes, from the playbook's models."""
    con = connected(path)
    for name, query in MODELS.items():
        con.execute(f"create temp table {name} as {query}")
    moved = con.sql(MOVED).df()
    return (
        moves_of(moved.assign(kind=moved["kind"].replace(NAMES))),
        by_month(con.sql(PAIRED).df(), PAIRS),
        cells_of(con.sql(AGED).df()),
        con.sql(LIVES).df(),
    )
