"""Words from sound: the bundled model through the very code that loads a large one."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import jiwer
import pytest
from faster_whisper import BatchedInferencePipeline
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import ModelFault
from pipeline import media, models, split, transcribe
from pipeline.model import Segment, Span, Word
from pipeline.timing import straighten
from pipeline.transcribe import FasterWhisper, Recognition, choose_hotwords

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.split import Hearing

DATA = Path(__file__).parent / "data"
FRENCH = Recognition("fr")


@pytest.fixture(scope="module")
def model(root: Path) -> Path:
    """Return the folder of the bundled model."""
    return root / "demo" / "model"


@pytest.fixture(scope="module")
def recogniser(model: Path) -> FasterWhisper:
    """Return the bundled model, loaded."""
    return FasterWhisper(model, "cpu", threads=1)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.float32]:
    """Return 33 s of six sentences by three espeak-ng voices, in three windows."""
    target = tmp_path_factory.mktemp("transcribe") / "s.flac"
    media.extract_sound([DATA / "three_windows.m4a"], target)
    return media.read_sound(target)


@pytest.fixture(scope="module")
def hearing(sound: NDArray[np.float32]) -> Hearing:
    """Return what is heard in it."""
    return split.listen([sound])


def plain(text: str) -> str:
    """A text's words, without capitals and marks."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


@pytest.fixture(scope="module")
def segments(
    recogniser: FasterWhisper, sound: NDArray[np.float32], hearing: Hearing
) -> tuple[Segment, ...]:
    """Return the recording as recognised."""
    return recogniser.recognise(sound, split.plan(hearing), FRENCH)


def test_the_bundled_model_hears_what_is_said(segments: tuple[Segment, ...]) -> None:
    """Three windows, six sentences that training never saw: most words are right."""
    said = " ".join(text for *_, text in json.loads((DATA / "three_windows.json").read_text()))
    heard = " ".join(segment.text for segment in segments)
    assert jiwer.wer(plain(said), plain(heard)) < 0.3


def test_words_are_whole_and_in_their_window(
    segments: tuple[Segment, ...], hearing: Hearing
) -> None:
    """One segment per window; words in order, inside it, none empty, none with a space in it."""
    windows = split.plan(hearing)
    assert len(segments) == len(windows)
    for segment, window in zip(segments, windows, strict=True):
        end = window.start_ms
        for word in segment.words:
            assert end <= word.start_ms < word.end_ms <= window.end_ms
            assert word.text
            assert not re.search(r"\s", word.text)
            assert 0 <= word.probability <= 1
            end = word.end_ms
        assert not segment.text.startswith("'")
        assert " '" not in segment.text


def test_words_do_not_depend_on_grouping(
    recogniser: FasterWhisper, sound: NDArray[np.float32], hearing: Hearing
) -> None:
    """Windows one by one, with sound cut around each, give the bytes that they give together."""
    windows = split.plan(hearing, max_ms=6_000)
    options = Recognition("fr", "Claire Morel, RTES")
    together = recogniser.recognise(sound, windows, options)
    for size in (1, 2):
        apart: list[Segment] = []
        for place in range(0, len(windows), size):
            group = windows[place : place + size]
            start, end = group[0].start_ms, group[-1].end_ms
            part = sound[start * 16 : end * 16]
            moved = [window.shift(-start) for window in group]
            apart += [s.shift(start) for s in recogniser.recognise(part, moved, options)]
        assert tuple(apart) == together
    assert recogniser.recognise(sound, (), options) == ()


def test_hotwords_reach_the_model(
    recogniser: FasterWhisper, sound: NDArray[np.float32], hearing: Hearing
) -> None:
    """A prompt changes what the model is sure of, and a full one still leaves room for words."""
    windows = split.plan(hearing)[:1]
    bare = recogniser.recognise(sound, windows, FRENCH)
    words = ", ".join(["Clara Lefèvre", "Marc Tissier", "PHARES", "RTES"] * 12)
    full = recogniser.recognise(sound, windows, Recognition("fr", words))
    assert full[0].words
    assert full[0].log_probability != bare[0].log_probability


