"""What no one said is kept back with its reason; what was said goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import gate, media, sidecar, split
from pipeline.model import Segment, Span, Word, union
from pipeline.split import Hearing

if TYPE_CHECKING:
    from pathlib import Path


def spoken(text: str, start_ms: int = 0, pace_ms: int = 400) -> Segment:
    """Words of even length, one after the other."""
    words = text.split()
    return Segment(
        tuple(
            Word(start_ms + n * pace_ms, start_ms + (n + 1) * pace_ms, word)
            for n, word in enumerate(words)
        )
    )


def heard(*spans: tuple[int, int], duration_ms: int = 60_000, db: float = -20.0) -> Hearing:
    speech = tuple(Span(*span) for span in spans)
    return Hearing(duration_ms, speech, (db,) * (duration_ms // split.LEVEL_MS))


def reasons(*segments: Segment, hearing: Hearing) -> list[tuple[str, str]]:
    gated = gate.gate(segments, hearing)
    return [(" ".join(word.text for word in w.words), w.reason) for w in gated.withheld]


ALL = heard((0, 60_000))


def test_words_over_silence_are_withheld_and_edges_are_not() -> None:
    """Words farther than 0.3 s from speech go; those nearer stay; no other is touched."""
    hearing = heard((0, 2_000))
    said = spoken("un deux trois quatre cinq six sept huit")
    assert reasons(said, hearing=hearing) == [("sept huit", gate.SILENT)]
    assert gate.gate([said], hearing).kept[0].text == "un deux trois quatre cinq six"


def test_digital_silence_holds_no_voice() -> None:
    """Where the sound is as good as none, nothing was said, whatever the VAD thinks."""
    hearing = heard((0, 60_000), db=-90)
    assert reasons(spoken("bonjour à tous"), hearing=hearing) == [("bonjour à tous", gate.SILENT)]


@pytest.mark.parametrize(
    "line",
    [
        "Sous-titres réalisés par la communauté d'Amara.org",
        "Sous-titres réalisés para la communauté d'Amara.org",
        "Sous-titrage ST' 501",
        "Sous-titrage Société Radio-Canada",
    ],
)
def test_credits_of_subtitles_are_never_said(line: str) -> None:
    """Known credits go even over speech, and nothing around them does."""
    segment = spoken(f"Bonjour. {line} Merci.")
    assert reasons(segment, hearing=ALL) == [(line, gate.INVENTION)]


def test_a_doubtful_line_is_kept_where_it_is_heard() -> None:
    """A person may thank for watching: the sound decides."""
    line = spoken("Merci d'avoir regardé cette vidéo !", start_ms=2_000)
    assert reasons(line, hearing=ALL) == []
    assert reasons(line, hearing=heard((2_000, 2_900), (3_500, 3_600)))[0][1] == gate.INVENTION


def test_loops_go_and_emphasis_stays() -> None:
    """A loop keeps its first turn; what people repeat is theirs."""
    for human in ("non non non non", "très, très, très bien", "tous ensemble tous ensemble oui"):
        assert reasons(spoken(human), hearing=ALL) == []
    loop = spoken("Je suis " + "très " * 40)
    assert reasons(loop, hearing=ALL) == [(" ".join(["très"] * 39), gate.LOOP)]
    phrase = "et puis on va voir ce que"
    turns = [spoken(phrase, 2_800 * n) for n in range(4)]
    assert reasons(*turns, hearing=ALL) == [(phrase, gate.LOOP)] * 3


def test_impossible_rates() -> None:
    """Words that no one can say in the speech heard are withheld; quick speech is not."""
    quick = spoken("nous proposons de soutenir les jardins partagés", pace_ms=250)
    assert reasons(quick, hearing=heard((0, 1_750))) == []
    over_a_laugh = spoken("Je vais vous donner un peu de temps.", pace_ms=190)
    assert reasons(over_a_laugh, hearing=heard((420, 828)))[0][1] == gate.TOO_FAST


def test_sounds_that_were_spelled_out() -> None:
    """Laughter and the names of sounds that stand alone are no words; in a sentence they are."""
    assert reasons(spoken("Hahaha"), spoken("[Rires]", 9_000), hearing=ALL) == [
        ("Hahaha", gate.NOISE),
        ("[Rires]", gate.NOISE),
    ]
    assert reasons(spoken("..."), hearing=ALL) == [("...", gate.NOISE)]
    assert reasons(spoken("La musique est un métier."), hearing=ALL) == []


def test_a_mark_goes_where_its_word_goes() -> None:
    """A spaced mark stays behind a word that stays and leaves with one that leaves."""
    hearing = heard((0, 900))
    kept = spoken("ça va ?")
    lost = spoken("ça va ?", 5_000)
    assert reasons(kept, lost, hearing=hearing) == [("ça va ?", gate.SILENT)]


@given(
    st.lists(
        st.sampled_from(["oui", "non", "...", "haha", "merci", "?", "de"]), min_size=1, max_size=60
    ),
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 3_000)), max_size=5),
)
@settings(max_examples=100, deadline=None)
def test_nothing_is_lost_or_changed(texts: list[str], spans: list[tuple[int, int]]) -> None:
    """Kept and withheld words together are the words given, each once, unchanged."""
    segments = [spoken(" ".join(texts[n : n + 7]), n * 300, 300) for n in range(0, len(texts), 7)]
    speech = union(Span(start, start + length) for start, length in spans)
    hearing = heard(*((span.start_ms, span.end_ms) for span in speech))
    gated = gate.gate(segments, hearing)
    given_words = [word for segment in segments for word in segment.words]
    out = [word for segment in gated.kept for word in segment.words]
    out += [word for withheld in gated.withheld for word in withheld.words]
    assert sorted(out, key=lambda word: word.start_ms) == given_words


def test_real_failures_are_withheld_and_real_words_stay(material: Path, tmp_path: Path) -> None:
    """On real output: loops, laughter, empty clips go; of real French speech at most 0.5 % does."""
    folder = material / "whisper-outputs-fr"
    hearings = {}
    for audio in sorted((folder / "audio").iterdir()):
        media.extract_sound([audio], tmp_path / "s.flac")
        hearings[audio.name] = split.listen(media.stream_sound(tmp_path / "s.flac"))
    left = {}
    for path in sorted(folder.glob("outputs/*/*.json")):
        name = path.name.removesuffix(".words.json")
        segments = sidecar.read(path, hearings[name].duration_ms)
        gated = gate.gate(segments, hearings[name])
        words = sum(len(segment.words) for segment in segments)
        kept = sum(len(segment.words) for segment in gated.kept)
        left[path.parent.name, name] = (kept, words)
    for run in ("tiny_fr", "tiny_auto", "medium_fr", "medium_auto"):
        for name in ("empty.mp3", "laugh1.mp3", "laugh2.mp3"):
            assert left[run, name][0] == 0, (run, name)
        kept, words = left[run, "smartphone.mp3"]
        assert kept >= 0.995 * words > 500
        kept, words = left[run, "bonjour.wav"]
        assert kept == words
    for run in ("tiny_fr", "medium_fr", "medium_auto"):
        kept, words = left[run, "bonjour_vous_allez_bien.mp3"]
        assert kept == words > 10
    assert left["tiny_fr", "gloria.mp3"] == (0, 223)
    assert left["tiny_fr", "gaenswein15.mp3"][0] == 0
