"""The optimizer for small models."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from lemma.training.muon import ADAM_RATE, Muon, orthogonal  # noqa: E402


@pytest.mark.parametrize("shape", [(8, 8), (5, 9), (9, 5)])
def test_singular_values_end_up_near_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    stacked = torch.randn(3, *shape) * torch.tensor([0.01, 1.0, 100.0])[:, None, None]
    made = orthogonal(stacked)
    alone = torch.stack([orthogonal(matrix[None])[0] for matrix in stacked])
    torch.testing.assert_close(made, alone)
    values = torch.linalg.svdvals(made)
    assert values[:, 0].max() < 1.3 and values.median() > 0.6


def test_matrices_and_the_rest_are_told_apart() -> None:
    model = torch.nn.ModuleDict({"embed": torch.nn.Embedding(7, 4), "inner": torch.nn.Linear(4, 6)})
    model["inner"].frozen = torch.nn.Parameter(torch.zeros(2, 2), requires_grad=False)
    optimizer = Muon(model.named_parameters(), 0.1)
    inner, others = optimizer.param_groups
    assert [value.shape for value in inner["params"]] == [(6, 4)]
    assert [value.ndim for value in others["params"]] == [2, 1]
    assert (inner["lr"], others["lr"]) == (0.1, 0.1 * ADAM_RATE)


def test_it_learns_and_its_state_is_restored() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(64, 4)
    wanted = inputs @ torch.randn(4, 6)

    def trained(steps: int, state: object = None, start: object = None) -> tuple[torch.nn.Linear, Muon]:
        torch.manual_seed(1)
        model = torch.nn.Linear(4, 6)
        optimizer = Muon(model.named_parameters(), 0.05)
        if state is not None:
            model.load_state_dict(start)
            optimizer.load_state_dict(state)
        for _ in range(steps):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(inputs), wanted).backward()
            optimizer.step()
        return model, optimizer

    whole, _ = trained(60)
    assert torch.nn.functional.mse_loss(whole(inputs), wanted) < 0.2 * wanted.square().mean()
    half, optimizer = trained(30)
    rest, _ = trained(30, optimizer.state_dict(), half.state_dict())
    torch.testing.assert_close(rest.weight, whole.weight)
