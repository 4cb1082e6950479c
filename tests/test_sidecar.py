"""Transcripts made elsewhere are taken as they are, put right, or refused with a sentence."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from archive.errors import FileFault
from pipeline import media, sidecar
from pipeline.model import Span, Word

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.model import Segment


def write(folder: Path, content: object, name: str = "t.json") -> Path:
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def read(path: Path, duration_ms: int | None = None) -> tuple[Segment, ...]:
    return sidecar.read(path, duration_ms).segments


def texts(segments: tuple[Segment, ...]) -> list[str]:
    return [segment.text for segment in segments]


def times(segments: tuple[Segment, ...]) -> list[tuple[int, int]]:
    return [(word.start_ms, word.end_ms) for segment in segments for word in segment.words]


def test_real_output_keeps_every_word_in_order_inside_the_sound(material: Path) -> None:
    """Not a word of 32 real files is lost, and all times are usable."""
    folder = material / "whisper-outputs-fr"
    paths = sorted(folder.glob("outputs/*/*.json"))
    assert len(paths) == 32
    for path in paths:
        audio = folder / "audio" / path.name.removesuffix(".words.json")
        duration_ms = media.probe(audio).duration_ms
        segments = read(path, duration_ms)
        said = json.loads(path.read_text("utf-8"))["text"].split()
        assert [word.text for s in segments for word in s.words] == said
        end = 0
        for start_ms, end_ms in times(segments):
            assert end <= start_ms < end_ms <= duration_ms
            end = end_ms


def test_whisper_json_of_each_tool(tmp_path: Path) -> None:
    """openai-whisper's pieces, whisperX's words without times, whisper.cpp's tokens, no words."""
    pieces = [(" L", 0.0, 0.1, 0.9), ("'économie", 0.1, 0.6, 0.8), (" sociale.", 0.6, 1.0, 1.0)]
    openai = {
        "segments": [
            {
                "start": 0.0,
                "end": 1.0,
                "text": " L'économie sociale.",
                "avg_logprob": -0.25,
                "words": [
                    {"word": w, "start": a, "end": b, "probability": p} for w, a, b, p in pieces
                ],
            }
        ]
    }
    made = read(write(tmp_path, openai))
    assert texts(made) == ["L'économie sociale."]
    assert times(made) == [(0, 600), (600, 1000)]
    assert made[0].log_probability == -0.25
    assert [word.probability for word in made[0].words] == [0.8, 1.0]

    whisperx = {
        "segments": [
            {
                "start": 1.0,
                "end": 4.0,
                "text": "En 2017 nous",
                "words": [
                    {"word": "En", "start": 1.0, "end": 1.4, "score": 0.5},
                    {"word": "2017"},
                    {"word": "nous", "start": 3.0, "end": 4.0, "score": 0.5},
                ],
            }
        ]
    }
    assert times(read(write(tmp_path, whisperx))) == [
        (1000, 1400),
        (1400, 3000),
        (3000, 4000),
    ]

    tokens = [("[_BEG_]", 0, 0), (" Bon", 0, 200), ("jour", 200, 500), (" !", 500, 600)]
    cpp = {
        "transcription": [
            {
                "offsets": {"from": 0, "to": 600},
                "text": " Bonjour !",
                "tokens": [
                    {"text": t, "offsets": {"from": a, "to": b}, "p": 0.7} for t, a, b in tokens
                ],
            }
        ]
    }
    made = read(write(tmp_path, cpp))
    assert (texts(made), times(made)) == (["Bonjour !"], [(0, 500), (500, 600)])

    bare = {"segments": [{"start": 2, "end": 4, "text": " ab abcdef"}]}
    assert times(read(write(tmp_path, bare))) == [(2000, 2500), (2500, 4000)]
    assert read(write(tmp_path, {"text": "", "segments": []})) == ()


def test_captions(tmp_path: Path) -> None:
    """WebVTT and SubRip: tags and speakers dropped, entities read, letters share the time."""
    vtt = (
        "WEBVTT - titre\n\nNOTE 00:00:00.000 --> 00:00:09.000\nrien\n\nSTYLE\n::cue {}\n\n"
        "un\n00:01.000 --> 00:03.000 line:0\n<v Ana Exemple>Une <i>phrase</i></v>\n&amp; demie\n\n"
        "01:00:00.000 --> 01:00:01.000\nFin.\n"
    )
    made = read(write(tmp_path, vtt, "t.vtt"))
    assert texts(made) == ["Une phrase & demie", "Fin."]
    assert times(made)[0] == (1000, 1428)
    assert times(made)[-1] == (3_600_000, 3_601_000)
    srt = "1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}<b>Oui.</b>\r\n\r\n2\r\n"
    srt += "00:00:02,500 --> 00:00:03,000\r\nNon.\r\n"
    made = read(write(tmp_path, srt, "t.srt"))
    assert (texts(made), times(made)) == (["Oui.", "Non."], [(1000, 2000), (2500, 3000)])


