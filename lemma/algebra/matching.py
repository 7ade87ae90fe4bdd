"""Trees beside each other: where one has values in the place of another's letters, and what stands in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from lemma.algebra.trees import GROUP, LETTER, MINUS, NUMBER, Node, number, same_shape
from lemma.exceptions import Refusal


def constant_of(tree: Node | None) -> Fraction | None:
    """The value of a tree that is a rational number."""
    if tree is None:
        return None
    try:
        return number(tree)
    except Refusal:
        return None


def replaced(tree: Node, old: Node, new: Node) -> Node:
    """The tree with another one in the place of a part of it."""
    if same_shape(tree, old):
        return new
    return Node(tree.head, tuple(replaced(part, old, new) for part in tree.args), tree.value, tree.name)


def matched(template: Node, tree: Node, known: Mapping[str, Fraction]) -> Iterator[tuple[str, Node] | None]:
    """Where a tree has the values of the template's letters in their place; None for whatever does not match."""
    if template.head == LETTER and template.name in known:
        if tree.bare.head == LETTER and tree.bare.name == template.name:
            return
        if tree.bare.head in (NUMBER, MINUS) and constant_of(tree) == known[template.name]:
            yield template.name, tree.args[0] if tree.head == GROUP else tree
        else:
            yield None
        return
    one, other = template.bare, tree.bare
    if (one.head, one.value, one.name, len(one.args)) != (other.head, other.value, other.name, len(other.args)):
        yield None
        return
    for left, right in zip(one.args, other.args, strict=True):
        yield from matched(left, right, known)
