"""The README's tour is run, block by block, in one namespace, as a reader would run it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


def _blocks(text: str, language: str) -> list[tuple[int, str]]:
    """(line number, code) of each fenced block of a language."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return [(text[: m.start(1)].count("\n"), m[1]) for m in pattern.finditer(text)]


def test_every_python_block_of_the_readme_runs(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # it writes files
    blocks = _blocks((root / "README.md").read_text(encoding="utf-8"), "python")
    assert len(blocks) >= 10
    namespace: dict[str, object] = {}
    for line, code in blocks:
        # Blank lines in front make a traceback point at the line in the README.
        exec(compile("\n" * line + code, "README.md", "exec"), namespace)


def test_every_file_the_readme_links_to_exists(root: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (root / "README.md").read_text("utf-8"))
    assert [link for link in links if not (root / link).exists()] == []


def test_every_make_target_the_readme_names_exists(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make (\w+)", text, re.MULTILINE))
    targets = set(re.findall(r"^(\w+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert named
    assert named <= targets
