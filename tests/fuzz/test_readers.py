"""Whatever bytes a file holds, it is read, or refused in words: nothing else comes out, nothing hangs, nothing runs."""

from __future__ import annotations

import io
import tempfile
from contextlib import suppress
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import saasmetrics as sm
from saasmetrics.errors import DataError
from saasmetrics.importers.kinds import kinds
from saasmetrics.importers.mapping import as_text
from saasmetrics.importers.systems import IMPORTERS
from tests.properties.profile import quick, thorough

GOOD = """subscription_id,customer_id,start,end,amount,interval
1,a,2026-01-05,,10.50,month
2,b,2026-02-01,2026-05-01,7,year
"""
CELLS = st.sampled_from(
    ("", "1", "a", "-", "1,5", "1.234,56", "(3)", "€5", "2026-01-31", "31/01/2026", "03/04/2025", "20260131", "NaN",
     "inf", "1e999", "=cmd|'/c calc'!A1", "+1", "@x", "<script>", "\u202e", "\x00", "\ufeff", "日本", "TRUE", "month",
     "null", " ", "1,234", "12,5", "1'234.5", "31.12.2026 10:00", "2026年1月31日", "-1.200,5-", "\\1,200", "1.2.3",
     "9" * 40, '"', "a,b", "1970-01-01T00:00:00+14:00", "0000-00-00", "9999-12-31", "12:00")
)  # fmt: skip
NAMES = st.sampled_from(
    ("customer_id", "subscription_id", "start", "end", "amount", "interval", "month", "mrr", "2026-01", "Jan-26", "",
     "id", "date", "name", "start", "=x", "Canceled At (UTC)", "status", "current_period_start")
)  # fmt: skip
FILES = st.sampled_from(
    ("subscriptions", "mrr", "invoices", "customers", "tickets", "mapping", "exports")
)


