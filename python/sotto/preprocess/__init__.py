"""What a model is fed: files and arrays in, the model's own input arrays out."""

from sotto.preprocess.audio import SAMPLE_RATE, AudioSource, read_audio, stream_audio

__all__ = ["SAMPLE_RATE", "AudioSource", "read_audio", "stream_audio"]
