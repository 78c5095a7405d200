"""Exports of several days: what came, changed and went between them, and what is not read twice."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.tables import read as reading

SUBSCRIPTIONS = "subscription_id,customer_id,start,end,amount,interval\n"
APRIL = (
    SUBSCRIPTIONS
    + "s1,a,2026-01-01,,100,month\ns2,b,2026-01-01,,50,month\ns3,c,2026-02-01,,30,month\n"
)
# s1 was corrected, s3 is gone, s4 is new.
JULY = (
    SUBSCRIPTIONS
    + "s2,b,2026-01-01,,50,month\ns1,a,2026-01-01,,90,month\ns4,d,2026-03-01,,20,month\n"
)


def folder(root: Path, day: str, **files: str) -> Path:
    place = root / day
    place.mkdir(parents=True)
    for name, text in files.items():
        (place / f"{name}.csv").write_text(text, encoding="utf-8")
    return place


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    customers = "customer_id,segment\na,SMB\nb,SMB\nc,Ent\n"
    folder(tmp_path, "2026-04-05", subscriptions=APRIL, customers=customers)
    folder(tmp_path, "2026-07-05", subscriptions=JULY, customers=customers + "d,Ent\n")
    return tmp_path


def mrr(book: sm.Book, month: str = "2026-03") -> float:
    df = sm.revenue.mrr(book).df
    return float(df.loc[df["period"] == month, "value"].iloc[0])


def test_a_folder_of_dated_folders_is_one_book_with_both_clocks(exports):
    book = sm.read(exports)
    assert book.as_of_text == "2026-07-05"
    assert mrr(book) == 90 + 50 + 20
    assert mrr(book.as_of("2026-04-05")) == 100 + 50 + 30
    assert mrr(book.as_of("2026-07-04")) == 180
    assert sorted(book.as_of("2026-04-05").frame("customers")["customer_id"]) == ["a", "b", "c"]


def test_days_and_folders_may_be_named_one_by_one(exports):
    named = {"2026-07-05": exports / "2026-07-05", "2026-04-05": str(exports / "2026-04-05")}
    assert mrr(sm.read_snapshots(named).as_of("2026-04-05")) == 180


def test_the_check_counts_what_each_snapshot_changed(exports):
    found = sm.read(exports).check().df
    said = (
        found.loc[found["finding"].str.startswith("snapshot"), ["table", "finding"]]
        .to_numpy()
        .tolist()
    )
    assert said == [
        ["customers", "snapshot of 2026-04-05, rows: 3 added, 0 changed, 0 withdrawn"],
        ["customers", "snapshot of 2026-07-05, rows: 1 added, 0 changed, 0 withdrawn"],
        ["subscriptions", "snapshot of 2026-04-05, rows: 3 added, 0 changed, 0 withdrawn"],
        ["subscriptions", "snapshot of 2026-07-05, rows: 1 added, 1 changed, 1 withdrawn"],
    ]


def test_a_restatement_tells_what_changed_between_two_exports(exports):
    made = sm.definitions.restatement(sm.read(exports), "mrr", "2026-04-05")
    steps = made.extra["steps"].set_index("step")["value"]
    assert steps.round(9).to_dict() == {"late": 20, "changed": -10, "withdrawn": -30}
    row = made.rows(step="changed").iloc[0]
    assert (row["key"], row["column"], row["from"], row["to"]) == (
        "subscription_id=s1",
        "amount",
        "100",
        "90",
    )


def test_a_file_with_the_same_content_is_read_once(tmp_path, monkeypatch):
    for day, text in (("2026-04-05", APRIL), ("2026-05-05", APRIL), ("2026-06-05", JULY)):
        folder(tmp_path, day, subscriptions=text)
    opened = []
    original = reading.read_rows
    monkeypatch.setattr(
        reading,
        "read_rows",
        lambda path, *how, **lazily: (opened.append(path), original(path, *how, **lazily))[1],
    )
    book = sm.read(tmp_path)
    assert [path.parent.name for path in opened] == ["2026-04-05", "2026-06-05"]
    assert mrr(book.as_of("2026-05-31")) == 180


def test_rows_without_a_unique_key_are_matched_by_their_content(tmp_path):
    # Two equal lines of spend in April, three in July: one is new.
    head = "month,function,amount\n"
    cube = "customer_id,month,mrr\na,2026-03,10\n"
    folder(tmp_path, "2026-04-05", mrr=cube, spend=head + "2026-03,sales,5\n2026-03,sales,5\n")
    folder(tmp_path, "2026-07-05", mrr=cube, spend=head + "2026-03,sales,5\n" * 3)
    book = sm.read(tmp_path)
    assert book.history["spend"].snapshots[1].added == 1
    assert book.frame("spend")["amount"].tolist() == [5, 5, 5]
    assert book.as_of("2026-04-05").frame("spend")["amount"].tolist() == [5, 5]


def test_a_month_of_a_customer_cube_is_known_by_its_customer_and_month(tmp_path):
    folder(tmp_path, "2026-04-05", mrr="customer_id,month,mrr\na,2026-03,10\nb,2026-03,7\n")
    folder(
        tmp_path,
        "2026-05-05",
        mrr="customer_id,month,mrr\nb,2026-03,8\na,2026-03,10\na,2026-04,10\n",
    )
    book = sm.read(tmp_path)
    last = book.history["mrr"].snapshots[1]
    assert (last.added, last.changed, last.withdrawn) == (1, 1, 0)
    assert book.as_of_text == "2026-04-30"


def test_months_after_the_last_export_by_a_day_have_not_happened(tmp_path):
    head = "customer_id,month,mrr\n"
    folder(tmp_path, "2026-04-05", mrr=head + "a,2026-02,10\na,2026-03,10\n")
    folder(tmp_path, "2026-07-05", mrr=head + "a,2026-02,10\na,2026-03,10\na,2026-04,12\n")
    book = sm.read(tmp_path)
    days = ("2026-03-15", "2026-04-05", "2026-06-30", "2026-07-05", "2026-12-31")
    known = [book.as_of(day, known=max(day, "2026-04-05")).as_of_text for day in days]
    assert known == ["2026-03-15", "2026-03-31", "2026-03-31", "2026-04-30", "2026-04-30"]
    assert sm.definitions.restatement(book, "mrr", "2026-06-30").extra["period"] == "2026-03-01"


def test_a_row_that_comes_back_was_away_in_between(tmp_path):
    for day, text in (
        ("2026-04-05", APRIL),
        ("2026-05-05", SUBSCRIPTIONS + "s1,a,2026-01-01,,100,month\n"),
        ("2026-06-05", APRIL),
    ):
        folder(tmp_path, day, subscriptions=text)
    book = sm.read(tmp_path)
    assert [mrr(book.as_of(day)) for day in ("2026-04-30", "2026-05-31", "2026-06-30")] == [
        180,
        100,
        180,
    ]


def test_an_export_without_a_table_leaves_it_as_it_was_and_says_so(tmp_path):
    folder(tmp_path, "2026-04-05", subscriptions=APRIL, customers="customer_id,segment\na,SMB\n")
    folder(tmp_path, "2026-07-05", subscriptions=JULY)
    book = sm.read(tmp_path)
    assert book.frame("customers")["segment"].tolist() == ["SMB"]
    assert "no file for customers, taken as unchanged" in " ".join(book.check().df["finding"])


def test_ids_that_become_text_are_the_same_customers(tmp_path):
    head = "customer_id,month,mrr\n"
    folder(tmp_path, "2026-04-05", mrr=head + "1,2026-03,10\n2,2026-03,20\n")
    folder(tmp_path, "2026-07-05", mrr=head + "1,2026-03,10\n2,2026-03,20\nx3,2026-03,5\n")
    last = sm.read(tmp_path).history["mrr"].snapshots[1]
    assert (last.added, last.changed, last.withdrawn) == (1, 0, 0)


def test_what_the_files_say_of_their_own_clock_is_no_change(tmp_path):
    head = "customer_id,month,mrr,recorded_at\n"
    folder(tmp_path, "2026-04-05", mrr=head + "a,2026-03,10,2026-04-05\n")
    folder(tmp_path, "2026-07-05", mrr=head + "a,2026-03,10,2026-07-05\n")
    last = sm.read(tmp_path).history["mrr"].snapshots[1]
    assert (last.added, last.changed, last.withdrawn) == (0, 0, 0)


def test_row_numbers_for_missing_ids_are_no_identity(tmp_path):
    head = "customer_id,start,end,amount,interval\n"
    one, two = "a,2026-01-01,2026-02-01,5,month\n", "b,2026-01-01,2026-02-01,7,month\n"
    folder(tmp_path, "2026-04-05", subscriptions=head + one)
    folder(tmp_path, "2026-07-05", subscriptions=head + two + one)
    book = sm.read(tmp_path)
    assert book.history["subscriptions"].snapshots[1].added == 1
    assert sorted(book.frame("subscriptions")["subscription_id"]) == [1, 2]


def test_problems_name_the_snapshot(tmp_path):
    folder(tmp_path, "2026-04-05", subscriptions=APRIL)
    folder(tmp_path, "2026-07-05", subscriptions="subscription_id,customer_id\ns1,a\n")
    with pytest.raises(InvalidTablesError, match="snapshot of 2026-07-05"):
        sm.read(tmp_path)


def test_what_is_no_set_of_snapshots_is_refused(exports):
    with pytest.raises(DataError, match="no snapshots"):
        sm.read_snapshots({})
    with pytest.raises(DataError, match="one day"):
        sm.read_snapshots({"2026-04-30": exports, "2026-04": exports})
    with pytest.raises(DataError, match="first was recorded on 2026-04-05"):
        sm.read(exports).as_of("2026-03-31")


def test_a_folder_with_tables_and_dated_folders_is_read_as_it_was(exports):
    (exports / "subscriptions.csv").write_text(JULY, encoding="utf-8")
    assert sm.read(exports).history["subscriptions"].snapshots == ()
