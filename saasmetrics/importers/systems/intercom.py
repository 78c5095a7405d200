"""Intercom: the export of conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.importers.fields import amounts, moments, words
from saasmetrics.importers.layout import Importer, Layout

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts

_SECOND = pd.Timedelta(seconds=1)
_STARS = 5

LAYOUTS = (
    Layout(
        "conversations",
        {
            "id": ("conversation_id", "id"),
            "company": ("company_name", "company"),
            "email": ("user_email", "contact_email", "email"),
            "user": ("user_id", "contact_id"),
            "created": ("conversation_started_at", "started_at", "created_at"),
            "state": ("state", "conversation_state", "current_conversation_state"),
            "closed": ("last_close_at", "last_closed_at", "conversation_last_closed_at"),
            "first_closed": ("first_close_at", "first_closed_at", "conversation_first_closed_at"),
            "reply": ("time_to_first_response_seconds", "first_response_time_seconds", "time_to_admin_reply"),
            "channel": ("channel", "source_type", "conversation_channel"),
            "tag": ("conversation_tags", "tags", "topics"),
            "agent": ("assignee_name", "teammate_assigned", "admin_assignee_id"),
            "team": ("team_assigned", "team_assignee_id"),
            "rating": ("conversation_rating", "rating"),
            "replies": ("teammate_replies", "count_conversation_parts", "number_of_replies"),
            "reopens": ("count_reopens", "reopens"),
        },
        ("id", "created", "state"),
        ("conversation_started_at", "conversation_rating", "count_conversation_parts", "teammate_assigned"),
    ),
)  # fmt: skip


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return conversations as tickets with who asked."""
    rows = files.frame("conversations")
    created, closed = moments(rows["created"]), words(rows["state"]) == "closed"
    rating = amounts(rows["rating"])
    first = rows["email"].fillna(rows["user"]).fillna(rows["company"])
    return {
        "tickets": pd.DataFrame(
            {
                "ticket_id": rows["id"],
                "customer_id": first,
                "email": rows["email"],
                "company": rows["company"],
                "created_at": created,
                "first_reply_at": created + amounts(rows["reply"]) * _SECOND,
                "first_solved_at": moments(rows["first_closed"]),
                "solved_at": moments(rows["closed"]).where(closed),
                "channel": rows["channel"],
                "tag": rows["tag"].str.split(",").str[0],
                "agent_id": rows["agent"],
                "team_id": rows["team"],
                "touches": amounts(rows["replies"]),
                "reopens": amounts(rows["reopens"]),
                "csat": rating,
                "csat_scale": rating.mask(rating.notna(), _STARS),
            }
        )
    }


INTERCOM = Importer(
    "intercom",
    "Intercom",
    "Reports > Dataset export: Conversations, as CSV",
    LAYOUTS,
    ("conversations",),
    build,
)
