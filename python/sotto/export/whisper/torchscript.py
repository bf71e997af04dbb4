"""Step 1: a checkpoint becomes TorchScript graphs and the tables that the host reads.

Graphs are traced with fixed integers for every shape (see ``graphs/transformer.py``), and
each is checked against openai-whisper's own modules on real audio before anything is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import nn

import sotto
from sotto.bundle import (
    Decoder,
    DecoderSpec,
    EncoderSpec,
    Graph,
    Manifest,
    Signature,
    SpeechEncoder,
    TokenTable,
    TorchScript,
    check_writable,
    replacing_directory,
    write_manifest,
)
from sotto.bundle.graph import FRAMES_PER_SECOND, Role
from sotto.checkpoints import Checkpoint, WhisperDims
from sotto.checkpoints.alignment import default_alignment_heads
from sotto.checkpoints.checkpoint import AlignmentHeads
from sotto.checkpoints.encoder import Gelu
from sotto.checkpoints.hub import bundle_source
from sotto.errors import ConversionError, OptionError
from sotto.export.difference import Difference
from sotto.export.quantize.token_table import TABLE, write_token_table
from sotto.export.whisper.reference import Reference
from sotto.export.whisper.vocabulary import vocabulary, write_mel_filters, write_tokenizer
from sotto.graphs import signatures
from sotto.graphs.alignment import AlignmentBlock
from sotto.graphs.prefill import PrefillBlock
from sotto.graphs.whisper import MASKED, DecoderStep, Encoder, FeatureEncoder, SequenceDecoder

TORCHSCRIPT = "torchscript"
"""Folder of the bundle that step 2 reads and a device does not need."""

SAMPLE = f"{TORCHSCRIPT}/sample.npz"
"""Real inputs for step 2's verification: log-mel of speech and the tokens it decodes to."""

SEQUENCE = "sequence"
"""What the manifest calls graphs of no component: those of ``sequence_decoder``."""

Scripts = dict[str, tuple[Graph, ...]]

TOKENIZER, MEL_FILTERS = "tokenizer.tiktoken", "mel_filters.npy"
POSITIONS = "positional_embedding.npy"

MIN_POSITIONS = 8
"""Of text: the start sequence has four tokens, and a word or two should follow."""

EmbeddingType = Literal["auto", "fp32", "fp16", "int8"]


@dataclass(frozen=True)
class TorchScriptOptions:
    """What step 1 makes.

    Attributes:
        windows: seconds of audio an encoder graph takes; each becomes one encoder and one
            decoder graph. 1 … 30; the largest takes what the others are too short for.
        cache: positions of the self-attention cache; at most the model's text context, which
            is also what 0 stands for.
        token_embedding: how the host's embedding table is stored; ``int8`` adds a scale a row.
            ``auto``: there is none, the host reads the output layer's weights in decoder.tflite.
        gelu: ``erf`` as the model was trained, or ``tanh`` as the NPU computes it.
        sequence_decoder: positions of the plain full-sequence decoder, exported beside the
            step with an encoder that emits features; 0 for none.
        alignment: whether each window gets the alignment graph, which word timestamps need.
    """

    windows: tuple[int, ...] = (10, 16, 30)
    cache: int = 0
    token_embedding: EmbeddingType = "auto"
    gelu: Gelu = "erf"
    sequence_decoder: int = 0
    alignment: bool = True

    def validate(self, checkpoint: Checkpoint) -> None:
        """Raises OptionError where a value does not fit the checkpoint."""
        longest = checkpoint.dims.n_audio_ctx * 2 // FRAMES_PER_SECOND
        if not self.windows or any(not 1 <= seconds <= longest for seconds in self.windows):
            raise OptionError(f"windows {self.windows}: expected 1 to {longest} seconds each")
        context = checkpoint.dims.n_text_ctx
        for name in ("cache", "sequence_decoder"):
            value = getattr(self, name)
            if value != 0 and not MIN_POSITIONS <= value <= context:
                raise OptionError(
                    f"{name} {value}: expected 0, or {MIN_POSITIONS} to {context} positions"
                )
        for name, known in (
            ("token_embedding", ("auto", "fp32", "fp16", "int8")),
            ("gelu", ("erf", "tanh")),
        ):
            if getattr(self, name) not in known:
                raise OptionError(f"{name} {getattr(self, name)!r}: expected one of {known}")


