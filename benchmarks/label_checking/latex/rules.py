"""The rules for LaTeX records. Each has a name; what a rule could not read is counted, not passed.

The part before the colon of a name says where the fault is: prefix, error step, later step, answer, reference, text,
explanation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from label_checking.latex.answers import CJK, answer_sentences, last_box, same_answer, states, value_of
from label_checking.latex.chains import Equation, Reading, read_step
from label_checking.latex.changes import check_change, still_uses
from label_checking.latex.claims import check_claims
from label_checking.latex.counts import check_counts
from label_checking.latex.ending_claims import check_ending_claims
from label_checking.latex.last_box import check_last_box
from label_checking.latex.letter_claims import check_letter_claims
from label_checking.latex.letter_rules import check_letters, claims_false
from label_checking.latex.number_theory import check_number_theory
from label_checking.latex.text import boxes, numbers_in, raw_latex, unbalanced
from label_checking.reading import Finding
from label_checking.text import without_box
from lemma.records import ErroneousSolution

_COMMAND = re.compile(r"\\[a-zA-Z]{2,}|\\[(\[]|\^\{")
_OTHERWISE = re.compile(
    r"\bin (?:what )?base\b|\bbase\b.*_\{?\d|_\{?\d.*\bbase\b|\\[pb]?mod(?![a-z])|\bmod\b|congruen|\\equiv", re.DOTALL
)
_DENIES = re.compile(
    r"\bnot\b|n't\b|\bno\b|extraneous|contradict|impossible|false|absurd|reject|fails?\b", re.IGNORECASE
)
_LIST = re.compile(
    r"(?:\d\s*(?:,|\bor\b|\band\b|;|或|和|、)\s*(?:\$?\s*[a-z]\s*=\s*)?-?\d)|\\pm|\bbetween\b|\bfrom\b.*\bto\b"
)
_PLAIN_LIST = re.compile(r"[-\d\s,;.+*/^=()\[\]{}$%\\]|\\[a-zA-Z]+(?:\{[^{}]*\})?|\b[a-zA-Z]\b|\b(?:and|or)\b")


@dataclass(frozen=True, slots=True)
class Report:
    """The findings on one record, and how many equations and explanations could be read."""

    findings: tuple[Finding, ...]
    coverage: Counter[str]


def is_latex(record: ErroneousSolution) -> bool:
    """Whether these rules read a record: it has LaTeX other than a box around its answer, or text without spaces
    between words.
    """
    text = without_box(" ".join([record.question, *record.reference_steps, *record.steps, record.explanation]))
    return bool(_COMMAND.search(text) or CJK.search(text))


def check_latex(record: ErroneousSolution) -> Report:
    """Every rule on one record."""
    coverage: Counter[str] = Counter()
    findings = [*_steps(record), *_reference(record, coverage), *_equations(record, coverage)]
    findings += [*_answers(record), *_boxed_gold(record), *_texts(record)]
    changes, is_read = check_change(record)
    findings += [*changes, *still_uses(record), *check_last_box(record), *check_counts(record)]
    findings += check_number_theory(record)
    findings += check_ending_claims(record)
    coverage[f"records, changed number or sign: {'read' if is_read else 'not read'}"] += 1
    letter_findings, letter_coverage = check_letters(record)
    coverage += letter_coverage
    claims, (letter_claims, are_read) = check_claims(record), check_letter_claims(record)
    coverage[f"records, explanation: {'read' if claims.is_read or are_read else 'not read'}"] += 1
    findings += [*claims.findings, *letter_findings, *letter_claims]
    return Report(tuple(dict.fromkeys(findings)), coverage)


def _stars(record: ErroneousSolution) -> bool:
    """Whether `*` is a product: not if the question defines it as something else."""
    return not re.search(r"[a-zA-Z]\s*\*\s*[a-zA-Z]\s*=", record.question)


def _read(record: ErroneousSolution, step: str) -> Reading:
    return read_step(step, _stars(record))


def _false(record: ErroneousSolution, step: str) -> list[Equation]:
    """The false equations of a step. Numbers of another base without its mark are not told apart, so none is blamed."""
    return [] if _counts_otherwise(record) else _not_holding(record, step)


def _not_holding(record: ErroneousSolution, step: str) -> list[Equation]:
    return [equation for equation in _read(record, step).equations if not equation.holds]


def _counts_otherwise(record: ErroneousSolution) -> bool:
    """Whether the question is about numbers in another base, or modulo another number."""
    return bool(_OTHERWISE.search(record.question))


def _reference_false(record: ErroneousSolution) -> set[str]:
    return {equation.text for step in record.reference_steps for equation in _false(record, step)}


def _steps(record: ErroneousSolution) -> Iterator[Finding]:
    at = record.located_step
    if record.steps[:at] != record.reference_steps[:at]:
        yield Finding("prefix: it is not the reference's", str(record.steps[:at])[:200])
    wrong = record.steps[at]
    if at < len(record.reference_steps) and wrong.strip() == record.reference_steps[at].strip():
        yield Finding("error step: it is the reference's", wrong)
    elif wrong in record.reference_steps[at:]:
        yield Finding("error step: it is a later step of the reference word for word", wrong)


def _reference(record: ErroneousSolution, coverage: Counter[str]) -> Iterator[Finding]:
    for step in record.reference_steps:
        _count(coverage, "reference", record, step)
        is_denied = _DENIES.search(step)
        for equation in _false(record, step):
            # `1 = \\sqrt{9} + 4, so x = 1 is not a solution` means to be false.
            if not (is_denied and not equation.left.operations):
                yield Finding("reference: an equation is false", equation.text)
    box, gold = last_box(record.reference_steps), record.gold_answer
    if box is not None:
        # A reference with several boxes gives the gold answer in any of them.
        if not any(same_answer(found, gold) for step in record.reference_steps for found in boxes(step)):
            yield Finding("reference: its answer is not the gold one", f"{box} / {gold}")
        return
    if len(numbers_in(gold)) > 1 and _PLAIN_LIST.sub("", gold).strip() and value_of(gold) is None:
        yield Finding("reference: the gold answer is free text with several numbers", gold)
        return
    last = (answer_sentences(record.reference_steps[-1]) or [record.reference_steps[-1]])[-1]
    if value_of(gold) is None:
        return
    if not states(last, gold) and not states(record.reference_steps[-1], gold):
        yield Finding("reference: its answer is not the gold one", f"{last[:150]} / {gold}")
    elif _LIST.search(last.replace("$", "")) and len(numbers_in(last)) > 1 and not read_step(last).equations:
        yield Finding("reference: the gold answer is one of several numbers", f"{last[:150]} / {gold}")


def _count(coverage: Counter[str], part: str, record: ErroneousSolution, step: str) -> None:
    reading = _read(record, step)
    # What would be false, and is not blamed, has not been checked.
    passed_over = min(len(_not_holding(record, step)) - len(_false(record, step)), reading.read)
    coverage[f"{part}: read"] += reading.read - passed_over
    coverage[f"{part}: letters"] += reading.letters
    coverage[f"{part}: not read"] += reading.unread + passed_over


def _equations(record: ErroneousSolution, coverage: Counter[str]) -> Iterator[Finding]:
    """A calculation error has one false equation in its step; any other type has none; no later step has one."""
    at, known = record.located_step, _reference_false(record)
    reading = _read(record, record.steps[at])
    _count(coverage, "error step", record, record.steps[at])
    own = [equation for equation in _false(record, record.steps[at]) if equation.text not in known]
    partner = _read(record, record.reference_steps[at] if at < len(record.reference_steps) else "")
    is_checked = bool({equation.text for equation in reading.equations} - {right.text for right in partner.equations})
    changed = [chain for chain in reading.chains if chain.relations and chain not in partner.chains]
    coverage[f"records, changed equation: {'read' if is_checked else 'not read' if changed else 'none'}"] += 1
    if record.error_type == "calculation_error":
        # A chain with two numbers in it has been recomputed, whatever names stand before them.
        is_read = all(sum(side.is_number for side in chain.sides) > 1 and not chain.is_modular for chain in changed)
        if is_checked and is_read and not own and not _counts_otherwise(record):
            yield Finding("error step: a calculation error whose equations hold", record.steps[at][:200])
        if len(own) > 1:
            yield Finding(
                "error step: a calculation error with several false equations", "; ".join(e.text for e in own)
            )
    elif claims_false(record):
        if len(own) > 1:
            yield Finding("error step: several equations are false", "; ".join(each.text for each in own))
    else:
        for equation in own:
            broken = "an equality chain breaks" if equation.chain_length > 2 else "an equation is false"
            yield Finding(f"error step: {broken} in a type that claims all hold", equation.text)
    for step in record.steps[at + 1 :]:
        _count(coverage, "later steps", record, step)
        for equation in _false(record, step):
            if equation.text not in known:
                yield Finding("later step: an equation is false", equation.text)


def _answers(record: ErroneousSolution) -> Iterator[Finding]:
    final, gold, last = record.final_answer, record.gold_answer, record.steps[-1]
    if same_answer(final, gold):
        yield Finding("answer: the final answer is the gold one", f"{final} / {gold}")
    box = last_box(record.steps)
    if box is not None:
        if not same_answer(box, final):
            yield Finding("answer: the last box is not the final answer", f"{box} / {final}")
    elif last_box(record.reference_steps) is not None and record.located_step < len(record.reference_steps) - 1:
        if not states(last, final):
            yield Finding("answer: the last step does not state the final answer", f"{last[:150]} / {final}")
    elif not states(last, final):
        yield Finding("answer: the last step does not state the final answer", f"{last[:150]} / {final}")
    for sentence in answer_sentences(last):
        if _states_only(sentence, gold, final):
            yield Finding("answer: the answer sentence still states the gold answer", f"{sentence[:100]} / {final}")
    for step in record.steps[: record.located_step]:
        if any(_is_answer(sentence, gold) for sentence in answer_sentences(step)):
            yield Finding("prefix: it already states the gold answer", step[:200])


def _states_only(sentence: str, gold: str, final: str) -> bool:
    return states(sentence, gold) and not states(sentence, final)


def _is_answer(sentence: str, gold: str) -> bool:
    return same_answer(re.sub(r"^[\s:：]*(?:is|=)?\s*", "", sentence).strip().strip("$"), gold)


def _boxed_gold(record: ErroneousSolution) -> Iterator[Finding]:
    at = record.located_step
    for name, steps in (
        ("prefix", record.steps[:at]),
        ("error step", record.steps[at : at + 1]),
        ("later step", record.steps[at + 1 :]),
    ):
        for step in steps:
            if any(same_answer(box, record.gold_answer) for box in boxes(step)):
                yield Finding(f"{name}: the gold answer stands in a box", step[:200])


def _texts(record: ErroneousSolution) -> Iterator[Finding]:
    """Unbalanced signs. A step that is the reference's word for word is judged with the whole solution."""
    verbatim = set(record.reference_steps)
    for step in record.steps[record.located_step :]:
        if step not in verbatim:
            yield from (Finding(f"text: unbalanced {what} in a step", step[:200]) for what in unbalanced(step))
    if not list(unbalanced("\n".join(record.reference_steps))):
        whole = list(unbalanced("\n".join(record.steps)))
        parts = {what for step in record.steps for what in unbalanced(step)}
        yield from (Finding(f"text: unbalanced {what} in the solution", "") for what in whole if what not in parts)
    for what in unbalanced(record.explanation):
        yield Finding(f"text: unbalanced {what} in the explanation", record.explanation)
    raw = raw_latex(record.explanation)
    if raw is not None:
        yield Finding("text: raw LaTeX in the explanation", f"{raw}: {record.explanation}")
