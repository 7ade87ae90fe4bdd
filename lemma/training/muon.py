"""Muon: an optimizer that trains small models in fewer tokens than AdamW (`lemma train --optimizer muon`).

The update of a weight matrix is its momentum, made orthogonal by Newton and Schulz's iteration (Jordan 2024). Vectors,
embeddings and the output head are trained by Adam. Matrices of one shape are worked on together, since a small model
spends more time on starting operations than on the operations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch

NAME = "muon"
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5
_MOMENTUM = 0.95
_BETAS, _EPSILON = (0.9, 0.95), 1e-8
ADAM_RATE = 0.25  # of the rate of the matrices


class Muon(torch.optim.Optimizer):
    """One optimizer for a whole model: Muon for the inner matrices, Adam for all else.

    `rate` is the learning rate of the matrices, the change of a matrix per step relative to an orthogonal one.
    """

    def __init__(self, parameters: Iterable[tuple[str, torch.nn.Parameter]], rate: float, decay: float = 0.0) -> None:
        trained = [(name, value) for name, value in parameters if value.requires_grad]
        inner = [value for name, value in trained if _is_inner(name, value)]
        others = [value for name, value in trained if not _is_inner(name, value)]
        groups = [
            {"params": inner, "lr": rate, "orthogonal": True},
            {"params": others, "lr": rate * ADAM_RATE, "orthogonal": False},
        ]
        super().__init__([group for group in groups if group["params"]], {"weight_decay": decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step along the gradients."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            trained = [value for value in group["params"] if value.grad is not None]
            for value in trained if group["weight_decay"] else ():
                value.mul_(1 - group["lr"] * group["weight_decay"])
            if group["orthogonal"]:
                self._orthogonal_step(trained, group["lr"])
            else:
                self._adam_step(trained, group["lr"])
        return loss

    def _orthogonal_step(self, trained: list[torch.Tensor], rate: float) -> None:
        alike: dict[torch.Size, list[torch.Tensor]] = defaultdict(list)
        for value in trained:
            alike[value.shape].append(value)
        for shape, values in alike.items():
            gradients = [value.grad for value in values if value.grad is not None]
            momenta = [self.state[value].setdefault("momentum", torch.zeros_like(value)) for value in values]
            torch._foreach_mul_(momenta, _MOMENTUM)
            torch._foreach_add_(momenta, gradients)
            ahead = torch._foreach_add(gradients, momenta, alpha=_MOMENTUM)
            updates = orthogonal(torch.stack(list(ahead)))
            torch._foreach_add_(values, list(updates), alpha=-rate * max(1.0, shape[0] / shape[1]) ** 0.5)

    def _adam_step(self, trained: list[torch.Tensor], rate: float) -> None:
        for value in trained:
            gradient, state = value.grad, self.state[value]
            assert gradient is not None
            count = state["count"] = state.get("count", 0) + 1
            mean = state.setdefault("mean", torch.zeros_like(value)).lerp_(gradient, 1 - _BETAS[0])
            square = state.setdefault("square", torch.zeros_like(value)).lerp_(gradient.square(), 1 - _BETAS[1])
            scale = (square / (1 - _BETAS[1] ** count)).sqrt_().add_(_EPSILON)
            value.addcdiv_(mean, scale, value=-rate / (1 - _BETAS[0] ** count))


def _is_inner(name: str, value: torch.Tensor) -> bool:
    return value.ndim == 2 and not any(part in name for part in ("embed", "lm_head", "score", "classifier", "wte"))


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """The nearest orthogonal matrix of each, roughly: their singular values end up between about 0.7 and 1.2."""
    tall = matrices.shape[-2] > matrices.shape[-1]
    found = matrices.mT if tall else matrices
    found = found / (found.square().sum(dim=(-2, -1), keepdim=True).sqrt() + 1e-7)
    first, second, third = _COEFFICIENTS
    for _ in range(_ITERATIONS):
        square = found @ found.mT
        found = first * found + (second * square + third * square @ square) @ found
    return found.mT if tall else found
