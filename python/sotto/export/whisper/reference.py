"""openai-whisper's own modules on real audio: what step 1's graphs must equal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
import whisper
from torch import Tensor
from torch.overrides import TorchFunctionMode
from whisper.decoding import DecodingOptions
from whisper.model import ModelDimensions, Whisper, disable_sdpa

from sotto._runtime import KvCache
from sotto.bundle import DecoderSpec, Signature
from sotto.checkpoints import Checkpoint
from sotto.checkpoints.checkpoint import AlignmentHeads
from sotto.checkpoints.encoder import Gelu
from sotto.export.difference import Difference, compare
from sotto.export.whisper.text_run import REPEATS, Tensors, run_text
from sotto.export.whisper.torch_graph import Graph, cross_of, run_of

ENCODER_TOLERANCE = 2e-3
"""Absolute, on cross keys and values of order 10. Folded norms and another order of float32
sums give some 3e-4; a wrong weight gives more than 1e-1."""

STEP_TOLERANCE = 1e-3
"""Absolute, on logits of order 10, for the same reasons."""

ALIGNMENT_TOLERANCE = 1e-2
"""Absolute, on attention scores and logits up to 70. A score sums 64 products with keys that
may differ by ENCODER_TOLERANCE themselves; a wrong head's differ by more than 1."""

SAMPLE_TOKENS = 24
"""Tokens of the transcript that decoder graphs are compared over."""


