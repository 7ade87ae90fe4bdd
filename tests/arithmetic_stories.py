"""Solutions made at random for property tests, and arithmetic that shares nothing with the package."""

from __future__ import annotations

import ast
import operator
from fractions import Fraction

OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def exact(expression: str) -> Fraction:
    """The value of a Python expression of numbers, brackets and + - * /, worked out in fractions."""

    def walk(node: ast.expr) -> Fraction:
        if isinstance(node, ast.Constant):
            return Fraction(str(ast.get_source_segment(expression, node)))
        if isinstance(node, ast.BinOp):
            return Fraction(OPERATIONS[type(node.op)](walk(node.left), walk(node.right)))
        raise SyntaxError(f"not arithmetic: {expression}")

    return walk(ast.parse(expression, mode="eval").body)
