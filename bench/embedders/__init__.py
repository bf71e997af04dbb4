"""Who is measured by ``bench/embeddings.py``: each module has its contenders."""

from __future__ import annotations

from embedders.embedder import Embedder
from embedders.onnx_runtime import OnnxRuntimeText
from embedders.sotto import SottoImages, SottoText
from embedders.torch_peers import SentenceTransformers, TransformersClip

EMBEDDERS: dict[str, Embedder] = {
    f"{embedder.name} {embedder.setting}": embedder
    for embedder in (
        SottoText("int8"),
        SottoText("fp32"),
        SentenceTransformers(),
        OnnxRuntimeText("int8"),
        OnnxRuntimeText("fp32"),
        SottoImages("int8"),
        SottoImages("fp32"),
        TransformersClip(),
    )
}


def embedders_of(modality: str) -> dict[str, Embedder]:
    """Those for ``text`` or ``image``, by what tables call them."""
    return {name: each for name, each in EMBEDDERS.items() if each.modality == modality}
