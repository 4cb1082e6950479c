"""One recording, from captures to named turns: the steps in their order.

A recording is heard once, as a whole; each of its sessions is then recognised with its
own hotwords and attributed to its own people. What lies outside every session, or in a
break, is not transcribed at all: a camera runs through lunch.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING

from archive.corrections.model import newcomers
from archive.corrections.sound import erased, known_voices
from archive.errors import FileFault, Stopped
from archive.wording import Text
from pipeline import listening, recognising, rows, steps
from pipeline.ahead import Ahead
from pipeline.blocks import Promised, asked_of, language_of, model_of, promise
from pipeline.event import cast_of, terms_of, transcribed
from pipeline.installed import version
from pipeline.languages import AUTO
from pipeline.ledger import digest
from pipeline.memory import give_back
from pipeline.model import CastMember, Known, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from archive.corrections.model import Correction
    from pipeline.config import Settings
    from pipeline.event import Event, Recording, Session
    from pipeline.executors import Executor
    from pipeline.ledger import Done, Ledger
    from pipeline.listening import Sound
    from pipeline.model import Cast, Segment, Turn, Withheld, Word
    from pipeline.progress import Progress
    from pipeline.recognising import Meanwhile
    from pipeline.rows import Row
    from pipeline.split import Hearing
    from pipeline.steps import Model

# Raised when the way from stages to rows changes, so that all recordings are stored anew.
ROWS_VERSION = 2


@dataclass(frozen=True)
class Bench:
    """What hearing a recording needs besides the recording.

    `model` is None where every session brings its own transcript; `corrections` are those that
    hold as the night begins.
    """

    settings: Settings
    ledger: Ledger
    progress: Progress
    model: Model | None
    executor: Executor
    corrections: tuple[Correction, ...] = ()
    ahead: Ahead[listening.Extracted] = field(default_factory=Ahead)
    promised: Promised = field(default_factory=Promised)


@dataclass
class Story:
    """What was heard in a recording, session by session."""

    sound: Sound
    erased: tuple[Span, ...] = ()
    language: str | None = None  # as the recording told it, where it was asked
    turns: dict[str, tuple[Turn, ...]] = field(default_factory=dict)
    withheld: list[Withheld] = field(default_factory=list)
    provenance: list[Row] = field(default_factory=list)

    def tables(self, recording: Recording, hashes: Sequence[str]) -> dict[str, list[Row]]:
        """Return the story as rows, by table."""
        return {
            "captures": rows.capture_rows(recording.captures, hashes, self.sound.parts),
            "gaps": rows.gap_rows(self.sound),
            "turns": [row for s, said in self.turns.items() for row in rows.turn_rows(s, said)],
            "withheld": rows.withheld_rows(self.withheld),
            "provenance": self.provenance,
        }


def held(event: Event, recording: Recording) -> list[Session]:
    """Return the sessions of a recording that are listened to: all but breaks."""
    return [s for s in event.sessions if s.recording == recording.id and s.kind != "break"]


def recognised(event: Event, recording: Recording) -> list[Session]:
    """Return the sessions of a recording that a model must hear: those without transcripts."""
    return [session for session in held(event, recording) if not session.transcripts]


def inputs(bench: Bench, event: Event, recording: Recording, hashes: Sequence[str]) -> str:
    """Return one hash over everything that a recording's words and names come from."""
    settings = bench.settings
    return digest(
        [
            ROWS_VERSION,
            listening.VERSIONS | steps.VERSIONS,
            [version("faster-whisper"), version("ctranslate2")],
            list(hashes),
            asdict(recording.sound),
            [
                settings.transcription.language,
                settings.attribution.min_confidence,
                settings.voices.model,
            ],
            [_session_inputs(bench, event, session) for session in held(event, recording)],
            [asdict(known) for known in known_voices(bench.corrections, hashes)],
            erased(bench.corrections, hashes),
        ]
    )


def _session_inputs(bench: Bench, event: Event, session: Session) -> list[object]:
    return [
        session.id,
        None if session.span is None else asdict(session.span),
        language_of(bench, event, session),
        list(session.also_spoken),
        asdict(cast_of(event, session)),
        list(terms_of(event, session)),
        [bench.ledger.sha256(path) for path in session.transcripts] or model_of(bench).sha256,
    ]


