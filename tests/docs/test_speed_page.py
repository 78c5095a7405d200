"""The page on speed: every report of a benchmark is on it, and what one says of another leads there."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.site import generated


def test_every_report_is_on_the_page_under_its_title() -> None:
    page = generated.speed()
    reports = sorted(generated.BENCHMARKS.glob("benchmarks*.md"))
    titles = [path.read_text("utf-8").removeprefix("# ").partition("\n")[0] for path in reports]
    assert [words for level, _, words in page.headings if level == 2] == titles
    assert page.body.count("<table>") >= len(titles) > 1


def test_a_report_that_names_another_leads_to_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "benchmarks.md").write_text("# Whole job\n\nSeconds.", encoding="utf-8")
    grown = "# Growth\n\nAs in [the first](benchmarks.md)."
    (tmp_path / "benchmarks_growth.md").write_text(grown, encoding="utf-8")
    monkeypatch.setattr(generated, "BENCHMARKS", tmp_path)
    assert 'href="speed.html#whole-job"' in generated.speed().body
