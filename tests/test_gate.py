"""What no one said is kept back with its reason; what was said goes on."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import gate, media, sidecar, split
from pipeline.model import Segment, Span, Word, union
from pipeline.split import Hearing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


FRENCH = ("fr",)


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
    gated = gate.gate(segments, hearing, FRENCH)
    return [(" ".join(word.text for word in w.words), w.reason) for w in gated.withheld]


ALL = heard((0, 60_000))


def test_words_over_silence_are_withheld_and_edges_are_not() -> None:
    """Beside speech, up to 0.3 s, a word stays, unless its line goes on farther off."""
    hearing = heard((0, 2_000))
    said = spoken("un deux trois quatre cinq six. Sept huit")
    assert reasons(said, hearing=hearing) == [("Sept huit", gate.SILENT)]
    assert gate.gate([said], hearing, FRENCH).kept[0].text == "un deux trois quatre cinq six."
    line = spoken("un deux trois quatre cinq merci d'avoir regardé")
    assert reasons(line, hearing=hearing) == [("merci d'avoir regardé", gate.SILENT)]


def test_a_line_over_silence_takes_no_speech_along() -> None:
    """The pace of what is said is not judged together with what is invented after it."""
    said, line = spoken("un deux trois quatre cinq."), spoken("Et puis voilà, " * 30, 2_400, 90)
    gated = gate.gate([said, line], heard((0, 2_000)), FRENCH)
    assert [segment.text for segment in gated.kept] == [said.text]


def test_another_language_is_withheld_unless_it_is_spoken() -> None:
    """Whole sentences in another language go; a title, a quotation, a declared one stay."""
    english = spoken("I said she could stay with us tomorrow. Of course she can, my love.", 4_000)
    french = spoken("Je vous le dis, il faut y aller. The show must go on, comme on dit.")
    assert reasons(french, english, hearing=ALL) == [(english.text, gate.LANGUAGE)]
    assert gate.gate([english], ALL, ("fr", "en-GB")).withheld == ()
    assert gate.gate([english], ALL, ("br",)).withheld == ()
    quoted = spoken("To be or not to be, that is the question.")
    assert reasons(quoted, hearing=ALL) == []
    cyrillic = spoken("Боже улыл!")
    assert reasons(spoken("Il fait 20 m² ou 3 μm."), cyrillic, hearing=ALL) == [
        (cyrillic.text, gate.LANGUAGE)
    ]


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
    gated = gate.gate(segments, hearing, FRENCH)
    given_words = [word for segment in segments for word in segment.words]
    out = [word for segment in gated.kept for word in segment.words]
    out += [word for withheld in gated.withheld for word in withheld.words]
    assert sorted(out, key=lambda word: word.start_ms) == given_words


@pytest.fixture(scope="module")
def clips(material: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Hearing]:
    """Return what is heard in each real clip."""
    target = tmp_path_factory.mktemp("clips") / "s.flac"
    found = {}
    for audio in sorted((material / "whisper-outputs-fr" / "audio").iterdir()):
        media.extract_sound([audio], target)
        found[audio.name] = split.listen(media.stream_sound(target))
    return found


def gated(material: Path, run: str, clip: str, hearing: Hearing) -> tuple[str, list[str]]:
    """Return what is left of a real output, and the reasons for what is not."""
    path = material / "whisper-outputs-fr" / "outputs" / run / f"{clip}.words.json"
    made = gate.gate(sidecar.read(path, hearing.duration_ms).segments, hearing, FRENCH)
    return " ".join(s.text for s in made.kept), sorted({w.reason for w in made.withheld})


@pytest.mark.parametrize("run", ["tiny_fr", "tiny_auto", "medium_fr", "medium_auto"])
@pytest.mark.parametrize(
    "clip", ["empty.mp3", "laugh1.mp3", "laugh2.mp3", "gaenswein15.mp3", "gloria.mp3"]
)
def test_real_failures_are_withheld(
    material: Path, clips: dict[str, Hearing], run: str, clip: str
) -> None:
    """Over silence, laughter, German and English speech, nothing of a French session is left."""
    assert gated(material, run, clip, clips[clip])[0] == ""


def test_real_failures_have_their_reason(material: Path, clips: dict[str, Hearing]) -> None:
    """A loop is called a loop, another language another language."""
    assert gate.LOOP in gated(material, "tiny_fr", "gloria.mp3", clips["gloria.mp3"])[1]
    clip = "bonjour_vous_allez_bien.mp3"
    assert gated(material, "tiny_auto", clip, clips[clip]) == ("", [gate.LANGUAGE])
    for clip in ("gloria.mp3", "gaenswein15.mp3"):
        assert gate.LANGUAGE in gated(material, "medium_auto", clip, clips[clip])[1]


def test_real_words_stay(material: Path, clips: dict[str, Hearing]) -> None:
    """Of the words on which medium and tiny agree, at most 0.5 % are withheld."""
    outputs = material / "whisper-outputs-fr" / "outputs"
    agreed = lost = 0
    for path in sorted(outputs.glob("medium_fr/*.json")):
        hearing = clips[path.name.removesuffix(".words.json")]
        medium = sidecar.read(path, hearing.duration_ms).segments
        tiny = sidecar.read(outputs / "tiny_fr" / path.name, hearing.duration_ms).segments
        withheld = gate.gate(medium, hearing, FRENCH).withheld
        gone = {word for stretch in withheld for word in stretch.words}
        words = [word for segment in medium for word in segment.words]
        others = [word for segment in tiny for word in segment.words]
        matcher = SequenceMatcher(None, plain(words), plain(others), autojunk=False)
        for block in matcher.get_matching_blocks():
            same = [w for w in words[block.a : block.a + block.size] if plain([w]) != [""]]
            agreed += len(same)
            lost += sum(word in gone for word in same)
    assert agreed > 400
    assert lost <= 0.005 * agreed


def plain(words: Sequence[Word]) -> list[str]:
    return [word.text.lower().strip(".,!?…") for word in words]
