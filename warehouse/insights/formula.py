"""Sums of a question's series: `A / B * 100`, with nothing else in it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from warehouse.insights.errors import BadQuestion

LETTERS: Final = "ABCDEFGHIJKLMNOPQRST"
_LONGEST: Final = 500
_SIGNS: Final[dict[type[ast.operator], str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}


def formula(text: str, letters: Mapping[str, str]) -> str:
    """The formula as SQL; `letters`: what stands for A, B, … Whatever is divided by zero is null."""
    try:
        tree = ast.parse(text if len(text) <= _LONGEST else "", mode="eval")
        return _sql(tree.body, letters)
    except (SyntaxError, ValueError, KeyError, RecursionError) as error:
        raise BadQuestion(
            f"formula {text[:60]!r} cannot be read ({error}); numbers, + - * / ( ) and"
            f" {', '.join(letters)} would do"
        ) from None


def _sql(node: ast.expr, letters: Mapping[str, str]) -> str:
    match node:
        case ast.Name(id=letter):
            return f"({letters[letter.upper()]})::DOUBLE"
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return f"{float(number)!r}::DOUBLE"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(-{_sql(operand, letters)})"
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return f"({_sql(left, letters)} / nullif({_sql(right, letters)}, 0))"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
            return f"({_sql(left, letters)} {_SIGNS[type(op)]} {_sql(right, letters)})"
    raise ValueError("it holds something else")