Report = Callable[[str], None]


def export_torchscript(
    checkpoint: Checkpoint,
    out: Path,
    speech: np.ndarray,
    options: TorchScriptOptions | None = None,
    report: Report = print,
) -> list[Difference]:
    """Writes ``out``: TorchScript graphs, tables and a manifest that step 2 builds upon.

    Args:
        checkpoint: canonical weights.
        out: directory to make or to replace, whole or not at all.
        speech: real speech for the comparison, float32 ``[samples]`` at 16 kHz.
        options: see :class:`TorchScriptOptions`.
        report: called with a line of text for each stage.

    Returns:
        The largest difference of each stage from openai-whisper's modules.

    Raises:
        OptionError: an option is out of range.
        ConversionError: a stage differs from the reference by more than its tolerance.
        OutputError: ``out`` can't be written.
    """
    options = options or TorchScriptOptions()
    options.validate(checkpoint)
    check_writable(out)
    with torch.no_grad(), replacing_directory(out) as directory:
        (directory / TORCHSCRIPT).mkdir()
        manifest = _write_tables(checkpoint, directory, options)
        reference = Reference(checkpoint, speech, options.gelu)
        if options.gelu == "tanh":
            report("comparing with openai-whisper with its GELU in the tanh form, too")
        scripts, differences = _write_graphs(checkpoint, directory, options, reference, report)
        table = manifest.need(Decoder).token_embedding
        manifest = replace(manifest, torchscript=TorchScript(scripts, table))
        np.savez(directory / SAMPLE, log_mel=reference.log_mel, tokens=np.array(reference.tokens))
        files = [p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file()]
        write_manifest(directory, manifest, files)
        failed = [difference for difference in differences if not difference.passed]
        if failed:
            raise ConversionError(
                "the graphs differ from openai-whisper by more than the tolerance: "
                + "; ".join(str(difference) for difference in failed)
            )
    return differences


def _write_tables(checkpoint: Checkpoint, directory: Path, options: TorchScriptOptions) -> Manifest:
    dims = checkpoint.dims
    write_tokenizer(dims, directory / TOKENIZER)
    write_mel_filters(dims, directory / MEL_FILTERS)
    np.save(
        directory / POSITIONS,
        np.ascontiguousarray(checkpoint.state["decoder.positional_embedding"], dtype=np.float32),
    )
    embedding = _write_token_embedding(
        checkpoint.state["decoder.token_embedding.weight"], directory, options.token_embedding
    )
    encoder = SpeechEncoder(
        graphs=(),
        spec=EncoderSpec(
            layers=dims.n_audio_layer,
            heads=dims.n_audio_head,
            width=dims.n_audio_state,
            context=dims.n_audio_ctx,
        ),
        gelu=options.gelu,
        mel_filters=MEL_FILTERS,
    )
    decoder = Decoder(
        graphs=(),
        spec=decoder_spec(dims, options.cache),
        gelu=options.gelu,
        token_embedding=embedding,
        position_embedding=POSITIONS,
        tokenizer=TOKENIZER,
    )
    return Manifest(
        name=checkpoint.name,
        family="whisper",
        precision="fp32",
        backend="litert",
        source=bundle_source(checkpoint.source, checkpoint.format, checkpoint.sha256),
        components=(encoder, decoder),
        files={},
        tools={"sotto": sotto.__version__, "torch": torch.__version__},
        whisper=vocabulary(dims, _alignment_heads(checkpoint)),
    )


def decoder_spec(dims: WhisperDims, cache: int) -> DecoderSpec:
    """Of the decoder's graphs over ``cache`` positions; 0: as many as the model has."""
    return DecoderSpec(
        layers=dims.n_text_layer,
        heads=dims.n_text_head,
        kv_heads=dims.n_text_head,
        width=dims.n_text_state,
        context=dims.n_text_ctx,
        cache=cache or dims.n_text_ctx,
        vocabulary=dims.n_vocab,
        masked=MASKED,
    )


