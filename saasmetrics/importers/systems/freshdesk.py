"""Freshdesk: the export of tickets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.importers.fields import amounts, moments, words
from saasmetrics.importers.layout import Importer, Layout

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts

_SOLVED = ("resolved", "closed")

LAYOUTS = (
    Layout(
        "tickets",
        {
            "id": ("ticket_id", "id"),
            "company": ("company_name", "company"),
            "email": ("email", "requester_email", "contact_email"),
            "contact": ("contact_id", "full_name", "requester_name"),
            "created": ("created_time", "created_at"),
            "status": ("status",),
            "priority": ("priority",),
            "channel": ("source",),
            "type": ("type",),
            "tag": ("tags",),
            "agent": ("agent",),
            "team": ("group",),
            "reply": ("initial_response_time",),
            "resolved": ("resolved_time", "resolved_at"),
            "closed": ("closed_time", "closed_at"),
            "touches": ("agent_interactions",),
        },
        ("id", "created", "status"),
        ("agent_interactions", "customer_interactions", "resolution_status", "first_response_status"),
    ),
)  # fmt: skip


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return tickets with who asked."""
    rows = files.frame("tickets")
    rows = files.keep("tickets", words(rows["status"]) != "deleted", "deleted", rows)
    solved = moments(rows["resolved"]).fillna(moments(rows["closed"]))
    return {
        "tickets": pd.DataFrame(
            {
                "ticket_id": rows["id"],
                "customer_id": rows["company"].fillna(rows["email"]).fillna(rows["contact"]),
                "email": rows["email"],
                "company": rows["company"],
                "created_at": moments(rows["created"]),
                "first_reply_at": moments(rows["reply"]),
                "solved_at": solved.where(words(rows["status"]).isin(_SOLVED)),
                "channel": words(rows["channel"]).where(rows["channel"].notna()),
                "priority": words(rows["priority"]).where(rows["priority"].notna()),
                "tag": rows["tag"].fillna(rows["type"]).str.split(",").str[0],
                "agent_id": rows["agent"],
                "team_id": rows["team"],
                "touches": amounts(rows["touches"]),
            }
        )
    }


FRESHDESK = Importer(
    "freshdesk",
    "Freshdesk",
    "Tickets > Export, as CSV with all fields",
    LAYOUTS,
    ("tickets",),
    build,
)
