"""Support on public data: conflicts of ravenstack are all told, and the tables of a Zendesk export."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import saasmetrics as sm

S = sm.support


@pytest.fixture(scope="module")
def ravenstack(real_data) -> sm.Book:
    return sm.read(real_data / "ravenstack", as_of="2024-12-31")


@pytest.fixture(scope="module")
def raw(real_data) -> pd.DataFrame:
    found = pd.read_csv(real_data / "ravenstack" / "ravenstack_support_tickets.csv")
    accounts = pd.read_csv(real_data / "ravenstack" / "ravenstack_accounts.csv")
    found["created"] = pd.to_datetime(found["submitted_at"])
    found["replied"] = found["created"] + pd.to_timedelta(
        found["first_response_time_minutes"], "min"
    )
    found["solved"] = pd.to_datetime(found["closed_at"])
    found["signup"] = found["account_id"].map(
        pd.to_datetime(accounts.set_index("account_id")["signup_date"])
    )
    return found


def test_every_conflict_of_ravenstack_is_told_with_its_rows(
    ravenstack: sm.Book, raw: pd.DataFrame
) -> None:
    found = ravenstack.check().df
    told = found[found["table"] == "tickets"].set_index("code")
    wanted = {
        "reply-after-solution": int((raw["replied"] > raw["solved"]).sum()),
        "before-signup": int((raw["created"] < raw["signup"]).sum()),
        "unanswered-csat": int(raw["satisfaction_score"].isna().sum()),
    }
    assert {code: int(told.loc[code, "rows"]) for code in wanted} == wanted
    assert all(told.loc[list(wanted), "remedy"])


def test_csat_of_ravenstack_is_that_of_who_answered(ravenstack: sm.Book, raw: pd.DataFrame) -> None:
    seen = raw[raw["solved"] < "2025-01-01"]
    df = S.scorecard(ravenstack, "company", "Y").df
    assert df["rated"].sum() == seen["satisfaction_score"].notna().sum()
    assert df["satisfied"].sum() == (seen["satisfaction_score"] >= 4).sum()


def test_first_reply_times_of_ravenstack_are_those_of_the_export(
    ravenstack: sm.Book, raw: pd.DataFrame
) -> None:
    df = S.times(ravenstack, statistic="mean", freq="Y").df.set_index("period")
    seen = raw[raw["replied"] < "2025-01-01"]
    wanted = seen.groupby(seen["created"].dt.year)["first_response_time_minutes"].mean() / 60
    np.testing.assert_allclose(df["value"], wanted)
    assert "first_reply_at is after solved_at" in S.times(ravenstack).footnote


def test_open_tickets_of_ravenstack_at_each_year_end(
    ravenstack: sm.Book, raw: pd.DataFrame
) -> None:
    df = S.backlog(ravenstack, freq="Y").df.set_index("period")
    for period, row in df.iterrows():
        end = period + pd.DateOffset(years=1)
        assert row["backlog"] == ((raw["created"] < end) & (raw["solved"] >= end)).sum()


@pytest.fixture(scope="module")
def zendesk(real_data) -> sm.Book:
    """The tables of the Zendesk seeds put together as an export would: tickets of organizations with their comments."""
    folder = real_data / "fivetran_zendesk_seeds"
    tickets = pd.read_csv(folder / "ticket_data.csv")
    tickets = tickets[tickets["organization_id"].notna()]
    done = tickets["status"].isin(["solved", "closed"])
    table = {
        "ticket_id": tickets["id"],
        "customer_id": tickets["organization_id"].astype("int64"),
        "created_at": tickets["created_at"],
        "solved_at": tickets["updated_at"].where(done),
        "via_channel": tickets["via_channel"],
        "assignee_id": tickets["assignee_id"].astype("Int64").astype("string"),
        "group_id": tickets["group_id"].astype("Int64").astype("string"),
        "priority": tickets["priority"],
    }
    names = sorted(set(table["customer_id"]))
    mrr = {"customer_id": names, "month": ["2020-01"] * len(names), "mrr": [100] * len(names)}
    return sm.Book(tickets=pd.DataFrame(table), mrr=mrr, as_of="2021-12-31")


def test_a_zendesk_export_is_read_by_its_own_names(zendesk: sm.Book, real_data) -> None:
    raw = pd.read_csv(real_data / "fivetran_zendesk_seeds" / "ticket_data.csv")
    raw = raw[raw["organization_id"].notna()]
    df = S.mix(
        zendesk,
        "status" if "status" in zendesk.tables["tickets"].data.column_names else "priority",
        "channel",
    ).df
    assert df["n"].sum() == len(raw)
    done = raw["status"].isin(["solved", "closed"])
    taken = (
        pd.to_datetime(raw["updated_at"]) - pd.to_datetime(raw["created_at"])
    ).dt.total_seconds() / 3600
    found = S.times(zendesk, "resolution", freq="Y", statistic="mean").df
    assert (found["answered"].sum(), found["n"].sum()) == (done.sum(), len(raw))
    total = (found["mean"] * found["answered"]).sum()
    assert total == pytest.approx(taken[done].sum())


def test_the_schedule_of_a_zendesk_export_is_working_hours(real_data) -> None:
    """Zendesk counts minutes from Sunday midnight."""
    rows = pd.read_csv(real_data / "fivetran_zendesk_seeds" / "schedule_data.csv")
    one = rows[rows["id"] == rows["id"].iloc[0]].drop_duplicates(["start_time", "end_time"])
    week = 7 * 1440
    spans = sorted(
        ((s - 1440) % week, (s - 1440) % week + e - s)
        for s, e in zip(one["start_time"], one["end_time"], strict=True)
    )
    hours = S.WorkingHours("America/Los_Angeles", weekly=spans)
    assert hours.hours_a_week == sum(e - s for s, e in spans) / 60
    week_end = [
        np.array([int(pd.Timestamp(day, tz="America/Los_Angeles").timestamp())])
        for day in ("2021-01-04", "2021-01-11")
    ]
    assert hours.between(*week_end)[0] == hours.hours_a_week * 3600
