"""A bundle of schema 2 becomes one of schema 3: its manifest is written anew, its files stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sotto.bundle.codec import Fault
from sotto.bundle.files import write_text
from sotto.bundle.manifest import MANIFEST, SCHEMA, Manifest
from sotto.bundle.reader import REBUILD, parse_manifest, parse_object
from sotto.errors import BundleError

Entry = dict[str, Any]

Roles = dict[str, str | None]
"""Of graphs, by name."""

OLD = 2
"""The schema that is upgraded: its ``kind`` was whisper, vad or embedding."""

_ROLES = {"decoder": "step", "prefill": "prefill", "alignment": "alignment"}
"""A decoder's graphs, as schema 2 called them in ``windows``."""


def upgrade_bundle(directory: Path) -> bool:
    """Rewrites a bundle's manifest in one rename, if it is of schema 2.

    Returns:
        Whether it was; a bundle of the present schema is left as it is.

    Raises:
        BundleError: there is no bundle, it is damaged, or of another schema.
        OutputError: the manifest can't be written.
    """
    path = directory / MANIFEST
    try:
        text = path.read_bytes()
    except (OSError, ValueError) as error:
        raise BundleError(
            f"{path} can't be read ({error}): it is not a bundle. {REBUILD}"
        ) from error
    old = parse_object(text, path)
    if type(old.get("schema")) is not int or old["schema"] != OLD:
        parse_manifest(text, path)
        return False
    try:
        manifest = upgraded(old)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"{path} is damaged ({type(error).__name__}: {error}). {REBUILD}"
        ) from error
    write_text(directory, manifest)
    return True


def upgraded(old: Entry) -> Manifest:
    """The manifest of an object of schema 2.

    Raises:
        Fault: a field is of another type or range than it must be.
        AttributeError, IndexError, KeyError, TypeError, ValueError: one is missing or of another
            kind.
    """
    kinds: dict[Any, Callable[[Entry], Entry]] = {
        "whisper": _whisper,
        "vad": _vad,
        "embedding": _embedding,
    }
    if old["kind"] not in kinds:
        raise Fault(f"kind is {old['kind']!r:.60}, expected one of {', '.join(kinds)}")
    kept = ("name", "precision", "source", "files")
    optional = ("layers", "exceptions", "static", "npu")
    new = {
        "schema": SCHEMA,
        "backend": old.get("backend", "litert"),
        "tools": old.get("tools", {}),
        **{key: old[key] for key in kept},
        **{key: old[key] for key in optional if key in old},
        **kinds[old["kind"]](old),
    }
    return Manifest.from_json(new)


def _whisper(old: Entry) -> Entry:
    dims, tokens = old["dims"], dict(old["tokens"])
    parts = {key: tokens.pop(key) for key in ("languages", "suppress", "suppress_at_begin")}
    encoders: Roles = {window["encoder"]: None for window in old["windows"]}
    decoders: Roles = {
        window[key]: role
        for window in old["windows"]
        for key, role in _ROLES.items()
        if key in window
    }
    scripts = {
        "speech-encoder": _graphs(old["torchscript"], encoders),
        "decoder": _graphs(old["torchscript"], decoders),
        "sequence": _graphs(
            old["torchscript"],
            {name: None for name in old["torchscript"] if name not in {**encoders, **decoders}},
        ),
    }
    table = old.get("token_table")  # step 1's
    encoder = {
        "kind": "speech-encoder",
        "graphs": _graphs(old["signatures"], encoders),
        "spec": {
            "layers": dims["n_audio_layer"],
            "heads": dims["n_audio_head"],
            "width": dims["n_audio_state"],
            "context": dims["n_audio_ctx"],
        },
        "gelu": old["gelu"],
        "mel_filters": "mel_filters.npy",
    }
    decoder = {
        "kind": "decoder",
        "graphs": _graphs(old["signatures"], decoders),
        "spec": {
            "layers": dims["n_text_layer"],
            "heads": dims["n_text_head"],
            "kv_heads": dims["n_text_head"],
            "width": dims["n_text_state"],
            "context": dims["n_text_ctx"],
            "cache": old["cache"],
            "vocabulary": dims["n_vocab"],
            "masked": old["masked"],
        },
        "gelu": old["gelu"],
        "token_embedding": old.get("token_embedding", table),
        "position_embedding": "positional_embedding.npy",
        "tokenizer": "tokenizer.tiktoken",
    }
    return {
        "family": "whisper",
        "components": [encoder, decoder],
        "whisper": {"tokens": tokens, **parts, "alignment_heads": old["alignment_heads"]},
        **_torchscript(scripts, table),
    }


def _vad(old: Entry) -> Entry:
    names: Roles = {old["detector"]: None}
    vad = {
        "kind": "vad",
        "graphs": _graphs(old["signatures"], names),
        "context": old["chunk"]["context"],
        "reflected": old["chunk"]["reflected"],
    }
    scripts = {"vad": _graphs(old["torchscript"], names)}
    return {"family": "silero", "components": [vad], **_torchscript(scripts, None)}


def _embedding(old: Entry) -> Entry:
    describe = {"text": _text, "image": _image, "audio": _audio}
    components = [
        {
            "kind": f"{modality}-encoder",
            "graphs": _graphs(
                old["signatures"], {each["signature"]: None for each in entry["signatures"]}
            ),
            "gelu": old["gelu"],
            **describe[modality](entry),
        }
        for modality, entry in old["encoders"].items()
    ]
    embedding = {
        key: old[key]
        for key in ("normalize", "logit_scale", "logit_bias")
        if old.get(key) is not None
    }
    return {"family": old["family"], "components": components, "embedding": embedding}


def _text(entry: Entry) -> Entry:
    if entry.get("lowercase"):
        raise Fault("lowercase is true, which no conversion ever wrote")
    kept = ("token_embedding", "tokenizer", "max_length", "pooling", "pad_token", "prompts")
    optional = ("eot_token", "default_prompt", *(["masked"] if entry["mask_padding"] else []))
    return {
        **{key: entry[key] for key in kept},
        **{key: entry[key] for key in optional if entry.get(key) is not None},
        "position_embedding": entry["position_embedding"]["file"],
        "padded": entry.get("pad_to") is not None,
    }


def _image(entry: Entry) -> Entry:
    processor = {key: value for key, value in entry["processor"].items() if value is not None}
    return {"processor": processor}


def _audio(entry: Entry) -> Entry:
    return {"mel_filters": entry["mel_filters"]}


def _graphs(signatures: Entry, roles: Roles) -> list[Entry]:
    """Those of some names that are there, in the order of the names."""
    return [
        {"name": name, **signatures[name], **({"role": role} if role else {})}
        for name, role in roles.items()
        if name in signatures
    ]


def _torchscript(scripts: dict[str, list[Entry]], table: Entry | None) -> Entry:
    graphs = {kind: found for kind, found in scripts.items() if found}
    if not graphs:
        return {}
    return {"torchscript": {"graphs": graphs, **({"token_embedding": table} if table else {})}}
