"""Small text encoders with random weights, saved in the format that they are published in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    MPNetConfig,
    MPNetModel,
    PretrainedConfig,
    PreTrainedModel,
    RobertaConfig,
    RobertaForMaskedLM,
)

WORDPIECE = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = [*"abcdefghijklmnopqrstuvwxyz0123456789.,?!'-", *"äéñøбдж日本語"]
MPNET = ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]
BPE = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
WIDTH, LAYERS, HEADS, MLP, POSITIONS = 48, 3, 4, 80, 66


def save(family: str, directory: Path, **changes: Any) -> Path:
    """Saves a model of a family with its tokenizer; ``changes`` are of its configuration."""
    torch.manual_seed(sum(map(ord, family)))
    vocabulary = _save_tokenizer(family, directory)
    model = _MODELS[family](len(vocabulary), changes)
    # What a model begins with has no outliers and no shifts; trained ones have both.
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "LayerNorm" in name or "layer_norm" in name:
                spread = 0.5 * torch.randn_like(weights)
                weights.copy_(spread.exp() if name.endswith("weight") else 0.3 * spread)
            elif name.endswith("bias"):
                weights.copy_(0.1 * torch.randn_like(weights))
            else:
                weights.mul_(4)
    model.save_pretrained(directory, safe_serialization=True)
    return directory


def save_pipeline(
    directory: Path,
    pooling: str = "mean",
    *,
    normalize: bool = True,
    max_length: int = 40,
    prompts: dict[str, str] | None = None,
) -> None:
    """What sentence-transformers saves beside a model, as it did before version 5."""
    kinds = ["Transformer", "Pooling", *["Normalize"] * normalize]
    modules = [
        {
            "idx": i,
            "name": str(i),
            "path": "" if i == 0 else f"{i}_{kind}",
            "type": f"sentence_transformers.models.{kind}",
        }
        for i, kind in enumerate(kinds)
    ]
    modes = ("cls_token", "mean_tokens", "max_tokens")
    config = {f"pooling_mode_{mode}": mode.startswith(pooling) for mode in modes}
    _write(directory / "modules.json", modules)
    _write(directory / "1_Pooling" / "config.json", {"word_embedding_dimension": WIDTH, **config})
    _write(directory / "sentence_bert_config.json", {"max_seq_length": max_length})
    _write(directory / "config_sentence_transformers.json", {"prompts": prompts or {}})


def save_dense(directory: Path, index: int, width: int, dimensions: int, activation: str) -> None:
    """A Dense module behind the pooling, in sentence-transformers' layout."""
    from safetensors.torch import save_file

    folder = directory / f"{index}_Dense"
    config = {
        "in_features": width,
        "out_features": dimensions,
        "bias": True,
        "activation_function": f"torch.nn.modules.{activation}",
    }
    _write(folder / "config.json", config)
    torch.manual_seed(index)
    state = {
        "linear.weight": torch.randn(dimensions, width),
        "linear.bias": torch.randn(dimensions),
    }
    save_file(state, str(folder / "model.safetensors"))
    path = directory / "modules.json"
    modules = json.loads(path.read_text())
    dense = {"type": "sentence_transformers.models.Dense", "path": folder.name}
    modules.insert(index, {"idx": index, "name": str(index), **dense})
    _write(path, modules)


def change_json(path: Path, **changes: Any) -> None:
    """Sets entries of a JSON object; None removes one."""
    content = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    _write(path, {key: value for key, value in content.items() if value is not None})


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _save_tokenizer(family: str, directory: Path) -> list[str]:
    directory.mkdir(parents=True, exist_ok=True)
    if family in ("bert", "distilbert", "mpnet"):
        special = MPNET if family == "mpnet" else WORDPIECE
        unknown, first, last = ("[UNK]", "<s>", "</s>") if family == "mpnet" else WORDPIECE[1:4]
        vocabulary = [*special, *LETTERS, *(f"##{letter}" for letter in LETTERS), "the", "##ing"]
        (directory / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
        ids = {token: i for i, token in enumerate(vocabulary)}
        tokenizer = Tokenizer(models.WordPiece(ids, unk_token=unknown))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{first} $A {last}", special_tokens=[(first, ids[first]), (last, ids[last])]
        )
    else:
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        vocabulary = [*BPE[:4], *alphabet, "th", "the", "Ġthe", BPE[4]]
        ids = {token: i for i, token in enumerate(vocabulary)}
        merges = [("t", "h"), ("th", "e"), ("Ġ", "the")]
        (directory / "merges.txt").write_text(
            "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges), encoding="utf-8"
        )
        _write(directory / "vocab.json", ids)
        tokenizer = Tokenizer(models.BPE(ids, merges))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.post_processor = processors.RobertaProcessing(
            ("</s>", ids["</s>"]), ("<s>", ids["<s>"]), add_prefix_space=False
        )
    tokenizer.add_special_tokens([token for token in vocabulary if token[0] in "<["])
    tokenizer.save(str(directory / "tokenizer.json"))
    name = {"bert": "Bert", "distilbert": "DistilBert", "mpnet": "MPNet", "roberta": "Roberta"}
    _write(
        directory / "tokenizer_config.json",
        {"tokenizer_class": f"{name[family]}Tokenizer", "model_max_length": POSITIONS - 2},
    )
    return vocabulary


def _bert(vocabulary: int, changes: dict[str, Any]) -> PreTrainedModel:
    return BertModel(BertConfig(**{**_config(vocabulary), **changes}))


def _roberta(vocabulary: int, changes: dict[str, Any]) -> PreTrainedModel:
    # With its head, as CodeBERT's: keys have the prefix "roberta.".
    settings = {"pad_token_id": 1, "layer_norm_eps": 1e-5, "type_vocab_size": 1, **changes}
    return RobertaForMaskedLM(RobertaConfig(**{**_config(vocabulary), **settings}))


def _mpnet(vocabulary: int, changes: dict[str, Any]) -> PreTrainedModel:
    return MPNetModel(MPNetConfig(**{**_config(vocabulary), **changes}))


def _distilbert(vocabulary: int, changes: dict[str, Any]) -> PreTrainedModel:
    config: PretrainedConfig = DistilBertConfig(
        vocab_size=vocabulary,
        dim=WIDTH,
        n_layers=LAYERS,
        n_heads=HEADS,
        hidden_dim=MLP,
        max_position_embeddings=POSITIONS,
        **changes,
    )
    return DistilBertModel(config)


def _config(vocabulary: int) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": MLP,
        "max_position_embeddings": POSITIONS,
    }


_MODELS: dict[str, Callable[[int, dict[str, Any]], PreTrainedModel]] = {
    "bert": _bert,
    "roberta": _roberta,
    "distilbert": _distilbert,
    "mpnet": _mpnet,
}
