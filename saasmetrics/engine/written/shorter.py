"""Expressions made shorter without a change of what they mean, and parentheses only where they are needed."""

from __future__ import annotations

import operator
from itertools import combinations
from typing import Any

from sqlglot import exp

_STRENGTH = (
    (exp.Or, 1),
    (exp.And, 2),
    (exp.Not, 3),
    ((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In), 4),
    ((exp.Add, exp.Sub), 5),
    ((exp.Mul, exp.Div, exp.Mod), 6),
    (exp.Neg, 7),
)
_EITHER_WAY = (exp.Or, exp.And)
_SAME_IN_A_GROUP = (exp.Sum, exp.Min, exp.Max)
_COMPARED = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
}
OPPOSITE: dict[Any, Any] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.GT: exp.LTE,
    exp.LTE: exp.GT,
    exp.LT: exp.GTE,
    exp.GTE: exp.LT,
}


def shorter(node: Any) -> Any:
    """Return an expression without what follows from its constants.

    Examples
    --------
    >>> import sqlglot
    >>> shorter(sqlglot.parse_one("CASE WHEN 0 = 0 THEN x * 1 + 0 ELSE 5 END")).sql()
    'x'
    >>> shorter(sqlglot.parse_one("CASE WHEN x <= 0 AND x > 0 THEN 1 ELSE 0 END")).sql()
    '0'
    """
    _each(node, shorter)
    made = _without_constants(node)
    return made if made is node else shorter(made)


def enclosed(node: Any) -> Any:
    """Return an expression with parentheses where it would be read in another way.

    Examples
    --------
    >>> from sqlglot import exp
    >>> one, two, three = (exp.column(name) for name in "abc")
    >>> enclosed(exp.Mul(this=exp.Add(this=one, expression=two), expression=three)).sql()
    '(a + b) * c'
    """
    _each(node, enclosed)
    mine = _strength(node)
    if mine is None:
        return node
    for key in ("this",) if isinstance(node, exp.Is) else ("this", "expression"):
        part = node.args.get(key)
        other = _strength(part) if part is not None else None
        right = key == "expression" and not isinstance(node, _EITHER_WAY)
        if other is not None and (other < mine or (right and other == mine)):
            node.set(key, exp.Paren(this=part))
    return node


def is_constant(node: Any) -> bool:
    """Return whether an expression is a number or nothing."""
    number = node.this if isinstance(node, exp.Neg) else node
    return isinstance(number, exp.Null) or (
        isinstance(number, exp.Literal) and not number.is_string and "E" not in number.name
    )


def _each(node: Any, change: Any) -> None:
    for key, value in list(node.args.items()):
        if isinstance(value, exp.Expression):
            node.set(key, change(value))
        elif isinstance(value, list):
            node.set(key, [change(v) if isinstance(v, exp.Expression) else v for v in value])


def _strength(node: Any) -> int | None:
    return next((number for kind, number in _STRENGTH if isinstance(node, kind)), None)


def _whole(node: Any) -> int | None:
    """Return the whole number that a constant is."""
    if isinstance(node, exp.Neg):
        found = _whole(node.this)
        return None if found is None else -found
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
        return int(node.name)
    return None


def _number(value: int) -> Any:
    number = exp.Literal.number(abs(value))
    return exp.Neg(this=number) if value < 0 else number


def _without_constants(node: Any) -> Any:
    kind = type(node)
    if kind in (exp.Add, exp.Sub, exp.Mul):
        return _arithmetic(node)
    if kind in _COMPARED:
        one, other = _whole(node.this), _whole(node.expression)
        if one is not None and other is not None:
            return exp.Boolean(this=_COMPARED[kind](one, other))
    if kind in (exp.And, exp.Or):
        return _connected(node)
    if kind is exp.Not and isinstance(node.this, exp.Boolean):
        return exp.Boolean(this=not node.this.this)
    if kind is exp.Case:
        return _case(node)
    if kind in _SAME_IN_A_GROUP and (_whole(node.this) == 0 or _is_least(node)):
        return node.this
    if kind is exp.Window:
        return _window(node)
    if kind is exp.Coalesce and _lags_constant(node):
        return node.expressions[0]
    if kind is exp.Cast and _whole(node.this) is not None and node.is_type("bigint"):
        return node.this
    return node