class _TanhGelu(TorchFunctionMode):
    """Within it, every GELU is computed in the tanh form."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func is F.gelu:
            return func(args[0], approximate="tanh")
        return func(*args, **(kwargs or {}))


class Reference:
    """openai-whisper with a checkpoint's weights, listening to one recording.

    With ``gelu="tanh"`` its GELU has the tanh form, as the graphs then have: the two forms
    differ by more than the tolerances (0.1 on logits of tiny.en), which would hide a fault.

    Attributes:
        model: the reference model, float32 on the CPU.
        log_mel: float32 ``[1, n_mels, 2 * n_audio_ctx]``, the recording's first 30 s.
        tokens: start tokens and the first tokens of the greedy transcript.
    """

    def __init__(self, checkpoint: Checkpoint, speech: np.ndarray, gelu: Gelu = "erf") -> None:
        dims = checkpoint.dims
        self._gelu = _TanhGelu if gelu == "tanh" else nullcontext
        self.model = Whisper(ModelDimensions(**asdict(dims))).eval()
        # Assigned, not copied: a second set of weights would double the memory.
        state = {key: torch.from_numpy(value) for key, value in checkpoint.state.items()}
        self.model.load_state_dict(state, strict=True, assign=True)
        self._speech = torch.from_numpy(speech)
        self._frames = dims.n_audio_ctx * 2
        self.log_mel: np.ndarray = self.window(self._frames).numpy()

    @cached_property
    def tokens(self) -> list[int]:
        """Token ids, start sequence included."""
        multilingual = self.model.is_multilingual
        options = DecodingOptions(
            language="en", without_timestamps=True, fp16=False, sample_len=SAMPLE_TOKENS
        )
        with self._gelu():
            result = whisper.decode(self.model, torch.from_numpy(self.log_mel[0]), options)
        tokenizer = whisper.tokenizer.get_tokenizer(
            multilingual,
            num_languages=self.model.num_languages,
            language="en" if multilingual else None,
            task="transcribe" if multilingual else None,
        )
        return [*tokenizer.sot_sequence_including_notimestamps, *result.tokens]

    def window(self, frames: int) -> Tensor:
        """Log-mel of the recording's first ``frames`` frames: ``[1, n_mels, frames]``."""
        samples = whisper.pad_or_trim(self._speech, frames * whisper.audio.HOP_LENGTH)
        return whisper.log_mel_spectrogram(samples, self.model.dims.n_mels)[None]

    def features(self, frames: int) -> Tensor:
        """The reference encoder's output ``[1, frames / 2, width]`` for a window."""
        encoder = self.model.encoder
        whole = encoder.positional_embedding
        try:
            # The reference asserts the full context; a window is its first positions.
            encoder.positional_embedding = whole[: frames // 2]
            with self._gelu():
                return encoder(self.window(frames))
        finally:
            encoder.positional_embedding = whole

    def _split(self, x: Tensor) -> Tensor:
        heads = self.model.dims.n_text_head
        return x.reshape(1, x.shape[1], heads, -1).transpose(1, 2)

    def _logits(self, frames: int, tokens: list[int]) -> np.ndarray:
        features = self.features(frames)
        with self._gelu():
            return self.model.decoder(torch.tensor([tokens]), features).numpy()

    def _hidden(self, tokens: list[int]) -> Tensor:
        """``[n, width]``: token rows plus position rows."""
        decoder = self.model.decoder
        rows: Tensor = decoder.token_embedding(torch.tensor(tokens))
        return rows + decoder.positional_embedding[: len(tokens)]

    def compare_features(self, stage: str, frames: int, actual: Tensor) -> Difference:
        """An encoder's features against the reference's."""
        pairs = [(actual.numpy(), self.features(frames).numpy())]
        return compare(stage, pairs, largest=ENCODER_TOLERANCE)

    def compare_encoder(self, stage: str, frames: int, cross: Sequence[Tensor]) -> Difference:
        """Keys, then values, of all layers against the reference's projections."""
        features = self.features(frames)
        blocks = [block.cross_attn for block in self.model.decoder.blocks]
        keys = [self._split(block.key(features)) for block in blocks]
        values = [self._split(block.value(features)).transpose(2, 3) for block in blocks]
        pairs = [
            (actual.numpy(), expected.numpy())
            for actual, expected in zip(cross, keys + values, strict=True)
        ]
        return compare(stage, pairs, largest=ENCODER_TOLERANCE)

    def compare_step(
        self,
        frames: int,
        cross: Sequence[Tensor],
        graph: Graph,
        signature: Signature,
        spec: DecoderSpec,
    ) -> Difference:
        """The step, token by token over its caches, against the reference's whole sequence."""
        tokens = self.tokens[: spec.cache]
        found = self._run(graph, signature, spec, cross, tokens)
        pairs = [(found["logits"], self._logits(frames, tokens))]
        return compare(signature.name, pairs, largest=STEP_TOLERANCE)

    def compare_prefill(
        self,
        frames: int,
        cross: Sequence[Tensor],
        blocks: tuple[Graph, Signature],
        step: tuple[Graph, Signature],
        spec: DecoderSpec,
    ) -> Difference:
        """A text's last position, stepped to from blocks, against the reference's."""
        tokens = (self.tokens * REPEATS)[: spec.cache]
        runs = {signature.name: run_of(graph, signature) for graph, signature in (blocks, step)}
        found: Tensors = {}

        def run(signature: str, inputs: Tensors) -> Tensors:
            outputs = runs[signature](signature, inputs)
            found.update(outputs)
            return outputs

        hidden = self._hidden(tokens).numpy()
        cache = KvCache(spec, cross_of(step[1], cross), run)
        cache.advance(blocks[1], hidden[:-1])
        cache.advance(step[1], hidden[-1:])
        pairs = [(found["logits"][0, 0], self._logits(frames, tokens)[0, -1])]
        return compare(blocks[1].name, pairs, largest=STEP_TOLERANCE)

    def _run(
        self,
        graph: Graph,
        signature: Signature,
        spec: DecoderSpec,
        cross: Sequence[Tensor],
        tokens: list[int],
    ) -> Tensors:
        hidden = self._hidden(tokens).numpy()
        return run_text(
            run_of(graph, signature), signature, spec, cross_of(signature, cross), hidden
        )

    def _scores(self, frames: int, tokens: list[int], heads: AlignmentHeads) -> np.ndarray:
        """As ``find_alignment`` in ``whisper/timing.py`` gets them: ``[A, n, T]``."""
        found: list[Tensor] = []
        hooks = [
            block.cross_attn.register_forward_hook(lambda _, __, outs: found.append(outs[-1][0]))
            for block in self.model.decoder.blocks
        ]
        try:
            with disable_sdpa():
                self._logits(frames, tokens)
        finally:
            for hook in hooks:
                hook.remove()
        return np.stack([found[layer][head].numpy() for layer, head in heads])

    def compare_alignment(
        self,
        frames: int,
        cross: Sequence[Tensor],
        graph: Graph,
        signature: Signature,
        spec: DecoderSpec,
        heads: AlignmentHeads,
    ) -> Difference:
        """Scores and logits, block by block, against the reference's whole sequence."""
        tokens = (self.tokens * REPEATS)[: spec.cache]
        found = self._run(graph, signature, spec, cross, tokens)
        pairs = [
            (found["attention"][0], self._scores(frames, tokens, heads)),
            (found["logits"], self._logits(frames, tokens)),
        ]
        return compare(signature.name, pairs, largest=ALIGNMENT_TOLERANCE)

    def compare_sequence(
        self, stage: str, frames: int, features: Tensor, sequence: Graph, length: int
    ) -> Difference:
        """The full-sequence decoder against the reference's, over the tokens there are."""
        tokens = self.tokens[:length]
        hidden = torch.zeros(1, length, self.model.dims.n_text_state)
        hidden[0, : len(tokens)] = self._hidden(tokens)
        logits = torch.as_tensor(sequence(hidden, features))[:, : len(tokens)]
        pairs = [(logits.numpy(), self._logits(frames, tokens))]
        return compare(stage, pairs, largest=STEP_TOLERANCE)
