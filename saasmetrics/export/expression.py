"""Small formulas over named numbers: computed here, written for a spreadsheet, and read out in words.

A formula is text such as "numerator / denominator" with + - * /, min, max and parentheses. What is divided by
something that is not above 0 is missing, as everywhere in the library.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "^",
}


def names(formula: str) -> tuple[str, ...]:
    """Return the names in a formula, in order.

    Examples
    --------
    >>> names("12 * (now - then) / spend")
    ('now', 'then', 'spend')
    """
    found = [node for node in ast.walk(_tree(formula)) if isinstance(node, ast.Name)]
    called = {node.func for node in ast.walk(_tree(formula)) if isinstance(node, ast.Call)}
    functions = {node.id for node in called if isinstance(node, ast.Name)}
    found.sort(key=lambda node: node.col_offset)
    return tuple(dict.fromkeys(node.id for node in found if node.id not in functions))


def computed(formula: str, scope: Mapping[str, Any]) -> Any:
    """Return what a formula gives for numbers, None where it divides by what is not above 0; or for whole columns.

    Examples
    --------
    >>> computed("min(a, b) / b", {"a": 3.0, "b": 2.0}), computed("a / b", {"a": 3.0, "b": 0.0})
    (1.0, None)
    """
    for divisor in _divisors(formula):
        below = computed(divisor, scope)
        if isinstance(below, (int, float)) and not below > 0:
            return None
    return _computed(_tree(formula), scope)


def in_excel(formula: str, places: Mapping[str, str]) -> str:
    """Return a formula as a spreadsheet writes it, each name by its place.

    Examples
    --------
    >>> in_excel("min(a, b)", {"a": "B2", "b": "C2"})
    '=MIN(B2,C2)'
    >>> in_excel("a / b", {"a": "B2", "b": "C2"})
    '=IF(C2>0,B2/C2,"")'
    """
    body = _written(_tree(formula), places, ",", "")
    guards = [_written(_tree(text), places, ",", "") for text in _divisors(formula)]
    if not guards:
        return f"={body}"
    known = ",".join(f"{guard}>0" for guard in guards)
    return f'=IF({known if len(guards) == 1 else f"AND({known})"},{body},"")'


def in_words(formula: str, said: Mapping[str, str]) -> str:
    """Return a formula for people, each name by its word or number.

    Examples
    --------
    >>> in_words("now * 12 / (spend - 1)", {"now": "3.5", "spend": "7"})
    '3.5 × 12 / (7 - 1)'
    """
    text = _written(_tree(formula), said, ", ", " ").replace(" * ", " × ")
    return text.replace("+ -", "- ").replace("- -", "+ ")


def _tree(formula: str) -> ast.expr:
    return ast.parse(formula, mode="eval").body


def _divisors(formula: str) -> list[str]:
    nodes = ast.walk(_tree(formula))
    found = [n for n in nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)]
    return list(dict.fromkeys(ast.unparse(n.right) for n in found if list(_names(n.right))))


def _names(node: ast.expr) -> Iterator[str]:
    return (part.id for part in ast.walk(node) if isinstance(part, ast.Name))


def _computed(node: ast.expr, scope: Mapping[str, Any]) -> Any:
    import numpy as np

    if isinstance(node, ast.Constant):
        return float(str(node.value))
    if isinstance(node, ast.Name):
        return scope[node.id]
    if isinstance(node, ast.UnaryOp):
        return -_computed(node.operand, scope)
    if isinstance(node, ast.Call):
        lowest = ast.unparse(node.func) == "min"
        parts = [_computed(part, scope) for part in node.args]
        if all(isinstance(part, (int, float)) for part in parts):
            return min(parts) if lowest else max(parts)
        return np.minimum(*parts) if lowest else np.maximum(*parts)
    assert isinstance(node, ast.BinOp)
    left, right = _computed(node.left, scope), _computed(node.right, scope)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    if isinstance(node.op, ast.Pow):
        return left**right
    return left * right if isinstance(node.op, ast.Mult) else left / right


def _written(node: ast.expr, said: Mapping[str, str], comma: str, space: str) -> str:
    """Write a formula with the words of a dialect, and parentheses where they are needed."""
    if isinstance(node, ast.Constant):
        return f"{float(str(node.value)):g}"
    if isinstance(node, ast.Name):
        return said[node.id]
    if isinstance(node, ast.UnaryOp):
        return f"-{_inner(node.operand, 3, said, comma, space)}"
    if isinstance(node, ast.Call):
        parts = comma.join(_written(part, said, comma, space) for part in node.args)
        name = ast.unparse(node.func)
        return f"{name if space else name.upper()}({parts})"
    assert isinstance(node, ast.BinOp)
    rank = _rank(node)
    left = _inner(node.left, rank, said, comma, space)
    # a - (b - c) and a / (b * c) are not a - b - c and a / b * c.
    right = _inner(node.right, rank + 1, said, comma, space)
    return f"{left}{space}{_SIGNS[type(node.op)]}{space}{right}"


def _inner(node: ast.expr, least: int, said: Mapping[str, str], comma: str, space: str) -> str:
    text = _written(node, said, comma, space)
    return f"({text})" if _rank(node) < least else text


def _rank(node: ast.expr) -> int:
    if isinstance(node, ast.BinOp):
        return {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2}.get(type(node.op), 3)
    return 2 if isinstance(node, ast.UnaryOp) else 4
