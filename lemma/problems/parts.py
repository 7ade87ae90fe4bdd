r"""What a row says: its question, worked solution, gold answer, and solutions that some model wrote.

A path names a place in a row, a template fills several in:

    >>> value_at({"messages": [{"content": "q"}, {"content": "3 + 4 = 7"}]}, "messages[-1].content")
    '3 + 4 = 7'
    >>> filled({"instruction": "Solve.", "input": "3 + 4?"}, "{instruction}\n{input}")
    'Solve.\n3 + 4?'
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeGuard, TypeVar

import orjson

from lemma.exceptions import Refusal

Row = Mapping[str, Any]
T = TypeVar("T")

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(-?\d+)\]")
_SLOT = re.compile(r"\{([^{}\s][^{}\n]*)\}")
# Columns of lists and objects, which a CSV file holds as text.
_COLUMNS_OF_LISTS = """
    messages conversations conversation prompt completion completions chosen rejected labels reward_model extra_info
    options choices generations correctness_math_verify correctness_llama is_reasoning_complete finish_reasons
"""
_STRUCTURED = frozenset(_COLUMNS_OF_LISTS.split())
_LISTS_OF_TEXTS = frozenset(("solution", "final_answer"))
_LONGEST_CELL = 1_000_000
_BETWEEN_OBJECTS = re.compile(r"\}\s{0,9}\n\s{0,9}\{")
_TEXT_PARTS = ("text", "output_text", "input_text")


@dataclass(frozen=True)
class Sample:
    """A solution that a model wrote. `right` is the data set's own verdict, if it has one."""

    model: str
    text: str
    right: bool | None = None
    is_complete: bool = True


@dataclass(frozen=True)
class Parts:
    """What was read from a row. `unsolved` says why there is no worked solution, if the row itself says so.

    `from_model` says that a model wrote the solution: it is dropped if it ends in another answer than the gold one.
    """

    question: str
    solution: str = ""
    answer: str = ""
    samples: tuple[Sample, ...] = ()
    unsolved: str = ""
    from_model: bool = False


def value_at(row: Any, path: str) -> Any:
    """The value at a path like `extra_info.answer` or `messages[-1].content`; None if there is none.

    A name is first looked up whole, as names may have dots, and without regard to case if none fits exactly.
    """
    if isinstance(row, Mapping) and path in row:
        return row[path]
    value, end = row, 0
    for step in _STEP.finditer(path):
        if step.start() != end:
            return None
        end = step.end()
        if step[1] is not None:
            value = _member(value, step[1])
        elif isinstance(value, list | tuple) and -len(value) <= int(step[2]) < len(value):
            value = value[int(step[2])]
        else:
            return None
    return value if end == len(path) else None


def _member(value: Any, name: str) -> Any:
    if not isinstance(value, Mapping):
        return None
    if name in value:
        return value[name]
    key = _names(tuple(value)).get(name.casefold())
    return None if key is None else value[key]


@lru_cache(maxsize=256)
def _names(keys: tuple[Any, ...]) -> dict[str, Any]:
    """Keys by their names in lower case, with `_` for spaces; of several, the first one counts."""
    return {str(key).strip("\ufeff ").casefold().replace(" ", "_"): key for key in reversed(keys)}


def names_of(row: Row) -> Set[str]:
    """The names of a row's columns in lower case."""
    return _names(tuple(row)).keys()


def unpacked(row: Row) -> Row:
    """The row with the lists and objects that a CSV file holds as text, as JSON or as Python shows them."""
    read = {}
    for column, value in row.items():
        if not isinstance(value, str) or value[:1] not in ("[", "{") or len(value) > _LONGEST_CELL:
            continue
        name = str(column).casefold()
        if name in _STRUCTURED or name in _LISTS_OF_TEXTS:
            found = _structure(value.strip())
            if found is not None and (name in _STRUCTURED or is_list_of(found, str)):
                read[column] = found
    return {**row, **read} if read else row


def _structure(cell: str) -> Any:
    try:
        found = orjson.loads(cell)
    except orjson.JSONDecodeError:
        # NumPy writes no commas. Two texts without one would be read as one text, so the reading must give the cell.
        shown = _BETWEEN_OBJECTS.sub("}, {", cell)
        try:
            found = ast.literal_eval(shown)
            if repr(found) != shown:
                return None
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    return found if isinstance(found, list | dict) else None


def filled(row: Row, template: str) -> Any:
    """The value at a path, or the text of a template: its `{path}` parts replaced. Empty parts leave no blank line."""
    if not _SLOT.search(template):
        return value_at(row, template)
    values = {path: value_at(row, path) for path in _SLOT.findall(template)}
    if all(value is None for value in values.values()):
        return None
    text = _SLOT.sub(lambda slot: text_of(values[slot[1]], slot[1]), template.replace("\\n", "\n"))
    return "\n".join(line for line in text.splitlines() if line.strip())


def text_of(value: Any, name: str) -> str:
    """A cell as text: text itself, a whole number without `.0`, typed content parts joined; nothing for null.

    A list of texts is joined by lines; a list of one number is that number. Raises Refusal if it holds something else.
    """
    if isinstance(value, list | tuple) and len(value) == 1 and isinstance(value[0], int | float):
        value = value[0]
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        if math.isnan(value):  # NaN, as pandas writes an empty cell
            return ""
        return repr(int(value)) if isinstance(value, float) and value.is_integer() else repr(value)
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return "\n".join(part.strip() for part in value if part.strip())
    if isinstance(value, list | tuple) and all(isinstance(part, Mapping) and "type" in part for part in value):
        # Parts of a message's content, of which those that think, call tools or show images are no text.
        texts = [part["text"] for part in value if part["type"] in _TEXT_PARTS and isinstance(part.get("text"), str)]
        return "".join(texts).strip()
    raise Refusal("wrong_type", f"{name} is {type(value).__name__}, expected text")


def is_list_of(value: Any, kind: type[T]) -> TypeGuard[Sequence[T]]:
    """Whether a value is a list with at least one entry, all of them of one type."""
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(part, kind) for part in value)
