"""What follows a text encoder: pooling, dense layers, normalisation, prompts.

sentence-transformers saves these beside the weights: ``modules.json`` names the modules, each
with a folder of its own. A checkpoint without it is pooled by the mean, as sentence-transformers
itself does with one.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal, get_args

from sotto.checkpoints.checkpoint import MAX_DIM, State, check_finite, match_shapes
from sotto.checkpoints.configuration import read_json, read_json_objects
from sotto.checkpoints.recognise import encoder_weights
from sotto.checkpoints.tensors import open_tensors
from sotto.errors import CheckpointError

MODULES = "modules.json"
PROMPTS = "config_sentence_transformers.json"
LENGTHS = "sentence_bert_config.json"

Pooling = Literal["mean", "cls"]

_OLDER = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""Of a pooling's config.json before sentence-transformers 5: a flag a mode."""

_ACTIVATIONS = {"Tanh": True, "Identity": False}


@dataclass(frozen=True, eq=False)
class Dense:
    """A Linear over the pooled vector.

    Attributes:
        state: ``linear.weight [out, in]`` and, where there is one, ``linear.bias [out]``.
        tanh: whether a tanh follows.
        files: that the weights are from.
    """

    state: State
    tanh: bool
    files: tuple[Path, ...]

    @property
    def width(self) -> int:
        """Of the vectors that it takes."""
        return int(self.state["linear.weight"].shape[1])

    @property
    def dimensions(self) -> int:
        """Of the vectors that it gives."""
        return int(self.state["linear.weight"].shape[0])


@dataclass(frozen=True, eq=False)
class Pipeline:
    """What becomes of a text before and after the encoder.

    Attributes:
        encoder: folder of the encoder's files within the checkpoint; empty: the checkpoint's own.
        pooling: ``mean`` over the tokens, or ``cls``, the first token's.
        dense: layers over the pooled vector.
        normalize: whether the checkpoint's own vectors have length 1.
        max_length: tokens, special ones included; None: what tokenizer and encoder take.
        lowercase: texts are made lower case first.
        prompts: by name; a prompt is put before a text.
        default_prompt: name of the one that is used unasked.
    """

    encoder: str = ""
    pooling: Pooling = "mean"
    dense: tuple[Dense, ...] = ()
    normalize: bool = False
    max_length: int | None = None
    lowercase: bool = False
    prompts: dict[str, str] = field(default_factory=dict)
    default_prompt: str | None = None


def read_pipeline(directory: Path) -> Pipeline:
    """Reads what lies beside the weights in ``directory``.

    Raises:
        CheckpointError: a file is damaged, or names a module or a way of pooling that the graphs
            don't have.
    """
    path = directory / MODULES
    if not path.is_file():
        return Pipeline(**_lengths(directory), **_prompts(directory))
    modules = [(_kind(entry, path), entry.get("path", "")) for entry in read_json_objects(path)]
    for kind, folder in modules:
        # A module lies within the checkpoint: another path would lead out of the directory.
        if not isinstance(folder, str) or PurePath(folder).name != folder or folder == "..":
            raise CheckpointError(f"{path}: the path of {kind}, {folder!r:.60}, is no folder in it")
    kinds = [kind for kind, _ in modules if kind != "Dropout"]  # does nothing outside training
    dense = kinds.count("Dense")
    wanted = ["Transformer", "Pooling", *["Dense"] * dense, *["Normalize"] * ("Normalize" in kinds)]
    if kinds != wanted:
        raise CheckpointError(
            f"{path} has the modules {', '.join(kinds) or 'none'}; a text encoder is supported as "
            "Transformer, Pooling, then Dense and Normalize where it has these"
        )
    folders: dict[str, list[Path]] = {}
    for kind, folder in modules:
        folders.setdefault(kind, []).append(directory / folder)
    prompts = _prompts(directory)
    pooling, width = _pooling(folders["Pooling"][0] / "config.json", prompts)
    layers = []
    for folder in folders.get("Dense", []):
        layers.append(_dense(folder, width))
        width = layers[-1].dimensions
    encoder = folders["Transformer"][0]
    return Pipeline(
        encoder="" if encoder == directory else encoder.name,
        pooling=pooling,
        dense=tuple(layers),
        normalize="Normalize" in kinds,
        **_lengths(encoder),
        **prompts,
    )


