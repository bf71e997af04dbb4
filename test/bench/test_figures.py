"""Medians, and ratios of what was measured in the same round."""

from __future__ import annotations

from figures import Figure, Result, call_ms, paired_ratio, token_ms
from measurement import Heard, Measurement


def measured(*calls: float, noisy: bool = False, **rest: float) -> Measurement:
    """Of one recording."""
    heard = Heard("text", list(calls), noisy=noisy, **rest)  # type: ignore[arg-type]
    return Measurement(import_ms=100, load_ms=50, peak_mib=10, heard=[heard])


def result(rounds: dict[int, Measurement]) -> Result:
    return Result("base", 2, "11s", 11.0, "sotto int8", 1000, rounds)


def test_a_figure_is_the_median_with_least_and_greatest() -> None:
    assert Figure.of([5.0, 1.0, 2.0, 40.0]) == Figure(3.5, 1.0, 40.0, 4)


def test_nothing_measured_is_no_figure() -> None:
    assert Figure.of([]) is None


def test_a_measurement_is_the_median_of_its_calls() -> None:
    assert call_ms(measured(10.0, 300.0, 20.0)) == 20.0


def test_noisy_rounds_are_not_counted() -> None:
    rounds = {0: measured(10.0), 1: measured(300.0, noisy=True), 2: measured(12.0)}
    assert result(rounds).figure(call_ms) == Figure(11.0, 10.0, 12.0, 2)


def test_a_result_with_noise_alone_has_no_figure() -> None:
    assert result({0: measured(10.0, noisy=True)}).figure(call_ms) is None


def test_ratios_are_of_the_same_round() -> None:
    # The machine became three times slower in the second round; the ratio is the same.
    ours = {0: 100.0, 1: 300.0}
    theirs = {0: 200.0, 1: 600.0}
    assert paired_ratio(ours, theirs) == Figure(0.5, 0.5, 0.5, 2)


def test_a_round_that_one_side_lacks_has_no_ratio() -> None:
    assert paired_ratio({0: 100.0, 1: 100.0, 3: 1.0}, {1: 50.0, 2: 1.0}) == Figure(2, 2, 2, 1)
    assert paired_ratio({0: 100.0}, {1: 50.0}) is None


def test_noise_in_a_round_takes_it_out_of_the_ratio() -> None:
    ours = result({0: measured(10.0), 1: measured(90.0, noisy=True)})
    theirs = result({0: measured(20.0), 1: measured(20.0)})
    assert paired_ratio(ours.values(call_ms), theirs.values(call_ms)) == Figure(0.5, 0.5, 0.5, 1)


def test_milliseconds_a_token_need_both_time_and_steps() -> None:
    assert token_ms(measured(10.0, decoder_ms=60.0, steps=20)) == 3.0
    assert token_ms(measured(10.0, decoder_ms=60.0)) is None
    assert token_ms(measured(10.0, decoder_ms=60.0, steps=0)) is None


def test_loading_holds_what_only_the_first_call_took() -> None:
    late = measured(10.0, cold_first_token_ms=80.0, first_token_ms=30.0)
    assert late.ready_ms == 50 + 50
    assert late.start_ms == 100 + 50 + 80
    assert measured(10.0).ready_ms == 50
    assert measured(10.0).start_ms is None


def test_a_measurement_survives_json() -> None:
    import json
    from dataclasses import asdict

    one = measured(10.0, 12.0, decoder_ms=60.0, steps=20)
    assert Measurement.from_json(json.loads(json.dumps(asdict(one)))) == one
