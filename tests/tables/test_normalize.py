"""Tables of any origin under the canonical names."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from saasmetrics.errors import DataError, InvalidTablesError, UnknownNameError
from saasmetrics.tables import Table, normalize, normalize_all

CANONICAL = pa.table(
    {
        "subscription_id": pa.array(["s1", "s2"]),
        "customer_id": pa.array(["a", "b"]),
        "start": pa.array([dt.date(2025, 1, 1), dt.date(2025, 2, 1)]),
        "amount": pa.array([10.0, 120.0]),
        "interval": pa.array(["month", "year"]),
    }
)


def rows(source):
    return normalize("subscriptions", source).data.select(CANONICAL.column_names).to_pylist()


def test_canonical_columns_are_not_copied():
    table = normalize("subscriptions", CANONICAL)
    for name in CANONICAL.column_names:
        ours, theirs = table.data[name].chunk(0), CANONICAL[name].chunk(0)
        assert [b and b.address for b in ours.buffers()] == [
            b and b.address for b in theirs.buffers()
        ]


def test_large_text_stays_large_text():
    large = CANONICAL.set_column(1, "customer_id", CANONICAL["customer_id"].cast(pa.large_string()))
    assert (
        normalize("subscriptions", large).data.schema.field("customer_id").type == pa.large_string()
    )


def test_pandas_gives_the_same_rows():
    assert rows(CANONICAL.to_pandas()) == CANONICAL.to_pylist()


def test_pandas_with_its_own_missing_values_and_categories_gives_the_same_rows():
    frame = CANONICAL.to_pandas().convert_dtypes().astype({"interval": "category"})
    assert rows(frame) == CANONICAL.to_pylist()


def test_polars_gives_the_same_rows():
    polars = pytest.importorskip("polars")
    assert rows(polars.from_arrow(CANONICAL)) == CANONICAL.to_pylist()


def test_lazy_polars_gives_the_same_rows():
    polars = pytest.importorskip("polars")
    assert rows(polars.from_arrow(CANONICAL).lazy()) == CANONICAL.to_pylist()


def test_a_duckdb_relation_gives_the_same_rows():
    duckdb = pytest.importorskip("duckdb")
    assert rows(duckdb.from_arrow(CANONICAL)) == CANONICAL.to_pylist()


def test_whatever_speaks_the_arrow_stream_interface_gives_the_same_rows():
    class Foreign:
        def __arrow_c_stream__(self, requested_schema=None):
            return CANONICAL.__arrow_c_stream__(requested_schema)

    assert rows(Foreign()) == CANONICAL.to_pylist()


def test_rows_as_dictionaries_give_the_same_rows():
    assert rows(CANONICAL.to_pylist()) == CANONICAL.to_pylist()


def test_a_path_gives_the_same_rows(tmp_path):
    import pyarrow.parquet as pq

    pq.write_table(CANONICAL, tmp_path / "any name.parquet")
    assert rows(tmp_path / "any name.parquet") == CANONICAL.to_pylist()


def test_a_table_that_is_canonical_already_comes_back_as_it_is():
    table = Table("subscriptions", CANONICAL)
    assert normalize("subscriptions", table) is table


def test_something_that_is_no_table_is_refused():
    with pytest.raises(DataError, match="cannot read a table from SimpleNamespace"):
        normalize("mrr", SimpleNamespace())


def test_an_unknown_table_is_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'invoices'"):
        normalize("invoces", CANONICAL)


def test_columns_of_several_levels_are_refused_with_the_line_that_flattens_them():
    frame = pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")]))
    with pytest.raises(DataError, match=r"join\(map\(str, c\)\)"):
        normalize("mrr", frame)


def test_a_named_index_counts_as_a_column():
    frame = CANONICAL.to_pandas().set_index("customer_id")
    assert rows(frame) == CANONICAL.to_pylist()


def test_unknown_columns_come_last_and_unchanged():
    table = normalize("subscriptions", CANONICAL.append_column("Sales Rep", pa.array(["x", None])))
    assert table.data.column_names[-1] == "sales_rep"
    assert table.data["sales_rep"].to_pylist() == ["x", None]


def test_numbers_among_text_are_read_as_text():
    table = normalize("customers", pd.DataFrame({"customer_id": ["a", 7]}))
    assert table.data["customer_id"].to_pylist() == ["a", "7"]


def test_an_mrr_column_is_an_amount_per_month_whatever_the_billing_frequency_says():
    table = normalize(
        "subscriptions",
        {
            "subscription_id": [1],
            "account_id": [1],
            "start_date": ["2025-01-01"],
            "mrr_amount": [50],
            "billing_frequency": ["annual"],
        },
    )
    row = table.data.to_pylist()[0]
    assert (row["amount"], row["interval"], row["billing_frequency"]) == (50.0, "month", "annual")
    assert "mrr_amount is an amount per month, whatever billing_frequency says" in table.notes


def test_an_arr_column_is_an_amount_per_year():
    columns = {"subscription_id": [1], "customer_id": [1], "start": ["2025-01-01"], "arr": [600]}
    assert normalize("subscriptions", columns).data["interval"].to_pylist() == ["year"]


def test_mrr_is_preferred_to_arr_where_both_are_there():
    columns = {
        "subscription_id": [1],
        "customer_id": [1],
        "start": ["2025-01-01"],
        "arr": [600],
        "mrr": [50],
    }
    row = normalize("subscriptions", columns).data.to_pylist()[0]
    assert (row["amount"], row["interval"], row["arr"]) == (50.0, "month", 600)


def test_an_amount_without_an_interval_is_refused():
    with pytest.raises(InvalidTablesError) as caught:
        normalize("subscriptions", CANONICAL.drop_columns(["interval"]))
    (problem,) = caught.value.problems
    assert (problem.column, problem.code) == ("interval", "missing-column")
    assert "name the amount 'mrr'" in problem.remedy


def test_the_length_of_a_billing_period_in_months_implies_the_interval():
    table = normalize(
        "subscriptions",
        {
            "customer_id": [1],
            "start": ["2025-01-01"],
            "end": ["2025-04-01"],
            "amount": [30],
            "bill_period_months": [3],
        },
    )
    row = table.data.to_pylist()[0]
    assert (row["interval"], row["interval_count"], row["amount"]) == ("month", 3, 30.0)


def test_billing_periods_without_an_id_are_named_by_their_row():
    periods = CANONICAL.drop_columns(["subscription_id"]).append_column(
        "end", pa.array([dt.date(2025, 2, 1), dt.date(2026, 2, 1)])
    )
    table = normalize("subscriptions", periods)
    assert table.data["subscription_id"].to_pylist() == [1, 2]
    assert "there is no subscription_id: row numbers stand for it" in table.notes


def test_running_subscriptions_without_an_id_are_refused():
    with pytest.raises(InvalidTablesError) as caught:
        normalize("subscriptions", CANONICAL.drop_columns(["subscription_id"]))
    assert [problem.column for problem in caught.value.problems] == ["subscription_id"]


def test_invoices_without_a_number_are_named_by_their_row():
    table = normalize(
        "invoices", {"Customer": ["a", "a"], "Invoice Date": ["2025-01-01"] * 2, "Amount": [1, 2]}
    )
    assert table.data["invoice_id"].to_pylist() == [1, 2]


def test_a_reply_time_in_minutes_becomes_the_time_of_the_reply():
    table = normalize(
        "tickets",
        {
            "ticket_id": [1],
            "customer_id": [1],
            "created_at": ["2025-01-01 09:00"],
            "first_response_time_minutes": [90],
        },
    )
    assert table.data["first_reply_at"].to_pylist() == [dt.datetime(2025, 1, 1, 10, 30)]  # noqa: DTZ001
    assert table.data["first_response_time_minutes"].to_pylist() == [90]


def test_the_problems_of_all_tables_come_in_one_error():
    with pytest.raises(InvalidTablesError) as caught:
        normalize_all(
            {"mrr": {"customer_id": [1]}, "fx": {"date": ["x"], "currency": ["EUR"], "rate": [1]}}
        )
    assert {problem.table for problem in caught.value.problems} == {"mrr", "fx"}


def test_ids_that_are_text_in_one_table_are_text_in_all():
    tables = normalize_all(
        {
            "mrr": {"customer_id": [1], "month": ["2025-01"], "mrr": [1]},
            "customers": {"customer_id": ["1"]},
        }
    )
    assert tables["mrr"].data["customer_id"].to_pylist() == ["1"]
    assert any("whole numbers made text" in note for note in tables["mrr"].notes)


def test_usage_that_names_only_the_subscription_gets_its_customer():
    tables = normalize_all(
        {
            "usage": {"subscription_id": ["s2", "s1"], "date": ["2025-03-01"] * 2},
            "subscriptions": CANONICAL,
        }
    )
    assert tables["usage"].data["customer_id"].to_pylist() == ["b", "a"]


def test_usage_of_subscriptions_that_do_not_exist_is_refused():
    with pytest.raises(InvalidTablesError) as caught:
        normalize_all(
            {
                "usage": {"subscription_id": ["s9"], "date": ["2025-03-01"]},
                "subscriptions": CANONICAL,
            }
        )
    assert caught.value.problems[0].code == "unknown-subscription"


def test_reading_canonical_arrow_does_not_import_pandas(fresh_python):
    code = """
