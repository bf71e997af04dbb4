"""The bundle: a directory, or one file, with everything a device needs of a model.

Its manifest describes it (``manifest.py``, ``components.py``). A bundle is written whole or not at
all (``replacing.py``).
"""

from sotto.bundle.components import (
    AudioEncoder,
    Component,
    Decoder,
    DecoderSpec,
    Embedder,
    EncoderSpec,
    ImageEncoder,
    SpeechEncoder,
    TextEncoder,
    VoiceActivity,
)
from sotto.bundle.files import file_entry, link_files, write_manifest
from sotto.bundle.graph import Graph, Signature, TensorSpec, TokenTable
from sotto.bundle.image_settings import ImageSettings
from sotto.bundle.manifest import (
    MANIFEST,
    NPU,
    SCHEMA,
    Compiled,
    Embedding,
    FileEntry,
    LayerEntry,
    Manifest,
    Source,
    StaticQuantization,
    StaticRule,
    Tokens,
    TorchScript,
    Whisper,
    Window,
)
from sotto.bundle.reader import REBUILD, BundleReader, open_bundle, read_manifest
from sotto.bundle.replacing import (
    check_writable,
    replacing_directory,
    replacing_file,
    settle_replacements,
)

__all__ = [
    "MANIFEST",
    "NPU",
    "REBUILD",
    "SCHEMA",
    "AudioEncoder",
    "BundleReader",
    "Compiled",
    "Component",
    "Decoder",
    "DecoderSpec",
    "Embedder",
    "Embedding",
    "EncoderSpec",
    "FileEntry",
    "Graph",
    "ImageEncoder",
    "ImageSettings",
    "LayerEntry",
    "Manifest",
    "Signature",
    "Source",
    "SpeechEncoder",
    "StaticQuantization",
    "StaticRule",
    "TensorSpec",
    "TextEncoder",
    "TokenTable",
    "Tokens",
    "TorchScript",
    "VoiceActivity",
    "Whisper",
    "Window",
    "check_writable",
    "file_entry",
    "link_files",
    "open_bundle",
    "read_manifest",
    "replacing_directory",
    "replacing_file",
    "settle_replacements",
    "write_manifest",
]
