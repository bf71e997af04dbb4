"""Whisper as the pair of ONNX graphs that sherpa-onnx runs.

What it expects is in its ``csrc/offline-whisper-model.cc``: inputs and outputs by position,
everything else as metadata of the encoder. Its own exporter (``scripts/whisper/export-onnx.py``)
makes graphs of the same shapes, which int8 quantises the same way: dynamically, the layers'
matrices and nothing else::

    encoder  mel [1, n_mels, frames] -> cross_k, cross_v [layers, 1, frames / 2, width]
    decoder  tokens [1, n] int64, self_k, self_v [layers, 1, n_text_ctx, width],
             cross_k, cross_v, offset [1] int64 -> logits [1, n, n_vocab], self_k, self_v
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Literal, get_args

import onnx
import torch
import whisper
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn
from torch.nn.functional import gelu
from whisper.model import MultiHeadAttention, disable_sdpa

from sotto.checkpoints import Checkpoint, WhisperDims
from sotto.export.whisper.vocabulary import vocabulary, write_tokenizer

Precision = Literal["fp32", "int8"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
ENCODER, DECODER, TOKENS = "encoder.onnx", "decoder.onnx", "tokens.txt"
OPSET = 17


class _Encoder(nn.Module):
    """Log-mel frames to every decoder layer's cross-attention keys and values."""

    def __init__(self, model: whisper.Whisper) -> None:
        super().__init__()
        self.encoder = model.encoder
        self.layers = model.decoder.blocks

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        x = gelu(self.encoder.conv2(gelu(self.encoder.conv1(mel)))).transpose(1, 2)
        x = x + self.encoder.positional_embedding[: x.shape[1]]
        for block in self.encoder.blocks:
            x = block(x)
        x = self.encoder.ln_post(x)
        keys = [layer.cross_attn.key(x) for layer in self.layers]
        values = [layer.cross_attn.value(x) for layer in self.layers]
        return torch.stack(keys), torch.stack(values)