def asked(name: str, content: bytes, beside: bytes = b"") -> None:
    """Read a file as a user would, and ask for MRR."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        if beside:
            (Path(folder) / "subscriptions.csv").write_bytes(beside)
        with suppress(DataError):
            book = sm.read(folder)
            book.check()
            sm.revenue.mrr(book)


CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_a_file_of_the_corpus(file: Path) -> None:
    name = file.name.partition("--")[2]
    asked(name, file.read_bytes(), GOOD.encode() if name == "mapping.toml" else b"")


def test_an_interval_that_is_none_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "subscriptions.csv").write_text(GOOD.replace("month", "fortnight"))
    book = sm.read(tmp_path, as_of="2026-03-31")
    assert "unknown-interval" in book.check().df["code"].tolist()
    with pytest.raises(DataError):
        sm.revenue.mrr(book)


@pytest.mark.parametrize("twice", ["Jan-26", "segment"])
def test_a_column_that_a_wide_cube_has_twice_is_refused(tmp_path: Path, twice: str) -> None:
    head = f"customer_id,segment,Jan-26,Feb-26,{twice}"
    (tmp_path / "mrr.csv").write_text(f"{head}\na,x,1,2,3\n")
    with pytest.raises(DataError, match=twice):
        sm.read(tmp_path)


@thorough
@given(FILES, st.binary(max_size=400))
def test_any_bytes_as_csv(name: str, content: bytes) -> None:
    asked(f"{name}.csv", content)


@thorough
@given(FILES, st.lists(NAMES, max_size=7), st.lists(st.lists(CELLS, max_size=8), max_size=6))
def test_any_cells_under_any_names(name: str, head: list[str], rows: list[list[str]]) -> None:
    text = "\n".join(",".join(cells) for cells in [head, *rows])
    asked(f"{name}.csv", text.encode())


@thorough
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=6),
    st.sampled_from(
        ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "shift-jis")
    ),
)
def test_a_good_file_with_some_bytes_changed(changes: list[tuple[int, int]], code: str) -> None:
    content = bytearray(GOOD.encode(code))
    for at, byte in changes:
        content[at] = byte
    asked("subscriptions.csv", bytes(content))


@thorough
@given(
    st.text(max_size=60),
    st.sampled_from(
        ("utf-16", "cp1252", "shift-jis", "euc-jp", "cp1251", "gbk", "mac-roman", "utf-32")
    ),
)
def test_any_text_in_any_encoding(text: str, code: str) -> None:
    asked("subscriptions.csv", (GOOD + f"3,{text},2026-01-05,,1,month\n").encode(code, "ignore"))


WHO = st.sampled_from(
    ("Ada", "Bob", "Total", "Total Energies", "Total EU", "Subtotal", "Sum", "Check", "", "合計", "Number of customers")
)  # fmt: skip


@settings(quick, max_examples=quick.max_examples // 2)
@given(st.lists(st.tuples(WHO, WHO, CELLS, CELLS, CELLS), max_size=7), st.sampled_from(",;\t"))
def test_any_cells_of_a_cube_with_titles(rows: list[tuple[str, ...]], sign: str) -> None:
    head = ("Group", "Customer", "2026-01", "Feb 2026", "2026-03")
    lines = [sign.join(f'"{cell}"' for cell in row) for row in (head, *rows)]
    asked("cube.csv", "\n".join(("ACME", "", *lines)).encode())


@settings(quick, max_examples=quick.max_examples // 2)
@given(
    st.sampled_from(sorted(kinds())),
    st.dictionaries(st.sampled_from(("a", "b", "c", "id")), st.integers(0, 30)),
    st.lists(st.lists(CELLS, min_size=4, max_size=4), max_size=4),
)
def test_any_kind_and_columns_that_a_mapping_says_of_a_file(
    kind: str, said: dict[str, int], rows: list[list[str]]
) -> None:
    fields = list(kinds()[kind][1].fields)
    columns = {old: fields[at % len(fields)] for old, at in said.items()}
    lines = [",".join(f'"{cell}"' for cell in row) for row in (["a", "b", "c", "id"], *rows)]
    mapping = as_text({"x.csv": {"export": kind, "columns": columns}})
    with tempfile.TemporaryDirectory() as folder, suppress(DataError):
        (Path(folder) / "x.csv").write_text("\n".join(lines))
        (Path(folder) / "mapping.toml").write_text(mapping)
        sm.read(folder, as_of="2026-06-30").check()


SIGNS = st.sampled_from(
    ("", "", "1", "a", "s1", "2026-01-31", "2026-03-05T10:00:00Z", "31/01/2026", "1,5", "1.200", "-3", "active",
     "canceled", "paused", "trialing", "USD", "JPY", "month", "true", "false", "cancel", "pause", "x@y.com", "charge",
     "refund", "2900", "9" * 25, "=1+1", "<b>", "per_unit", "quantity_based_component", "12", "1e400", "percentage")
)  # fmt: skip


@pytest.mark.parametrize("system", sorted(IMPORTERS))
@settings(quick, max_examples=12)
@given(data=st.data())
def test_any_cells_in_the_files_of_a_system(system: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        layouts = {layout.kind: layout for layout in reversed(IMPORTERS[system].layouts)}
        for number, layout in enumerate(layouts.values()):
            names = [names[0] for names in layout.fields.values()]
            head = list(dict.fromkeys([*names, *layout.signs[:1]]))
            line = st.lists(SIGNS, min_size=len(head), max_size=len(head))
            rows = [head, *data.draw(st.lists(line, min_size=1, max_size=3))]
            text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
            (Path(place) / f"{(*layout.named, number)[0]}.csv").write_text(text)
        with suppress(DataError):
            found = sm.importers.import_folder(place)
            str(found)
            book = sm.read(place, as_of="2026-06-30")
            book.check()
            sm.revenue.mrr(book)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in GOOD.strip().splitlines():
        sheet.append(line.split(","))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    rows = [line.split(",") for line in GOOD.strip().splitlines()]
    pq.write_table(
        pa.table({name: [r[n] for r in rows[1:]] for n, name in enumerate(rows[0])}), out
    )
    return out.getvalue()


MADE = {"xlsx": workbook(), "parquet": parquet()}


@thorough
@given(st.sampled_from(sorted(MADE)), st.data())
def test_a_workbook_or_parquet_file_that_is_damaged(kind: str, data: st.DataObject) -> None:
    content = bytearray(MADE[kind])
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=5)):
        content[at] = data.draw(st.integers(0, 255))
    asked(f"subscriptions.{kind}", bytes(content[: data.draw(st.integers(0, len(content)))]))


@thorough
@given(st.text(max_size=120))
def test_any_text_as_mapping(text: str) -> None:
    asked("mapping.toml", text.encode("utf-8", "replace"), GOOD.encode())


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/passwd", "a\x00b.csv", ".."])
def test_a_name_in_a_mapping_never_leaves_the_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / "subscriptions.csv").write_text(GOOD)
    text = f'[{name!r}]\ntable = "spend"\n'.replace("'", '"').replace("\\x00", "")
    (tmp_path / "mapping.toml").write_text(text)
    with pytest.raises(DataError, match=r"mapping\.toml"):
        sm.read(tmp_path, as_of="2026-03-31")
