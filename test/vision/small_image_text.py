"""CLIP, SigLIP, ViT and DINOv2 of random weights, with processors, as transformers saves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextModelWithProjection,
    CLIPVisionModelWithProjection,
    Dinov2Config,
    Dinov2Model,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipModel,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

SIDE = 48
"""Height and width of the small models' images."""

_WIDTHS = {"num_attention_heads": 4, "num_hidden_layers": 2}
_IMAGE = {**_WIDTHS, "hidden_size": 64, "intermediate_size": 160, "image_size": SIDE}
_TEXT = {**_WIDTHS, "hidden_size": 48, "intermediate_size": 96}


def randomise(model: PreTrainedModel, seed: int = 0) -> None:
    """Weights unlike one another everywhere, biases and norms included."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in ("logit_scale", "logit_bias"):
                parameter.fill_(2.5 if name == "logit_scale" else -1.25)
            elif parameter.ndim == 1 and name.endswith("weight"):  # a norm's gain
                parameter.copy_(1 + 0.3 * torch.randn_like(parameter))
            else:
                fan = parameter[0].numel() if parameter.ndim > 1 else 16
                parameter.normal_(0, fan**-0.5)


def byte_tokenizer(lowercase: bool = True) -> Tokenizer:
    """CLIP's kind of tokenizer over 512 single bytes; ``<s>`` is 512 and ``</s>`` 513."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*alphabet, *(f"{letter}</w>" for letter in alphabet), "<s>", "</s>"]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], end_of_word_suffix="</w>", unk_token="</s>"))
    steps = [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " ")]
    tokenizer.normalizer = normalizers.Sequence(
        [*steps, normalizers.Lowercase()] if lowercase else steps
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 512), ("</s>", 513)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    return tokenizer


def save_tokenizer(folder: Path, length: int) -> None:
    PreTrainedTokenizerFast(
        tokenizer_object=byte_tokenizer(),
        bos_token="<s>",
        eos_token="</s>",
        pad_token="</s>",
        unk_token="</s>",
        model_max_length=length,
    ).save_pretrained(folder)


def clip(folder: Path, activation: str = "quick_gelu", eos: int = 513, **image: Any) -> Path:
    """A CLIP of both towers."""
    config = CLIPConfig(
        vision_config={
            **_IMAGE,
            "patch_size": 16,
            "hidden_act": activation,
            "projection_dim": 32,
            **image,
        },
        text_config={
            **_TEXT,
            "projection_dim": 32,
            "vocab_size": 514,
            "max_position_embeddings": 40,
            "hidden_act": activation,
            "bos_token_id": 512,
            "eos_token_id": eos,
            "pad_token_id": 513,
        },
        projection_dim=32,
    )
    model = CLIPModel(config)
    randomise(model)
    model.save_pretrained(folder)
    processor = CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    processor.save_pretrained(folder)
    save_tokenizer(folder, 40)
    return folder


def clip_tower(folder: Path, tower: str) -> Path:
    """One tower of :func:`clip` alone, saved as transformers' class with a projection."""
    both = clip(folder / "both")
    cls = CLIPVisionModelWithProjection if tower == "image" else CLIPTextModelWithProjection
    cls.from_pretrained(both).save_pretrained(folder / tower)
    for name in ("preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / tower / name).write_bytes((both / name).read_bytes())
    return folder / tower


def siglip(folder: Path) -> Path:
    """A SigLIP of both towers."""
    config = SiglipConfig(
        vision_config={**_IMAGE, "patch_size": 8},
        text_config={
            **_TEXT,
            "vocab_size": 514,
            "max_position_embeddings": 24,
            "projection_size": 64,
            "bos_token_id": 512,
            "eos_token_id": 513,
            "pad_token_id": 513,
        },
    )
    model = SiglipModel(config)
    randomise(model)
    model.save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    save_tokenizer(folder, 24)
    return folder


def vit(folder: Path, pooler: bool = True, classifier: bool = False) -> Path:
    """A ViT with its pooler, without it, or as an image classifier saves it."""
    config = ViTConfig(**_IMAGE, patch_size=16)
    model = (
        ViTForImageClassification(config)
        if classifier
        else ViTModel(config, add_pooling_layer=pooler)
    )
    randomise(model)
    model.save_pretrained(folder)
    ViTImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(folder)
    return folder


def dinov2(folder: Path, image: int = 84) -> Path:
    """A DINOv2 that was trained on images of ``image`` pixels and takes smaller ones."""
    config = Dinov2Config(**_WIDTHS, hidden_size=64, mlp_ratio=3, patch_size=12, image_size=image)
    model = Dinov2Model(config)
    randomise(model)
    model.save_pretrained(folder)
    BitImageProcessorPil(
        size={"shortest_edge": 56}, crop_size={"height": SIDE, "width": SIDE}
    ).save_pretrained(folder)
    return folder


FAMILIES = {"clip": clip, "siglip": siglip, "vit": vit, "dinov2": dinov2}