def hear(
    bench: Bench,
    event: Event,
    recording: Recording,
    hashes: Sequence[str],
    meanwhile: Meanwhile,
) -> Story:
    """Take a recording through every step that is due; `meanwhile` is about the next recording.

    Raises CaptureFault, ModelFault, FileFault (a transcript made elsewhere), Stopped.
    """
    name = f"{event.id}/{recording.id}"
    ledger = bench.ledger.about(name)
    show = partial(bench.progress.stage, name)
    gone = erased(bench.corrections, hashes)
    sound = listening.sound(ledger, recording, hashes, gone, bench.ahead, show)
    heard = listening.hearing(ledger, sound, show)
    story = Story(
        sound,
        tuple(Span(a, b).shift(sound.parts[place].span.start_ms) for place, a, b in gone),
    )
    decoder = sound.done.step.tools.get("pyav", "")
    story.provenance += rows.provenance_rows([sound.done], "PyAV", decoder)
    sessions = held(event, recording)
    for session, following in zip_longest(sessions, sessions[1:]):
        told = replace(bench, ledger=ledger.about(name, session.id))
        then = meanwhile
        if following is not None:
            next_one = partial(promise, bench, event, following, sound, heard)
            then = replace(meanwhile, promise=next_one)
        _session(told, event, session, heard, story, then)
    return story


def begin(bench: Bench, event: Event, recording: Recording, hashes: Sequence[str]) -> None:
    """Begin what can be done of a recording while the words of another are recognised."""
    show = partial(bench.progress.stage, f"{event.id}/{recording.id}")
    gone = erased(bench.corrections, hashes)
    listening.begin(bench.ledger, recording, hashes, gone, bench.ahead, show)


def promise_first(bench: Bench, event: Event, recording: Recording, hashes: Sequence[str]) -> None:
    """Give workers the first blocks of a recording before its turn, once its sound is there."""
    if not bench.executor.ahead:
        return
    name = f"{event.id}/{recording.id}"
    ledger, show = bench.ledger.about(name), partial(bench.progress.stage, name)
    gone = erased(bench.corrections, hashes)
    if not listening.is_ready(ledger, recording, hashes, gone, bench.ahead):
        return
    with suppress(Stopped):  # told in its turn
        sound = listening.sound(ledger, recording, hashes, gone, bench.ahead, show)
        heard = listening.hearing(ledger, sound, show)
        for session in held(event, recording)[:1]:
            promise(bench, event, session, sound, heard)


def _session(
    bench: Bench,
    event: Event,
    session: Session,
    heard: Hearing,
    story: Story,
    meanwhile: Meanwhile,
) -> None:
    name = f"{event.id}/{session.id}"
    span = session.span or Span(0, story.sound.duration_ms)
    listening.check_length(story.sound, session.id, span)
    language = _spoken(bench, event, session, heard, story)
    if session.transcripts:
        segments, told = _taken(bench, event, session, span, heard, story)
    else:
        segments, told = _recognised(bench, event, session, heard, story, language, meanwhile)
    languages = (language, *session.also_spoken)
    kept, withheld, gated = steps.gate(
        bench.ledger, segments, told, span, heard, story.sound, languages
    )
    known = _known(bench, story.sound, span)
    hint = steps.Hint(
        _with_newcomers(cast_of(event, session), event, known, bench.corrections),
        terms_of(event, session),
        language,
        bench.settings.attribution.min_confidence,
        bench.settings.voices.model,
        bench.settings.data,
        known,
    )
    with bench.progress.stage(name, Text("who speaks"), span.duration_ms):
        turns, attributed = steps.turns(bench.ledger, kept, gated, story.sound, hint)
    story.turns[name] = _apart(turns, story)
    story.withheld += withheld
    ours = version(steps.OURS)
    story.provenance += rows.provenance_rows([gated, attributed], "plenary", ours, session_id=name)


def _known(bench: Bench, sound: Sound, within: Span) -> tuple[Known, ...]:
    """Return who is known to speak where in a session, in ms of the recording."""
    found = []
    for sha256, part in zip(sound.captures, sound.parts, strict=True):
        for voice in known_voices(bench.corrections, {sha256}):
            place = Span(voice.start_ms, voice.end_ms).shift(part.span.start_ms).clip(within)
            if place is not None:
                found.append(Known(place, voice.person))
    return tuple(found)


