r"""Change one thing in a chain of formulas, and carry it through the rest of a LaTeX solution.

A number behind the change is written again if it is proven to come from what was changed: it stands in the next side
of the same chain where the changed part stood, it replaces a letter whose value changed, or it is the only number with
this value in the problem. A number that may come from the change without saying so is a refusal, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lemma.arithmetic.chain_solution import ChainSolution, Literal, literals_of, literals_of_text, named
from lemma.arithmetic.chains import Chain, Side, Words
from lemma.arithmetic.derived import derived
from lemma.arithmetic.formulas import Node, value
from lemma.arithmetic.graph import values_of_words
from lemma.arithmetic.latex import boxed
from lemma.arithmetic.propagation import Edit, apply_edits
from lemma.arithmetic.surds import NoValue, Surd
from lemma.arithmetic.writing import follow, is_written, known_value, write
from lemma.exceptions import Refusal

# What a step says of its numbers, which may no longer be true with others in their place. Comparisons in formulas are
# chains of their own.
_CLAIM = re.compile(
    r"\b(?:greater|less|more|fewer|higher|lower|smaller|larger|bigger|older|younger|taller|longer|shorter) than\b"
    r"|\b(?:exceed\w*|enough|round(?:s|ed|ing)? (?:up|down|to|off)|rounds|nearest|cannot|can't|divisible by|divides|"
    r"approximately)\b"
    r"|\b(?:is|are|be|not|neither|both|all)\s+(?:an? |not |also |the |both |all ){0,2}"
    r"(?:prime|integers?|whole|perfect|even|"
    r"odd|multiples?|factors?|divisors?|square|positive|negative|relatively|coprime|palindromes?)\b",
    re.IGNORECASE,
)
_SUPERLATIVE = re.compile(r"\b(?:cheapest|largest|smallest|greatest|highest|lowest|least|most|maximum|minimum)\b", re.I)
_HELPERS = frozenset(map(Surd, (1, 2, 3, 4, 5, 10, 60, 90, 100, 180, 360)))
_ALWAYS_AMBIGUOUS = frozenset(map(Surd, (0, 1, 2)))
_NEEDS_BRACES = re.compile(r"(?:\\[dtc]?frac|\\sqrt|\\d?binom|[\^_]|\\[dtc]?frac\s*(?:\d|\{[^{}]*\}))\s*$")
_OPENS = re.compile(r"(?:^|[({\[=&,$]|\\left[(\[])\s*$")
_CLOSES = re.compile(r"\s*(?:$|[)}\],.=&]|\\right|\\\\|\\?\$|\\[\])])")
_BEFORE_TERM, _BEHIND_FACTOR = re.compile(r"[-+=&$]\s*$"), re.compile(r"\s*[\w(^{]")
_NOUN = re.compile(r"[\s$}]{0,6}(?:\\\$)?[\s$]{0,3}(?:of\b|(?:\\text\{\s{0,3})?[a-z-]{1,30}(?: [a-z]{1,30})?s\b)")
_NEAR = 2  # steps between two results and what the words make of them
_NEAR_NOUN = 40
_SMALL = 13  # whole numbers below this are often the same by chance
_LARGEST_FACTOR = 30
_LARGEST_DIGIT = 9
_SHARE = re.compile(r"probab|fraction of|\bportion|chance", re.IGNORECASE)
_LARGEST_DENOMINATOR = 12
_WHOLE = re.compile(
    r"integer|whole|prime|divi[ds]|perfect|multiple|modul|\\mod|base|sequence|even\b|odd\b", re.IGNORECASE
)
_FULL_ANGLE = 360
_ANGLE = re.compile(r"\\?\bangle|degree|\\circ")
_DIGIT = re.compile(r"\bdigit\b")
_COUNTS = re.compile(
    r"how many|number of|how much|\blength|\barea\b|volume|distance|perimeter|radius|probab|digit|remainder|positive|"
    r"\bage\b|years old|\bcost|price|degree|minutes|hours|dollars|cents|divisor|factor|angle|percent|average|mean\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ChainChange:
    """What is changed in one side of a chain: parts with their new values or forms, and the edits that write it. A
    `result` is a part that follows from the side before, or from an `equation`, and then does not any more. It may
    follow from a side with letters whose values the solution has found before (`with_letters`), or just be `stated`.
    """

    chain: int
    side: int
    new: Mapping[Node, Surd | Node]
    edits: tuple[Edit, ...]
    result: bool = False
    equation: int | None = None
    with_letters: bool = False
    stated: bool = False


@dataclass(frozen=True)
class StatedChange:
    """A number that a step states, in words or alone in a formula, and what is written in its place."""

    words: Words | Chain
    literal: Literal
    new: Surd
    noun: str = ""
    """What it counts: the answer is the same number if the same noun stands behind it."""

    @property
    def step(self) -> int:
        """The step that states it."""
        return self.words.step


@dataclass(frozen=True)
class ChainConsequence:
    """The steps after a change, the answer in the last box, and the values that changed."""

    steps: tuple[str, ...]
    error_step: int
    answer: str
    changed: Mapping[Surd, Surd] = field(default_factory=dict)


def carry(solution: ChainSolution, change: ChainChange | StatedChange) -> ChainConsequence:
    """Carry a change through. Raises Refusal if that takes a guess, or if nobody would write the outcome."""
    return _Carrying(solution, change).run()


def brackets(text: str, node: Node, written: str) -> str:
    """A value as it has to stand in the place of a part: `(-2)`, `{12}`."""
    before, behind = text[: node.start], text[node.end :]
    if len(written) > 1 and _NEEDS_BRACES.search(before):
        return f"{{{written}}}"
    if written.startswith("-") or "+" in written or " - " in written:
        alone = _OPENS.search(before) and (_CLOSES.match(behind) or re.match(r"\s*[-+]", behind))
        first = written.startswith("-") and _OPENS.search(before) and " " not in written
        if not (alone or first):
            return f"({written})"
    return written


def edit_of(text: str, node: Node, written: str) -> Edit:
    """The edit that puts a value in the place of a part. The brackets of a negative number go with its sign."""
    start, end = node.start, node.end
    in_brackets = text[start - 1 : start + 1] == "(-" and text[end : end + 1] == ")"
    free = _BEFORE_TERM.search(text[: start - 1]) is not None and _BEHIND_FACTOR.match(text, end + 1) is None
    if in_brackets and free and not written.startswith("-") and "+" not in written and " - " not in written:
        return Edit(start - 1, end + 1, written)
    return Edit(start, end, brackets(text, node, written))


def is_plausible(old: Surd, new: Surd, question: str) -> bool:
    """Whether somebody might write a value in the place of another: a whole number stays one, a size stays positive."""
    before, after = old.rational, new.rational
    if before is None or after is None:
        one, other = old.approximate, new.approximate
        if one is None or other is None:
            return True
        # A root may come out as a whole number, never the reverse.
        return before is None and one * other > 0 and 1 / _LARGEST_FACTOR <= abs(other / one) <= _LARGEST_FACTOR
    counts = _COUNTS.search(question) is not None
    no_fraction = counts or _WHOLE.search(question) is not None or after.denominator > _LARGEST_DENOMINATOR
    broken = isinstance(before, int) and not isinstance(after, int) and no_fraction
    negative = before > 0 >= after and counts
    above_one = 0 < before <= 1 < after and _SHARE.search(question) is not None
    no_digit = 0 <= before <= _LARGEST_DIGIT < after and _DIGIT.search(question) is not None
    no_angle = before <= _FULL_ANGLE < after and _ANGLE.search(question) is not None
    if broken or negative or above_one or no_digit or no_angle:
        return False
    sizes = [abs(float(before)), abs(float(after))]
    if isinstance(before, int):
        sizes = [max(1.0, one) for one in sizes]
    return max(sizes) <= _LARGEST_FACTOR * min(sizes)


class _Carrying:
    def __init__(self, solution: ChainSolution, change: ChainChange | StatedChange) -> None:
        self.solution, self.change = solution, change
        self.new: dict[Node, Surd | Node] = dict(change.new) if isinstance(change, ChainChange) else {}
        self.edits: dict[int, list[Edit]] = {}
        self.gone: dict[Surd, Surd] = {}
        self.letters: dict[str, Surd] = {}
        self.latest: Surd | None = None
        self.seen: set[Surd] = set(_ALWAYS_AMBIGUOUS)
        # The step of the error, and the one that is carried into now.
        self.step = self.at = change.step if isinstance(change, StatedChange) else solution.chains[change.chain].step
        self.vague: set[str] = set()  # the letters of formulas that are equal to something else now

    def run(self) -> ChainConsequence:
        solution, change, answer = self.solution, self.change, self.solution.answer
        first = change.words if isinstance(change, StatedChange) else solution.chains[change.chain]
        place = next(n for n, item in enumerate(solution.items) if item is first)
        index = sum(isinstance(item, Chain) for item in solution.items[: place + 1]) - 1
        if answer.chain < index:
            raise Refusal("behind_the_answer")
        for item in solution.items[:place]:
            self._note_seen(item)
        if isinstance(change, StatedChange):
            self._first_words(change)
        else:
            self._first_chain(change)
        end = len(solution.steps)
        for item in solution.items[place + 1 :]:
            index += isinstance(item, Chain)
            try:
                if isinstance(item, Chain):
                    self._chain(index, item)
                else:
                    self._words(item)
            except Refusal:
                # What stands behind the answer, such as a second way, may be left away.
                if item.step <= answer.step or any("\\boxed" in text for text in solution.steps[answer.step + 1 :]):
                    raise
                end = answer.step + 1
                break
        self._refuse_claims(end)
        if not any(answer.start <= edit.start and edit.end <= answer.end for edit in self.edits.get(answer.step, ())):
            raise Refusal("answer_unchanged")
        steps = tuple(
            apply_edits(text, self.edits[step]) if step in self.edits else text
            for step, text in enumerate(solution.steps[:end])
        )
        answers = [content for text in steps for content in boxed(text)]
        return ChainConsequence(steps, self.step, answers[-1], dict(self.gone))

    def _note_seen(self, item: Chain | Words) -> None:
        text = self.solution.steps[item.step]
        if isinstance(item, Words):
            self.seen |= {literal.value for literal in literals_of_text(text[item.start : item.end])}
            self.seen |= {Surd(one) for one in values_of_words(text[item.start : item.end])}
            return
        for side in item.sides:
            self.seen |= {literal.value for literal in literals_of(side, text)}
            if side.value is not None:
                self.seen.add(side.value)

    def _first_words(self, change: StatedChange) -> None:
        said = self.solution.said(change.words)
        if said.count(change.literal.value) > 1:
            raise Refusal("ambiguous_number", f"{change.literal.value}")
        self._write(change.literal, change.new)
        answer = self.solution.answer
        behind = self.solution.steps[answer.step][answer.end : answer.end + _NEAR_NOUN]
        if change.noun and re.match(rf"[\s$}}]{{0,4}}(?:[a-z]+ ){{0,2}}{re.escape(change.noun)}\b", behind):
            self.latest = change.literal.value
        self.seen |= set(said) - {change.literal.value}

    def _first_chain(self, change: ChainChange) -> None:
        self.edits.setdefault(self.step, []).extend(change.edits)
        chain = self.solution.chains[change.chain]
        for item in self.solution.items:
            # The other places of a pair stand beside this one.
            is_beside = isinstance(item, Chain) and item.step == chain.step and item is not chain
            if isinstance(item, Chain) and is_beside and chain.start < item.start < chain.sides[-1].end:
                self._note_seen(item)
        first = change.side
        side = chain.sides[first]
        assert side.formula is not None
        if any(relation != "=" for relation in chain.relations):
            raise Refusal("comparison")
        if change.result:
            for node, new in change.new.items():
                assert isinstance(new, Surd)
                self._refuse_implausible(value(node), new)
                if new == 1 and _NOUN.match(self.solution.steps[self.step], node.end):
                    raise Refusal("implausible_value", "1 of several things")
                self._note_gone(value(node), new)
        for one in chain.sides[: first + 1]:
            literals = literals_of(one, self.solution.steps[self.step])
            self.seen |= {literal.value for literal in literals if literal.node not in change.new}
        for before, after in zip(chain.sides[first:], chain.sides[first + 1 :], strict=False):
            if change.equation is None:
                self._carry_on(before, after, {}, {})
        self._end_of_chain(chain)
        last = next((side for side in reversed(chain.sides) if side.value is not None), chain.sides[-1])
        if last.formula is None or last.value is None:
            raise Refusal("unread_formula")
        if self._now(last, {}) == last.value:
            raise Refusal("result_unchanged")

    def _now(self, side: Side, letters: Mapping[str, Surd]) -> Surd:
        assert side.formula is not None
        try:
            return value(side.formula.tree, letters, self.new)
        except (NoValue, ValueError, OverflowError):
            raise Refusal("no_value") from None

    def _carry_on(self, before: Side, after: Side, old: Mapping[str, Surd], letters: Mapping[str, Surd]) -> None:
        """Carry a change from one side of a chain to the next."""
        if before.formula is None or after.formula is None or after.value is None:
            raise Refusal("unread_formula")
        link = follow(before.formula.tree, after.formula.tree, old)
        if link is None:
            raise Refusal("side_not_followed", self.solution.steps[self.step][before.start : after.end][:200])
        for node, other in link.shared.items():
            form = self.new.get(node)
            if form is None or other in self.new:
                continue
            if isinstance(form, Surd) or form.parts != node.parts or node.sign is None or other.sign is None:
                raise Refusal("operation_in_both_sides")
            # The same sign stands in both sides.
            self.new[other] = Node(form.op, other.parts, other.start, other.end, sign=other.sign)
            self.edits.setdefault(self.at, []).append(Edit(*other.sign, form.op))
        for node, source in link.sources.items():
            try:
                new = value(source, letters, self.new)
            except (NoValue, ValueError, OverflowError):
                raise Refusal("no_value") from None
            if new != value(node):
                self._write(Literal(value(node), node.start, node.end, node), new)

    def _write(self, literal: Literal, new: Surd) -> None:
        text = self.solution.steps[self.at]
        self._refuse_implausible(literal.value, new)
        node = literal.node or Node("num", (), literal.start, literal.end, number=literal.value)
        written = write(new, node, text)
        if written is None:
            raise Refusal("not_writable", f"{new}")
        if new == 1 and literal.value != 1 and _NOUN.match(text, literal.end):
            raise Refusal("implausible_value", "1 of several things")
        self._note_gone(literal.value, new)
        self.new[node] = new
        self.edits.setdefault(self.at, []).append(edit_of(text, node, written))

    def _refuse_implausible(self, old: Surd, new: Surd) -> None:
        turned = (old.approximate or 0) > 0 > (new.approximate or 0) and not self.solution.has_negatives
        if turned or not is_plausible(old, new, self.solution.question):
            raise Refusal("implausible_value", f"{new} for {old}")

    def _note_gone(self, old: Surd, new: Surd) -> None:
        if self.gone.setdefault(old, new) != new:
            raise Refusal("two_values", f"{old} becomes {self.gone[old]} and {new}")

    def _end_of_chain(self, chain: Chain) -> None:
        """Note the letter that a changed chain gives a value to."""
        tree = chain.sides[0].formula.tree if chain.sides[0].formula is not None else None
        name, old = named(chain)
        if name is not None and old is not None:
            number = next(side for side in reversed(chain.sides) if side.value is not None)
            new = self._now(number, {})
            if new != old:
                self.letters[name] = new
        elif tree is not None and chain.sides[0].letters and len(chain.sides) > 1:
            # What a formula with letters is equal to changed: these letters say something else now.
            self.vague |= chain.sides[0].letters
        self.latest = next((side.value for side in reversed(chain.sides) if side.value is not None), None)

    def _chain(self, index: int, chain: Chain) -> None:
        self.at = chain.step
        text = self.solution.steps[chain.step]
        old = self.solution.letters_before(index)
        letters = {**old, **self.letters}
        before_edits = len(self.edits.get(chain.step, ()))
        dependent = False
        for place, side in enumerate(chain.sides):
            if side.formula is None:
                self._unread(text[side.start : side.end])
                continue
            own = side.letters
            depends = bool(own & (set(self.letters) | self.vague))
            dependent = dependent or (depends and (len(chain.sides) > 1 or side.formula.tree.op != "letter"))
            before = chain.sides[place - 1] if place and chain.relations[place - 1] == "=" else None
            if side.value is None:
                self._refuse_any_gone(side, text)
            elif before is not None and before.formula is not None and before.value is not None:
                if self._now(before, letters) != before.value or any(
                    node in self.new for node in _all(before.formula.tree)
                ):
                    self._carry_on(before, side, old, letters)
            elif before is not None and before.formula is not None and before.letters <= set(old):
                self._substitute(before, side, old, letters)
            else:
                self._by_value(side, text, alone=len(chain.sides) == 1, stated=place > 0)
        changed = len(self.edits.get(chain.step, ())) > before_edits
        if changed and any(relation != "=" for relation in chain.relations):
            raise Refusal("comparison")
        if dependent and not changed:
            raise Refusal("letters_depend", text[chain.start : chain.sides[-1].end][:200])
        if changed and len(chain.sides) > 1:
            self._end_of_chain(chain)
        elif any(side.value is not None for side in chain.sides) and len(chain.sides) > 1:
            self.latest = None
            self._note_seen(chain)

    def _substitute(self, before: Side, side: Side, old: Mapping[str, Surd], letters: Mapping[str, Surd]) -> None:
        """Numbers in the place of letters: `2x + 1 = 2 \\cdot 6 + 1`."""
        assert before.formula is not None and side.formula is not None
        if known_value(before.formula.tree, old) != side.value:
            if before.formula.tree.op == "letter" or before.letters & (set(self.letters) | self.vague):
                raise Refusal("letters_not_followed")
            self._by_value(side, self.solution.steps[self.at], alone=False, stated=True)
            return
        if before.letters & self.vague:
            raise Refusal("letters_depend")
        self._carry_on(before, side, old, letters)

    def _by_value(self, side: Side, text: str, alone: bool, stated: bool) -> None:
        """Numbers whose origin is told by their value alone."""
        assert side.formula is not None
        bare = is_written(side.formula.tree)
        for literal in literals_of(side, text):
            if literal.value in self.gone:
                is_box = bare and self._in_box(side) and self.latest == literal.value
                self._refuse_ambiguous(literal.value, is_box, is_operand=not bare)
                if not is_box and bare:
                    self._refuse_rest(literal.value)
                self._write(literal, self.gone[literal.value])
            elif literal.value not in self.seen and literal.value not in self.solution.given:
                new = self._derived(literal.value) if bare else None
                if new is not None:
                    self.latest = None
                    if new != literal.value:
                        self._write(literal, new)
                elif bare or self._may_come_from_change(literal.value):
                    raise Refusal("unexplained_number", f"{literal.value} in {text[side.start : side.end][:200]}")
            elif bare and (stated or alone):
                self._refuse_relative(literal.value)

    def _derived(self, number: Surd) -> Surd | None:
        """What a number is now that follows from results before it, as the words say; None if that can't be told."""
        solution = self.solution
        near = [chain for chain in solution.chains if self.at - _NEAR <= chain.step <= self.at and len(chain.sides) > 1]
        results = [value for chain in near if (value := chain.sides[-1].value) is not None and value != number]
        if any(value in self.gone and value in self.seen for value in results):
            return None
        known = {*self.seen, *solution.given, *self.gone} - {number}
        words = solution.steps[self.at]
        return derived(number, results, known, self.gone, question=solution.question, words=words)

    def _in_box(self, side: Side) -> bool:
        answer = self.solution.answer
        return self.at == answer.step and side.start < answer.end and answer.start < side.end

    def _refuse_ambiguous(self, old: Surd, is_box: bool, is_operand: bool = False) -> None:
        if is_box:
            return
        rational = old.rational
        # A result that nothing else says and that then stands in a calculation is the same one, however small.
        small = isinstance(rational, int) and abs(rational) < _SMALL and not is_operand
        if small or old in self.solution.given or old in self.seen or old in self.solution.constants:
            raise Refusal("ambiguous_number", f"{old}")

    def _may_come_from_change(self, number: Surd) -> bool:
        """Whether a number is one step from what was changed, with another number of the problem or by itself."""
        helpers = self.solution.given | self.seen | _HELPERS
        for old in self.gone:
            if number * number == old or old * old == number:
                return True
            results = [number - old, old - number, number + old, number * old]
            results += [one / other for one, other in ((number, old), (old, number)) if len(other.terms) == 1]
            if any(one in helpers for one in results):
                return True
        return False

    def _refuse_relative(self, number: Surd) -> None:
        """A number that stands alone may be the root, the square, the half or the double of what was changed."""
        for old in self.gone:
            near = [old * old, old + old, -old]
            if number in near or number * number == old or number + number == old:
                raise Refusal("possibly_dependent_number", f"{number} beside {old}")

    def _refuse_rest(self, number: Surd) -> None:
        """A number that stands alone may be the other half of a whole: 9/2 is what 9 leaves without 9/2."""
        if number + number in self.seen | self.solution.given:
            raise Refusal("possibly_dependent_number", f"{number} in {number + number}")

    def _refuse_any_gone(self, side: Side, text: str) -> None:
        for literal in literals_of(side, text):
            if literal.value in self.gone:
                raise Refusal("number_beside_letters", f"{literal.value} in {text[side.start : side.end][:200]}")
            if literal.value not in self.seen and literal.value not in self.solution.given:
                raise Refusal("unexplained_number", f"{literal.value} in {text[side.start : side.end][:200]}")

    def _unread(self, text: str) -> None:
        names = {*self.letters, *self.vague}
        if any(re.search(rf"(?<![A-Za-z\\]){re.escape(name)}(?![A-Za-z])", text) for name in names):
            raise Refusal("unread_formula", text[:200])
        for literal in literals_of_text(text):
            if literal.value in self.gone or (
                literal.value not in self.seen and literal.value not in self.solution.given
            ):
                raise Refusal("unread_formula", text[:200])

    def _words(self, words: Words) -> None:
        self.at = words.step
        text = self.solution.steps[words.step][words.start : words.end]
        if any(Surd(one) in self.gone for one in values_of_words(text)):
            raise Refusal("number_word", text.strip()[:200])
        for found in literals_of_text(text):
            if found.value in self.gone:
                self._refuse_ambiguous(found.value, is_box=False)
                self._refuse_rest(found.value)
                literal = Literal(found.value, found.start + words.start, found.end + words.start)
                self._write(literal, self.gone[found.value])
            elif found.value not in self.seen and found.value not in self.solution.given:
                raise Refusal("unexplained_number", text.strip()[:200])

    def _refuse_claims(self, end: int) -> None:
        for step, edits in self.edits.items():
            if step >= end:
                continue
            # Words of the wrong step before the change are about what is still right.
            text = self.solution.steps[step][min(edit.start for edit in edits) if step == self.step else 0 :]
            if _CLAIM.search(text) or (step > self.step and _SUPERLATIVE.search(text)):
                raise Refusal("claim_about_numbers", text[:200])


def _all(tree: Node) -> list[Node]:
    found = [tree]
    for part in tree.parts:
        found += _all(part)
    return found