def test_who_is_said_to_speak_is_a_hint(tmp_path: Path) -> None:
    """Names before the words leave the text and stand as labels; headings and acronyms stay."""
    said = [
        "<v.loud Ana Exemple>Bonjour à tous.",
        "ANA EXEMPLE: Merci d'être là.",
        "- Bo de Exemple : Je réponds.",
        "SPEAKER_01: Oui.",
        "Intervenante 2 : Non.",
        "ANA: Un.",
        "ANA: Deux.",
        "Question : combien ?",
        "PTCE : pôle territorial.",
        "À 14:30 nous partons.",
    ]
    cues = [f"00:{n:02}.000 --> 00:{n:02}.900\n{text}\n" for n, text in enumerate(said)]
    made = read(write(tmp_path, "WEBVTT\n\n" + "\n".join(cues), "t.vtt"))
    assert [(s.label, s.text) for s in made] == [
        ("Ana Exemple", "Bonjour à tous."),
        ("ANA EXEMPLE", "Merci d'être là."),
        ("Bo de Exemple", "Je réponds."),
        ("SPEAKER_01", "Oui."),
        ("Intervenante 2", "Non."),
        ("ANA", "Un."),
        ("ANA", "Deux."),
        (None, "Question : combien ?"),
        (None, "PTCE : pôle territorial."),
        (None, "À 14:30 nous partons."),
    ]
    segment = {"start": 0, "end": 1, "text": "Oui.", "speaker": "SPEAKER_00"}
    assert read(write(tmp_path, {"segments": [segment]}))[0].label == "SPEAKER_00"


ROLLING = """\
WEBVTT
Kind: captions
Language: fr

00:00:00.160 --> 00:00:02.389 align:start position:0%
~
bonjour<00:00:00.560><c> à</c><00:00:00.800><c> tous</c>

00:00:02.389 --> 00:00:02.399 align:start position:0%
bonjour à tous
~

00:00:02.399 --> 00:00:05.000 align:start position:0%
bonjour à tous
et<00:00:02.900><c> merci</c><00:00:03.100><c> merci</c>

00:00:05.000 --> 00:00:05.010 align:start position:0%
et merci merci
~

00:00:05.010 --> 00:00:07.000 align:start position:0%
et merci merci
d'être<00:00:06.000><c> là</c>
""".replace("~", " ")


def test_rolling_captions_are_folded(tmp_path: Path) -> None:
    """Each line once, words at their own times, and a note; people's repetitions stay."""
    made = sidecar.read(write(tmp_path, ROLLING, "t.vtt"))
    assert texts(made.segments) == ["bonjour à tous", "et merci merci", "d'être là"]
    assert times(made.segments)[:4] == [(160, 560), (560, 800), (800, 2389), (2399, 2900)]
    assert made.notes == (sidecar.ROLLED,)
    three = [["un"], ["un", "deux"], ["un", "deux", "trois"], ["deux", "trois", "quatre"]]
    srt = "\n".join(
        f"{n + 1}\n00:00:{n:02},000 --> 00:00:{n + 1:02},000\n" + "\n".join(lines) + "\n"
        for n, lines in enumerate(three)
    )
    assert texts(read(write(tmp_path, srt, "t.srt"))) == ["un", "deux", "trois", "quatre"]
    people = ["Oui.", "Oui.", "Non.", "Non.", "Bien.", "Alors.", "Voilà.", "Merci."]
    srt = "".join(
        f"{n + 1}\n00:00:{n:02},000 --> 00:00:{n + 1:02},000\n{text}\n\n"
        for n, text in enumerate(people)
    )
    assert texts(read(write(tmp_path, srt, "t.srt"))) == people