import sys, numpy as np, pyarrow as pa
days = pa.Array.from_buffers(pa.date32(), 3, [None, pa.py_buffer(np.arange(3, dtype=np.int32))])
money = pa.Array.from_buffers(pa.float64(), 3, [None, pa.py_buffer(np.ones(3))])
ids = days.cast(pa.int32()).cast(pa.string())
ends, letters = np.array([0, 5, 10, 15], np.int32), b"month" * 3
words = pa.Array.from_buffers(pa.string(), 3, [None, pa.py_buffer(ends), pa.py_buffer(letters)])
from saasmetrics.tables import normalize, gate
columns = dict(subscription_id=ids, customer_id=ids, start=days, amount=money, interval=words)
table = normalize("subscriptions", pa.Table.from_arrays(list(columns.values()), names=list(columns)))
gate.check({"subscriptions": table}, as_of=10)
print("pandas" in sys.modules)
"""
    assert fresh_python(code) == "False"


def test_a_million_canonical_rows_cost_little():
    import time

    rows = 1_000_000
    ids = pa.array(np.arange(rows)).cast(pa.string())
    data = pa.table(
        {
            "subscription_id": ids,
            "customer_id": ids,
            "start": pa.array(np.zeros(rows, "datetime64[D]")),
            "amount": pa.array(np.ones(rows)),
            "interval": pa.repeat("month", rows),
        }
    )
    normalize("subscriptions", data.slice(0, 10))
    started = time.process_time()
    normalize("subscriptions", data)
    # 0.03 s on the machine that it was written on; the generous limit is for slow ones.
    assert time.process_time() - started < 0.5


def test_lists_of_words_are_read_as_words_with_commas_and_a_note_says_so() -> None:
    rows = {"ticket_id": [1, 2, 3], "customer_id": ["a"] * 3, "created_at": ["2026-01-01"] * 3}
    made = normalize("tickets", rows | {"tags": [["billing", None, "refund"], [], ["bug"]]})
    assert made.data["tag"].to_pylist() == ["billing, refund", None, "bug"]
    assert "tag: lists read as words with commas between" in made.notes


def test_a_column_of_records_is_refused_by_name_with_what_to_do() -> None:
    rows = {"customer_id": ["a"], "month": ["2026-01"], "mrr": [{"amount": 10}]}
    with pytest.raises(
        InvalidTablesError, match=r"mrr\.mrr: lists or records.*\n.*\n.*one value into each row"
    ):
        normalize("mrr", rows)


@pytest.mark.parametrize(("status", "said"), [("void", True), (" Draft", True), ("paid", False)])
def test_invoices_that_were_not_issued_by_their_status_are_said_to_count(status, said):
    lines = {"invoice_id": ["i1"], "customer_id": ["a"], "date": ["2026-01-31"], "amount": [5]}
    notes = normalize("invoices", {**lines, "Status": [status]}).notes
    words = f"1 row with Status {status!r} counts as issued; leave it out, or give it the amount 0"
    assert (words in notes) == said


def test_decimals_of_a_column_that_no_one_knows_are_numbers() -> None:
    scores = pa.array([Decimal("1.5"), Decimal("2.0"), None], pa.decimal128(4, 1))
    rows = pa.table({"customer_id": ["a", "b", "c"], "score": scores})
    read = normalize("customers", rows).data["score"]
    assert (read.type, read.to_pylist()) == (pa.float64(), [1.5, 2.0, None])
