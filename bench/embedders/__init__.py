"""Who is measured by ``bench/embeddings.py``: each module has its contenders."""

from __future__ import annotations

from embedders.embedder import Embedder
from embedders.onnx_runtime import OnnxRuntimeText
from embedders.openai_whisper import OpenAiWhisperAudio
from embedders.sotto import Sotto
from embedders.torch_peers import SentenceTransformers, TransformersClip

REFERENCES = {"text": "sentence-transformers fp32", "image": "transformers fp32"}
"""Whose vectors the others' are compared with. openai-whisper pools over silence, too."""

_ALL = (
    *(
        Sotto(modality, setting)
        for modality in ("text", "image", "audio")
        for setting in ("int8", "fp32")
    ),
    SentenceTransformers("text", "fp32"),
    OnnxRuntimeText("text", "int8"),
    OnnxRuntimeText("text", "fp32"),
    TransformersClip("image", "fp32"),
    OpenAiWhisperAudio("audio", "fp32"),
)


def embedders_of(modality: str) -> dict[str, Embedder]:
    """Those for ``text``, ``image`` or ``audio``, by what tables call them."""
    return {f"{each.name} {each.setting}": each for each in _ALL if each.modality == modality}
