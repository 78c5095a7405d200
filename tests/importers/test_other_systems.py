"""CRM accounts and opportunities, conversations, movements: against figures made by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError
from saasmetrics.importers.systems import IMPORTERS
from tests.importers.exports import imported, mrr
from tests.importers.test_stripe import DASHBOARD

ACTIVITIES = """
customer-name|customer-external-id|subscription-external-id|date|activity-mrr-movement|currency|plan-external-id|uuid
Ada|c1|s1|2026-01-05T10:00:00|100.00|USD|pro|1
Ada|c1|s1|2026-02-10T10:00:00|50.00|USD|pro|2
Ada|c1|s1|2026-04-02T10:00:00|-150.00|USD|pro|3
Bob|c2|s2|2026-02-01T10:00:00|20.00|USD|pro|4
Bob|c2|s2|2026-02-01T11:00:00|-5.00|USD|pro|5
"""


def test_chartmoguls_movements_add_up_to_mrr(tmp_path: Path) -> None:
    found = imported(tmp_path, activities=ACTIVITIES)
    assert mrr(found, "2026-04-30") == [100.0, 165.0, 165.0, 15.0]


COMPANIES = """
Record ID|Company name|Company domain name|Industry|Country/Region|Number of Employees|Company owner|Create Date
71|Alpha|x.com|Health|DE|40|Kim|2025-11-01
72|Beta|y.com|Retail|US|900|Lee|2025-12-01
73|Nobody|n.com|Retail|US|9|Lee|2025-12-01
"""
DEALS = """
Record ID|Deal Name|Deal Stage|Close Date|Amount|Associated Company|Associated Company IDs|Contract Start Date|Contract End Date
1|Alpha 2026|Closed Won|2025-12-20|2400|Alpha|71|2026-01-01|2028-01-01
2|Beta 2026|Closed Lost|2025-12-20|1200|Beta|72|2026-01-01|2027-01-01
3|Beta pilot|Closed Won|2025-12-20|1200|Beta|72||
"""  # noqa: E501


def test_accounts_of_a_crm_tell_what_customers_can_be_grouped_by(tmp_path: Path) -> None:
    found = imported(tmp_path, subscriptions=DASHBOARD, companies=COMPANIES)
    rows = found.tables["customers"].set_index("customer_id")
    assert rows.loc["cus_1", "industry"] == "Health"
    assert rows.loc["cus_2", "csm_id"] == "Lee"
    assert "71" not in rows.index
    book = sm.Book(**found.tables, as_of="2026-05-31")
    by = sm.revenue.mrr(book, by="industry").df
    assert by[by["industry"] == "Health"]["value"].tolist()[-1] == 100.0


def test_won_opportunities_with_a_term_are_contracts(tmp_path: Path) -> None:
    found = imported(tmp_path, subscriptions=DASHBOARD, companies=COMPANIES, deals=DEALS)
    terms = found.tables["contracts"]
    assert terms["customer_id"].tolist() == ["cus_1"]
    # 2400 for two years, the second of them with no leap day: 730 days.
    assert terms["arr"].tolist() == [pytest.approx(2400 * 365.25 / 730, abs=0.01)]
    assert "that is not won (2)" in str(found)
    assert "without a term (3)" in str(found)


def test_an_amount_that_is_called_arr_is_a_years(tmp_path: Path) -> None:
    deals = DEALS.replace("|Amount|", "|ARR|")
    found = imported(tmp_path, companies=COMPANIES, deals=deals)
    assert found.tables["contracts"]["arr"].tolist() == [2400.0]
    assert found.tables["contracts"]["customer_id"].tolist() == ["71"]


ACCOUNTS = """
Id|Name|Website|Industry|BillingCountry|NumberOfEmployees|OwnerId|CreatedDate
001|Alpha|https://www.x.com/home|Health|DE|40|005|2025-11-01
"""
OPPORTUNITIES = """
Id|AccountId|Name|StageName|Amount|CloseDate|IsWon|ForecastCategory
006|001|New|Closed Won|1000|2025-12-01|true|Closed
"""


def test_salesforce_accounts_join_by_their_website(tmp_path: Path) -> None:
    found = imported(tmp_path, subscriptions=DASHBOARD, account=ACCOUNTS, opp=OPPORTUNITIES)
    rows = found.tables["customers"].set_index("customer_id")
    assert rows.loc["cus_1", "region"] == "DE"
    assert "contracts" not in found.tables
    assert "have no first and last day of a term" in str(found)


CONVERSATIONS = """
Conversation ID|User email|Company name|Conversation started at|State|Last close at|Time to first response (seconds)|Conversation rating|Teammate assigned|Channel
1|a@x.com||2026-02-01 09:00|closed|2026-02-01 10:00|90|4|Kim|chat
2|ben@y.com||2026-02-01 09:00|open|2026-02-01 09:30|||Kim|email
"""  # noqa: E501


def test_intercoms_conversations_are_tickets(tmp_path: Path) -> None:
    found = imported(tmp_path, subscriptions=DASHBOARD, conversations=CONVERSATIONS)
    rows = found.tables["tickets"].set_index("ticket_id")
    assert rows["customer_id"].tolist() == ["cus_1", "cus_2"]
    assert rows.loc["1", "first_reply_at"] == pd.Timestamp("2026-02-01 09:01:30")
    assert rows.loc["1", ["csat", "csat_scale"]].tolist() == [4.0, 5.0]
    assert pd.isna(rows.loc["2", "solved_at"])


FRESH = """
Ticket ID|Status|Priority|Source|Type|Agent|Group|Created time|Resolved time|Initial response time|Agent interactions|Company Name|Email
1|Closed|Urgent|Portal|Question|Kim|T1|2026-02-01 09:00|2026-02-01 12:00|2026-02-01 09:20|3||a@x.com
2|Open|Low|Email|Question|Kim|T1|2026-02-01 09:00|||0||z@gmail.com
"""  # noqa: E501


def test_freshdesks_tickets_have_the_moment_of_the_first_reply(tmp_path: Path) -> None:
    found = imported(tmp_path, subscriptions=DASHBOARD, tickets=FRESH)
    rows = found.tables["tickets"].set_index("ticket_id")
    assert rows.loc["1", "first_reply_at"] == pd.Timestamp("2026-02-01 09:20")
    assert rows["customer_id"].tolist() == ["cus_1", "z@gmail.com"]


def test_every_system_names_the_menu_of_its_export() -> None:
    assert all(
        one.menu and one.menu in (getattr(sm.importers, one.id).__doc__ or "")
        for one in IMPORTERS.values()
    )


def test_a_company_that_is_there_twice_with_other_values_is_refused(tmp_path: Path) -> None:
    again = "71|Alpha|x.com|Retail|DE|40|Kim|2025-11-01"
    with pytest.raises(DataError, match="the id '71' is there twice"):
        imported(tmp_path, companies=COMPANIES.strip() + "\n" + again)


def test_a_currency_that_some_rows_lack_is_said(tmp_path: Path) -> None:
    found = imported(tmp_path, activities=ACTIVITIES.replace("|20.00|USD", "|20.00|").replace("-5.00|USD", "-5.00|"))
    assert "1 row of subscriptions of ChartMogul without a currency" in str(found)
