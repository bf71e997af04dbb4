"""How the seek loop goes on, where openai-whisper can't be asked or has no such thing."""

from __future__ import annotations

from collections.abc import Callable

import whisper
from recordings import recording

from sotto.asr import SpeechModel


def test_a_text_that_ends_at_0_s_does_not_hold_the_window_where_whisper_stays_for_ever(
    speech: Callable[[str, str], SpeechModel],
) -> None:
    tokenizer = whisper.tokenizer.get_tokenizer(multilingual=False)
    begin = tokenizer.timestamp_begin
    seen: list[float] = []
    result = speech("tiny.en", "fp32").recognize(
        recording("two_cities").samples,
        without_timestamps=True,  # and so no timestamp rules
        suppress_tokens=[*range(begin), *range(begin + 1, tokenizer.encoding.n_vocab)],
        suppress_blank=False,
        sample_len=3,
        window=30,
        temperature=0.0,
        no_speech_threshold=None,
        on_progress=lambda done, duration: seen.append(done),
    )
    assert seen == [30.0, 44.37]
    assert result.text == ""


def test_one_encoder_run_detects_and_transcribes_in_a_fitted_window(
    speech: Callable[[str, str], SpeechModel],
) -> None:
    result = speech("base", "int8").recognize(recording("sr_french").samples, temperature=0.0)
    assert result.profile.encoder_runs == 1
    assert result.language == "fr"
