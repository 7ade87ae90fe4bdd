"""From character spans to tokens: which part of the text each token belongs to, and how much it counts in the loss.

A token belongs to the part that holds its visible characters; white space does not count, so the space before the
first word after an error is not the error's. A token that crosses a boundary belongs to the part with the lower weight:
nothing of a masked part is ever trained, not even half a token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# `response` is an answer without known parts; `frame` is what the chat template adds around an answer.
PARTS = ("prompt", "prefix", "error", "check", "reflection", "correction", "response", "frame")
IGNORED = -100
_PROMPT_YIELDS = 2.0  # above any weight: a token that holds some of the answer does not belong to the prompt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Part:
    """Characters `start` to `end` of a text, and which of PARTS they are."""

    kind: str
    start: int
    end: int


def part_weights(mask: str, error_weight: float | None) -> Floats:
    """The weight of each of PARTS in the loss: `part_weights("error", None)` leaves the wrong step out."""
    weights = np.ones(len(PARTS), dtype=np.float32)
    weights[PARTS.index("prompt")] = 0
    if error_weight is not None:
        weights[PARTS.index("error")] = error_weight
    for kind in () if mask == "none" else mask.split("+"):
        weights[PARTS.index(kind)] = 0
    return weights


def parts_of_characters(length: int, parts: Sequence[Part]) -> npt.NDArray[np.int8]:
    """The index in PARTS of each character. Characters between two parts belong to the one before."""
    owners = np.zeros(length, dtype=np.int8)
    for part in parts:
        owners[part.start :] = PARTS.index(part.kind)
    return owners


def parts_of_tokens(
    text: str, offsets: Sequence[tuple[int, int]], parts: Sequence[Part], weights: Floats
) -> npt.NDArray[np.int8]:
    """The index in PARTS of each token, given the characters that each token covers."""
    # counts[part, position] is the number of visible characters of the part before the position, so the difference
    # of two columns says how many a token holds.
    owners = parts_of_characters(len(text) + 1, parts)
    spans = np.asarray(offsets, dtype=np.int64).reshape(-1, 2)
    visible = np.fromiter((not character.isspace() for character in text), dtype=bool, count=len(text))
    counts = np.zeros((len(PARTS), len(text) + 1), dtype=np.int32)
    np.cumsum((owners[:-1] == np.arange(len(PARTS))[:, None]) & visible, axis=1, out=counts[:, 1:])
    inside = counts[:, spans[:, 1]] > counts[:, spans[:, 0]]
    # Of the parts inside a token, the one with the lowest weight wins.
    order = np.where(np.arange(len(PARTS)) == PARTS.index("prompt"), _PROMPT_YIELDS, weights)
    chosen = np.where(inside, order[:, None], np.inf).argmin(axis=0)
    blank = ~inside.any(axis=0)
    return np.where(blank, owners[spans[:, 0]], chosen).astype(np.int8)


def token_labels(token_ids: Integers, kinds: npt.NDArray[np.int8], weights: Floats) -> Integers:
    """The tokens to learn, with IGNORED for those whose weight is 0."""
    return np.where(weights[kinds] > 0, token_ids, IGNORED).astype(np.int32)
