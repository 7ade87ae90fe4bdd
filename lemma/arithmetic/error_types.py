"""The type of an error, where the numbers prove it: put right what is held to be wrong, and the solution is right.

    >>> from lemma.arithmetic.reference_index import Reference
    >>> reference = Reference("He has 9 eggs. He eats 3 eggs.", ("9 - 3 = <<9-3=6>>6 eggs are left.",), 6)
    >>> solution = StudentSolution(("He has 9 + 3 = 12 eggs.",), reference)
    >>> type_of_error(solution, solution.computations[0])
    'operator_error'

Types lie close together: of a wrong number, none but the student knows whether it was misread or meant. So a type is
told only of an equation that is set up right, and of an operation that differs from one of the reference's in its
operator or in one operand, if the student's own steps reach the gold answer from there. All else is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

from lemma.arithmetic.computations import Computation, StudentSolution
from lemma.arithmetic.expressions import ArithmeticRefusal, evaluate
from lemma.arithmetic.fingerprints import computed
from lemma.arithmetic.reference_index import leaves_of

_ONE_WAY = ("-", "/")  # operators whose operands can't change places


def type_of_error(solution: StudentSolution, computation: Computation) -> str | None:
    """The type of the error that a computation is held to be; None where it is not proved."""
    if computation.equation.holds is False:
        return "calculation_error" if _is_set_up_right(solution, computation) else None
    if len(computation.equation.operands) != 2:
        return None
    types = {
        kind for kind, right in _explanations(solution, computation) if would_be_right(solution, computation, right)
    }
    return types.pop() if len(types) == 1 else None


def _is_set_up_right(solution: StudentSolution, computation: Computation) -> bool:
    """Whether the reference computes the same, or the right result is one of the reference's, however it is reached."""
    if solution.has_counterpart(computation):
        return True
    try:
        exact = evaluate(computation.equation.tree, computation.equation.operand_values())
    except ArithmeticRefusal:
        return False
    return exact in solution.reference.of_value


def _explanations(solution: StudentSolution, computation: Computation) -> Iterator[tuple[str | None, int]]:
    """What the computation may have been meant to be, as a type of error and the fingerprint of the right result."""
    for leaves in computation.leaves:
        for operator, operands, result in solution.reference.operations:
            if operator != computation.operator:
                if set(operands) == set(leaves):
                    yield "operator_error", result
                continue
            for here, there in ((0, 0), (1, 1)) if operator in _ONE_WAY else ((0, 0), (0, 1), (1, 0), (1, 1)):
                if leaves[1 - here] == operands[1 - there] and leaves[here] != operands[there]:
                    yield _type_of_operand(solution, computation, here, leaves[here], operands[there]), result


def _type_of_operand(
    solution: StudentSolution, computation: Computation, here: int, taken: int, meant: int
) -> str | None:
    """The type of the error to take one operand where another one is meant."""
    reference, operand = solution.reference, computation.equation.operands[here]
    from_question = solution.is_given(operand) and not computation.sources[here]
    if meant in reference.given_fingerprints and meant not in reference.made_of:
        return "context_value_error" if from_question else None
    was_computed = any(meant in earlier.fingerprints for earlier in solution.computations[: computation.index])
    is_unexplained = not computation.sources[here] and not from_question and operand.face not in reference.constants
    if was_computed:
        return "previous_step_value_error" if is_unexplained else None
    return "missing_step" if taken in reference.made_of.get(meant, ()) else None


def would_be_right(solution: StudentSolution, wrong: Computation, right: int) -> bool:
    """Whether the student's steps reach the gold answer when this one has the right result."""
    corrected: dict[int, set[int]] = {wrong.index: {right}}
    for computation in solution.computations[wrong.index + 1 :]:
        if corrected.keys().isdisjoint(computation.parents):
            continue
        alternatives = []
        for here, sources in enumerate(computation.sources):
            changed = [source for source in sources if source in corrected]
            values = corrected[changed[-1]] if changed else {leaves[here] for leaves in computation.leaves}
            alternatives.append(sorted(values))
        tree = computation.equation.tree
        corrected[computation.index] = {computed(tree, leaves) for leaves in leaves_of(alternatives)}
    return any(
        computation.is_answer and not corrected.get(computation.index, set()).isdisjoint(solution.reference.answers)
        for computation in solution.computations
    )
