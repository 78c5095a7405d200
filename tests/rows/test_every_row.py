"""Every capability of customer success has a test that carries its name."""

from __future__ import annotations

from pathlib import Path

from tests.rows.table import proofs, rows, table


def test_there_are_a_hundred_rows_and_no_mark_without_one() -> None:
    known = {row["id"] for row in rows()}
    assert len(known) == 100
    assert set(proofs()) <= known


def test_every_row_that_states_a_number_has_a_test() -> None:
    found = proofs()
    missing = [row["id"] for row in rows() if row["kind"] == "tested" and row["id"] not in found]
    assert not missing, f"mark a test with @pytest.mark.row(...): {missing}"


def test_the_table_in_the_documentation_is_the_generated_one(root: Path) -> None:
    written = (root / "docs" / "success_rows.md").read_text(encoding="utf-8")
    assert written == table(), "python -m tests.rows.table > docs/success_rows.md"
