"""Files that no system is known for: a mapping to fill in, and the command that says what became of each."""

from __future__ import annotations

from pathlib import Path

import pytest

import saasmetrics as sm
from saasmetrics.cli import DONE, USAGE, main
from saasmetrics.errors import DataError
from tests.importers.exports import folder
from tests.importers.test_stripe import DASHBOARD

SPENDING = "Monat|Bereich|Betrag\n2026-01|sales|100\n2026-02|marketing|50"
FILLED = """
["kosten.csv"]
table = "spend"

["kosten.csv".columns]
monat = "month"
bereich = "function"
betrag = "amount"
"""


def test_a_file_that_is_not_recognized_gets_a_mapping_to_fill_in(tmp_path: Path) -> None:
    found = sm.importers.import_folder(folder(tmp_path, subs=DASHBOARD, kosten=SPENDING))
    assert [file.label for file in found.strangers] == ["kosten.csv"]
    text = found.write_mapping(tmp_path).read_text()
    assert '["kosten.csv"]\ntable = ""' in text
    assert '"betrag" = ""' in text


def test_a_lone_file_that_is_not_recognized_gets_a_mapping_and_the_nearest_export_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(tmp_path, list="Nummer|Kunde|Datum|Betrag\n1|Ada|2026-01-31|10")
    assert main(["import", str(tmp_path)]) == USAGE
    said = capsys.readouterr().err
    assert "list.csv is nearest to Invoice list, but has no column number (invoice_number" in said
    assert "a customer cube" in said
    assert "Or fill in" in said
    assert '["list.csv"]\ntable = ""' in (tmp_path / "mapping.toml").read_text()


def test_a_filled_mapping_makes_a_table_of_it(tmp_path: Path) -> None:
    folder(tmp_path, subs=DASHBOARD, kosten=SPENDING)
    (tmp_path / "mapping.toml").write_text(FILLED)
    book = sm.read(tmp_path, as_of="2026-05-31")
    assert book.frame("spend")["amount"].tolist() == [100.0, 50.0]
    assert "as mapping.toml says" in " ".join(book.tables["subscriptions"].notes)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ('["kosten.csv"]\ntable = "spendings"', "Did you mean 'spend'"),
        (FILLED.replace("betrag =", "preis ="), "names the column 'preis'"),
        ("[kosten", "mapping.toml is not readable"),
        ('["kosten.csv"]\ntabel = "spend"', "Did you mean 'table'"),
        ('[kosten.csv]\ntable = "spend"', "name of a file is in quotes"),
        ('kosten = "spend"', "kosten is no file"),
        ('["kosten.csv"]\ntable = "spend"\ncolumns = "month"', "columns of kosten.csv are lines"),
        ('["kosten.csv"]\ntable = 3', "is a name in quotes"),
        ('["kosten.csv".columns]\nmonat = "month"', "does not say which table"),
    ],
)
def test_a_mapping_that_is_wrong_says_where(tmp_path: Path, wrong: str, words: str) -> None:
    folder(tmp_path, subs=DASHBOARD, kosten=SPENDING)
    (tmp_path / "mapping.toml").write_text(wrong)
    with pytest.raises(DataError, match=words):
        sm.read(tmp_path)


def test_a_mapping_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    folder(tmp_path, subs=DASHBOARD, kosten=SPENDING)
    (tmp_path / "mapping.toml").write_text(FILLED, encoding="utf-8-sig")
    assert "spend" in sm.importers.import_folder(tmp_path).tables


@pytest.mark.parametrize("place", ["", "a\0b", "/dev/full", "subs.csv"])
def test_tables_go_to_a_folder_or_say_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    found = sm.importers.import_folder(folder(tmp_path, subs=DASHBOARD))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError):
        found.write(place)


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sm.importers.import_folder(folder(tmp_path, subs=DASHBOARD))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(DataError, match="No space left on device"):
        found.write(tmp_path / "out")


def test_the_command_says_what_became_of_the_exports_and_writes_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "raw").mkdir()
    folder(tmp_path / "raw", subs=DASHBOARD, kosten=SPENDING)
    out = tmp_path / "tables"
    assert main(["import", str(tmp_path / "raw"), "--columns", "--out", str(out)]) == DONE
    said = capsys.readouterr().out
    assert "Stripe: subscriptions 3 rows, customers 4 rows" in said
    assert "customer_id -> customer_id" in said
    assert "without spend: no CAC, LTV:CAC and payback" in said
    assert "not recognized: kosten.csv" in said
    assert "fill in" in said
    book = sm.read(out, as_of="2026-05-31")
    assert sm.revenue.mrr(book).df["value"].tolist() == [200.0, 200.0, 200.0, 150.0, 150.0]


def test_the_command_never_writes_among_the_exports(tmp_path: Path) -> None:
    folder(tmp_path, subs=DASHBOARD)
    assert main(["import", str(tmp_path), "--out", str(tmp_path)]) == USAGE
