"""Conversations: messages with `role` and `content`, or with `from` and `value`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lemma.exceptions import Refusal
from lemma.problems.parts import text_of

_ROLES = {
    **dict.fromkeys(("user", "human", "question", "prompter", "customer"), "user"),
    **dict.fromkeys(("assistant", "gpt", "model", "bot", "chatgpt", "answer", "function_call"), "assistant"),
    **dict.fromkeys(("system", "developer", "tool", "function", "observation"), "other"),
}
_THOUGHT_CHANNELS = ("analysis", "commentary")


class Conversation(NamedTuple):
    """One question, the answer to it (empty if there is none yet), and the gold answer, if a message carries one."""

    question: str
    answer: str
    gold: str


def is_conversation(value: Any) -> bool:
    """Whether a value is a list of messages."""
    return isinstance(value, list | tuple) and bool(value) and all(_is_message(message) for message in value)


def _is_message(value: Any) -> bool:
    return isinstance(value, Mapping) and ("role" in value or "from" in value)


def read_conversation(messages: Any, name: str) -> Conversation:
    """The parts of a conversation with one question. Thoughts in fields or channels of their own are left out.

    Raises Refusal if it has no question, or several, as it can't be told which of them the answer is about.
    """
    if isinstance(messages, str):
        return Conversation(messages.strip(), "", "")
    if _is_message(messages):
        messages = [messages]
    if not is_conversation(messages):
        raise Refusal("wrong_type", f"{name} is {type(messages).__name__}, expected messages with role and content")
    said: dict[str, list[str]] = {"user": [], "assistant": [], "other": []}
    gold = ""
    for message in messages:
        role = _ROLES.get(str(message.get("role", message.get("from"))).casefold())
        if role is None:
            raise Refusal("wrong_type", f"{name} has a message from {message.get('role', message.get('from'))!r}")
        if message.get("channel") in _THOUGHT_CHANNELS:
            continue
        content = next((message[key] for key in ("content", "value", "text") if message.get(key) is not None), None)
        if text := text_of(content, f"the content of {name}"):
            said[role].append(text)
        stated = message.get("ground_truth")
        gold = gold or text_of(stated.get("value") if isinstance(stated, Mapping) else stated, "ground_truth")
    if len(said["user"]) > 1:
        raise Refusal("several_turns", f"{name} has {len(said['user'])} questions; give one per row")
    if not said["user"]:
        raise Refusal("missing_field", f"no question: {name} has no message of a user")
    return Conversation(said["user"][0], "\n".join(said["assistant"]), gold)


def last_text(answer: Any, name: str) -> str:
    """The text of an answer: text, one message, or a list of messages of which the last one counts."""
    if _is_message(answer):
        answer = [answer]
    if is_conversation(answer):
        last = answer[-1]
        return text_of(next((last[key] for key in ("content", "value", "text") if key in last), None), name)
    return text_of(answer, name)