class _Decoder(nn.Module):
    """Tokens from position ``offset`` on to logits; writes their keys and values."""

    def __init__(self, model: whisper.Whisper) -> None:
        super().__init__()
        self.decoder = model.decoder

    def forward(
        self,
        tokens: Tensor,
        self_k: Tensor,
        self_v: Tensor,
        cross_k: Tensor,
        cross_v: Tensor,
        offset: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        start, end = offset[0], offset[0] + tokens.shape[1]
        x = self.decoder.token_embedding(tokens) + self.decoder.positional_embedding[start:end]
        keys, values = [], []
        for layer, block in enumerate(self.decoder.blocks):
            h = block.attn_ln(x)
            k = torch.cat([self_k[layer, :, :start], block.attn.key(h)], dim=1)
            v = torch.cat([self_v[layer, :, :start], block.attn.value(h)], dim=1)
            mask = self.decoder.mask[start:end, :end]
            x = x + _attend(block.attn, h, k, v, mask)
            h = block.cross_attn_ln(x)
            x = x + _attend(block.cross_attn, h, cross_k[layer], cross_v[layer], None)
            x = x + block.mlp(block.mlp_ln(x))
            keys.append(torch.cat([k, self_k[layer, :, end:]], dim=1))
            values.append(torch.cat([v, self_v[layer, :, end:]], dim=1))
        x = self.decoder.ln(x)
        # The table first, as its exporter has it: int8 leaves a product of which the first factor
        # is the constant in float32, so that the table is stored once.
        logits = torch.matmul(self.decoder.token_embedding.weight, x.transpose(1, 2))
        return logits.transpose(1, 2), torch.stack(keys), torch.stack(values)


def _attend(
    attention: MultiHeadAttention, x: Tensor, k: Tensor, v: Tensor, mask: Tensor | None
) -> Tensor:
    """Attention of ``x [1, n, width]`` over ``k``, ``v`` ``[1, m, width]``."""
    heads = attention.n_head
    size = x.shape[-1] // heads
    q = (attention.query(x) * size**-0.5).unflatten(-1, (heads, size)).transpose(1, 2)
    k = k.unflatten(-1, (heads, size)).permute(0, 2, 3, 1)
    v = v.unflatten(-1, (heads, size)).transpose(1, 2)
    scores = q @ k
    if mask is not None:
        scores = scores + mask
    return attention.out((scores.softmax(dim=-1) @ v).transpose(1, 2).flatten(2))


def metadata(dims: WhisperDims) -> dict[str, str]:
    """What sherpa-onnx reads from the encoder, by its names."""
    known = vocabulary(dims)
    tokens, languages = known.tokens, known.languages
    sot_sequence = [tokens.sot]
    if languages:
        sot_sequence += [languages["en"], tokens.transcribe]
    values: dict[str, object] = {
        "model_type": "whisper",
        "n_mels": dims.n_mels,
        "n_text_layer": dims.n_text_layer,
        "n_text_ctx": dims.n_text_ctx,
        "n_text_state": dims.n_text_state,
        "n_vocab": dims.n_vocab,
        "sot": tokens.sot,
        "eot": tokens.eot,
        "blank_id": known.suppress_at_begin[0],
        "translate": tokens.translate,
        "transcribe": tokens.transcribe,
        "is_multilingual": int(dims.is_multilingual),
        "no_timestamps": tokens.no_timestamps,
        "no_speech": tokens.no_speech,
        "sot_sequence": ",".join(map(str, sot_sequence)),
        "all_language_tokens": ",".join(map(str, languages.values())),
        "all_language_codes": ",".join(languages),
    }
    return {key: str(value) for key, value in values.items()}


def export_sherpa(checkpoint: Checkpoint, directory: Path, precision: Precision) -> None:
    """Writes both graphs and the tokens as ``directory``, which must not be there yet.

    Whole or not at all.

    Raises:
        CheckpointError: the vocabulary is none of OpenAI's.
    """
    with tempfile.TemporaryDirectory(dir=directory.parent) as folder:
        made, target = Path(folder), Path(folder) / "target"
        target.mkdir()
        _export_fp32(checkpoint, made)
        for name in (ENCODER, DECODER):
            if precision == "fp32":
                shutil.move(made / name, target / name)
            else:
                quantize_dynamic(
                    made / name,
                    target / name,
                    op_types_to_quantize=["MatMul"],
                    weight_type=QuantType.QInt8,
                )
        write_tokenizer(checkpoint.dims, target / TOKENS)
        target.rename(directory)


@torch.no_grad()
def _export_fp32(checkpoint: Checkpoint, directory: Path) -> None:
    dims = checkpoint.dims
    model = whisper.Whisper(whisper.ModelDimensions(**vars(dims))).eval()
    model.load_state_dict({key: torch.from_numpy(w) for key, w in checkpoint.state.items()})
    mel = torch.zeros(1, dims.n_mels, 2 * dims.n_audio_ctx)
    cache = torch.zeros(dims.n_text_layer, 1, dims.n_text_ctx, dims.n_text_state)
    cross = torch.zeros(dims.n_text_layer, 1, dims.n_audio_ctx, dims.n_text_state)
    cross_names = ["n_layer_cross_k", "n_layer_cross_v"]
    varying = {name: {2: "T"} for name in cross_names}
    # openai-whisper's fused attention traces to a graph that int8 leaves in float.
    with disable_sdpa():
        torch.onnx.export(
            _Encoder(model),
            (mel,),
            directory / ENCODER,
            opset_version=OPSET,
            input_names=["mel"],
            output_names=cross_names,
            dynamic_axes={"mel": {2: "frames"}, **varying},
            dynamo=False,
        )
    torch.onnx.export(
        _Decoder(model),
        (torch.zeros(1, 1, dtype=torch.int64), cache, cache, cross, cross, torch.tensor([3])),
        directory / DECODER,
        opset_version=OPSET,
        input_names=["tokens", "in_self_k", "in_self_v", *cross_names, "offset"],
        output_names=["logits", "out_self_k", "out_self_v"],
        dynamic_axes={"tokens": {1: "n"}, "logits": {1: "n"}, **varying},
        dynamo=False,
    )
    encoder = onnx.load(directory / ENCODER)
    onnx.helper.set_model_props(encoder, metadata(dims))
    onnx.save(encoder, directory / ENCODER)
