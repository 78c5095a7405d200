"""`saasmetrics import` of files that it does not know, and of tables that need no import."""

from __future__ import annotations

from pathlib import Path

import pytest

from saasmetrics.cli import DONE, USAGE, main
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
