"""The tags that chat templates put around a thought. Records have the first; training writes the template's own.

>>> tags_of("{{ '[THINK]' }}").opening
'[THINK]'
"""

from __future__ import annotations

from typing import NamedTuple


class ThoughtTags(NamedTuple):
    """What opens a thought, and what stands between it and the answer."""

    opening: str
    closing: str

    def around(self, thought: str, said: str) -> str:
        """A thought, and what is said after it, as one text."""
        return f"{self.opening}{thought}{self.closing}{said}"


# As records are written.
PLAIN = ThoughtTags("<think>\n", "\n</think>\n\n")
_BY_MARK = {
    "[THINK]": ThoughtTags("[THINK]", "[/THINK]"),
    "\u25c1think\u25b7": ThoughtTags("\u25c1think\u25b7", "\u25c1/think\u25b7"),
    "<seed:think>": ThoughtTags("<seed:think>", "</seed:think>"),
    "<|channel|>": ThoughtTags(
        "<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"
    ),
    "<|START_THINKING|>": ThoughtTags("<|START_THINKING|>", "<|END_THINKING|>"),
}


def tags_of(template: str) -> ThoughtTags:
    """The tags of a chat template; those of records if it has none of its own."""
    return next((tags for mark, tags in _BY_MARK.items() if mark in template), PLAIN)


def split_plain(content: str) -> tuple[str, str] | None:
    """The thought and the rest of a record's answer; None if it has no thought."""
    if not content.startswith(PLAIN.opening) or PLAIN.closing not in content:
        return None
    thought, _, said = content[len(PLAIN.opening) :].partition(PLAIN.closing)
    return thought, said