def _with_newcomers(
    cast: Cast, event: Event, known: Iterable[Known], corrections: Iterable[Correction]
) -> Cast:
    """Return the cast with those who are known to speak and were announced in another session.

    Or nowhere: then a correction says how they are called.
    """
    names = {person: str(c.facts["name"]) for person, c in newcomers(corrections)}
    names |= {person.id: person.name for person in event.people}
    announced = {member.id for member in cast.people}
    more = dict.fromkeys(k.person for k in known if k.person in names.keys() - announced)
    members = (CastMember(str(one), names[str(one)], (names[str(one)],)) for one in more)
    return replace(cast, speakers=(*cast.speakers, *members))


def _apart(turns: Sequence[Turn], story: Story) -> tuple[Turn, ...]:
    """Number a session's voices after those of the sessions before it.

    Each session is attributed by itself, so that its first voice and another's first voice
    are not known to be one.
    """
    taken = len({turn.voice for told in story.turns.values() for turn in told})
    labels = {label: f"voice-{taken + n}" for n, label in enumerate(_voices(turns), start=1)}
    return tuple(replace(turn, voice=labels[turn.voice]) for turn in turns)


def _voices(turns: Iterable[Turn]) -> list[str]:
    """Return the labels of the voices, in the order in which they are first heard."""
    return list(dict.fromkeys(turn.voice for turn in turns))


def _recognised(
    bench: Bench,
    event: Event,
    session: Session,
    heard: Hearing,
    story: Story,
    language: str,
    meanwhile: Meanwhile,
) -> tuple[tuple[Segment, ...], tuple[Done, ...]]:
    asked = asked_of(bench, event, session, story.sound, heard, language)
    speech_ms = sum(w.span.duration_ms for block in asked.blocks for w in block)
    give_back()  # before the workers take theirs
    name = f"{event.id}/{session.id}"
    with bench.progress.stage(name, Text("words"), speech_ms) as stage:
        segments, done = recognising.words(
            bench.ledger, asked, bench.executor, stage, meanwhile, bench.promised.answers
        )
    story.provenance += rows.provenance_rows(
        done, "faster-whisper", version("faster-whisper"), model_of(bench), name
    )
    return segments, done


def _taken(
    bench: Bench, event: Event, session: Session, span: Span, heard: Hearing, story: Story
) -> tuple[tuple[Segment, ...], tuple[Done, ...]]:
    """Return the words of transcripts made elsewhere that lie in the session."""
    from pipeline.sidecar import check_speech  # noqa: PLC0415 (seldom needed)

    segments: list[Segment] = []
    told: list[Done] = []
    captures = transcribed(session, [part.span for part in story.sound.parts])
    for path, capture in zip(session.transcripts, captures, strict=True):
        taken, done = steps.sidecar(bench.ledger, path, capture, story.erased)
        story.provenance += rows.provenance_rows(
            [done],
            "sidecar",
            path.suffix.lstrip("."),
            session_id=f"{event.id}/{session.id}",
        )
        within = capture.clip(span)
        speech = [] if within is None else [s.clip(within) for s in heard.speech]
        check_speech(path, [w for s in taken for w in s.words], list(filter(None, speech)))
        segments += taken
        told.append(done)
    inside = (
        replace(s, words=words)
        for s in segments
        if (words := tuple(w for w in s.words if _is_in(w, span)))
    )
    return tuple(inside), tuple(told)


def _is_in(word: Word, span: Span) -> bool:
    return span.start_ms <= (word.start_ms + word.end_ms) // 2 < span.end_ms


def _spoken(bench: Bench, event: Event, session: Session, heard: Hearing, story: Story) -> str:
    """Return what is spoken in a session: as it is written, or as the recording itself tells.

    Raises CaptureFault where it does not, FileFault for a transcript without a language.
    """
    from pipeline import language_vote  # noqa: PLC0415 (seldom needed)

    named = language_of(bench, event, session)
    if named != AUTO:
        return named
    if session.transcripts:
        raise FileFault(
            "the language of a transcript made elsewhere is not guessed",
            "set language: in the event's programme",
            path=session.transcripts[0],
        )
    if story.language is None:
        model = model_of(bench)
        story.language, done = language_vote.spoken(
            bench.ledger, story.sound, heard, model.sha256, bench.executor
        )
        story.provenance += rows.provenance_rows(
            [done], "faster-whisper", version("faster-whisper"), model
        )
    return story.language
