"""What comparisons read of the manifest of a bundle that transcribes."""

from __future__ import annotations

from sotto.bundle import Decoder, Manifest, SpeechEncoder, Window
from sotto.bundle.manifest import windows_of


def windows(manifest: Manifest, torchscript: bool = False) -> list[Window]:
    """The windows, of .tflite files or of step 1's TorchScript."""
    if not torchscript:
        return manifest.windows
    assert manifest.torchscript is not None
    graphs = manifest.torchscript.graphs
    return windows_of(graphs[SpeechEncoder.kind], graphs[Decoder.kind])


def dims_of(manifest: Manifest) -> dict[str, int]:
    """openai-whisper's ModelDimensions."""
    encoder, decoder = manifest.need(SpeechEncoder), manifest.need(Decoder)
    filters = 128 if decoder.spec.vocabulary == 51866 else 80
    return {
        "n_mels": encoder.graphs[0].shape("log_mel")[1] if encoder.graphs else filters,
        "n_audio_ctx": encoder.spec.context,
        "n_audio_state": encoder.spec.width,
        "n_audio_head": encoder.spec.heads,
        "n_audio_layer": encoder.spec.layers,
        "n_vocab": decoder.spec.vocabulary,
        "n_text_ctx": decoder.spec.context,
        "n_text_state": decoder.spec.width,
        "n_text_head": decoder.spec.heads,
        "n_text_layer": decoder.spec.layers,
    }


def is_multilingual(manifest: Manifest) -> bool:
    """Whether it knows other languages than English."""
    assert manifest.whisper is not None
    return manifest.whisper.multilingual
