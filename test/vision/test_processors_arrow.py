"""Arrow arrays go in and out of both processors, over the same memory where its layout allows."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from small_pictures import encoded, picture, pixels
from test_image_errors import SETTINGS

from sotto.errors import AudioError, ImageError, SottoError
from sotto.preprocess import AudioProcessor, ImageProcessor
from sotto.preprocess.arrow import items, samples, tensor_array, tensor_values

pa = pytest.importorskip("pyarrow")


@pytest.fixture
def images() -> ImageProcessor:
    return ImageProcessor(SETTINGS)


@pytest.fixture
def audio() -> AudioProcessor:
    return AudioProcessor(seconds=1)


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 0.1, round(seconds * 16_000))
    return noise.astype(np.float32)


def test_images_leave_as_tensors_over_their_own_memory() -> None:
    values = np.random.default_rng(0).normal(size=(3, 3, 4, 5)).astype(np.float32)
    array = tensor_array(values)
    assert array.type == pa.fixed_shape_tensor(pa.float32(), (3, 4, 5))
    assert array.storage.values.buffers()[1].address == address(values)
    assert np.array_equal(array.to_numpy_ndarray(), values)


def test_tensors_come_in_as_views_of_arrows_memory(images: ImageProcessor) -> None:
    array = images.to_arrow([pixels(40, 50), pixels(32, 32)])
    values = images.from_arrow(array)
    assert values.shape == (2, 3, 32, 32)
    assert address(values) == array.storage.values.buffers()[1].address
    assert np.array_equal(values, images([pixels(40, 50), pixels(32, 32)]))


def test_a_slice_is_a_view_from_its_place_on(images: ImageProcessor) -> None:
    array = images.to_arrow([pixels(32, 32, seed=seed) for seed in range(4)])
    values = images.from_arrow(array[1:3])
    whole = images.from_arrow(array)
    assert address(values) == address(whole) + whole[0].nbytes
    assert np.array_equal(values, whole[1:3])


def test_chunks_are_joined(images: ImageProcessor) -> None:
    parts = [images.to_arrow([pixels(32, 32, seed=seed)]) for seed in range(3)]
    joined = images.from_arrow(pa.chunked_array(parts))
    assert np.array_equal(joined, np.concatenate([images.from_arrow(part) for part in parts]))
    alone = images.from_arrow(pa.chunked_array(parts[:1]))
    assert address(alone) == address(images.from_arrow(parts[0]))


def test_decoded_images_come_in_without_a_copy_of_their_own(images: ImageProcessor) -> None:
    decoded = np.stack([pixels(32, 32, seed=seed) for seed in range(2)])
    array = tensor_array(decoded)
    assert address(tensor_values(array, ImageError)) == address(decoded)
    assert np.array_equal(images.from_arrow(array), images(decoded))


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_encoded_files_are_read_where_they_lie(images: ImageProcessor, kind: pa.DataType) -> None:
    files = [encoded(picture("RGB", 40 + n, 50), "PNG") for n in range(3)]
    array = pa.array(files, kind)
    start = array.buffers()[2].address
    views = items(array[1:], ImageError)
    first = address(np.frombuffer(views[0], np.uint8))
    assert first == start + len(files[0])
    assert np.array_equal(images.from_arrow(array), images(files))


def test_strings_are_paths(images: ImageProcessor, tmp_path: object) -> None:
    path = f"{tmp_path}/picture.png"
    picture("RGB").save(path)
    assert np.array_equal(images.from_arrow(pa.array([path])), images(path))


@pytest.mark.parametrize("kind", [pa.list_(pa.float32()), pa.large_list(pa.float32())])
def test_samples_are_read_where_they_lie(audio: AudioProcessor, kind: pa.DataType) -> None:
    sounds = [sound(0.5, 1), sound(1.5, 2)]
    array = pa.array([one.tolist() for one in sounds], kind)
    views = samples(array, AudioError)
    assert views is not None
    assert address(views[1]) == array.values.buffers()[1].address + sounds[0].nbytes
    assert np.array_equal(audio.from_arrow(array), audio(sounds))


def test_log_mel_leaves_and_returns_without_a_copy(audio: AudioProcessor) -> None:
    array = audio.to_arrow([sound(0.5), sound(2)])
    values = audio.from_arrow(array)
    assert array.type == pa.fixed_shape_tensor(pa.float32(), audio.shape)
    assert address(values) == array.storage.values.buffers()[1].address
    assert np.array_equal(values, audio([sound(0.5), sound(2)]))


def test_an_empty_array_is_an_empty_batch(images: ImageProcessor, audio: AudioProcessor) -> None:
    assert images.from_arrow(images.to_arrow([])).shape == (0, 3, 32, 32)
    assert images.from_arrow(pa.array([], pa.binary())).shape == (0, 3, 32, 32)
    chunked = pa.chunked_array([], pa.fixed_shape_tensor(pa.float32(), (3, 32, 32)))
    assert images.from_arrow(chunked).shape == (0, 3, 32, 32)
    assert audio.from_arrow(pa.array([], pa.list_(pa.float32()))).shape == (0, 80, 100)


def test_arrays_of_another_kind_say_which_are_taken(
    images: ImageProcessor, audio: AudioProcessor
) -> None:
    with pytest.raises(ImageError, match="array of int64: expected fixed-shape"):
        images.from_arrow(pa.array([1, 2]))
    with pytest.raises(ImageError, match="1 of the 2 items are null"):
        images.from_arrow(pa.array([b"a", None]))
    with pytest.raises(ImageError, match="a list: expected an Arrow array"):
        images.from_arrow([b"a"])
    with pytest.raises(AudioError, match=r"float32 \[80, 200\]; expected float32 \[80, 100\]"):
        audio.from_arrow(AudioProcessor(seconds=2).to_arrow([sound(1)]))


def test_where_pyarrow_is_missing_the_extra_is_named(images: ImageProcessor) -> None:
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from sotto.preprocess import AudioProcessor\n"
        "import numpy\n"
        "AudioProcessor().to_arrow(numpy.zeros(9, 'float32'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"{SottoError.__name__}: Arrow arrays need pyarrow: pip install 'sotto[embed]'" in (
        done.stderr
    )
