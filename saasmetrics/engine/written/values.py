"""From values of Ibis to expressions of sqlglot: of columns by name, in the words of a dialect, without parentheses."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from ibis.expr import operations as ops
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from saasmetrics.engine.written.idioms import has_word, recognized, said
from saasmetrics.engine.written.shorter import OPPOSITE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BINARY = {
    "Add": "Add",
    "Subtract": "Sub",
    "Multiply": "Mul",
    "And": "And",
    "Or": "Or",
    "Equals": "EQ",
    "NotEquals": "NEQ",
    "Greater": "GT",
    "GreaterEqual": "GTE",
    "Less": "LT",
    "LessEqual": "LTE",
    "Modulus": "Mod",
}
_FUNCTIONS = {"Lowercase": "Lower", "Abs": "Abs", "Strip": "Trim"}
_AGGREGATES = {"Sum": "Sum", "Min": "Min", "Max": "Max"}


class Values:
    """Translate values of Ibis for a dialect.

    Parameters
    ----------
    dialect
        The name of a dialect.
    never_null
        Whether a value is never missing.
    """

    def __init__(self, dialect: str, never_null: Callable[[Any], bool]) -> None:
        self.dialect = dialect
        self.never_null = never_null

    def of(self, op: Any) -> Any:
        """Return the expression of a value; columns have the name of their relation's column, and no table.

        Raises
        ------
        NotImplementedError
            If the portable definition uses what is not written yet.
        """
        found = recognized(op)
        if found is not None:
            return self._recognized(*found)
        kind = type(op).__name__
        if kind in _BINARY:
            left, right = (self.of(part) for part in op.args)
            return getattr(exp, _BINARY[kind])(this=left, expression=right)
        made = getattr(self, f"_{kind.lower()}", None)
        if made is not None:
            return made(op)
        if kind in _FUNCTIONS:
            return getattr(exp, _FUNCTIONS[kind])(this=self.of(op.arg))
        if kind in _AGGREGATES:
            return getattr(exp, _AGGREGATES[kind])(this=self.of(op.arg))
        word = getattr(type(op), "__func_name__", "")
        if word:
            return said(word, self.of(op.args[0]), self.dialect)
        msg = f"{kind} has no SQL."
        raise NotImplementedError(msg)

    def _recognized(self, name: str, given: Mapping[str, Any]) -> Any:
        if name == "days":
            days = said("days", self.of(given["d"]), self.dialect)
            return exp.Coalesce(this=days, expressions=[self.of(given["m"])])
        if name == "nearest":
            return self._nearest(self.of(given["x"]))
        number, by = self.of(given["m"]), self.of(given["n"])
        if name == "rest":
            whole = exp.Mod(this=number, expression=by)
            return exp.Mod(this=exp.Add(this=whole, expression=by.copy()), expression=by.copy())
        if by == exp.Literal.number(1):
            return number
        share = exp.Div(this=exp.cast(number, "double"), expression=by, typed=True, safe=False)
        return exp.cast(exp.Floor(this=share), "bigint")

    def _nearest(self, value: Any) -> Any:
        """Return the nearest whole number, the even one of two: in plain words where no function says so."""
        if has_word("nearest", self.dialect):
            return exp.cast(said("nearest", value, self.dialect), "bigint")
        down = exp.Floor(this=value)
        rest = exp.Sub(this=value.copy(), expression=down.copy())
        half = exp.Literal.number("0.5")
        odd = exp.NEQ(
            this=exp.Mod(this=exp.cast(down.copy(), "bigint"), expression=exp.Literal.number(2)),
            expression=exp.Literal.number(0),
        )
        even = exp.And(this=exp.EQ(this=rest.copy(), expression=half.copy()), expression=odd)
        up = exp.Or(this=exp.GT(this=rest, expression=half), expression=even)
        case = exp.Case(ifs=[exp.If(this=up, true=exp.Literal.number(1))], default=_number(0))
        return exp.cast(exp.Add(this=down, expression=case), "bigint")

    def _field(self, op: Any) -> Any:
        return column(op.name, place_of(op.rel))

    def _literal(self, op: Any) -> Any:
        value = op.value
        if value is None:
            return exp.Null()
        if isinstance(value, bool):
            return exp.Boolean(this=value)
        if isinstance(value, str):
            return exp.Literal.string(value)
        if isinstance(value, (dt.datetime, dt.date)):
            kind = "timestamp" if isinstance(value, dt.datetime) else "date"
            return exp.cast(exp.Literal.string(str(value)), kind)
        return _number(value)

    def _cast(self, op: Any) -> Any:
        value = self.of(op.arg)
        if op.to.is_integer() and (op.arg.dtype.is_integer() or op.arg.dtype.is_boolean()):
            return value
        if op.arg.dtype == op.to:
            return value
        name = "double" if op.to.is_floating() else "bigint" if op.to.is_integer() else str(op.to)
        return exp.cast(value, {"string": "text", "boolean": "boolean"}.get(name, name))

    def _divide(self, op: Any) -> Any:
        left, right = (self.of(part) for part in op.args)
        return exp.Div(this=left, expression=right, typed=True, safe=False)

    def _floor(self, op: Any) -> Any:
        return exp.Floor(this=self.of(op.arg))

    def _not(self, op: Any) -> Any:
        return self._opposite(self.of(op.arg))

    def _opposite(self, value: Any) -> Any:
        if isinstance(value, exp.Is):
            nothing = isinstance(value.expression, exp.Null)
            other = exp.Not(this=exp.Null()) if nothing else exp.Null()
            return exp.Is(this=value.this, expression=other)
        if isinstance(value, exp.Not):
            return value.this
        if type(value) in OPPOSITE:
            return OPPOSITE[type(value)](this=value.this, expression=value.expression)
        return exp.Not(this=value)

    def _isnull(self, op: Any) -> Any:
        if self.never_null(op.arg):
            return exp.Boolean(this=False)
        return exp.Is(this=self.of(op.arg), expression=exp.Null())

    def _notnull(self, op: Any) -> Any:
        return self._opposite(self._isnull(op))

    def _coalesce(self, op: Any) -> Any:
        kept = []
        for part in op.arg:
            kept.append(part)
            if self.never_null(part):
                break
        first, *rest = (self.of(part) for part in kept)
        return exp.Coalesce(this=first, expressions=rest) if rest else first

    def _greatest(self, op: Any) -> Any:
        return self._most("GREATEST", exp.Greatest, op)

    def _least(self, op: Any) -> Any:
        return self._most("LEAST", exp.Least, op)

    def _most(self, name: str, function: Any, op: Any) -> Any:
        """Return one of several values; what is missing is none of them, of which sqlglot takes much care."""
        values = [self.of(part) for part in op.arg]
        if self.never_null(op):
            return exp.Anonymous(this=name, expressions=values)
        return function(this=values[0], expressions=values[1:], ignore_nulls=True)

    def _invalues(self, op: Any) -> Any:
        return exp.In(this=self.of(op.value), expressions=[self.of(part) for part in op.options])

    def _ifelse(self, op: Any) -> Any:
        return self._case([(op.bool_expr, op.true_expr)], op.false_null_expr)

    def _searchedcase(self, op: Any) -> Any:
        return self._case(list(zip(op.cases, op.results, strict=True)), op.default)

    def _case(self, pairs: list[tuple[Any, Any]], default: Any) -> Any:
        condition, result = pairs[0]
        nothing = isinstance(default, ops.Literal) and default.value is None
        told = len(pairs) == 1 and nothing and isinstance(condition, ops.NotNull)
        if told and self.never_null(condition.arg):
            return self.of(result)
        ifs = [exp.If(this=self.of(one), true=self.of(other)) for one, other in pairs]
        last = None if nothing else self.of(default)
        if isinstance(last, exp.Case) and last.this is None:
            ifs, last = [*ifs, *last.args["ifs"]], last.args.get("default")
        return exp.Case(ifs=ifs, default=last)

    def _countstar(self, _: Any) -> Any:
        return exp.Count(this=exp.Star())

    def _windowfunction(self, op: Any) -> Any:
        func, frame = op.func, None
        if isinstance(func, (ops.RowNumber, ops.DenseRank)):
            ranks = exp.RowNumber() if isinstance(func, ops.RowNumber) else exp.DenseRank()
            return exp.Sub(this=self._over(ranks, op, None), expression=_number(1))
        if isinstance(func, (ops.Lag, ops.Lead)):
            return self._over(self._shifted(func), op, None)
        if op.order_by and op.end is not None:
            frame = exp.Var(this="ROWS UNBOUNDED PRECEDING")
        return self._over(self.of(func), op, frame)

    def _shifted(self, func: Any) -> Any:
        """Return the value some rows before, or after; of narwhals, both are the one before, by a negative number."""
        rows = 1 if func.offset is None else int(func.offset.value)
        rows = -rows if isinstance(func, ops.Lead) else rows
        made = exp.Lag if rows > 0 else exp.Lead
        many = None if abs(rows) == 1 else _number(abs(rows))
        return made(this=self.of(func.arg), offset=many)

    def _over(self, func: Any, op: Any, frame: Any) -> Any:
        order = [self.sorted_by(key) for key in op.order_by]
        return exp.Window(
            this=func,
            partition_by=[self.of(part) for part in op.group_by],
            order=exp.Order(expressions=order) if order else None,
            spec=frame,
        )

    def sorted_by(self, key: Any) -> Any:
        """Return how rows are ordered by a key."""
        first = key.nulls_first
        if self.never_null(key.arg):  # as it is without a word
            ordering = Dialect.get_or_raise(self.dialect).NULL_ORDERING
            first = {"nulls_are_small": key.ascending, "nulls_are_large": not key.ascending}.get(
                str(ordering), False
            )
        return exp.Ordered(
            this=self.of(key.arg), desc=None if key.ascending else True, nulls_first=first
        )


def place_of(rel: Any) -> str:
    """Return what tells a table of a join from the others of it; nothing elsewhere."""
    return f"joined_{rel.identifier}" if type(rel).__name__ == "JoinReference" else ""


def column(name: str, table: str = "") -> Any:
    """Return a column, quoted."""
    return exp.column(
        exp.to_identifier(name, quoted=True),
        table=exp.to_identifier(table, quoted=True) if table else None,
    )


def _number(value: Any) -> Any:
    """Return a number; one with a fraction so that no dialect takes it for a decimal."""
    if isinstance(value, float):
        text = repr(value)
        return exp.Literal.number(text if "e" in text else f"{text}E0")
    return (
        exp.Literal.number(int(value)) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))
    )
