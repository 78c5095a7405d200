"""The command line: exit codes, messages without a traceback, files where they were asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from saasmetrics import cli
from saasmetrics.cli import DONE, FINDINGS, INTERRUPTED, USAGE, main


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "exports"
    assert main(["demo", str(folder), "--customers", "60"]) == DONE
    return folder


def test_demo_writes_one_file_per_table(exports: Path) -> None:
    assert {"subscriptions.csv", "customers.csv", "spend.csv"} <= {
        p.name for p in exports.iterdir()
    }


def test_the_help_says_which_signs_part_decimals(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["import", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert '--decimal SIGN decimal sign of the files: "," or "."' in told


def test_demo_again_finds_the_same_company_and_is_done(exports: Path) -> None:
    assert main(["demo", str(exports), "--customers", "60"]) == DONE


def test_demo_never_writes_over_other_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "subscriptions.csv").write_text("mine")
    assert main(["demo", str(tmp_path), "--customers", "20"]) == USAGE
    assert (tmp_path / "subscriptions.csv").read_text() == "mine"
    assert "not an empty folder" in capsys.readouterr().err


def test_check_of_sound_tables_is_done(exports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(exports)]) == DONE
    assert "0 errors" in capsys.readouterr().out


def test_a_choice_can_be_set_beside_the_policy(
    exports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["check", str(exports), "--set", "overlap=latest", "--set", "gap_days=30"]
    assert main(words) == DONE
    assert main(["check", str(exports), "--set", "overlap=last"]) == USAGE
    assert "'sum', 'latest'" in capsys.readouterr().err
    assert main(["check", str(exports), "--set", "overlap"]) == USAGE
    assert "--set overlap=latest" in capsys.readouterr().err


def broken(folder: Path) -> Path:
    (folder / "subscriptions.csv").write_text(
        "subscription_id,customer_id,start,end,amount,interval\n"
        "s1,a,2026-01-01,2025-01-01,10,month\n"
        "s2,b,2026-01-01,,20,month\n"
    )
    return folder


def test_check_stops_on_errors_and_shows_the_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(broken(tmp_path))]) == FINDINGS
    out = capsys.readouterr().out
    assert "ERROR" in out
    assert "subscription_id=s1" in out


def test_report_stops_on_errors_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "review.html"
    assert main(["report", str(broken(tmp_path)), "--out", str(page)]) == FINDINGS
    assert not page.exists()
    assert "Traceback" not in capsys.readouterr().err


def test_report_writes_the_page_and_the_csv_files_and_prints_the_headline(
    exports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "out" / "review.html"
    assert main(["report", str(exports), "--out", str(page), "--as-of", "2026-06-30"]) == DONE
    out = capsys.readouterr().out
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert (tmp_path / "out" / "review-csv" / "headline.csv").exists()
    assert "2026-06-30" in page.read_text("utf-8")
    assert str(page) in out
    for name in ("ARR", "NRR", "GRR", "Logo churn", "LTV:CAC", "CAC payback"):
        assert name in out


def test_report_prints_each_warning_that_moves_numbers_on_a_line_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    months = [f"  c1,2025-{n:02},30\nc2,2025-{n:02},70" for n in range(1, 13)]
    (tmp_path / "mrr.csv").write_text("\n".join(["customer_id,month,mrr", *months]))
    (tmp_path / "customers.csv").write_text("customer_id,segment\nc1,SMB\nc2,SMB")
    assert main(["report", str(tmp_path), "--out", str(tmp_path / "review.html")]) == DONE
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Warning: ")]
    assert told[:2] == [
        "Warning: mrr.customer_id: has blanks before or after the id (12 rows, $30 of MRR)",
        "Warning: mrr.customer_id: 1 customer without a row in customers (12 rows, $30 of MRR)",
    ]


def test_the_command_of_a_pack_prints_the_warnings_that_move_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    months = [f"  c1,2025-{n:02},30\nc2,2025-{n:02},70" for n in range(1, 13)]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mrr.csv").write_text("\n".join(["customer_id,month,mrr", *months]))
    (tmp_path / "board.toml").write_text(
        'data = "data"\npages = ["definitions"]\nformats = ["html"]\n'
    )
    words = ["report", str(tmp_path / "board.toml"), "--out", str(tmp_path / "packs")]
    assert main(words) == DONE
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Warning: ")]
    assert told[0] == (
        "Warning: mrr.customer_id: has blanks before or after the id (12 rows, $30 of MRR)"
    )


@pytest.mark.parametrize("kind", ["pdf", "pptx", "XLSX", "docx"])
def test_a_review_is_not_written_under_the_name_of_another_kind_of_file(
    kind: str, exports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / f"review.{kind}"
    assert main(["report", str(exports), "--out", str(page)]) == USAGE
    said = capsys.readouterr().err
    assert "review.html" in said
    assert ("saasmetrics report board.toml" in said) == (kind != "docx")
    assert not page.exists()


def test_the_page_of_a_report_says_what_to_do_in_sentences_and_flags(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"s{n},c{n % 2},2025-0{n + 1}-01,,10,month" for n in range(6)]
    head = "subscription_id,customer_id,start,end,amount,interval"
    (tmp_path / "subscriptions.csv").write_text("\n".join([head, *lines]))
    (tmp_path / "spend.csv").write_text("month,function,amount\n2025-01,sales,5")
    page = tmp_path / "review.html"
    assert main(["report", str(tmp_path), "--out", str(page)]) == DONE
    said = "or give the margin itself, for 80% as --margin 0.8."
    found = page.read_text("utf-8")
    assert said in found
    assert said in capsys.readouterr().out
    assert "margin=0.8" not in found
    assert "policy overlap=" not in found


# {exports} is a folder of sound tables, {empty} one without files
MISTAKES = {
    "no such folder": "report {empty}/nowhere",
    "an empty folder": "check {empty}",
    "no such policy": "check {exports} --policy chartmogull",
    "not a date": "check {exports} --as-of yesterday",
    "not a month": "check {exports} --fiscal-start 13",
    "a folder as page": "report {exports} --out {empty}",
    "more customers than there can be": "demo {empty}/made --customers 9999999999",
    "no such metric": "metrics nrrr",
    "no such table": "schema subscription_s",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_words_with_exit_code_2(
    mistake: str, exports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word.format(exports=exports, empty=tmp_path) for word in MISTAKES[mistake].split()]
    assert main(words) == USAGE
    told = capsys.readouterr().err
    assert told.startswith("saasmetrics: ")
    assert "Traceback" not in told


@pytest.mark.parametrize(
    "words", [[], ["frobnicate"], ["report"], ["demo", "x", "--customers", "0"]]
)
def test_wrong_usage_is_exit_code_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == USAGE


def test_metrics_lists_the_catalogue_and_defines_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics"]) == DONE
    assert "nrr" in capsys.readouterr().out
    assert main(["metrics", "nrr"]) == DONE
    assert "Formula:" in capsys.readouterr().out


def test_a_misspelt_metric_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    main(["metrics", "nrrr"])
    assert "Did you mean 'nrr'?" in capsys.readouterr().err


def test_schema_shows_required_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "subscriptions"]) == DONE
    line = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("amount"))
    assert "required" in line


def test_a_reader_that_stops_early_is_no_error(
    fresh_python: Callable[..., str], root: Path
) -> None:
    code = (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-m', 'saasmetrics.cli', 'metrics'],"
        " stdout=subprocess.PIPE, stderr=subprocess.PIPE)\n"
        "p.stdout.close(); print(p.stderr.read().decode(), p.wait())"
    )
    assert fresh_python(code).split() == ["0"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in this file system")
def test_a_report_never_replaces_a_pipe_or_device(
    exports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert main(["report", str(exports), "--out", str(pipe)]) == USAGE
    assert "not a file" in capsys.readouterr().err
    assert pipe.is_fifo()


@pytest.mark.parametrize("place", ["{exports}", "{exports}/../exports", "{exports}/csv"])
def test_csv_files_are_never_written_among_the_exports(
    place: str, exports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(exports.iterdir())
    words = ["--out", str(tmp_path / "a.html"), "--csv", place.format(exports=exports)]
    assert main(["report", str(exports), *words]) == USAGE
    assert "into the exports" in capsys.readouterr().err
    assert sorted(exports.iterdir()) == before


def test_csv_files_are_never_written_beside_the_one_file_that_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mrr.csv"
    file.write_text("customer_id,month,mrr\na,2026-01,10\n")
    assert main(["report", str(file), "--csv", str(tmp_path)]) == USAGE
    assert "into the exports" in capsys.readouterr().err


def test_the_page_never_replaces_an_export(
    exports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = exports / "subscriptions.csv"
    before = table.read_bytes()
    assert main(["report", str(exports), "--out", str(table)]) == USAGE
    assert "a file of the exports" in capsys.readouterr().err
    assert table.read_bytes() == before


def test_a_place_that_cannot_be_written_is_named_as_the_user_named_it(
    exports: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(**words: str) -> None:
        raise PermissionError(13, "Permission denied", f"{words['prefix']}x{words['suffix']}")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    page = tmp_path / "review.html"
    assert main(["report", str(exports), "--out", str(page)]) == USAGE
    said = (
        f"saasmetrics: {page} could not be written: Permission denied. Nothing was changed there.\n"
    )
    assert capsys.readouterr().err.endswith(said)


@pytest.mark.parametrize("place", ["taken", "taken/csv"], ids=["a_file", "within_a_file"])
def test_a_report_whose_csv_files_cannot_be_written_leaves_no_page(
    place: str, exports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("")
    page = tmp_path / "out" / "review.html"
    words = ["report", str(exports), "--out", str(page), "--csv", str(tmp_path / place)]
    assert main(words) == USAGE
    assert str(tmp_path / place) in capsys.readouterr().err
    assert [file.name for file in tmp_path.rglob("*")] == ["taken"]


def test_an_interrupt_is_one_line_and_exit_code_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(text: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_say", stop)
    assert main(["schema", "mrr"]) == INTERRUPTED == 130
    assert capsys.readouterr().err == "saasmetrics: interrupted\n"


@pytest.mark.parametrize("margin", ["x", "80", "nan"])
def test_a_margin_that_is_no_share_names_the_option_and_an_example(
    margin: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["report", "exports", "--margin", margin])
    assert stopped.value.code == USAGE
    assert f"argument --margin: {margin!r} is not a share such as 0.8" in capsys.readouterr().err


def test_the_module_runs_the_command_line() -> None:
    words = [sys.executable, "-m", "saasmetrics", "schema", "mrr"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("mrr: ")


def test_the_order_of_dates_and_the_decimal_sign_can_be_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "id;customer;start;amount;interval\ns1;a;03/04/2025;1.200;month\n"
    (tmp_path / "subscriptions.csv").write_text(text)
    assert main(["check", str(tmp_path)]) == FINDINGS
    assert "dayfirst" in (said := capsys.readouterr().err) or "decimal" in said
    assert main(["check", str(tmp_path), "--dayfirst", "--decimal", ","]) == DONE
    assert "read with the day first, as told" in capsys.readouterr().out


def test_names_on_the_terminal_hold_nothing_that_turns_or_hides_what_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "customer_id,month,mrr\nAc\u202eme,2026-01,5\nAc\u202eme,2026-01,6\n"
    (tmp_path / "mrr.csv").write_text(lines, "utf-8")
    main(["check", str(tmp_path)])
    said = capsys.readouterr().out
    assert "\u202e" not in said
    assert "Ac‹U+202E›me" in said
