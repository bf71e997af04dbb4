"""ONNX Runtime: torch's own export, and its dynamic quantisation to int8."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from embedders.embedder import Embedder, Encode, normalised

LONGEST = 256
"""Tokens: all-MiniLM-L6-v2's ``max_seq_length``."""


def export(checkpoint: Path, out: Path) -> None:
    """Writes a BERT as float32 ONNX: ids, mask and segments ``[B, n]`` to ``[B, n, width]``."""
    import torch
    from transformers import AutoModel

    class Hidden(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            path = str(checkpoint)
            self.bert = AutoModel.from_pretrained(path, attn_implementation="eager").eval()

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            return self.bert(**dict(zip(names, tensors, strict=True))).last_hidden_state

    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = torch.ones(2, 8, dtype=torch.long)
    torch.onnx.export(
        Hidden(),
        (example, example, torch.zeros_like(example)),
        str(out),
        input_names=names,
        output_names=["hidden"],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in [*names, "hidden"]},
        opset_version=17,
        dynamo=False,
    )


class OnnxRuntimeText(Embedder):
    """Mean of the tokens' vectors, as all-MiniLM-L6-v2 pools."""

    name = "onnxruntime"

    def prepare(self, checkpoint: Path, folder: Path) -> Path:
        folder = folder / checkpoint.name
        folder.mkdir(parents=True, exist_ok=True)
        model = folder / f"{self.setting}.onnx"
        if not (folder / "fp32.onnx").exists():
            export(checkpoint, folder / "fp32.onnx")
        if not model.exists():
            from onnxruntime.quantization import QuantType, quantize_dynamic

            quantize_dynamic(
                folder / "fp32.onnx", model, weight_type=QuantType.QInt8, per_channel=True
            )
        if not (folder / "tokenizer.json").exists():
            (folder / "tokenizer.json").write_bytes((checkpoint / "tokenizer.json").read_bytes())
        return model

    def load(self, weights: Path, threads: int) -> Encode:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        session = onnxruntime.InferenceSession(
            str(weights), options, providers=["CPUExecutionProvider"]
        )
        tokenizer = Tokenizer.from_file(str(weights.with_name("tokenizer.json")))
        tokenizer.enable_truncation(LONGEST)
        tokenizer.enable_padding()

        def run(items: Sequence[Any]) -> np.ndarray:
            encoded = tokenizer.encode_batch(list(items))
            ids = np.array([each.ids for each in encoded], np.int64)
            mask = np.array([each.attention_mask for each in encoded], np.int64)
            feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            (hidden,) = session.run(["hidden"], feeds)
            weight = mask[:, :, None].astype(np.float32)
            return normalised((hidden * weight).sum(1) / weight.sum(1))

        def encode(items: Sequence[Any], batch: int) -> np.ndarray:
            # Sentences of like length together, as sentence-transformers does.
            order = sorted(range(len(items)), key=lambda i: len(items[i]), reverse=True)
            rows = [
                run([items[i] for i in order[start : start + batch]])
                for start in range(0, len(items), batch)
            ]
            vectors = np.concatenate(rows)
            found = np.empty_like(vectors)
            found[order] = vectors
            return found

        return encode
