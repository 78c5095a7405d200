"""Remedies: chosen, recorded, replayed; each changes the rows that it names and nothing else."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.checks.mending import rows_of
from saasmetrics.checks.recorded import read_remedies
from saasmetrics.checks.remedies import REMEDIES, Asked, Chosen, Remedy, applied
from saasmetrics.tables import normalize_all

AS_OF = "2026-06-30"
LINES = {
    "subscription_id": ["s1", "s1", "s2", "s3"],
    "customer_id": ["a", "a", "b ", "c"],
    "start": ["2025-01-01"] * 4,
    "end": [None] * 4,
    "amount": [10.0, 10.0, 20.0, -5.0],
    "interval": ["month"] * 4,
}
SOUND_LINE = {name: values[:1] for name, values in LINES.items()}
CHOICE = {"repeated-row": "drop", "padded-id": "strip", "negative-amount": "drop"}


def book(**tables: Any) -> sm.Book:
    return sm.Book(as_of=AS_OF, currency="USD", **({"subscriptions": LINES} | tables))


def test_repaired_tables_give_the_numbers_of_the_rows_that_are_left() -> None:
    assert sm.revenue.mrr(book().repair(CHOICE)).value == 30.0  # 10 of a, once, and 20 of b


def test_the_book_that_is_repaired_stays_as_it_was() -> None:
    dirty = book()
    before = dirty.data_hash
    dirty.repair(CHOICE)
    assert dirty.data_hash == before
    assert dirty.repairs == ()


def test_each_remedy_records_rows_and_mrr_before_and_after_and_the_bridge_closes() -> None:
    repairs = book().repair(CHOICE, by="Ana").repairs
    # 10 + 10 + 20 - 5 = 35; without the copy 25; without the negative line 30.
    assert [(one.rows, one.mrr_before, one.mrr_after) for one in repairs] == [
        (1, 35_000_000, 25_000_000),
        (1, 25_000_000, 25_000_000),
        (1, 25_000_000, 30_000_000),
    ]
    assert {one.chosen_by for one in repairs} == {"Ana"}
    assert {one.as_of for one in repairs} == {AS_OF}


def test_what_was_repaired_is_told_by_the_report_and_by_the_footnote_of_numbers() -> None:
    fixed = book().repair(CHOICE)
    told = [problem for problem in fixed.check().problems if problem.code == "repaired"]
    assert [(problem.table, problem.rows) for problem in told] == [("subscriptions", 1)] * 3
    note = sm.retention.nrr(fixed, window=1).footnote
    for finding, remedy in CHOICE.items():
        assert f'the remedy {finding} = "{remedy}"' in note


def test_a_part_of_the_book_and_an_earlier_day_are_repaired_alike() -> None:
    fixed = book().repair(CHOICE)
    assert sm.revenue.mrr(fixed.where(customer_id="b")).value == 20.0
    assert sm.revenue.mrr(fixed.as_of("2025-03-31")).value == 30.0
    assert "repaired" in set(fixed.where(customer_id="b").check().df["code"])
    assert "remedy-without-rows" not in set(fixed.as_of("2025-03-31").check().df["code"])


def test_a_remedy_for_one_table_leaves_the_others() -> None:
    spend = {"month": ["2026-01"] * 2, "function": ["sales"] * 2, "amount": [-5.0, 9.0]}
    fixed = book(spend=spend).repair({"spend.negative-amount": "positive"})
    assert fixed.frame("spend")["amount"].tolist() == [5.0, 9.0]
    assert fixed.frame("subscriptions")["amount"].tolist() == LINES["amount"]


def test_remedies_are_replayed_from_their_file_next_month(tmp_path: Path) -> None:
    file = book().repair(CHOICE, by='Ana "the" <CFO>').save_remedies(tmp_path / "r.toml")
    again = book().repair(file)
    assert (
        again.repairs == read_remedies(file) == book().repair(CHOICE, by='Ana "the" <CFO>').repairs
    )
    assert again.data_hash == book().repair(CHOICE).data_hash


def test_the_same_remedies_twice_are_one() -> None:
    fixed = book().repair(CHOICE)
    assert fixed.repair(fixed.repairs).repairs == fixed.repairs


def test_a_file_beside_the_data_is_applied_and_reported_or_left(tmp_path: Path) -> None:
    pd.DataFrame(LINES).to_csv(tmp_path / "subscriptions.csv", index=False)
    book().repair(CHOICE).save_remedies(tmp_path / "remedies.toml")
    found = sm.read(tmp_path, as_of=AS_OF)
    assert sm.revenue.mrr(found).value == 30.0
    assert "remedies.toml beside the data was applied (3)" in " ".join(found.check().df["finding"])
    assert "error" in set(sm.read(tmp_path, as_of=AS_OF, remedies=False).check().df["severity"])


def test_a_remedy_that_matches_nothing_any_more_is_a_warning() -> None:
    sound = {name: values[2:3] for name, values in LINES.items()}
    replayed = book(subscriptions=sound).repair(book().repair({"repeated-row": "drop"}).repairs)
    found = replayed.check().df.set_index("code")
    assert found.loc["remedy-without-rows", "severity"] == "warning"
    assert "chosen for 1 row" in found.loc["remedy-without-rows", "finding"]


def test_a_remedy_that_matches_many_more_rows_is_a_warning() -> None:
    often = {name: [values[0]] * 13 for name, values in LINES.items()}
    replayed = book(subscriptions=often).repair(book().repair({"repeated-row": "drop"}).repairs)
    found = replayed.check().df.set_index("code")
    assert (found.loc["remedy-grew", "severity"], found.loc["remedy-grew", "rows"]) == (
        "warning",
        12,
    )


@pytest.mark.parametrize(
    ("copies", "others", "then", "grew"),
    [(1, 0, 1, False), (2, 30, 1, False), (3, 30, 1, True), (11, 10, 9, False), (11, 10, 8, True)],
    ids=["as_then", "one_more", "thrice", "of_a_tenth", "more_than_a_tenth"],
)
def test_rows_of_a_remedy_grew_if_they_doubled_or_by_more_than_a_tenth_of_the_table(
    copies: int, others: int, then: int, grew: bool
) -> None:
    rows = {name: [values[0]] * (copies + 1 + others) for name, values in LINES.items()}
    rows["subscription_id"] = ["s"] * (copies + 1) + [f"o{n}" for n in range(others)]
    chosen = Chosen("repeated-row", "drop", rows=then)
    found = set(book(subscriptions=rows).repair([chosen]).check().df["code"])
    assert ("remedy-grew" in found) is grew


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ((Chosen("totals-row", "drop"),), "matches nothing"),
        ((Chosen("repeated-row", "drop", "spend", rows=2),), "there is no table spend"),
        ((Chosen("repeated-row", "drop"),) * 2, "there a second time"),
    ],
    ids=["no_rows", "no_table", "twice"],
)
def test_a_remedy_that_was_not_needed_is_always_a_warning(
    entries: tuple[Chosen, ...], words: str
) -> None:
    found = book().repair(entries).check().df
    found = found[found["code"] == "remedy-without-rows"]
    assert found["severity"].tolist() == ["warning"]
    assert words in found["finding"].iloc[0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({1: "drop"}, "name of a finding"),
        ({"padded-id": ["strip"]}, "name of a finding"),
        ({"repeated-rows": "drop"}, "Did you mean 'repeated-row'"),
        ({"repeated-row": "dorp"}, "Did you mean 'drop'"),
        ({"subscription.repeated-row": "drop"}, "Did you mean 'subscriptions'"),
        ({"totals-row": "drop"}, "nothing to repair"),
        (7, "remedies are"),
    ],
    ids=["number", "list", "finding", "remedy", "table", "nothing", "kind"],
)
def test_what_cannot_be_repaired_is_refused(given: Any, message: str) -> None:
    with pytest.raises(sm.DataError, match=message):
        book().repair(given)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not toml [", "not readable"),
        ("[other]\nx = 1", "other things than remedies"),
        ('[[remedy]]\nfinding = "repeated-row"', "needs finding and remedy"),
        ('[[remedy]]\nfinding = "repeated-row"\nremedy = "drop"\nrow = 1', "Did you mean 'rows'"),
        ('[[remedy]]\nfinding = "repeated-row"\nremedy = "drop"\nrows = "1"', "whole number"),
        ('[[remedy]]\nfinding = "repeated-row"\nremedy = "sink"', "There are: 'drop'"),
        ('[[remedy]]\nfinding = "repeated-row"\nremedy = "drop"\nmrr_after = "x"', "amount"),
        (
            '[[remedy]]\nfinding = "repeated-row"\nremedy = "drop"\nmrr_before = "1e999999"',
            "amount",
        ),
        ('[[remedy]]\nfinding = "repeated-row"\nremedy = "drop"\nrows = -3', "at least 1"),
    ],
    ids=["toml", "other", "half", "word", "kind", "remedy", "money", "beyond", "below"],
)
def test_a_file_of_remedies_that_says_something_else_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "remedies.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(sm.DataError, match=message):
        book().repair(file)


def test_the_rows_of_one_customer_under_two_ids_are_merged_in_all_tables() -> None:
    rows = {name: [values[0], values[2]] for name, values in LINES.items()} | {
        "customer_id": ["a", "b"]
    }
    customers = {
        "customer_id": ["a", "b", "c"],
        "name": ["Acme", "ACME Inc.", "Other"],
        "parent_id": [None, None, "b"],
    }
    usage = {"customer_id": ["b", "c"], "date": ["2026-01-01"] * 2}
    fixed = book(subscriptions=rows, customers=customers, usage=usage).repair(
        {"several-ids": "merge"}
    )
    assert fixed.frame("subscriptions")["customer_id"].tolist() == ["a", "a"]
    assert fixed.frame("customers")["customer_id"].tolist() == ["a", "c"]
    assert fixed.frame("customers")["parent_id"].tolist()[1] == "a"
    assert fixed.frame("usage")["customer_id"].tolist() == ["a", "c"]
    assert sm.retention.logo_retention(fixed, window=1).df["denominator"].iloc[-1] == 1


TWO = {"customer_id": ["1", "2"], "name": ["Acme Inc", "Acme Inc."]}


@pytest.mark.parametrize(
    ("ids", "amounts", "left"),
    [
        (["1", "2"], [10.0, 10.0], [20.0]),
        (["1", "2"], [10.0, 7.0], [17.0]),
        (["1", "1", "2"], [10.0, 10.0, 5.0], [15.0, 15.0]),
        (["1", "1"], [10.0, 10.0], [10.0, 10.0]),
    ],
    ids=["alike", "different", "copies_of_one", "only_copies"],
)
def test_months_of_mrr_of_merged_ids_are_added_up_and_copies_stay_copies(
    ids: list[str], amounts: list[float], left: list[float]
) -> None:
    months = {"customer_id": ids, "month": ["2026-01"] * len(ids), "mrr": amounts}
    fixed = sm.Book(mrr=months, customers=TWO).repair({"several-ids": "merge"})
    assert fixed.frame("mrr")["mrr"].tolist() == left
    assert ("repeated-row" in set(fixed.check().df["code"])) is (len(left) > 1)


def test_merged_months_count_what_both_ids_paid() -> None:
    months = {"customer_id": ["1", "2", "1"], "month": ["2026-01"] * 2 + ["2026-02"]}
    fixed = sm.Book(mrr=months | {"mrr": [10.0, 10.0, 4.0]}, customers=TWO)
    fixed = fixed.repair({"several-ids": "merge"})
    assert sm.revenue.mrr(fixed).df["value"].tolist() == [20.0, 4.0]


def test_the_last_or_the_first_row_of_a_key_is_kept() -> None:
    months = {"month": ["2026-01", "2026-02", "2026-01"], "cogs": [5.0, 6.0, 7.0]}
    last = book(finance=months).repair({"finance.repeated-key": "keep_last"})
    first = book(finance=months).repair({"finance.repeated-key": "keep_first"})
    assert last.frame("finance")["cogs"].tolist() == [6.0, 7.0]
    assert first.frame("finance")["cogs"].tolist() == [5.0, 6.0]


def test_a_subscription_that_was_cancelled_long_ago_ends_on_the_day_of_the_request() -> None:
    rows = {name: values[2:] for name, values in LINES.items()}
    rows |= {"amount": [20.0, 5.0], "cancel_requested_at": ["2025-05-05", None]}
    fixed = book(subscriptions=rows).repair({"cancelled-but-running": "end_on_request"})
    ends = fixed.frame("subscriptions")["end"]
    assert (ends[0], ends.isna().tolist()) == (pd.Timestamp("2025-05-05"), [False, True])
    assert sm.revenue.mrr(fixed).value == 5.0


def test_an_end_in_another_column_is_taken() -> None:
    rows = {name: values[2:] for name, values in LINES.items()}
    rows |= {
        "end": ["2026-01-01", None],
        "amount": [20.0, 5.0],
        "terminated_at": [None, "2026-02-01"],
    }
    fixed = book(subscriptions=rows).repair({"end-elsewhere": "take"})
    ends = fixed.frame("subscriptions")["end"]
    assert ends.dt.strftime("%Y-%m-%d").tolist() == ["2026-01-01", "2026-02-01"]


ONE_OF = {
    "subscription_id": ["s1", "s2", "s3"],
    "customer_id": ["a", "a ", "b", "total"],
    "start": ["2025-01-01", "2025-03-01"],
    "end": [None, "2025-01-01", "2025-09-01", "2024-12-01"],
    "amount": [10.0, -5.0, 20.0],
    "interval": ["month"],
    "status": ["active", "canceled"],
    "cancel_requested_at": [None, "2025-04-01"],
    "terminated_at": [None, "2025-05-01"],
}
row = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in ONE_OF.items()})
event = st.tuples(
    st.sampled_from(["a", "a ", "b", "x"]), st.sampled_from(["2025-02-01", "2026-05-01"])
)
person = st.tuples(
    st.sampled_from(["a", "a ", "b", "c"]), st.sampled_from(["Acme", "ACME Inc", "Bee"])
)
ledger = st.tuples(
    st.lists(row, min_size=1, max_size=6),
    st.lists(event, min_size=1, max_size=4),
    st.lists(person, min_size=1, max_size=4, unique_by=lambda one: one[0]),
)


def tables_of(drawn: Any) -> dict[str, Any]:
    rows, events, people = drawn
    who, days = zip(*events, strict=True)
    ids, names = zip(*people, strict=True)
    return normalize_all(
        {
            "subscriptions": {name: [one[name] for one in rows] for name in ONE_OF},
            "usage": {"customer_id": who, "date": days},
            "activities": {"customer_id": who, "at": days, "kind": ["qbr"] * len(who)},
            "invoices": {
                "invoice_id": [f"i{n}" for n in range(len(who))],
                "customer_id": who,
                "date": days,
                "amount": [9.0] * len(who),
            },
            "customers": {"customer_id": ids, "name": names},
        }
    )


def frames(tables: Any) -> dict[str, list[dict[str, Any]]]:
    return {name: table.data.to_pylist() for name, table in tables.items()}


ASKED = Asked(sm.Policy(), int(pd.Timestamp(AS_OF).timestamp() // 86_400), "USD")


@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda one: f"{one.finding}-{one.name}")
@settings(max_examples=10, deadline=None)
@given(drawn=ledger)
def test_a_remedy_changes_only_the_rows_that_it_names_and_twice_is_once(
    remedy: Remedy, drawn: Any
) -> None:
    tables = tables_of(drawn)
    named: dict[str, set[int]] = {}
    for problem in remedy.find(ASKED.gate(tables)):
        adds_up = problem.severity == "note" and problem.code == "repeated-key"
        if problem.code == remedy.finding and not adds_up:
            named.setdefault(problem.table, set()).update(rows_of([problem]).tolist())
    entry = (Chosen(remedy.finding, remedy.name),)
    once, _ = applied(tables, entry, ASKED)
    before, after = frames(tables), frames(once)
    for name in tables:
        kept = [one for n, one in enumerate(before[name]) if n not in named.get(name, set())]
        if remedy.name == "merge":
            assert len(after[name]) == len(kept) or name != "customers"
        else:
            rest = iter(after[name])
            # What is not named is there as it was, in its order.
            assert all(any(_same(one, other) for other in rest) for one in kept)
            if remedy.name == "drop" and name in named:
                assert len(after[name]) == len(kept)
    twice, _ = applied(once, entry, ASKED)
    assert frames(twice) == after


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(other[name] == value for name, value in one.items())


@settings(max_examples=15, deadline=None)
@given(drawn=ledger)
def test_the_bridge_of_all_remedies_leads_to_the_mrr_of_the_repaired_book(drawn: Any) -> None:
    given_tables = {name: table.data for name, table in tables_of(drawn).items()}
    fixed = sm.Book(as_of=AS_OF, currency="USD", **given_tables)
    for code in ("repeated-row", "totals-row", "negative-amount", "negative-term"):
        errors = fixed.checks.under(fixed.policy)
        if any((p.table, p.code) == ("subscriptions", code) for p in errors):
            fixed = fixed.repair({f"subscriptions.{code}": "drop"})
    steps = fixed.repairs
    assume(steps and fixed.tables["subscriptions"].num_rows)
    assert all(one.mrr_after == two.mrr_before for one, two in pairwise(steps))
    closing = fixed.movements()["closing"]
    assert steps[-1].mrr_after == (int(closing.iloc[-1]) if len(closing) else 0)


@pytest.mark.parametrize(
    ("finding", "remedy", "segments"),
    [
        ("alike-values", "write_alike", ["SMB", "SMB", "SMB", "SMB", "N/A"]),
        ("word-for-nothing", "empty", ["SMB", "SMB", "smb ", "Smb", None]),
    ],
)
def test_words_to_group_by_are_written_as_the_finding_says(
    finding: str, remedy: str, segments: list[str | None]
) -> None:
    customers = {"customer_id": [*"abcde"], "segment": ["SMB", "SMB", "smb ", "Smb", "N/A"]}
    fixed = book(subscriptions=SOUND_LINE, customers=customers).repair({finding: remedy})
    held = fixed.tables["customers"].data["segment"]
    assert held.to_pylist() == segments
    assert finding not in set(fixed.check().df["code"])
    assert sum(one.rows or 0 for one in fixed.repairs) == sum(
        old != new for old, new in zip(customers["segment"], segments, strict=True)
    )
