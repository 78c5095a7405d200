"""`saasmetrics check`: the score, what findings touch, remedies, JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from saasmetrics.cli import DONE, FINDINGS, USAGE, main

ROWS = """subscription_id,customer_id,start,end,amount,interval
s1,a,2026-01-01,,10,month
s1,a,2026-01-01,,10,month
s2,b,2026-01-01,,20,month
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "subscriptions.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["check", *words])
    return code, capsys.readouterr().out


def test_the_score_is_said_last_and_each_finding_says_what_it_touches(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = said(capsys, str(folder), "--as-of", "2026-06-30")
    assert code == FINDINGS
    # The copy pays 10 of 40: 25 points for an error, and 2.5 for the overlap of the same row with itself.
    assert out.splitlines()[-1].startswith("Data quality 72.5 of 100: 1 error, 1 warning")
    assert "Touches 1 customer and $10 of MRR (25.0%), 25.0 points off the score." in out
    assert "--repair subscriptions.repeated-row=drop drops the copies" in out


def test_a_remedy_is_chosen_saved_and_replayed_from_the_folder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (str(folder), "--as-of", "2026-06-30")
    file = folder / "remedies.toml"
    chosen = ("--repair", "repeated-row=drop", "--by", "Ana", "--save", str(file))
    assert said(capsys, *words, *chosen)[0] == DONE
    code, out = said(capsys, *words)
    assert code == DONE
    assert "Repaired: repeated-row=drop in 1 row; MRR was $40, became $30." in out
    assert "remedies.toml beside the data was applied" in out
    assert said(capsys, *words, "--remedies", "none")[0] == FINDINGS
    assert said(capsys, *words, "--remedies", str(file))[0] == DONE


def test_rows_of_nobody_in_a_file_are_told_with_the_remedy_that_drops_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "subscriptions.csv").write_text(ROWS.replace("s1,a,2026-01-01,,10,month\n", "", 1))
    tickets = (
        "ticket_id,customer_id,created_at\nt1,a,2026-02-01\nt2,,2026-02-02\nt3,   ,2026-02-03\n"
    )
    (folder / "tickets.csv").write_text(tickets)
    words = (str(folder), "--as-of", "2026-06-30")
    code, out = said(capsys, *words)
    assert code == FINDINGS
    assert "rows 3, 4): must not be missing, broken by 2 rows." in out
    assert "saasmetrics check FOLDER --repair tickets.missing-value=drop --save" in out
    saved = ("--save", str(folder / "remedies.toml"))
    code, out = said(capsys, *words, "--repair", "tickets.missing-value=drop", *saved)
    assert code == DONE
    assert 'the remedy missing-value = "drop" drops the rows, seen in 2 rows.' in out
    assert said(capsys, *words)[0] == DONE


def test_json_holds_the_same_with_exact_amounts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--as-of", "2026-06-30", "--repair", "repeated-row=drop", "--by", "Ana", "--json")
    code, out = said(capsys, str(folder), "--as-of", "2026-06-30", "--json")
    found = json.loads(out)
    assert (code, found["score"], found["findings"][0]["mrr"]) == (FINDINGS, 72.5, "10.000000")
    assert found["findings"][0]["choices"] == {"drop": "drops the copies"}
    code, out = said(capsys, str(folder), *words)
    (repaired,) = json.loads(out)["repairs"]
    assert (repaired["mrr_before"], repaired["mrr_after"]) == ("40.000000", "30.000000")
    assert repaired["chosen_by"] == "Ana"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--repair", "repeated-row"), "--repair repeated-row is not a finding with its remedy"),
        (("--repair", "repeated-row=sink"), "There are: 'drop'"),
        (("--remedies", "nowhere.toml"), "nowhere.toml"),
    ],
    ids=["half", "unknown", "no-file"],
)
def test_a_mistake_in_the_call_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    assert main(["check", str(folder), *words]) == USAGE
    assert message in capsys.readouterr().err
