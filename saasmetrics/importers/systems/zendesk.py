"""Zendesk: the CSV export of tickets, and the tables of its API as warehouses hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from saasmetrics.importers.fields import amounts, moments, words
from saasmetrics.importers.layout import Importer, Layout
from saasmetrics.money import agreeing, counted

if TYPE_CHECKING:
    from saasmetrics.importers.layout import Parts

_SOLVED = ("solved", "closed")
_MINUTE = pd.Timedelta(minutes=1)
_SCORES = {"good": 2.0, "good_with_comment": 2.0, "bad": 1.0, "bad_with_comment": 1.0}
_UNRATED = ("", "offered", "unoffered", "not_offered")
_BEST = 2
_STATUSES = ("new", "open", "pending", "hold", "on_hold", "solved", "closed")
_LONGEST = 5 * 366 * 24 * 60  # minutes; no first reply takes longer than five years

LAYOUTS = (
    Layout(
        "export",
        {
            "id": ("id", "ticket_id"),
            "organization": ("organization", "ticket_organization_name"),
            "email": ("requester_email",),
            "domain": ("requester_domain",),
            "requester": ("requester_id", "requester"),
            "created": ("created_at",),
            "solved": ("solved_at",),
            "status": ("status",),
            "priority": ("priority",),
            "channel": ("via",),
            "agent": ("assignee", "assignee_id"),
            "group": ("group",),
            "tags": ("tags",),
            "replies": ("replies",),
            "reopens": ("reopens",),
            "first_reply": ("first_reply_time_in_minutes",),
            "first_solved": ("first_resolution_time_in_minutes",),
            "satisfaction": ("satisfaction_score",),
        },
        ("id", "created", "status", "channel"),
        (
            "first_reply_time_in_minutes",
            "full_resolution_time_in_minutes",
            "requester_domain",
            "requester_email",
            "requester_external_id",
        ),
    ),
    Layout(
        "tickets",
        {
            "id": ("id",),
            "organization_id": ("organization_id",),
            "requester_id": ("requester_id",),
            "created": ("created_at",),
            "status": ("status",),
            "priority": ("priority",),
            "channel": ("via_channel",),
            "agent": ("assignee_id",),
            "group": ("group_id",),
        },
        ("id", "requester_id", "created", "status", "channel"),
        ("via_channel",),
    ),
    Layout(
        "comments",
        {
            "ticket_id": ("ticket_id",),
            "at": ("created", "created_at"),
            "public": ("public",),
            "user_id": ("user_id", "author_id"),
        },
        ("ticket_id", "at", "public", "user_id"),
        ("voice_comment", "tweet", "facebook_comment"),
    ),
    Layout(
        "history",
        {
            "ticket_id": ("ticket_id",),
            "field": ("field_name",),
            "at": ("updated",),
            "value": ("value",),
        },
        ("ticket_id", "field", "at", "value"),
        ("field_name",),
    ),
    Layout(
        "users",
        {
            "id": ("id",),
            "email": ("email",),
            "role": ("role",),
            "organization_id": ("organization_id",),
        },
        ("id", "email", "role"),
        ("ticket_restriction", "only_private_comments"),
    ),
    Layout(
        "organizations",
        {"id": ("id",), "name": ("name",), "external_id": ("external_id",)},
        ("id", "name"),
        ("shared_tickets", "shared_comments"),
    ),
)


def build(files: Parts) -> dict[str, pd.DataFrame]:
    """Return tickets with who asked, as far as the export says: organization, e-mail, domain."""
    return {"tickets": _of_export(files) if "export" in files else _of_api(files)}


def _of_export(files: Parts) -> pd.DataFrame:
    rows = files.frame("export")
    deleted = words(rows["status"]) == "deleted"
    rows = files.keep("export", ~deleted, "deleted", rows)
    who = rows[["organization", "email", "requester"]].notna().any(axis=1)
    rows = files.keep("export", who, "without a requester and an organization", rows)
    _note_words(files, "export", "status", rows["status"], _STATUSES)
    _note_words(files, "export", "satisfaction", rows["satisfaction"], (*_SCORES, *_UNRATED))
    created = moments(rows["created"])
    solved = moments(rows["solved"]).where(words(rows["status"]).isin(_SOLVED))
    first_reply = created + _minutes(files, rows["first_reply"]) * _MINUTE
    first_solved = created + _minutes(files, rows["first_solved"]) * _MINUTE
    return pd.DataFrame(
        {
            "ticket_id": rows["id"],
            "customer_id": rows["organization"].fillna(rows["email"]).fillna(rows["requester"]),
            "email": rows["email"],
            "company": rows["organization"],
            "created_at": created,
            "first_reply_at": first_reply,
            "first_solved_at": first_solved,
            "solved_at": solved,
            "channel": words(rows["channel"]).where(rows["channel"].notna()),
            "priority": words(rows["priority"]).where(rows["priority"].notna()),
            "agent_id": rows["agent"],
            "team_id": rows["group"],
            "tag": rows["tags"].str.split().str[0],
            "touches": amounts(rows["replies"]),
            "reopens": amounts(rows["reopens"]),
            "csat": (csat := words(rows["satisfaction"]).map(_SCORES)),
            "csat_scale": csat.mask(csat.notna(), _BEST),
        }
    )


def _note_words(
    files: Parts, kind: str, what: str, values: pd.Series, known: tuple[str, ...]
) -> None:
    """Say which words have no meaning that is known."""
    plain = words(values)
    strange = plain[~plain.isin(known) & (plain != "")]
    if len(strange):
        some = ", ".join(sorted(set(strange))[:3])
        meaning = "not solved" if what == "status" else "not rated"
        many = len(strange)
        files.notes.append(
            f"{counted(many, 'row')} of {files.labels[kind]} with an unknown {what}: {some}; "
            f"{agreeing(many, 'it counts', 'they count')} as {meaning}"
        )


def _minutes(files: Parts, values: pd.Series) -> pd.Series:
    """Return minutes; what cannot be is missing and said."""
    read = amounts(values)
    wrong = (read < 0) | (read > _LONGEST)
    if wrong.any():
        some = ", ".join(values[wrong].head(3))
        many = int(wrong.sum())
        files.notes.append(
            f"{counted(many, 'row')} of {files.labels['export']} with minutes that cannot be: {some}; "
            f"{agreeing(many, 'it counts', 'they count')} as missing"
        )
    return read.mask(wrong)


def _of_api(files: Parts) -> pd.DataFrame:
    rows = files.frame("tickets")
    rows = files.keep("tickets", words(rows["status"]) != "deleted", "deleted", rows)
    who = rows[["organization_id", "requester_id"]].notna().any(axis=1)
    rows = files.keep("tickets", who, "without a requester and an organization", rows)
    _note_words(files, "tickets", "status", rows["status"], _STATUSES)
    rows = rows.reset_index(drop=True)
    users = _by_id(files, "users")
    organization = rows["organization_id"].fillna(
        rows["requester_id"].map(users["organization_id"])
    )
    names = _by_id(files, "organizations")
    # By reindex: map of no moments is no column of moments since pandas 3.
    solved = _solved(files).reindex(rows["id"]).set_axis(rows.index)
    open_now = ~words(rows["status"]).isin(_SOLVED)
    replies = _replies(files, users).reindex(rows["id"]).set_axis(rows.index)
    return pd.DataFrame(
        {
            "ticket_id": rows["id"],
            "customer_id": organization.map(names["external_id"])
            .fillna(organization)
            .fillna(rows["requester_id"]),
            "email": rows["requester_id"].map(users["email"]),
            "company": organization.map(names["name"]),
            "created_at": moments(rows["created"]),
            "first_reply_at": replies["first"],
            "first_solved_at": solved["first"],
            "solved_at": solved["last"].mask(open_now),
            "channel": rows["channel"],
            "priority": rows["priority"],
            "agent_id": rows["agent"],
            "team_id": rows["group"],
            "touches": replies["count"],
            "reopens": solved["reopens"],
        }
    )


def _by_id(files: Parts, kind: str) -> pd.DataFrame:
    """Return the rows of a file by id, or none with the columns that are asked for."""
    if kind in files:
        return files.frame(kind).drop_duplicates("id", keep="last").set_index("id")
    return pd.DataFrame(columns=["email", "role", "organization_id", "name", "external_id"])


def _replies(files: Parts, users: pd.DataFrame) -> pd.DataFrame:
    """Return per ticket the moment of the first public reply of an agent, and how many there were."""
    if "comments" not in files:
        return pd.DataFrame(
            {"first": pd.Series(dtype="datetime64[us]"), "count": pd.Series(dtype=float)}
        )
    rows = files.frame("comments")
    agent = rows["user_id"].map(users["role"]).isin(("agent", "admin"))
    rows = rows[(words(rows["public"]) == "true") & agent]
    at = moments(rows["at"])
    return pd.DataFrame(
        {"first": at.groupby(rows["ticket_id"]).min(), "count": rows.groupby("ticket_id").size()}
    )


def _solved(files: Parts) -> pd.DataFrame:
    """Return per ticket when it was first and last solved, and how often it was opened again."""
    if "history" not in files:
        empty = pd.Series(dtype="datetime64[us]")
        return pd.DataFrame({"first": empty, "last": empty, "reopens": pd.Series(dtype=float)})
    rows = files.frame("history")
    rows = rows[rows["field"] == "status"].assign(at=moments(rows["at"]))
    rows = rows.sort_values(["ticket_id", "at"], kind="stable")
    solved = words(rows["value"]).isin(_SOLVED)
    before = solved.groupby(rows["ticket_id"]).shift(fill_value=False)
    begins = rows[solved & ~before]
    again = (~solved & before).groupby(rows["ticket_id"]).sum()
    by = begins.groupby("ticket_id")["at"]
    return pd.DataFrame({"first": by.min(), "last": by.max(), "reopens": again})


ZENDESK = Importer(
    "zendesk",
    "Zendesk",
    "Admin Center: Account > Tools > Reports > Export > CSV export of tickets; or the tables ticket, ticket_comment, "
    "ticket_field_history, user and organization of a warehouse that is fed from its API",
    LAYOUTS,
    ("export", "tickets"),
    build,
)
