"""A folder into an index: what is new, changed, gone or broken."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from sotto.errors import BundleError, OptionError
from sotto.index import Collection, Index
from sotto.index.folder import FolderOptions, Models, Outcome, WalkOptions, add_folder, ingest


class Watching:
    """Keeps what it is told; calls ``on_file`` before each file."""

    def __init__(self, on_file: object = None) -> None:
        self.files: list[str] = []
        self.problems: dict[str, str] = {}
        self._on_file = on_file

    def begin(self, files: int) -> None:
        self.total = files

    def file(self, path: str) -> None:
        self.files.append(Path(path).name)
        if callable(self._on_file):
            self._on_file(Path(path))

    def seconds(self, done: float, duration: float) -> None:
        pass

    def problem(self, path: str, reason: str) -> None:
        self.problems[Path(path).name] = reason


def add(index: Index, folder: Path, models: Models, **options: object) -> tuple[Outcome, Watching]:
    watching = Watching(options.pop("on_file", None))
    return add_folder(index, folder, models, FolderOptions(**options), watching), watching  # type: ignore[arg-type]


def texts(index: Index, models: Models) -> Collection:
    return index.collection(models.text_encoder, create=False)


def test_a_folder_is_found_by_meaning_with_file_and_lines(
    index: Index, notes: Path, models: Models
) -> None:
    outcome, _ = add(index, notes, models)
    assert outcome.added == {"text": 3, "code": 1}
    assert outcome.unnamed == {"other": 1}
    collection = texts(index, models)
    (bread,) = collection.search("how long does the dough stay in the stove?", top=1)
    assert bread.record.path == str(notes / "bread.md")
    assert bread.record.modality == "text"
    (code,) = collection.search("try a failed connection once more", top=1)
    assert code.record.path == str(notes / "src" / "retry.py")
    assert code.record.modality == "code"
    assert code.record.lines == (1, 10)
    (japanese,) = collection.search(words="図書館", top=1)
    assert japanese.record.path == str(notes / "library.txt")


def test_files_that_did_not_change_are_left_alone(
    index: Index, notes: Path, models: Models
) -> None:
    add(index, notes, models)
    versions = texts(index, models)._table.version
    outcome, _ = add(index, notes, models)
    assert outcome.unchanged == {"text": 3, "code": 1}
    assert (outcome.added, outcome.changed, outcome.records) == ({}, {}, 0)
    assert texts(index, models)._table.version == versions


def test_a_changed_file_replaces_what_it_was(index: Index, notes: Path, models: Models) -> None:
    add(index, notes, models)
    (notes / "bread.md").write_text("Water the tomatoes every other day.\n")
    outcome, _ = add(index, notes, models)
    assert outcome.changed == {"text": 1}
    assert outcome.unchanged == {"text": 2, "code": 1}
    collection = texts(index, models)
    assert collection.search(words="sourdough oven") == []
    (hit,) = collection.search("gardening", top=1)
    assert hit.record.text == "Water the tomatoes every other day."


def test_a_file_that_is_gone_is_removed_when_asked(
    index: Index, notes: Path, models: Models
) -> None:
    add(index, notes, models)
    (notes / "bread.md").unlink()
    outcome, _ = add(index, notes, models)
    assert (outcome.gone, outcome.removed) == (1, False)
    assert texts(index, models).search(words="sourdough") != []
    outcome, _ = add(index, notes, models, prune=True)
    assert (outcome.gone, outcome.removed) == (1, True)
    assert texts(index, models).search(words="sourdough") == []
    assert str(notes / "bread.md") not in {file.path for file in index.files()}


def test_another_folder_s_files_are_not_gone(
    index: Index, notes: Path, models: Models, tmp_path: Path
) -> None:
    add(index, notes, models)
    (tmp_path / "notes2").mkdir()
    (tmp_path / "notes2" / "x.txt").write_text("x")
    outcome, _ = add(index, tmp_path / "notes2", models, prune=True)
    assert outcome.gone == 0
    assert len(index.files()) == 5


def test_broken_files_are_told_counted_and_passed_by(
    index: Index, with_recording: Path, models: Models
) -> None:
    (with_recording / "novel.wav").write_bytes(b"RIFF\x24\0\0\0WAVEnothing of the kind")
    (with_recording / "secret").mkdir()
    outcome, watching = add(index, with_recording, models)
    assert watching.problems.keys() == {"latin.txt", "novel.wav"}
    assert "UTF-8: byte 3 is 0xe9" in watching.problems["latin.txt"]
    assert outcome.problems == 2
    assert outcome.added.total() == 4


def test_a_huge_text_is_passed_by(index: Index, notes: Path, models: Models) -> None:
    with (notes / "log.txt").open("wb") as file:
        file.truncate(17 << 20)
    _, watching = add(index, notes, models)
    assert "17 MiB" in watching.problems["log.txt"]


def test_a_name_that_is_not_utf_8_is_told(index: Index, notes: Path, models: Models) -> None:
    Path(os.fsdecode(os.fsencode(notes) + b"/caf\xe9.txt")).write_text("coffee")
    _, watching = add(index, notes, models)
    assert [reason for reason in watching.problems.values() if "rename" in reason]


def test_files_that_go_away_or_change_meanwhile_are_told(
    index: Index, notes: Path, models: Models
) -> None:
    def meddle(path: Path) -> None:
        if path.name == "bread.md":
            (notes / "library.txt").unlink()
            (notes / "src" / "new.py").write_text("too late to be seen")

    outcome, watching = add(index, notes, models, on_file=meddle)
    assert watching.problems["library.txt"] == "No such file or directory"
    assert outcome.added == {"text": 2, "code": 1}
    outcome, _ = add(index, notes, models)
    assert outcome.added == {"code": 1}


def test_a_file_that_is_written_while_it_is_read_is_left_for_the_next_run(
    notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sotto.index.folder import reading

    path = notes / "bread.md"
    stamps = iter([reading.stamp(path), (1, 2, 3)])
    monkeypatch.setattr(reading, "stamp", lambda _: next(stamps))
    with pytest.raises(reading.UnreadableError, match="next run"):
        reading.read(reading.Candidate(path, "text"))


def test_a_run_that_is_broken_off_is_gone_on_with(
    index: Index, notes: Path, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "HELD_RECORDS", 0)  # what is done is written at once

    def stop(path: Path) -> None:
        if path.name == "library.txt":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add(index, notes, models, on_file=stop)
    assert [Path(file.path).name for file in index.files()] == ["bread.md", "empty.txt"]
    outcome, _ = add(index, notes, models)
    assert outcome.unchanged == {"text": 2}
    assert outcome.added == {"text": 1, "code": 1}
    assert texts(index, models).count() == sum(file.records for file in index.files())


def test_records_without_their_mark_are_made_again_once(
    index: Index, notes: Path, models: Models
) -> None:
    add(index, notes, models)
    count = texts(index, models).count()
    # As if the process had ended between the two commits.
    index.forget_files([str(notes / "bread.md")])
    outcome, _ = add(index, notes, models)
    assert outcome.added == {"text": 1}
    assert texts(index, models).count() == count


def test_a_recording_is_found_by_what_is_said_at_its_time(
    index: Index, with_recording: Path, models: Models
) -> None:
    outcome, _ = add(index, with_recording, models)
    assert outcome.added["audio"] == 1
    collection = texts(index, models)
    (hit,) = collection.search("best of times and worst of times", top=1)
    assert hit.record.path == str(with_recording / "novel.wav")
    assert hit.record.modality == "audio"
    assert hit.record.seconds is not None
    begin, end = hit.record.seconds
    assert 0 <= begin < 2
    assert 5 < end <= 31
    later = collection.search(words="superlative degree of comparison", top=1)[0].record
    assert later.seconds is not None
    assert later.seconds[0] > 20


def test_a_picture_finds_its_near_duplicate(
    index: Index, notes: Path, models: Models, image_model: Path
) -> None:
    image = pytest.importorskip("PIL.Image", reason="pictures need pip install 'sotto[embed]'")
    for name, colour in {"red.png": (250, 10, 10), "blue.png": (10, 10, 250)}.items():
        image.new("RGB", (40, 30), colour).save(notes / name)
    image.new("RGB", (80, 60), (240, 20, 15)).save(notes.parent / "reddish.jpg")
    (notes / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    with_images = Models(models.text, models.speech, image_model, threads=1)
    outcome, watching = add(index, notes, with_images)
    assert outcome.added["image"] == 2
    assert "broken.jpg" in watching.problems
    pictures = index.collection(with_images.image_encoder, create=False)
    (best, *_) = pictures.search(str(notes.parent / "reddish.jpg"))
    assert best.record.path == str(notes / "red.png")


def test_only_the_modalities_that_are_asked_for_are_taken(
    index: Index, with_recording: Path, models: Models
) -> None:
    outcome, _ = add(index, with_recording, models, modalities=["code"])
    assert outcome.added == {"code": 1}


def test_a_missing_model_ends_the_run_before_it_begins(
    index: Index, with_recording: Path, models: Models
) -> None:
    missing = Models(models.text, "no-such-whisper", threads=1)
    with pytest.raises(BundleError, match="sotto get no-such-whisper"):
        add(index, with_recording, missing)
    assert index.files() == []
    with pytest.raises(BundleError, match="sotto convert"):
        add(index, with_recording, Models("no-such-encoder", None))


def test_another_model_makes_everything_anew_beside_it(
    index: Index, notes: Path, models: Models, small_text_bundle: Path
) -> None:
    add(index, notes, models)
    other = Models(small_text_bundle, models.speech, threads=1)
    outcome, _ = add(index, notes, other)
    assert outcome.changed.total() == 4
    assert len(index.spaces()) == 2
    # What the first model made of these files would not be kept up to date any more.
    assert texts(index, models).count() == 0


def test_a_folder_that_is_not_there_is_an_error(index: Index, models: Models) -> None:
    with pytest.raises(OptionError, match="does not exist"):
        add(index, Path("/no/such/folder"), models)


def test_the_walk_s_options_reach_it(index: Index, notes: Path, models: Models) -> None:
    outcome, _ = add(index, notes, models, walk=WalkOptions(exclude=["src", "*.txt"]))
    assert outcome.added == {"text": 1}


def test_a_run_with_fewer_models_leaves_what_others_made(
    index: Index, notes: Path, models: Models
) -> None:
    add(index, notes, models)
    (bread,) = index.files(under=str(notes / "bread.md"))
    index.record_files([replace(bread, models=["other@00", *bread.models])])
    outcome, _ = add(index, notes, models)
    assert outcome.unchanged.total() == 4
    # One that needs a model which it did not go through is done again.
    index.record_files([replace(bread, models=["other@00"])])
    outcome, _ = add(index, notes, models)
    assert outcome.changed == {"text": 1}


def test_a_recording_is_left_alone_where_there_is_no_model_of_speech(
    index: Index, with_recording: Path, models: Models
) -> None:
    add(index, with_recording, models)
    outcome, _ = add(index, with_recording, Models(models.text, None, threads=1))
    assert outcome.unnamed["audio"] == 1
    assert (outcome.added, outcome.changed) == ({}, {})
    assert texts(index, models).search(words="best of times") != []
