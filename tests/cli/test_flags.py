"""What the library says of arguments of Python, the command says of its flags."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import saasmetrics
from saasmetrics.cli import DONE, FINDINGS, USAGE, main
from saasmetrics.flags import as_flags

# Where a remedy stands that is worded like another one.
ALIKE = {"importers/cube.py", "tables/amounts.py", "checks/elsewhere/mending.py"}
# Remedies as the library words them, by a part of the source that says them.
DATES = (
    "sm.read(..., dayfirst=True), or dayfirst=False where the month comes first. Else write them as 2025-01-31, or "
    'read them with pd.to_datetime(df[column], format="%d/%m/%Y").'
)
SAID = {
    "tables/dates.py": (
        DATES,
        "--dayfirst, or --monthfirst where the month comes first. Else write them as 2025-01-31.",
    ),
    "tables/names.py": (
        'or say sm.read(..., columns={"subscriptions": {"Begun": "start"}}).',
        'or say "Begun" = "start" in mapping.toml, which saasmetrics import begins.',
    ),
    "tables/separators.py": (
        'sm.read(..., decimal=",") or decimal="."; or write 1200 or 1.20.',
        "--decimal , or --decimal .; or write 1200 or 1.20.",
    ),
    "tables/encodings.py": (
        'sm.read(..., encoding="cp1252") or encoding="shift-jis".',
        "--encoding cp1252 or --encoding shift-jis.",
    ),
    "tables/gate/values.py": (
        'and add rates: sm.Book(..., currency="EUR", fx=rates).',
        "and add rates: --currency EUR, beside a file fx.csv of rates.",
    ),
    "tables/gate/reach.py": (
        'until when you know: as_of="2026-01-31"; or',
        "until when you know: --as-of 2026-01-31; or",
    ),
    "tables/gate/terms.py": ('policy end="inclusive".', "--set end=inclusive."),
    "checks/names.py": ('count by policy entity="parent".', "count by --set entity=parent."),
    "tables/gate/status.py": (
        'is the policy past_due="counted" or "excluded".',
        'is the --set past_due=counted or "excluded".',
    ),
    "tables/gate/extract.py": ('policy knowledge="effective".', "--set knowledge=effective."),
    "importers/credits.py": ("see policy refunds=", "see --set refunds="),
    "metrics/economics/margin.py": ("for 80% as margin=0.8.", "for 80% as --margin 0.8."),
    "checks/replay.py": ("remedies=False reads without it", "--remedies none reads without it"),
    "engine/amounts.py": ("currency='EU' is no currency", "--currency EU is no currency"),
}  # fmt: skip


@pytest.mark.parametrize("source", SAID)
def test_a_remedy_is_said_as_a_flag(source: str) -> None:
    given, wanted = SAID[source]
    assert as_flags(given) == wanted


def test_every_remedy_of_reading_is_in_the_list() -> None:
    here = Path(saasmetrics.__file__).parent
    says = re.compile(r"sm\.(?:read|Book)\(\.\.\., (?!memory_limit)|\bpolicy [a-z_]+=")
    places = {
        str(file.relative_to(here))
        for part in ("tables", "checks", "importers")
        for file in (here / part).rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if says.search(line) and ">>>" not in line
    }
    assert places <= {*SAID, *ALIKE}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("pass margin=0.8, or", "pass margin = 0.8 in board.toml, or"),
        ('as_of="2026-01-31"; or', 'as_of = "2026-01-31" in board.toml; or'),
        ("sm.read(..., dayfirst=True), or", "dayfirst = true in mapping.toml, or"),
        ('sm.read(..., decimal=",")', 'decimal = "," in mapping.toml'),
        ("remedies=False reads", "remedies=False reads"),
    ],
)  # fmt: skip
def test_for_a_board_pack_a_remedy_is_said_as_a_setting(given: str, wanted: str) -> None:
    assert as_flags(given, "board.toml") == wanted


def test_an_error_of_the_command_says_which_flag_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (
        "subscription_id,customer_id,start,amount,interval\n1,dayfirst=True,01/02/2026,10,month\n"
    )
    (tmp_path / "subscriptions.csv").write_text(rows)
    assert main(["check", str(tmp_path)]) == FINDINGS
    said = capsys.readouterr().err
    assert "Say the order: --dayfirst, or --monthfirst" in said
    assert "customer_id=dayfirst=True" in said  # rows stay as they are
    assert "sm.read" not in said
    assert main(["check", str(tmp_path), "--dayfirst"]) == DONE
    assert "Say --as-of if the export is later" in capsys.readouterr().out
    assert main(["check", str(tmp_path), "--currency", "EU"]) == USAGE
    assert "--currency EU is no currency" in capsys.readouterr().err
