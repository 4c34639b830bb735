"""BERT and MPNet forwards in numpy, for short texts.

Importing torch and sentence-transformers takes longer than everything else that a query does, and a query is one
short text. The weights are sentence-transformers' own files; the vectors are theirs to about 1e-6.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

SUPPORTED = ("bert", "mpnet")
_NAMES = {
    "bert": ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
             "attention.output.LayerNorm"),
    "mpnet": ("attention.attn.q", "attention.attn.k", "attention.attn.v", "attention.attn.o",
              "attention.LayerNorm"),
}  # fmt: skip


class Transformer:
    """A BERT or MPNet encoder without its pooler.

    Args:
        folder: holds `config.json` and `model.safetensors`.
    """

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file

        self.config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.kind: str = self.config["model_type"]
        self.heads: int = self.config["num_attention_heads"]
        self.dim: int = self.config["hidden_size"]
        prefix = f"{self.kind}."
        self.weights = {
            name.removeprefix(prefix): np.asarray(value, np.float32)
            for name, value in load_file(folder / "model.safetensors").items()
            if np.issubdtype(value.dtype, np.floating)
        }

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        """(b, n) token ids, none of them padding, to (b, n, dim) token vectors of the last layer."""
        x = self._embed(ids)
        bias = self._relative_bias(ids.shape[1]) if self.kind == "mpnet" else None
        for layer in range(self.config["num_hidden_layers"]):
            x = self._layer(x, f"encoder.layer.{layer}.", bias)
        return x

    def _embed(self, ids: np.ndarray) -> np.ndarray:
        n = ids.shape[1]
        # MPNet inherits fairseq's positions, which start behind the padding id.
        first = self.config["pad_token_id"] + 1 if self.kind == "mpnet" else 0
        x = self.weights["embeddings.word_embeddings.weight"][ids]
        x = x + self.weights["embeddings.position_embeddings.weight"][first : first + n]
        if self.kind == "bert":
            x = x + self.weights["embeddings.token_type_embeddings.weight"][0]
        return self._norm(x, "embeddings.LayerNorm")

    def _layer(self, x: np.ndarray, prefix: str, bias: np.ndarray | None) -> np.ndarray:
        b, n, d = x.shape
        query, key, value, out, norm = _NAMES[self.kind]
        q, k, v = (
            self._dense(x, prefix + name).reshape(b, n, self.heads, -1).transpose(0, 2, 1, 3)
            for name in (query, key, value)
        )  # each (b, heads, n, d / heads)
        scores = q @ k.transpose(0, 1, 3, 2) / np.float32(np.sqrt(d / self.heads))
        if bias is not None:
            scores = scores + bias
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ v
        mixed = mixed.transpose(0, 2, 1, 3).reshape(b, n, d)
        x = self._norm(x + self._dense(mixed, prefix + out), prefix + norm)
        hidden = self._dense(_gelu(self._dense(x, prefix + "intermediate.dense")), prefix + "output.dense")
        return self._norm(x + hidden, prefix + "output.LayerNorm")

    def _dense(self, x: np.ndarray, name: str) -> np.ndarray:
        # One matrix product for the whole batch: numpy would loop over it otherwise.
        flat = x.reshape(-1, x.shape[-1]) @ self.weights[name + ".weight"].T
        return (flat + self.weights[name + ".bias"]).reshape(*x.shape[:-1], -1)

    def _norm(self, x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        variance = (centred * centred).mean(-1, keepdims=True)
        scale = centred / np.sqrt(variance + np.float32(self.config["layer_norm_eps"]))
        return scale * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def _relative_bias(self, n: int) -> np.ndarray:
        """(heads, n, n) attention bias by the distance of two tokens, in logarithmic buckets (T5's)."""
        table = self.weights["encoder.relative_attention_bias.weight"]  # (buckets, heads)
        half = len(table) // 2
        exact = half // 2
        offset = np.arange(n)[None, :] - np.arange(n)[:, None]
        distance = np.abs(offset)
        far = exact + (np.log(np.maximum(distance, 1) / exact) / np.log(128 / exact) * (half - exact)).astype(int)
        bucket = np.where(distance < exact, distance, np.minimum(far, half - 1)) + half * (offset > 0)
        return table[bucket].transpose(2, 0, 1)


def _gelu(x: np.ndarray) -> np.ndarray:
    """x * Phi(x), the error function by Abramowitz and Stegun 7.1.26 (error 1.5e-7, that of float32)."""
    z = np.abs(x) * np.float32(np.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * z)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = 1 - series * np.exp(-z * z)
    return np.float32(0.5) * x * (1 + np.copysign(erf, x))
