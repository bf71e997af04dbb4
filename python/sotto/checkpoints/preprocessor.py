"""``preprocessor_config.json``: how a checkpoint's images are made.

Each family's defaults are those of its processor in transformers 5.23 (``image_processing_clip.py``
and its siblings; DINOv2's is BiT's), for what an older file leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from sotto.bundle.image_settings import ImageSettings, Resample
from sotto.checkpoints.configuration import read_json
from sotto.errors import CheckpointError

FILE = "preprocessor_config.json"
TOGETHER = "processor_config.json"
"""Where transformers 5 saves an image processor together with a tokenizer's."""

_HALF = [0.5, 0.5, 0.5]
_BICUBIC, _BILINEAR = 3, 2

DEFAULTS: dict[str, dict[str, Any]] = {
    "clip": {
        "resample": _BICUBIC,
        "size": {"shortest_edge": 224},
        "do_center_crop": True,
        "crop_size": {"height": 224, "width": 224},
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
    },
    "dinov2": {
        "resample": _BICUBIC,
        "size": {"shortest_edge": 224},
        "do_center_crop": True,
        "crop_size": {"height": 224, "width": 224},
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
    },
    "vit": {
        "resample": _BILINEAR,
        "size": {"height": 224, "width": 224},
        "image_mean": _HALF,
        "image_std": _HALF,
    },
    "siglip": {
        "resample": _BICUBIC,
        "size": {"height": 224, "width": 224},
        "image_mean": _HALF,
        "image_std": _HALF,
    },
}

_ALWAYS = {
    "do_resize": True,
    "do_center_crop": False,
    "crop_size": None,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
}

SHORTEST = ("clip", "dinov2", "siglip")
"""Families of which one number as ``size`` is the shortest edge's, and of others both sides'."""


def read_preprocessor(directory: Path, family: str, image: int | None) -> ImageSettings:
    """The steps that the checkpoint's own processor takes.

    Args:
        directory: the checkpoint's.
        family: ``clip``, ``dinov2``, ``siglip`` or ``vit``.
        image: height and width that the model takes; None: any, and so the processor's.

    Raises:
        CheckpointError: the file is missing or damaged, has steps that are not supported, or ends
            in another size than the model's.
    """
    path, config = _config(directory)
    values = {**_ALWAYS, **DEFAULTS[family], **{k: v for k, v in config.items() if v is not None}}
    if values.get("do_pad"):
        raise CheckpointError(f"{path}: do_pad is on, which is not supported")
    size = _sides(values["size"], family in SHORTEST, path) if values["do_resize"] else None
    crop = _sides(values["crop_size"], False, path) if values["do_center_crop"] else None
    number, names = values["resample"], get_args(Resample)
    if type(number) is not int or not 0 <= number < len(names):
        raise CheckpointError(f"{path}: resample is {number!r:.40}, not 0 to {len(names) - 1}")
    if image is None:
        image = (crop or size or {}).get("height", 0)
    settings = ImageSettings(
        height=image,
        width=image,
        size=size,
        crop=crop,
        resample=names[number],
        rescale=values["rescale_factor"] if values["do_rescale"] else 1.0,
        mean=_channels(values["image_mean"]) if values["do_normalize"] else (0.0, 0.0, 0.0),
        std=_channels(values["image_std"]) if values["do_normalize"] else (1.0, 1.0, 1.0),
    )
    if fault := settings.fault():
        raise CheckpointError(f"{path}: {fault}")
    return settings


def _config(directory: Path) -> tuple[Path, dict[str, Any]]:
    for path, section in ((directory / FILE, None), (directory / TOGETHER, "image_processor")):
        if not path.is_file():
            continue
        config = read_json(path)
        found = config if section is None else config.get(section)
        if isinstance(found, dict):
            return path, found
    raise CheckpointError(
        f"{directory} lacks {FILE}, which says how its images are made. Save the model's processor "
        "beside it (save_pretrained)"
    )


def _sides(size: Any, shortest: bool, path: Path) -> Mapping[str, int]:
    """A size of today's, or a number or a pair of an older file's, as today's."""
    if isinstance(size, int):
        return {"shortest_edge": size} if shortest else {"height": size, "width": size}
    if isinstance(size, list) and len(size) == 2:
        return {"height": size[0], "width": size[1]}
    if isinstance(size, dict):
        return {name: side for name, side in size.items() if side is not None}
    raise CheckpointError(f"{path}: a size is {size!r:.60}, not pixels")


def _channels(value: Any) -> tuple[float, ...]:
    """A number for all three channels, or one for each."""
    if isinstance(value, list):
        return tuple(value)
    return (value, value, value)