def _alignment_heads(checkpoint: Checkpoint) -> AlignmentHeads:
    """The checkpoint's, or else openai-whisper's default."""
    return checkpoint.alignment_heads or default_alignment_heads(checkpoint.dims)


def _write_token_embedding(table: np.ndarray, directory: Path, kind: EmbeddingType) -> TokenTable:
    """Writes the table: with ``auto`` for step 2 alone, and in fp16 where that loses nothing
    (OpenAI's weights were trained in it)."""
    file = TABLE
    if kind == "auto":
        half = table.astype(np.float16)
        file = f"{TORCHSCRIPT}/{TABLE}"
        kind = "fp16" if np.array_equal(half.astype(np.float32), table) else "fp32"
    return write_token_table(table, directory, kind, file)


def _write_graphs(
    checkpoint: Checkpoint,
    directory: Path,
    options: TorchScriptOptions,
    reference: Reference,
    report: Report,
) -> tuple[Scripts, list[Difference]]:
    """The TorchScript graphs, by the component that they become part of."""
    weights, dims, gelu = checkpoint.state, checkpoint.dims, options.gelu
    spec = decoder_spec(dims, options.cache)
    cache = spec.cache
    differences: list[Difference] = []
    scripts: dict[str, tuple[Graph, ...]] = {}

    def trace(
        module: nn.Module, signature: Signature, component: str, role: Role | None = None
    ) -> torch.jit.ScriptModule:
        report(f"tracing {signature.name}")
        example = tuple(torch.zeros(spec.shape) for spec in signature.inputs)
        traced = torch.jit.trace(module.eval(), example, check_trace=False)
        file = f"{TORCHSCRIPT}/{signature.name}.pt"
        traced.save(str(directory / file))
        scripts[component] = (*scripts.get(component, ()), signature.in_file(file, role))
        return traced

    def compare(difference: Difference) -> None:
        differences.append(difference)
        report(str(difference))

    for seconds in sorted(set(options.windows)):
        frames = seconds * FRAMES_PER_SECOND
        encoder = trace(
            Encoder(weights, dims, frames, gelu),
            signatures.encoder(dims, seconds),
            SpeechEncoder.kind,
        )
        cross = encoder(reference.window(frames))
        compare(reference.compare_encoder(f"encode_{seconds}s", frames, cross))
        del encoder
        one = signatures.decoder_step(dims, seconds, cache)
        step = trace(DecoderStep(weights, dims, cache, gelu), one, Decoder.kind, "step")
        compare(reference.compare_step(frames, cross, step, one, spec))
        signature = signatures.prefill(dims, seconds, cache)
        block = signature.inputs[0].shape[1]
        prefill = trace(
            PrefillBlock(weights, dims, cache, block, gelu), signature, Decoder.kind, "prefill"
        )
        blocks = (prefill, signature)
        compare(reference.compare_prefill(frames, cross, blocks, (step, one), spec))
        del step, prefill, blocks
        if options.alignment:
            heads = _alignment_heads(checkpoint)
            signature = signatures.alignment(dims, seconds, cache, len(heads))
            block = signature.inputs[0].shape[1]
            module = AlignmentBlock(weights, dims, cache, block, heads, gelu)
            graph = trace(module, signature, Decoder.kind, "alignment")
            compare(reference.compare_alignment(frames, cross, graph, signature, spec, heads))
            del graph
        if options.sequence_decoder:
            length = options.sequence_decoder
            features = trace(
                FeatureEncoder(weights, dims, frames, gelu),
                signatures.feature_encoder(dims, seconds),
                SEQUENCE,
            )(reference.window(frames))
            compare(reference.compare_features(f"features_{seconds}s", frames, features))
            sequence = trace(
                SequenceDecoder(weights, dims, length, frames // 2, gelu),
                signatures.sequence_decoder(dims, seconds, length),
                SEQUENCE,
            )
            name = f"sequence_{seconds}s"
            compare(reference.compare_sequence(name, frames, features, sequence, length))
    return scripts, differences