# What is passed to the batched pipeline, and another value under which the words, their times
# or the model's score change. What changes nothing must change nothing.
PASSED: dict[str, tuple[object, bool]] = {
    "language": ("en", True),
    "beam_size": (1, True),
    "hotwords": ("Clara Lefèvre, Marc Tissier", True),
    "no_repeat_ngram_size": (2, True),
    "clip_timestamps": ([{"start": 0.0, "end": 6.0}], True),
    "word_timestamps": (False, True),
    "batch_size": (1, False),
}
# What the pipeline takes no notice of, and its result echoes.
IGNORED: dict[str, object] = {
    "temperature": 1.0,
    "best_of": 1,
    "prefix": "Je ne sais pas",
    "compression_ratio_threshold": 0.1,
    "log_prob_threshold": 0.0,
    "no_speech_threshold": 0.0,
    "condition_on_previous_text": True,
    "hallucination_silence_threshold": 0.1,
    "max_initial_timestamp": 0.0,
}


def test_each_option_that_is_passed_takes_effect(
    model: Path, sound: NDArray[np.float32], hearing: Hearing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every option that we pass changes the outcome, and none of those that are ignored is ours."""
    windows = split.plan(hearing)
    asked: list[dict[str, object]] = []
    whole = BatchedInferencePipeline.transcribe

    def outcome(pipeline: object, sound: object, **options: object) -> object:
        heard, about = whole(pipeline, sound, **options)
        asked.append(options)
        return heard, about

    monkeypatch.setattr(BatchedInferencePipeline, "transcribe", outcome)
    FasterWhisper(model, "cpu", threads=1).recognise(sound, windows, FRENCH)
    assert asked[0].keys() == PASSED.keys()
    assert not asked[0].keys() & IGNORED.keys()

    pipeline = BatchedInferencePipeline(
        transcribe._TimedModel(str(model), device="cpu", compute_type="int8", cpu_threads=1)
    )

    def told(**changed: object) -> list[object]:
        found, _ = whole(pipeline, sound, **{**asked[0], **changed})
        return [(s.text, s.avg_logprob, s.words) for s in found]

    usual = told(no_repeat_ngram_size=0)
    for name, (value, changes) in PASSED.items():
        assert (told(**{name: value}) != usual) is changes, name
    for name, value in IGNORED.items():
        assert told(**{name: value}) == usual, name


def test_a_search_of_one_beam_is_another_search(
    recogniser: FasterWhisper, sound: NDArray[np.float32], hearing: Hearing
) -> None:
    """The beam size takes effect."""
    windows = split.plan(hearing)
    wide = recogniser.recognise(sound, windows, FRENCH)
    narrow = recogniser.recognise(sound, windows, Recognition("fr", beam_size=1))
    assert [s.log_probability for s in wide] != [s.log_probability for s in narrow]


def test_pieces_of_words_are_joined_and_marks_stand_behind() -> None:
    """Elisions and hyphens become one word; a spaced mark keeps its space and gets no pause."""
    pieces = [(" l", 0.0, 0.1), ("'économie", 0.1, 0.5), (" Y", 0.6, 0.7), ("-t", 0.7, 0.8)]
    pieces += [("-il", 0.8, 0.9), (" bien", 1.0, 1.4), (" ?", 1.4, 9.0), (" Oui.", 9.1, 9.4)]
    words = [SimpleNamespace(word=w, start=5 + a, end=5 + b, probability=0.5) for w, a, b in pieces]
    window = Span(5_003, 20_000)
    made = transcribe._words(SimpleNamespace(seek=500, words=words), window)
    assert [word.text for word in made] == ["l'économie", "Y-t-il", "bien", "?", "Oui."]
    assert (made[0].start_ms, made[0].end_ms) == (5_003, 5_503)
    assert made[3].end_ms - made[2].end_ms < 50


@given(
    st.lists(st.tuples(st.integers(-50, 1_200), st.integers(-50, 1_200)), max_size=40),
    st.integers(40, 1_000),
)
def test_straightened_words_are_in_order_and_inside(
    times: list[tuple[int, int]], length: int
) -> None:
    """Any times become increasing, positive, inside; good ones are not touched."""
    words = [Word(start, end, "mot") for start, end in times]
    made = straighten(words, Span(0, length))
    end = 0
    for word in made:
        assert end <= word.start_ms < word.end_ms <= length
        end = word.end_ms
    assert straighten(made, Span(0, length)) == made


def test_more_words_than_milliseconds_are_refused() -> None:
    """What cannot be put in order is an error, not a loop."""
    with pytest.raises(ValueError, match="do not fit"):
        straighten([Word(0, 1, "mot")] * 5, Span(0, 4))


def test_hotwords_fill_the_budget_with_the_most_telling(model: Path) -> None:
    """Counted with the model's own tokenizer, in order; a long term shuts no short one out."""
    count = models.token_counter(model)
    names = [f"Personne Numéro {n}" for n in range(200)]
    long = "un terme qui est beaucoup trop long " * 40
    chosen = choose_hotwords([names[0], long, *names], count)
    assert chosen.startswith("Personne Numéro 0, Personne Numéro 0, Personne Numéro 1")
    assert count(chosen) <= transcribe.HOTWORD_TOKENS < count(f"{chosen}, {names[-1]}") + 8
    assert choose_hotwords([], count) == ""
    assert choose_hotwords(["  a \n b "], len, 3) == "a b"


def test_models_that_are_none_are_named(model: Path, tmp_path: Path) -> None:
    """An unknown size, a missing folder, one without model.bin, a corrupt one: each is told."""
    with pytest.raises(ModelFault, match=r"no model called larje-v3[\s\S]*did you mean large-v3"):
        models.find_model("larje-v3", tmp_path)
    with pytest.raises(ModelFault, match="no such model folder"):
        models.find_model(str(tmp_path / "absent"), tmp_path)
    with pytest.raises(ModelFault, match=r"no model\.bin"):
        models.find_model(str(tmp_path), tmp_path)
    shutil.copytree(model, tmp_path / "cut")
    (tmp_path / "cut" / "model.bin").write_bytes((model / "model.bin").read_bytes()[:100_000])
    with pytest.raises(ModelFault, match="cannot be loaded"):
        FasterWhisper(tmp_path / "cut", "cpu")
    (tmp_path / "cut" / "tokenizer.json").write_text("{")
    with pytest.raises(ModelFault, match=r"tokenizer\.json"):
        models.token_counter(tmp_path / "cut")


def test_a_model_of_another_language_is_refused(
    recogniser: FasterWhisper, sound: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that knows English alone would write English; a language that none knows is named."""
    with pytest.raises(ModelFault, match=r"language tlh[\s\S]*it knows: "):
        recogniser.recognise(sound, [Span(0, 5_000)], Recognition("tlh"))
    assert recogniser.recognise(sound, [Span(0, 5_000)], Recognition("fr-CA"))
    english = SimpleNamespace(supported_languages=["en"], model=SimpleNamespace(is_multilingual=0))
    monkeypatch.setattr(recogniser, "_model", english)
    with pytest.raises(ModelFault, match=r"language fr\b[\s\S]*it knows: en"):
        recogniser.recognise(sound, [Span(0, 5_000)], FRENCH)
    with pytest.raises(ModelFault, match="language auto"):
        recogniser.languages(sound, [Span(0, 5_000)])


@pytest.mark.slow
@pytest.mark.parametrize("answers", [True, False], ids=["mute", "absent"])
def test_a_hub_that_does_not_answer_costs_seconds(tmp_path: Path, answers: bool) -> None:
    """A hub that takes the call and says nothing, or is not there, ends in a sentence."""
    code = (
        "from pathlib import Path; from pipeline import models\n"
        "try: models.fetch_model('large-v3-turbo', Path('data'))\n"
        "except models.ModelFault as fault: print(fault)\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as hub:
        port = hub.getsockname()[1]
        if not answers:
            hub.close()
        environment = {
            **{k: v for k, v in os.environ.items() if "proxy" not in k.lower()},
            "HF_ENDPOINT": f"http://127.0.0.1:{port}",
            "HF_HOME": str(tmp_path / "cache"),
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert "could not be fetched" in done.stdout
    assert "fetch-models" in done.stdout
    assert time.monotonic() - begun < 40
    with pytest.raises(ModelFault, match="fetch-models"):
        models.find_model("large-v3-turbo", tmp_path / "data")
