"""Text encoders in Hugging Face's layout: what each family calls its numbers and its weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sotto.checkpoints.encoder import EncoderDims, Gelu, expected_shapes
from sotto.errors import CheckpointError

GELU: dict[str, Gelu] = {
    "gelu": "erf",
    "gelu_python": "erf",
    "gelu_new": "tanh",
    "gelu_fast": "tanh",
    "gelu_pytorch_tanh": "tanh",
    "quick_gelu": "quick",
}
"""transformers' names of activations (``transformers/activations.py``) to the graphs' own."""

UNUSED = re.compile(
    r"(pooler|cls|lm_head|classifier|pre_classifier|qa_outputs|vocab_(transform|layer_norm|projector))"
    r"\..*|(.*\.)?(position_ids|token_type_ids)"
)
"""Keys of heads over the encoder, and of buffers that older versions stored."""


@dataclass(frozen=True)
class Family:
    """How an architecture's configuration and weights are called.

    Attributes:
        name: of the bundle's ``family``.
        fields: dimension -> entry of config.json. Those that are missing are 0.
        activation: entry of config.json.
        embeddings: canonical table -> module.
        norm: module of the LayerNorm over the embeddings.
        layers: prefix of a block, before its number.
        modules: canonical module of a block -> module.
        epsilon: of the LayerNorms where config.json has no ``layer_norm_eps``.
        fixed: what config.json says where it says anything; else the graph is another.
        skips_padding: positions are counted from behind the padding token's id.
    """

    name: str
    fields: Mapping[str, str]
    activation: str
    embeddings: Mapping[str, str]
    norm: str
    layers: str
    modules: Mapping[str, str]
    epsilon: float = 1e-12
    fixed: Mapping[str, Any] = field(default_factory=dict)
    skips_padding: bool = False

    def dims(self, config: Mapping[str, Any], source: str) -> EncoderDims:
        """Raises CheckpointError where config.json lacks a number or has an impossible one."""
        for name, wanted in self.fixed.items():
            value = config.get(name, wanted)
            if value != wanted:
                raise CheckpointError(
                    f"{source}: {name} is {value!r:.60}, but only {wanted!r} is supported here"
                )
        if absent := sorted(set(self.fields.values()) - config.keys()):
            raise CheckpointError(f"{source} lacks {', '.join(absent)}")
        numbers = {dim: config[entry] for dim, entry in self.fields.items()}
        skip = self.pad_token(config, source) + 1 if self.skips_padding else 0
        dims = EncoderDims(**{"n_segment": 0, "n_bucket": 0, **numbers, "n_skip": skip})
        dims.validate(source)
        return dims

    def pad_token(self, config: Mapping[str, Any], source: str) -> int:
        """Id of the padding token."""
        value = config.get("pad_token_id", 1 if self.skips_padding else 0)
        if type(value) is not int or value < 0:
            raise CheckpointError(f"{source}: pad_token_id is {value!r:.40}, not a token's id")
        return value

    def gelu(self, config: Mapping[str, Any], source: str) -> Gelu:
        """Raises CheckpointError where the activation is another."""
        value = config.get(self.activation, "gelu")
        if not isinstance(value, str) or value not in GELU:
            raise CheckpointError(
                f"{source}: {self.activation} is {value!r:.60}; the graphs have {', '.join(GELU)}"
            )
        return GELU[value]

    def keys(self, dims: EncoderDims) -> dict[str, str]:
        """Stored key -> canonical key, of all weights."""
        return {self._stored(key): key for key in expected_shapes(dims)}

    def _stored(self, key: str) -> str:
        module, _, kind = key.rpartition(".")
        if match := re.fullmatch(r"blocks\.(\d+)\.(.+)", module):
            return f"{self.layers}.{match[1]}.{self.modules[match[2]]}.{kind}"
        return f"{self.norm if module == 'embedding_ln' else self.embeddings[module]}.{kind}"

    def full(self, stored: str) -> str:
        """A stored key without the prefixes of models with a head, and in today's spelling."""
        for prefix in ("model.", "bert.", "roberta.", "distilbert.", "mpnet."):
            stored = stored.removeprefix(prefix)
        if stored.endswith((".gamma", ".beta")):
            stem, _, kind = stored.rpartition(".")
            return f"{stem}.{'weight' if kind == 'gamma' else 'bias'}"
        return stored


