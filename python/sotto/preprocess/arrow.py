"""Arrow arrays in and out of the processors, over the same memory wherever Arrow's layout allows.

Tensors of one shape are Arrow's canonical ``arrow.fixed_shape_tensor`` extension: their values lie
one after the other, as numpy has them. Encoded files are binary arrays, recordings lists of floats.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sotto.errors import SottoError

try:
    import pyarrow as pa
except ImportError as missing:
    raise SottoError("Arrow arrays need pyarrow: pip install 'sotto[embed]'") from missing


def tensor_array(values: NDArray[Any]) -> pa.FixedShapeTensorArray:
    """Numbers ``[n, …]`` as n tensors, over the memory of ``values`` where it is contiguous."""
    values = np.ascontiguousarray(values)
    shape = values.shape[1:]
    kind = pa.fixed_shape_tensor(pa.from_numpy_dtype(values.dtype), shape)
    flat = pa.array(values.reshape(-1))
    size = int(np.prod(shape))
    return pa.ExtensionArray.from_storage(kind, pa.FixedSizeListArray.from_arrays(flat, size))


def tensor_values(
    array: pa.Array | pa.ChunkedArray, error: type[SottoError]
) -> NDArray[Any] | None:
    """The numbers ``[n, …]`` of fixed-shape tensors: a view of one chunk's memory, not writable.

    Returns:
        None where the array is of another kind.

    Raises:
        error: it is no Arrow array, or an item is null.
    """
    _check(array, error)
    if not isinstance(array.type, pa.FixedShapeTensorType):
        return None
    parts = [chunk.to_numpy_ndarray() for chunk in _chunks(array)]
    if len(parts) == 1:
        return np.asarray(parts[0])
    if not parts:
        return np.empty((0, *array.type.shape), array.type.value_type.to_pandas_dtype())
    return np.concatenate(parts)


def items(array: pa.Array | pa.ChunkedArray, error: type[SottoError]) -> list[Any]:
    """Each item of a binary array as a memoryview of its bytes, or of a string array as a path.

    Raises:
        error: the array is of another kind, or an item is null.
    """
    _check(array, error)
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return [str(item) for chunk in _chunks(array) for item in chunk]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [memoryview(item) for chunk in _chunks(array) for item in binary_values(chunk)]
    raise error(
        f"an Arrow array of {kind}: expected fixed-shape tensors, binary (the bytes of files) or "
        "strings (paths)"
    )


def binary_values(array: pa.Array) -> list[pa.Buffer]:
    """The bytes of each item of a binary array, where they lie. None may be null."""
    _, offsets, data = array.buffers()
    wide = pa.types.is_large_binary(array.type)
    ends = np.frombuffer(offsets, np.int64 if wide else np.int32) if offsets else np.zeros(1, int)
    ends = ends[array.offset : array.offset + len(array) + 1]
    spans = zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    return [data.slice(start, end - start) for start, end in spans]


def samples(array: pa.Array | pa.ChunkedArray, error: type[SottoError]) -> list[Any] | None:
    """Each item of a list array of floats, ``[n]``, as a view of its memory.

    Returns:
        None where the array is of another kind.

    Raises:
        error: it is no Arrow array, or an item is null.
    """
    _check(array, error)
    kind = array.type
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if not (lists or pa.types.is_fixed_size_list(kind)) or not (
        pa.types.is_floating(kind.value_type)
    ):
        return None
    return [item.values.to_numpy(zero_copy_only=True) for chunk in _chunks(array) for item in chunk]


def _check(array: Any, error: type[SottoError]) -> None:
    if not isinstance(array, pa.Array | pa.ChunkedArray):
        raise error(f"a {type(array).__name__}: expected an Arrow array")
    if array.null_count:
        raise error(f"{array.null_count} of the {len(array)} items are null. Leave them out")


def _chunks(array: pa.Array | pa.ChunkedArray) -> Iterator[pa.Array]:
    yield from array.chunks if isinstance(array, pa.ChunkedArray) else [array]
