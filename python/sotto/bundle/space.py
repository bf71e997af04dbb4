"""The space of a bundle's vectors: what must be the same for vectors to be comparable.

A space is the weights, what the graphs compute of them, pooling, tokenizer and prompts. Two builds
of one checkpoint give the same space, whatever versions of the tools wrote their files: their
vectors differ by what another order of sums makes of rounding. So the hash is of what the manifest
says of these, never of files that a tool wrote: not of .tflite files, not of tables. Precision
belongs to it: vectors of int8 have a cosine of 0.99 to those of fp32, and other neighbours.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sotto.bundle.codec import encode
from sotto.bundle.components import AudioEncoder, Component, Decoder, TextEncoder, seconds_of
from sotto.bundle.reader import BundleReader

_FILES = ("graphs", "token_embedding", "position_embedding", "mel_filters", "tokenizer")
"""Fields of components that name files: their content follows from the weights, or is hashed."""

_MASKS = ("masked",)
"""Any large negative score gives the same vectors."""


def space_of(reader: BundleReader) -> str:
    """``NAME@HASH`` of a bundle: vectors can be compared where it is the same.

    Of a bundle that transcribes it is what its transcripts depend on.

    Raises:
        BundleError: the manifest or the tokenizer is missing or damaged.
    """
    manifest = reader.manifest
    content = {
        "weights": manifest.source.sha256,
        "family": manifest.family,
        "precision": manifest.precision,
        "exceptions": encode(manifest.exceptions),
        "static": encode(manifest.static),
        "components": {one.kind: _semantics(one, reader) for one in manifest.components},
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"{manifest.name}@{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _semantics(component: Component, reader: BundleReader) -> dict[str, Any]:
    """What a component computes, in words."""
    fields = {k: v for k, v in encode(component).items() if k not in (*_FILES, *_MASKS)}
    if isinstance(component, TextEncoder | Decoder):
        fields["tokenizer"] = _tokenizer(reader.read(component.tokenizer))
    if isinstance(component, TextEncoder):
        fields["attends_to_padding"] = component.masked is None
    if isinstance(component, AudioEncoder):  # a recording's window is part of its vector
        fields["windows"] = sorted(seconds_of(graph) for graph in component.graphs)
    return fields


def _tokenizer(content: bytes) -> str:
    """Digest of a tokenizer's meaning: of a JSON file without what the host sets itself."""
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):  # tiktoken's ranks
        return hashlib.sha256(content).hexdigest()
    if isinstance(parsed, dict):
        parsed = {k: v for k, v in parsed.items() if k not in ("version", "truncation", "padding")}
    text = json.dumps(parsed, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