_FIELDS = {
    "n_vocab": "vocab_size",
    "n_ctx": "max_position_embeddings",
    "n_state": "hidden_size",
    "n_head": "num_attention_heads",
    "n_layer": "num_hidden_layers",
    "n_mlp": "intermediate_size",
}
_TABLES = {
    "token_embedding": "embeddings.word_embeddings",
    "position_embedding": "embeddings.position_embeddings",
}
_OUTPUTS = {
    "mlp.0": "intermediate.dense",
    "mlp.2": "output.dense",
    "mlp_ln": "output.LayerNorm",
}
_BERT = Family(
    name="bert",
    fields={**_FIELDS, "n_segment": "type_vocab_size"},
    activation="hidden_act",
    embeddings={**_TABLES, "segment_embedding": "embeddings.token_type_embeddings"},
    norm="embeddings.LayerNorm",
    layers="encoder.layer",
    modules={
        "attn.query": "attention.self.query",
        "attn.key": "attention.self.key",
        "attn.value": "attention.self.value",
        "attn.out": "attention.output.dense",
        "attn_ln": "attention.output.LayerNorm",
        **_OUTPUTS,
    },
    fixed={
        "position_embedding_type": "absolute",
        "is_decoder": False,
        "add_cross_attention": False,
    },
)
_ROBERTA = Family(**{**vars(_BERT), "name": "roberta", "skips_padding": True})
_DISTILBERT = Family(
    name="distilbert",
    fields={
        **_FIELDS,
        "n_state": "dim",
        "n_head": "n_heads",
        "n_layer": "n_layers",
        "n_mlp": "hidden_dim",
    },
    activation="activation",
    embeddings=_TABLES,
    norm="embeddings.LayerNorm",
    layers="transformer.layer",
    modules={
        "attn.query": "attention.q_lin",
        "attn.key": "attention.k_lin",
        "attn.value": "attention.v_lin",
        "attn.out": "attention.out_lin",
        "attn_ln": "sa_layer_norm",
        "mlp.0": "ffn.lin1",
        "mlp.2": "ffn.lin2",
        "mlp_ln": "output_layer_norm",
    },
)
_MPNET = Family(
    name="mpnet",
    fields={**_FIELDS, "n_bucket": "relative_attention_num_buckets"},
    activation="hidden_act",
    embeddings={**_TABLES, "relative_bias": "encoder.relative_attention_bias"},
    norm="embeddings.LayerNorm",
    layers="encoder.layer",
    modules={
        "attn.query": "attention.attn.q",
        "attn.key": "attention.attn.k",
        "attn.value": "attention.attn.v",
        "attn.out": "attention.attn.o",
        "attn_ln": "attention.LayerNorm",
        **_OUTPUTS,
    },
    # transformers' MPNetModel computes positions and buckets from these alone.
    fixed={"pad_token_id": 1, "relative_attention_num_buckets": 32},
    skips_padding=True,
)

FAMILIES: dict[str, Family] = {
    "bert": _BERT,
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
    "camembert": _ROBERTA,
    "distilbert": _DISTILBERT,
    "mpnet": _MPNET,
}
"""By config.json's ``model_type``."""


def epsilon(family: Family, config: Mapping[str, Any], source: str) -> float:
    """Of the LayerNorms. Raises CheckpointError for one that no model has."""
    value = config.get("layer_norm_eps", family.epsilon)
    if not isinstance(value, (int, float)) or not 0 <= value <= 1e-2:
        raise CheckpointError(f"{source}: layer_norm_eps is {value!r:.40}, not from 0 to 0.01")
    return float(value)


def family_of(config: Mapping[str, Any], source: Path) -> Family:
    """By ``model_type``. Raises CheckpointError for another."""
    name = config.get("model_type")
    if not isinstance(name, str) or name not in FAMILIES:
        raise CheckpointError(
            f"{source}: model_type is {name!r:.60}; text encoders are {', '.join(FAMILIES)}"
        )
    return FAMILIES[name]