def _is_least(node: Any) -> bool:
    return not isinstance(node, exp.Sum) and is_constant(node.this)


def _window(node: Any) -> Any:
    """Leave out what groups or orders nothing; a constant is the same in any window."""
    if is_constant(node.this):
        return node.this
    kept = [part for part in node.args.get("partition_by") or [] if not is_constant(part)]
    node.set("partition_by", kept)
    return node


def _lags_constant(node: Any) -> bool:
    """Whether what came before is a constant, and so is what is taken where nothing did."""
    window = node.this
    lags = isinstance(window, exp.Window) and isinstance(window.this, (exp.Lag, exp.Lead))
    return lags and is_constant(window.this.this) and node.expressions[0] == window.this.this


def _arithmetic(node: Any) -> Any:
    kind, one, other = type(node), _whole(node.this), _whole(node.expression)
    if one is not None and other is not None:
        made = {exp.Add: one + other, exp.Sub: one - other, exp.Mul: one * other}[kind]
        return _number(made)
    if kind is exp.Mul:
        for number, rest in ((one, node.expression), (other, node.this)):
            if number == 1:
                return rest
            if number == 0:
                return _number(0)
            if number == -1:
                return exp.Neg(this=rest)
        return node
    if other == 0:
        return node.this
    if one == 0:
        return node.expression if kind is exp.Add else exp.Neg(this=node.expression)
    if isinstance(node.expression, exp.Neg):
        opposite = exp.Sub if kind is exp.Add else exp.Add
        return opposite(this=node.this, expression=node.expression.this)
    inner = node.this
    if other is not None and isinstance(inner, (exp.Add, exp.Sub)):
        more = _whole(inner.expression)
        if more is not None:
            first = more if isinstance(inner, exp.Add) else -more
            total = first + (other if kind is exp.Add else -other)
            sign = exp.Sub if total < 0 else exp.Add
            return sign(this=inner.this, expression=_number(abs(total)))
    return node


def _connected(node: Any) -> Any:
    decides = isinstance(node, exp.Or)  # TRUE decides an OR, FALSE an AND
    for side, rest in ((node.this, node.expression), (node.expression, node.this)):
        if isinstance(side, exp.Boolean):
            return exp.Boolean(this=decides) if side.this == decides else rest
    return node.this if node.this == node.expression else node


def _case(node: Any) -> Any:
    ifs, default = [], node.args.get("default")
    for each in node.args["ifs"]:
        if isinstance(each.this, exp.Boolean):
            if each.this.this:
                default = each.args["true"]
                break
            continue
        if not _is_never(each.this):
            ifs.append(each)
    if not ifs:
        return default if default is not None else exp.Null()
    if default is not None and all(each.args["true"] == default for each in ifs):
        return default
    while default is not None and ifs[-1].args["true"] == default:
        ifs.pop()
    node.set("ifs", ifs)
    node.set("default", default)
    return _by_value(node)


def _is_never(node: Any) -> bool:
    """Whether a condition asks for something and its opposite; where a value is missing, neither is true."""
    parts = list(node.flatten()) if isinstance(node, exp.And) else []
    return any(
        OPPOSITE.get(type(one)) is type(other)
        and one.this == other.this
        and one.expression == other.expression
        for one, other in combinations(parts, 2)
    )


def _by_value(node: Any) -> Any:
    """Return a choice between the values of one column as such."""
    ifs = node.args["ifs"]
    equal = [each.this for each in ifs if isinstance(each.this, exp.EQ)]
    values = [one.expression for one in equal if isinstance(one.expression, exp.Literal)]
    different = {one.this.sql() for one in equal}
    if node.this is not None or len(ifs) == 1 or len(values) < len(ifs) or len(different) > 1:
        return node
    if not isinstance(equal[0].this, exp.Column):
        return node
    node.set("this", equal[0].this.copy())
    for each, value in zip(ifs, values, strict=True):
        each.set("this", value)
    return node