def _kind(entry: dict[str, Any], path: Path) -> str:
    """``Pooling`` of ``sentence_transformers.models.Pooling``, wherever a version has it."""
    kind = entry.get("type")
    if not isinstance(kind, str) or not kind.startswith("sentence_transformers."):
        raise CheckpointError(
            f"{path} has a module of type {kind!r:.100}, which is not sentence-transformers' own: "
            "code of a checkpoint is not executed"
        )
    return kind.rpartition(".")[2]


def _pooling(path: Path, prompts: dict[str, Any]) -> tuple[Pooling, int]:
    """How tokens are pooled, and their width."""
    config = read_json(path)
    modes = config.get("pooling_mode") or [m for flag, m in _OLDER.items() if config.get(flag)]
    modes = modes if isinstance(modes, list) else [modes]
    if len(modes) != 1 or modes[0] not in get_args(Pooling):
        raise CheckpointError(
            f"{path}: tokens are pooled by {' and '.join(map(str, modes)) or 'nothing'}; supported "
            f"are {', '.join(get_args(Pooling))}, one at a time"
        )
    if config.get("include_prompt", True) is not True and prompts["prompts"]:
        raise CheckpointError(f"{path}: include_prompt is off: prompts count as text here")
    width = config.get("embedding_dimension", config.get("word_embedding_dimension"))
    if type(width) is not int or not 1 <= width <= MAX_DIM:
        raise CheckpointError(f"{path}: the width of tokens is {width!r:.40}")
    return modes[0], width


def _dense(folder: Path, width: int) -> Dense:
    config, source = read_json(folder / "config.json"), str(folder)
    activation = str(config.get("activation_function", "torch.nn.modules.activation.Tanh"))
    name = activation.rpartition(".")[2]
    if not activation.startswith("torch.nn.") or name not in _ACTIVATIONS:
        raise CheckpointError(
            f"{source}: activation_function is {activation:.100}; supported are "
            f"{', '.join(_ACTIVATIONS)} of torch.nn"
        )
    wanted = {"module_input_name": "sentence_embedding", "use_residual": False}
    for entry, value in {**wanted, "module_output_name": "sentence_embedding"}.items():
        if config.get(entry, value) != value:
            raise CheckpointError(f"{source}: {entry} {config[entry]!r:.60} is not supported")
    out = config.get("out_features")
    if config.get("in_features") != width or type(out) is not int or not 1 <= out <= MAX_DIM:
        raise CheckpointError(
            f"{source}: a Dense layer of {config.get('in_features')!r:.40} to {out!r:.40}, "
            f"expected {width} to 1 … {MAX_DIM}"
        )
    weights = encoder_weights(folder).weights
    expected: dict[str, tuple[int, ...]] = {"linear.weight": (out, width)}
    if config.get("bias", True):
        expected["linear.bias"] = (out,)
    with ExitStack() as stack:
        tensors = open_tensors(weights, stack)
        match_shapes(tensors.shapes(), expected, "Dense layer", source)
        state = {key: tensors.float32(key) for key in expected}
    check_finite(state, source)
    return Dense(state, _ACTIVATIONS[name], weights)


def _lengths(directory: Path) -> dict[str, Any]:
    path = directory / LENGTHS
    if not path.is_file():
        return {"max_length": None, "lowercase": False}
    config = read_json(path)
    length, lowercase = config.get("max_seq_length"), config.get("do_lower_case", False)
    if length is not None and (type(length) is not int or length < 2):
        raise CheckpointError(f"{path}: max_seq_length is {length!r:.40}, not 2 tokens or more")
    if type(lowercase) is not bool:
        raise CheckpointError(f"{path}: do_lower_case is {lowercase!r:.40}, not true or false")
    task = config.get("transformer_task", "feature-extraction")
    if task != "feature-extraction":
        raise CheckpointError(f"{path}: transformer_task {task!r:.60} is not a text encoder's")
    return {"max_length": length, "lowercase": lowercase}


def _prompts(directory: Path) -> dict[str, Any]:
    path = directory / PROMPTS
    config = read_json(path) if path.is_file() else {}
    prompts, default = config.get("prompts") or {}, config.get("default_prompt_name")
    if not isinstance(prompts, dict) or not all(isinstance(p, str) for p in prompts.values()):
        raise CheckpointError(f"{path}: prompts is not an object of texts")
    if default is not None and default not in prompts:
        raise CheckpointError(
            f"{path}: default_prompt_name {default!r:.60} is none of {', '.join(prompts) or 'none'}"
        )
    return {"prompts": prompts, "default_prompt": default}
