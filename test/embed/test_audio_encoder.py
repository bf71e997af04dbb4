"""Recordings to vectors, against openai-whisper's encoder on real speech."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soxr
from comparison.clips import Clip, all_clips, manifest_clips

from sotto.embed import AudioEncoder, load_encoder
from sotto.errors import AudioError, BundleError, OptionError
from sotto.preprocess import read_audio, stream_audio

RATE = 16_000
POSITION = 320

MIN_COSINE = {"fp32": 0.9999, "int8": 0.999}
"""To openai-whisper's pooled features. fp32 gives 0.9999999, int8 0.9998 to 0.9999."""

Encoder = Callable[[str], AudioEncoder]

CLIPS = all_clips()
"""No clip: the recordings are absent."""


@pytest.fixture(scope="session")
def audio(audio_bundle: Callable[[str], Path]) -> Encoder:
    """Whisper base as an encoder of audio, by precision."""
    return cache(lambda precision: AudioEncoder(audio_bundle(precision), threads=1))


def sounding(samples: np.ndarray, positions: int, loudest: float | None = None) -> np.ndarray:
    """Which positions hold sound, as the encoder's docstring has it: ``[positions]`` of bool."""
    powers = np.zeros(positions)
    held = np.zeros(positions, bool)
    half = POSITION // 2
    last = max(0, (len(samples) + half) // POSITION - 1)
    for t in range(last + 1):
        end = len(samples) if t == last else t * POSITION + half
        part = samples[max(0, t * POSITION - half) : end]
        powers[t], held[t] = np.square(part.astype(np.float64)).mean(), True
    threshold = (powers.max() if loudest is None else loudest) * 1e-3
    return held & (powers >= threshold)


@pytest.fixture(scope="session")
def reference() -> Callable[[np.ndarray, int], np.ndarray]:
    """The pooled features of openai-whisper's own encoder, not normalised, by samples and window.

    Its window is 30 s; for another its positional embedding is cut, as the graphs' is.
    """
    whisper = pytest.importorskip("whisper")
    import torch

    from sotto.checkpoints import load_checkpoint

    checkpoint = load_checkpoint("base")
    model = whisper.model.Whisper(whisper.model.ModelDimensions(**vars(checkpoint.dims))).eval()
    model.load_state_dict({k: torch.from_numpy(v) for k, v in checkpoint.state.items()})
    whole = model.encoder.positional_embedding

    @torch.no_grad()
    def pooled(samples: np.ndarray, seconds: int) -> np.ndarray:
        log_mel = whisper.log_mel_spectrogram(
            whisper.pad_or_trim(torch.from_numpy(samples.copy()), seconds * RATE)
        )
        model.encoder.positional_embedding = whole[: seconds * 50]
        features = model.encoder(log_mel[None])[0].numpy()
        model.encoder.positional_embedding = whole
        return features[sounding(samples, seconds * 50)].mean(axis=0)

    return pooled


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


QUICK = ("LJ002-0020", "jfk", "two_cities", "es_test_clip")
"""Of both windows, in two languages."""


def each_clip(clips: list[Clip], quick: tuple[str, ...]) -> pytest.MarkDecorator:
    """Parameter ``clip``; those that are not named in ``quick`` are marked slow."""
    return pytest.mark.parametrize(
        "clip",
        [
            pytest.param(clip, id=clip.name, marks=[] if clip.name in quick else [pytest.mark.slow])
            for clip in clips
        ],
    )


@each_clip(CLIPS, quick=QUICK)
@pytest.mark.parametrize("precision", MIN_COSINE)
def test_a_vector_is_openai_whispers_features_pooled(
    audio: Encoder, reference: Callable, precision: str, clip: Clip
) -> None:
    samples = clip.first_window
    encoder = audio(precision)
    window = next(seconds for seconds in encoder.windows if len(samples) <= seconds * RATE)
    vector = encoder.encode(samples, normalize=False)
    assert cosine(vector, reference(samples, window)) >= MIN_COSINE[precision]


def test_with_its_window_alone_short_clips_have_openai_whispers_own_vectors(
    audio_bundle: Callable[[str], Path], reference: Callable, recording: Callable[[str], Path]
) -> None:
    samples = read_audio(recording("LJ002-0020.wav"))
    encoder = AudioEncoder(audio_bundle("fp32"), threads=1, window=30)
    vector = encoder.encode(samples, normalize=False)
    assert cosine(vector, reference(samples, 30)) >= MIN_COSINE["fp32"]
    shorter = AudioEncoder(audio_bundle("fp32"), threads=1).encode(samples)
    # What the encoder makes of 25 s of silence more: 0.983 to 0.989 on the clips of 5 s at most.
    assert 0.98 <= cosine(vector, shorter) < 0.9999


@pytest.mark.parametrize("window", [20, -10, 10.0, "10"])
def test_a_window_that_there_is_not_is_refused(
    audio_bundle: Callable[[str], Path], window: object
) -> None:
    with pytest.raises(OptionError, match="window"):
        AudioEncoder(audio_bundle("int8"), window=window)  # type: ignore[arg-type]


def test_a_long_recording_is_the_mean_over_all_its_positions(
    audio: Encoder, recording: Callable[[str], Path]
) -> None:
    samples = read_audio(recording("ted_60.m4a"))
    samples = np.concatenate([samples[: 40 * RATE], np.zeros(3 * RATE, np.float32)])
    encoder = audio("fp32")
    starts, ends, windows = encoder.encode_spans(samples, 30, normalize=False)
    assert list(zip(starts, ends, strict=True)) == [(0, 30), (30, 43)]
    loudest = max(np.square(samples[i : i + 320]).mean() for i in range(160, len(samples), 320))
    weights = [
        sounding(part, 1500, loudest).sum() for part in (samples[: 30 * RATE], samples[30 * RATE :])
    ]
    expected = np.average(windows, axis=0, weights=weights)
    assert cosine(encoder.encode(samples, normalize=False), expected) > 0.999999


def changed(samples: np.ndarray) -> Iterator[tuple[str, np.ndarray, float]]:
    """A clip louder, quieter and resampled: what was done, samples, and their rate."""
    yield "louder", samples * np.float32(0.98 / np.abs(samples).max()), RATE
    yield "quieter", samples * np.float32(0.1), RATE
    yield "8 kHz", soxr.resample(samples, RATE, 8000), 8000
    yield "44.1 kHz", soxr.resample(samples, RATE, 44100), 44100


@pytest.mark.skipif(len(manifest_clips()) < 2, reason="the recordings are absent")
@pytest.mark.parametrize(
    ("precision", "count"),
    [
        ("int8", 4),
        pytest.param("int8", None, marks=pytest.mark.slow),
        pytest.param("fp32", None, marks=pytest.mark.slow),
    ],
    ids=["int8-short ones", "int8", "fp32"],
)
def test_a_clip_louder_or_resampled_stays_its_own_nearest_neighbour(
    audio: Encoder, precision: str, count: int | None
) -> None:
    clips, encoder = (
        sorted(manifest_clips(), key=lambda clip: clip.seconds)[:count],
        audio(precision),
    )
    vectors = encoder.encode([clip.samples for clip in clips])
    for number, clip in enumerate(clips):
        for what, samples, rate in changed(clip.samples):
            found = vectors @ encoder.encode(samples, sample_rate=rate)
            assert int(found.argmax()) == number, (clip.name, what, found)


def test_loudness_does_not_change_which_positions_are_pooled(
    audio: Encoder, recording: Callable[[str], Path]
) -> None:
    samples = read_audio(recording("jfk.flac"))
    runtime = audio("fp32").runtime
    counts = set()
    for gain in (1, 0.5, 0.01, 2, 30):
        louder = samples[: 10 * RATE] * np.float32(gain)
        _, count = runtime.encode_audio(louder, runtime.loudest_position(louder))
        counts.add(count)
    assert counts == {int(sounding(samples[: 10 * RATE], 500).sum())}
    assert counts < set(range(100, 450))  # there are pauses


def test_silence_around_speech_is_not_pooled(
    audio: Encoder, recording: Callable[[str], Path]
) -> None:
    samples = read_audio(recording("LJ002-0020.wav"))
    padded = np.concatenate([samples, np.zeros(3 * RATE, np.float32)])
    alone, among = audio("fp32").encode([samples, padded])
    # The graph sees 5 s with zeros after the speech either way.
    assert cosine(alone, among) > 0.999999


def test_a_click_at_the_very_end_of_a_window_is_sound(audio: Encoder) -> None:
    samples = np.full(30 * RATE, 1e-4, np.float32)
    samples[-1] = 1
    assert np.isfinite(audio("int8").encode(samples)).all()


@pytest.mark.parametrize("samples", [np.zeros(RATE), np.zeros(1), np.zeros(31 * RATE)])
def test_digital_silence_has_a_vector(audio: Encoder, samples: np.ndarray) -> None:
    vector = audio("int8").encode(samples.astype(np.float32))
    assert np.isfinite(vector).all()
    np.testing.assert_allclose(np.linalg.norm(vector), 1, rtol=1e-5)  # float32 rounding


def test_a_path_its_bytes_and_its_samples_have_one_vector(
    audio: Encoder, recording: Callable[[str], Path]
) -> None:
    path = recording("mr_quilter.flac")
    items = [path, str(path), path.read_bytes(), read_audio(path)]
    vectors = audio("int8").encode(items)
    assert (vectors == vectors[0]).all()
    assert np.array_equal(audio("int8").encode(path), vectors[0])


def test_spans_have_their_times_and_silent_ones_are_left_out(
    audio: Encoder, recording: Callable[[str], Path]
) -> None:
    speech = read_audio(recording("jfk.flac"))[: 10 * RATE]
    samples = np.concatenate([speech, np.zeros(10 * RATE, np.float32), speech[: 3 * RATE]])
    starts, ends, vectors = audio("int8").encode_spans(samples, 5)
    assert starts.tolist() == [0, 5, 20]
    assert ends.tolist() == [5, 10, 23]
    assert vectors.shape == (3, 512)
    nearest = vectors[:2] @ vectors[2]
    assert nearest[0] > nearest[1]  # the first words again
    none = audio("int8").encode_spans(np.zeros(RATE, np.float32), 5)
    # All that there is of a silent recording counts, as for encode.
    assert [len(part) for part in none] == [1, 1, 1]


def test_spans_may_be_an_arrow_array(audio: Encoder, recording: Callable[[str], Path]) -> None:
    pytest.importorskip("pyarrow")
    path = recording("mr_quilter.flac")
    _, _, array = audio("int8").encode_spans(path, 3, output="arrow")
    assert array.type.list_size == 512
    assert len(array) == len(audio("int8").encode_spans(path, 3)[2])


@pytest.mark.parametrize("seconds", [0, 31, -1, float("nan"), "5", None])
def test_a_span_longer_than_a_window_is_refused(audio: Encoder, seconds: object) -> None:
    with pytest.raises(OptionError, match=r"expected 0\.1 to 30, the longest window"):
        audio("int8").encode_spans(np.zeros(RATE, np.float32), seconds)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("gone.wav", "gone.wav: no such file"),
        (b"no audio", "the 8 bytes given"),
        (3, "can't read audio from a int"),
        (np.zeros((2, 2, 2)), "shape"),
        (np.full(RATE, np.nan), "sample 0"),
        (np.zeros(0, np.float32), "holds no samples"),
    ],
)
def test_what_is_no_recording_is_refused(audio: Encoder, item: object, message: str) -> None:
    for encode in (audio("int8").encode, lambda one: audio("int8").encode_spans(one, 5)):
        with pytest.raises(AudioError, match=message):
            encode(item)


def test_a_bundle_that_embeds_is_loaded_as_such_and_transcribes_nothing(
    audio_bundle: Callable[[str], Path],
) -> None:
    from sotto.asr import load_model
    from sotto.embed import TextEncoder

    bundle = audio_bundle("int8")
    assert type(load_encoder(bundle, threads=1)) is AudioEncoder
    with pytest.raises(BundleError, match="has no section whisper: it transcribes nothing"):
        load_model(bundle)
    with pytest.raises(BundleError, match="has no encoder of text: it embeds audio"):
        TextEncoder(bundle)


def test_recordings_are_read_in_pieces(audio: Encoder, recording: Callable[[str], Path]) -> None:
    path = recording("ted_60.m4a")
    blocks = [len(block) for block in stream_audio(path, 30)]
    starts, ends, _ = audio("int8").encode_spans(path, 30)
    assert np.round((ends - starts) * RATE).astype(int).tolist() == blocks
