"""`saasmetrics import` of files that it does not know, and of tables that need no import."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

import saasmetrics as sm
from saasmetrics.cli import DONE, FINDINGS, USAGE, main
from tests.importers.exports import folder
from tests.importers.test_stripe import DASHBOARD


def test_the_command_says_of_tables_that_they_need_no_import_and_what_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mrr.csv").write_text("customer_id,month,mrr\na,2026-01,10\n")
    assert main(["import", str(tmp_path)]) == DONE
    said = capsys.readouterr().out
    assert "which need no import: mrr 1 row." in said
    assert f"saasmetrics check {tmp_path}" in said
    assert [file.name for file in tmp_path.iterdir()] == ["mrr.csv"]  # no mapping beside them
    assert main(["import", str(tmp_path), "--out", str(tmp_path / "out")]) == USAGE
    assert "Nothing is written" in capsys.readouterr().err


def test_the_columns_of_a_file_that_is_not_recognized_are_shown_with_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = "Kunde|Datum|Betrag|Farbe\nAda|2026-01-31|10|rot"
    folder(tmp_path, subs=DASHBOARD, liste=strange, kosten="a|b\n1|2")
    assert main(["import", str(tmp_path), "--columns"]) == DONE
    said = capsys.readouterr().out
    assert "not recognized, liste.csv:\n    as Invoice list, invoices: kunde -> customer_id" in said
    assert "missing: number (invoice_number" in said
    assert "not used: farbe" in said
    assert "like no export that is known: a, b" in said


CONTRACTS = "Vertragsnummer;Kunde;Beginn;Ende;Betrag;Turnus\nV-1;Öko KG;{};;100,50;monatlich\n"


def test_a_table_whose_dates_are_unclear_is_asked_about_each_time_and_leaves_no_mapping(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Verträge.csv").write_text(CONTRACTS.format("01.02.2026"), encoding="cp1252")
    said = []
    for _ in range(2):
        assert main(["import", str(tmp_path), "--columns"]) == FINDINGS
        said.append(capsys.readouterr())
    assert said[0] == said[1]
    assert "dates could be day/month or month/day" in said[0].err
    assert [file.name for file in tmp_path.iterdir()] == ["Verträge.csv"]


@pytest.mark.parametrize("way", ["--dayfirst", "--monthfirst"])
def test_what_is_imported_is_read_without_another_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    (raw / "liste.csv").write_text(CONTRACTS.format("01.02.2026"), encoding="utf-8")
    (raw / "mapping.toml").write_text('["liste.csv"]\ntable = "subscriptions"\n', encoding="utf-8")
    asked = ["import", str(raw), "--out", str(out)]
    assert main(asked) == FINDINGS
    said = capsys.readouterr().err
    assert "liste.csv, column 'Beginn', row 2" in said
    assert "--dayfirst, or --monthfirst" in said
    assert not out.exists()
    assert main([*asked, way]) == DONE
    book = sm.read(out, as_of="2026-03-31", currency="EUR")
    first = "2026-02-01" if way == "--dayfirst" else "2026-01-02"
    assert str(book.tables["subscriptions"].data["start"][0]) == first
    assert main(["check", str(out), "--as-of", "2026-03-31"]) == DONE


def test_the_order_of_dates_that_one_column_tells_is_that_of_the_file(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    rows = CONTRACTS.format("01.02.2026").replace(";;100", ";31.12.2026;100")
    (raw / "liste.csv").write_text(rows, encoding="utf-8")
    (raw / "mapping.toml").write_text('["liste.csv"]\ntable = "subscriptions"\n', encoding="utf-8")
    assert main(["import", str(raw), "--out", str(out)]) == DONE
    assert str(pq.read_table(out / "subscriptions.parquet")["beginn"][0]) == "2026-02-01"


def test_a_mapping_that_a_failed_import_wrote_does_not_stand_in_the_way_of_the_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "|Kunde|Datum|Netto\n1|Ada|2026-01-31|10"
    folder(tmp_path, list=f"Lfd{lines}")
    assert main(["import", str(tmp_path)]) == USAGE
    folder(tmp_path, list=f"Lfd{lines}", more="a|b\n1|2")
    assert main(["import", str(tmp_path)]) == USAGE
    assert "Or fill in" in capsys.readouterr().err
    mapping = tmp_path / "mapping.toml"
    assert '["more.csv"]\ntable = ""' in mapping.read_text()  # proposed anew, with the new file
    folder(tmp_path, list=f"Belegnr{lines}")
    assert main(["import", str(tmp_path)]) == DONE
    said = capsys.readouterr().out
    assert "Invoice list: invoices 1 row" in said
    assert f"say in {mapping} what it is: more.csv" in said
