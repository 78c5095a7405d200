"""Zendesk: tickets with their times, and whose customers they are."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from saasmetrics.errors import DataError
from tests.importers.exports import imported
from tests.importers.test_stripe import DASHBOARD

EXPORT = """
Id|Requester|Requester email|Requester domain|Organization|Created at|Solved at|Status|Priority|Via|Assignee|Group|Replies|Reopens|First reply time in minutes|First resolution time in minutes|Satisfaction Score
1|Ann|a@x.com|x.com||2026-02-01 09:00|2026-02-01 12:00|Closed|High|Email|Kim|Tier 1|2|0|30|180|Good
2|Ben|ben@y.com|y.com||2026-02-02 09:00|2026-02-03 09:00|Open|Normal|Web|Kim|Tier 1|1|1|60|120|Offered
3|Cyn|cyn@gmail.com|gmail.com||2026-02-03 09:00||New|Normal|Chat||Tier 1|0|0|||Bad with comment
4|Dan|dan@q.org|q.org||2026-02-03 09:00||Deleted|Normal|Chat||Tier 1|0|0|||
"""  # noqa: E501


def test_zendesks_export_has_the_times_of_each_ticket(tmp_path: Path) -> None:
    rows = imported(tmp_path, tickets=EXPORT).tables["tickets"].set_index("ticket_id")
    assert rows.loc["1", "first_reply_at"] == pd.Timestamp("2026-02-01 09:30")
    assert rows.loc["1", "solved_at"] == pd.Timestamp("2026-02-01 12:00")
    assert pd.isna(rows.loc["2", "solved_at"]), "an open ticket was solved before, and is not now"
    assert rows.loc["2", "first_solved_at"] == pd.Timestamp("2026-02-02 11:00")
    assert pd.isna(rows.loc["3", "first_reply_at"])
    assert rows["csat"].tolist()[::2] == [2.0, 1.0]
    assert "4" not in rows.index


def test_tickets_find_their_customers_by_mail_and_by_a_domain_of_their_own(tmp_path: Path) -> None:
    found = imported(tmp_path, subscriptions=DASHBOARD, tickets=EXPORT)
    assert found.tables["tickets"]["customer_id"].tolist() == ["cus_1", "cus_2", "cyn@gmail.com"]
    assert "3 rows of Zendesk belong to customers: 1 by e-mail, 1 by domain; 1 of none" in str(
        found
    )


def test_ids_that_are_given_come_first(tmp_path: Path) -> None:
    ids = "id|customer_id\ncyn@gmail.com|cus_4"
    found = imported(tmp_path, subscriptions=DASHBOARD, tickets=EXPORT, customer_ids=ids)
    assert found.tables["tickets"]["customer_id"].tolist() == ["cus_1", "cus_2", "cus_4"]
    assert "1 by the ids given" in str(found)


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ("id|customer\nx|y", "customer_ids.csv has the columns id, customer. It needs id and customer_id"),
        ("id|customer_id\nx|cus_1\nx|cus_2", "the id 'x' has several of customer_id"),
    ],
    ids=["columns", "twice"],
)  # fmt: skip
def test_ids_that_contradict_or_are_elsewhere_are_refused(
    tmp_path: Path, ids: str, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        imported(tmp_path, subscriptions=DASHBOARD, tickets=EXPORT, customer_ids=ids)


@pytest.mark.parametrize(
    ("company", "customer"), [("Other Ltd|other.org", "cus_1*"), ("Alpha|x.com", "cus_1")]
)
def test_an_id_counts_only_where_domain_and_name_do_not_contradict(
    tmp_path: Path, company: str, customer: str
) -> None:
    rows = f"Record ID|Company name|Company domain name|Company owner\ncus_1|{company}|Kim"
    found = imported(tmp_path, subscriptions=DASHBOARD, companies=rows)
    chance = "1 have the id of a customer whose domain and name are others" in str(found)
    assert chance is customer.endswith("*")
    owners = found.tables["customers"].get("csm_id")
    assert owners is not None
    assert (owners == "Kim").any() != chance


def test_what_zendesk_says_that_cannot_be_is_noted(tmp_path: Path) -> None:
    odd = EXPORT.replace("|Closed|", "|Limbo|").replace("|30|180|Good", "|-30|99999999999|Splendid")
    found = imported(tmp_path, tickets=odd.replace("|Ben|ben@y.com|y.com|", "||||"))
    said = str(found)
    assert "1 row of tickets.csv with an unknown status: limbo" in said
    assert "1 row of tickets.csv with an unknown satisfaction: splendid" in said
    assert "minutes that cannot be: -30" in said
    assert "minutes that cannot be: 99999999999" in said
    assert "1 row without a requester and an organization (2)" in said


TICKETS = """
id|requester_id|organization_id|assignee_id|created_at|status|priority|via_channel|group_id
1|u1||g1|2026-02-01 09:00:00|solved|high|email|t1
2|u1||g1|2026-02-02 09:00:00|open|low|web|t1
"""
COMMENTS = """
id|ticket_id|created|public|user_id|voice_comment
c1|1|2026-02-01 09:05:00|FALSE|g1|FALSE
c2|1|2026-02-01 09:20:00|TRUE|g1|FALSE
c3|1|2026-02-01 09:30:00|TRUE|u1|FALSE
c4|1|2026-02-01 10:00:00|TRUE|g1|FALSE
"""
HISTORY = """
field_name|ticket_id|updated|value
status|1|2026-02-01 10:00:00|solved
status|1|2026-02-01 11:00:00|open
status|1|2026-02-01 12:00:00|solved
status|1|2026-02-05 12:00:00|closed
status|2|2026-02-03 12:00:00|solved
status|2|2026-02-04 12:00:00|open
"""
USERS = """
id|email|role|organization_id|ticket_restriction
u1|a@x.com|end-user|o1|requested
g1|kim@us.com|agent||
"""
ORGANIZATIONS = "id|name|external_id|shared_tickets\no1|Acme|cus_9|FALSE"


def test_zendesks_tables_give_replies_solutions_and_reopens(tmp_path: Path) -> None:
    found = imported(
        tmp_path, ticket=TICKETS, comment=COMMENTS, field=HISTORY, user=USERS, org=ORGANIZATIONS
    )
    rows = found.tables["tickets"].set_index("ticket_id")
    assert rows.loc["1", "first_reply_at"] == pd.Timestamp("2026-02-01 09:20")
    assert rows.loc["1", "touches"] == 2
    assert rows.loc["1", "first_solved_at"] == pd.Timestamp("2026-02-01 10:00")
    assert rows.loc["1", "solved_at"] == pd.Timestamp("2026-02-01 12:00")
    assert rows["reopens"].tolist() == [1, 1]
    assert pd.isna(rows.loc["2", "solved_at"])
    assert rows["customer_id"].tolist() == ["cus_9", "cus_9"]


def test_an_export_without_tags_or_a_currency_is_read(tmp_path: Path) -> None:
    plain = DASHBOARD.replace("|Currency|", "|Coin|")
    found = imported(tmp_path, subscriptions=plain, tickets=EXPORT)
    assert found.tables["tickets"]["tag"].isna().all()
    assert found.tables["subscriptions"]["currency"].isna().all()