def test_what_was_put_right_is_told(tmp_path: Path) -> None:
    """Times beyond the sound, overlaps, words without length; another encoding."""
    words = [("un", 0.0, 0.0), ("deux", 0.2, 1.4), ("trois", 1.0, 2.0), ("quatre", 2.0, 3.0)]
    told = [{"word": f" {w}", "start": a, "end": b, "probability": 1} for w, a, b in words]
    segment = {"start": 0, "end": 3, "text": "un deux trois quatre", "words": told}
    [note] = sidecar.read(write(tmp_path, {"segments": [segment]}), 2_500).notes
    for kind in ("1 without length", "1 overlapping", "1 past the end"):
        assert kind in note
    old = "1\n00:00:00,000 --> 00:00:01,000\nété\n".encode("latin-1")
    assert "Latin-1" in sidecar.read(write(tmp_path, old, "t.srt")).notes[0]


def test_a_transcript_of_another_sound_is_refused(tmp_path: Path) -> None:
    """Words for a third of the speech at least, or a sentence that says what to do."""
    path = tmp_path / "t.json"
    words = [Word(at, at + 400, "mot") for at in range(0, 20_000, 400)]
    sidecar.check_speech(path, words, [Span(0, 50_000)])
    sidecar.check_speech(path, [], [])
    with pytest.raises(FileFault, match=r"0:00:20 of the 0:01:40 of speech"):
        sidecar.check_speech(path, words, [Span(0, 100_000)])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_accents_survive_old_encodings(tmp_path: Path, encoding: str) -> None:
    """A file's accents are read whether it is in UTF-8, with a mark, in Latin-1 or in UTF-16."""
    content = "1\n00:00:00,000 --> 00:00:01,000\nL’été à Forêt\n"
    path = write(tmp_path, content.encode(encoding), "t.srt")
    assert texts(read(path)) == ["L’été à Forêt"]


def test_times_that_overlap_or_are_empty_are_put_right(tmp_path: Path) -> None:
    """Words without length get one, overlaps end where the next begins, segments are sorted."""
    words = [(0.0, 0.9), (0.5, 0.5), (0.5, 1.0)]
    later = {"start": 0.0, "end": 1.0, "text": "a b c", "words": []}
    later["words"] = [{"text": "mot", "start": a, "end": b} for a, b in words]
    first = {"start": 5.0, "end": 6.0, "text": "fin"}
    made = read(write(tmp_path, {"segments": [first, later]}))
    assert times(made) == [(0, 500), (500, 520), (520, 1000), (5000, 6000)]


def test_bad_transcripts_are_named(tmp_path: Path) -> None:
    """Truncated, no transcript, impossible times, too large, missing, another recording's."""
    whole = json.dumps({"segments": [{"start": 0, "end": 60, "text": "un deux"}]})
    cases: list[tuple[object, str]] = [
        (whole[:-5], "no transcript that can be read"),
        ("é".encode()[:1], "cut off"),
        ("", "neither"),
        ("Bonjour.", "neither"),
        ('{"segments": 3}', "no list"),
        ('{"text": "x"}', "no transcript"),
        ('{"segments": [{"start": -1, "end": 2, "text": "x"}]}', "no time"),
        ('{"segments": [{"start": NaN, "end": 2, "text": "x"}]}', "no time"),
        ('{"segments": [{"start": "a", "end": 2, "text": "x"}]}', "no transcript"),
        ('{"segments": [{"start": 0, "end": 2, "text": null}]}', "no transcript"),
    ]
    for content, sentence in cases:
        with pytest.raises(FileFault, match=sentence) as caught:
            read(write(tmp_path, content))
        assert "→" in str(caught.value)
    with pytest.raises(FileFault, match=r"0:01:00, but its capture ends at 0:00:20"):
        read(write(tmp_path, whole), 20_000)
    with pytest.raises(FileFault, match="times cannot be right"):
        read(write(tmp_path, whole.replace("60", "0")))
    with (tmp_path / "t.json").open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(FileFault, match="too large"):
        read(tmp_path / "t.json")
    with pytest.raises(FileFault, match="cannot be read"):
        read(tmp_path)
    with pytest.raises(FileFault, match="cannot be read"):
        read(tmp_path / "absent.json")


def test_a_pipe_is_no_transcript(tmp_path: Path) -> None:
    """It is refused at once: reading it would wait for ever."""
    os.mkfifo(tmp_path / "pipe.srt")
    with pytest.raises(FileFault) as refused:
        read(tmp_path / "pipe.srt")
    assert "it is not a file" in str(refused.value)
