"""Long files and long functions are where the codebases we read hurt most."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE_LINES = 400
FUNCTION_LINES = 50


def _sources() -> list[Path]:
    folders = ("saasmetrics", "widgets", "docs", "tests", "scripts")
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _functions(path: Path) -> Iterator[tuple[str, int, int]]:
    """(name, line, lines of code) of each function; a docstring is not code."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node, clean=False) is not None:
                doc = node.body[0]
                lines -= (doc.end_lineno or doc.lineno) - doc.lineno + 1
            yield node.name, node.lineno, lines


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _sources()}
    long = [f"{p.relative_to(ROOT)}: {n} lines" for p, n in lengths.items() if n > FILE_LINES]
    assert not long, f"split by topic, the limit is {FILE_LINES}:\n" + "\n".join(long)


def test_no_function_is_longer_than_50_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{line} {name}: {lines} lines without its docstring"
        for path in _sources()
        for name, line, lines in _functions(path)
        if lines > FUNCTION_LINES
    ]
    assert not long, f"name its steps, the limit is {FUNCTION_LINES}:\n" + "\n".join(long)


def test_no_module_is_called_utils() -> None:
    vague = {"utils", "util", "helpers", "common", "misc", "tools"}
    wrong = [str(p.relative_to(ROOT)) for p in _sources() if p.stem.strip("_") in vague]
    assert not wrong, f"name the topic instead: {wrong}"
