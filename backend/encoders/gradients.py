"""Gradients through towers: computed again instead of kept, and large enough for half precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Compute = Callable[[Tensor], Tensor]


class Again(torch.autograd.Function):
    """`Again.apply(compute, given)`: what is computed on the way is forgotten, and computed again for the gradient.

    torch's own checkpoint does the same for any module, and takes seconds to import on its first call.
    """

    @staticmethod
    def forward(ctx: Any, compute: Compute, given: Tensor) -> Tensor:
        ctx.compute = compute
        ctx.save_for_backward(given)
        return compute(given)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        given = ctx.saved_tensors[0].detach().requires_grad_()
        with torch.enable_grad():
            made = ctx.compute(given)
        return None, torch.autograd.grad(made, given, slopes[0])[0]


def with_loud_gradients(compute: Compute, given: Tensor) -> Tensor:
    """`compute(given)`, whose gradient is scaled up on its way in and down again on its way out.

    float16 ends at 6e-8: of a loss that is a mean over many views, most of the gradient would vanish in the tower.
    """
    factor: list[Tensor] = []
    return _Louder.apply(compute(_Quieter.apply(given, factor)).float(), factor)  # type: ignore[return-value]


class _Louder(torch.autograd.Function):
    """The largest slope becomes 1; the factor is left for `_Quieter`."""

    @staticmethod
    def forward(ctx: Any, made: Tensor, factor: list[Tensor]) -> Tensor:
        ctx.factor = factor
        return made.view_as(made)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        most = slopes[0].abs().amax()
        ctx.factor[:] = [torch.where(most > 0, most, 1.0)]
        return slopes[0] / ctx.factor[0], None


class _Quieter(torch.autograd.Function):
    """Takes back what `_Louder` did."""

    @staticmethod
    def forward(ctx: Any, given: Tensor, factor: list[Tensor]) -> Tensor:
        ctx.factor = factor
        return given.view_as(given)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        return slopes[0] * ctx.factor[0], None
