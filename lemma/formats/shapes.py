"""The shapes of a record, as trainers read them.

| shape | trained on by | columns |
| --- | --- | --- |
| `prompt-completion` | TRL | `prompt`, `completion`: lists of messages with `role`, `content` |
| `messages` | TRL, Axolotl, LLaMA-Factory, verl | `messages` |
| `alpaca` | LLaMA-Factory, Axolotl | `instruction`, `input`, `output` |
| `sharegpt` | LLaMA-Factory | `conversations` with `from`, `value` |

A preference pair has `chosen` and `rejected` instead of the answer: lists of one message in the first shape, as TRL
wants them, single messages or texts in the others, as LLaMA-Factory does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from lemma.formats.kind import Columns, Line

Shape = Literal["prompt-completion", "messages", "alpaca", "sharegpt"]
SHAPES: tuple[Shape, ...] = get_args(Shape)


def shaped(line: Line, shape: Shape) -> Columns:
    """A record as one JSON object: the shape's columns, then the record's own."""
    make = _SHAPES[shape]
    return {**make(line), **line.columns}


def _prompt_completion(line: Line) -> Columns:
    prompt = [_message("user", line.question)]
    if line.worse is None:
        return {"prompt": prompt, "completion": [_message("assistant", line.answer)]}
    return {
        "prompt": prompt,
        "chosen": [_message("assistant", line.answer)],
        "rejected": [_message("assistant", line.worse)],
    }


def _messages(line: Line) -> Columns:
    user = _message("user", line.question)
    if line.worse is None:
        return {"messages": [user, _message("assistant", line.answer)]}
    return {
        "messages": [user],
        "chosen": _message("assistant", line.answer),
        "rejected": _message("assistant", line.worse),
    }


def _alpaca(line: Line) -> Columns:
    asked = {"instruction": line.question, "input": ""}
    if line.worse is None:
        return {**asked, "output": line.answer}
    return {**asked, "chosen": line.answer, "rejected": line.worse}


def _sharegpt(line: Line) -> Columns:
    human = _turn("human", line.question)
    if line.worse is None:
        return {"conversations": [human, _turn("gpt", line.answer)]}
    return {"conversations": [human], "chosen": _turn("gpt", line.answer), "rejected": _turn("gpt", line.worse)}


def _message(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content}


def _turn(speaker: str, value: str) -> dict[str, Any]:
    return {"from": speaker, "value": value}


_SHAPES: dict[Shape, Callable[[Line], Columns]] = {
    "prompt-completion": _prompt_completion,
    "messages": _messages,
    "alpaca": _alpaca,
    "sharegpt": _sharegpt,
}


def llama_factory_entry(file: str, shape: Shape, pairs: bool) -> Columns | None:
    """The entry for a file in LLaMA-Factory's `dataset_info.json`; None if it does not read the shape."""
    answers = {"chosen": "chosen", "rejected": "rejected"} if pairs else {}
    ranking = {"ranking": True} if pairs else {}
    if shape == "alpaca":
        columns = {"prompt": "instruction", "query": "input", **(answers or {"response": "output"})}
        return {"file_name": file, **ranking, "columns": columns}
    if shape == "sharegpt":
        columns = {"messages": "conversations", **answers}
        return {"file_name": file, "formatting": "sharegpt", **ranking, "columns": columns}
    if shape == "messages":
        columns = {"messages": "messages", **answers}
        tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
        return {"file_name": file, "formatting": "sharegpt", **ranking, "columns": columns, "tags": tags}
    return None
