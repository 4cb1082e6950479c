"""The copies of a recording that a visitor plays: sound alone, then sound and picture; the poster.

Only what is public is in them: sessions that are open, less the words of people who
wished to have nothing published. Everything else is silent and black, and times stay.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from archive.corrections.applied import Corrected
from archive.values import canonical
from archive.wording import Text
from pipeline.event import public_spans
from pipeline.installed import version
from pipeline.kept import spans_from_json, spans_to_json
from pipeline.ledger import Step
from pipeline.model import Span, complement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from archive.store import Store
    from pipeline.config import Settings
    from pipeline.event import Event, Recording
    from pipeline.ledger import Ledger
    from pipeline.progress import Progress

# Raised when a copy's content changes for the same captures and options.
VERSIONS = {"sound copy": 2, "pictures": 3}
# Stands in the ledger behind the key of a recording that has no picture to be made.
_NO_PICTURE = " no picture"

_SUFFIXES = _SOUND, _PICTURE, _POSTER = ".m4a", ".mp4", ".jpg"


@dataclass(frozen=True, slots=True)
class Copies:
    """Where a recording's copies stand: beside each other, so that one leads to the other."""

    data: Path
    event: str
    recording: str

    @property
    def sound(self) -> Path:
        """Sound alone."""
        return self._file(_SOUND)

    @property
    def picture(self) -> Path:
        """Sound and picture."""
        return self._file(_PICTURE)

    @property
    def poster(self) -> Path:
        """The still."""
        return self._file(_POSTER)

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them, made or not."""
        return self.sound, self.picture, self.poster

    def address(self, file: Path) -> str:
        """Return where the site finds one of them, relative to the data folder."""
        return file.relative_to(self.data).as_posix()

    def _file(self, suffix: str) -> Path:
        return self.data / "media" / self.event / f"{self.recording}{suffix}"


def make_sound_copy(
    settings: Settings,
    store: Store,
    ledger: Ledger,
    progress: Progress,
    event: Event,
    recording: Recording,
) -> bool:
    """Make what a visitor hears of a recording where it is due; tell whether it was.

    It is what is played until there is a picture. Raises CaptureFault, ArchiveFault, and
    Stopped or Due as the ledger says.
    """
    name = f"{event.id}/{recording.id}"
    row = store.db.table("recordings").get(name)
    duration_ms = int(row["duration_ms"])
    public = audible(store, event, recording, duration_ms)
    step = Step(
        "sound copy",
        VERSIONS["sound copy"],
        {f"capture-{n}": ledger.sha256(path) for n, path in enumerate(recording.captures)},
        {
            "public": spans_to_json(public),
            "track": recording.sound.track,
            "channel": recording.sound.channel,
        },
    )
    copies = Copies(settings.data, event.id, recording.id)
    played = {copies.address(copies.sound), copies.address(copies.picture)}
    stands = ledger.is_applied(f"sound copy:{name}", step.key) and copies.sound.exists()
    if stands and row["media"] in played:
        return False
    ledger.claim(step)
    if not stands:
        from pipeline import media  # noqa: PLC0415 (PyAV is slow to import, and seldom needed)

        # Said before the copy stands: cut off in between, it counts as holding at least this.
        ledger.apply(f"shown:{name}", canonical(spans_to_json(public)))
        with progress.stage(name, Text("sound copy"), duration_ms) as stage:
            media.make_sound_copy(
                recording.captures,
                copies.sound,
                public=public,
                duration_ms=duration_ms,
                track=recording.sound.track,
                channel=recording.sound.channel,
                progress=stage.reach,
            )
    with store.db.atomic():
        if row["media"] not in played:
            store.set_media(name, copies.address(copies.sound), None)
        ledger.apply(f"sound copy:{name}", step.key)
        if not stands:
            _record(ledger.about(name), step, "encoded", {"pyav": version("av")})
    return True


def make_pictures(
    settings: Settings,
    store: Store,
    ledger: Ledger,
    progress: Progress,
    event: Event,
    recording: Recording,
) -> bool:
    """Make a recording's web copy and poster where they are due; tell whether they were.

    They follow the sound copy that stands: its sound is theirs, and what it lets hear is seen,
    even if a night passes between the two. Raises as `make_sound_copy` does.
    """
    name = f"{event.id}/{recording.id}"
    row = store.db.table("recordings").get(name)
    heard = ledger.made_from(f"sound copy:{name}") or ""
    public = spans_from_json(json.loads(ledger.made_from(f"shown:{name}") or "[]"))
    wanted = {"height": settings.media.height, "quality": settings.media.quality}
    step = Step("pictures", VERSIONS["pictures"], {"sound": heard}, wanted)
    copies = Copies(settings.data, event.id, recording.id)
    made = ledger.made_from(f"pictures:{name}")
    if made == step.key + _NO_PICTURE and row["media"] == copies.address(copies.sound):
        return False
    stands = made == step.key and copies.picture.exists()
    if stands and row["media"] == copies.address(copies.picture):
        return False
    ledger.claim(step)
    how = "" if stands else _make_picture(settings, store, progress, copies, recording, public)
    with store.db.atomic():
        if how is None:
            store.set_media(name, copies.address(copies.sound), None)
            ledger.apply(f"pictures:{name}", step.key + _NO_PICTURE)
            _record(ledger.about(name), step, "no picture", _ffmpeg())
            return True
        poster = copies.address(copies.poster) if copies.poster.exists() else None
        store.set_media(name, copies.address(copies.picture), poster)
        ledger.apply(f"pictures:{name}", step.key)
        if how:
            _record(ledger.about(name), step, how, _ffmpeg())
    return True


def _make_picture(
    settings: Settings,
    store: Store,
    progress: Progress,
    copies: Copies,
    recording: Recording,
    public: Sequence[Span],
) -> str | None:
    """Make web copy and poster, and say how; None where there is no picture, and none stands."""
    from pipeline import media, webcopy  # noqa: PLC0415 (as above)

    name = f"{copies.event}/{copies.recording}"
    lengths_ms = [
        int(length)
        for (length,) in store.db.execute(
            "SELECT duration_ms FROM captures WHERE recording_id = ? ORDER BY position", [name]
        )
    ]
    gaps = store.db.execute("SELECT 1 FROM gaps WHERE recording_id = ? LIMIT 1", [name])
    with progress.stage(name, Text("web copy"), sum(lengths_ms)) as stage:
        made = media.make_web_copy(
            recording.captures,
            copies.sound,
            copies.picture,
            public=public,
            lengths_ms=lengths_ms,
            wanted=webcopy.limits(settings.media.height, settings.media.quality),
            damaged=gaps.fetchone() is not None,
            progress=stage.reach,
        )
    still_ms = None if made is None else made.still_ms
    if still_ms is None or not media.make_poster(copies.picture, copies.poster, still_ms):
        copies.poster.unlink(missing_ok=True)
    if made is None:
        copies.picture.unlink(missing_ok=True)
        return None
    return f"encoded: {made.encoded_because}" if made.encoded_because else "copied"


def _record(ledger: Ledger, step: Step, how: str, tools: Mapping[str, str]) -> None:
    """Keep what a copy was made from, and how; the copy itself stands in `media/`."""
    ledger.record(replace(step, tools=tools), how, detail=how)


def _ffmpeg() -> dict[str, str]:
    from pipeline import media  # noqa: PLC0415 (as above)

    return {"ffmpeg": media.ffmpeg_version()}


def withdraw(data: Path, store: Store, ledger: Ledger, event: Event) -> None:
    """Take away at once every copy that holds more than is public now.

    A new copy comes after the words of all recordings, waits for a disk that is absent, and
    is never made where none is wanted any more; what became private must not wait with it.
    """
    given = {recording.id for recording in event.recordings}
    for file in (data / "media" / event.id).glob("*.*"):
        # What an interrupted run left half made was never shown, and never will be.
        if file.suffix == ".part" or (file.suffix in _SUFFIXES and file.stem not in given):
            file.unlink()
    for recording in event.recordings:
        copies = Copies(data, event.id, recording.id)
        stands = any(file.exists() for file in copies.files)
        if stands and not _is_public(store, ledger, event, recording):
            _remove(copies, store, ledger)


def take_back(data: Path, store: Store, ledger: Ledger) -> tuple[str, ...]:
    """Take away every copy that holds what was withdrawn; return their recordings.

    It asks no programme, so that a wish is met whatever state the files are in.
    """
    corrected = Corrected(store.db.conn)
    taken = []
    for name in corrected.recordings:
        copies = Copies(data, *name.split("/", 1))
        gone = [Span(w.start_ms, w.end_ms) for w in corrected.withdrawn(name)]
        shown = ledger.made_from(f"shown:{name}")
        if shown is not None:
            heard = spans_from_json(json.loads(shown))
        else:  # nobody knows
            heard = tuple(gone) if any(file.exists() for file in copies.files) else ()
        if any(span.overlap_ms(one) for span in heard for one in gone):
            _remove(copies, store, ledger)
            taken.append(name)
    return tuple(taken)


def _remove(copies: Copies, store: Store, ledger: Ledger) -> None:
    """Take away a recording's copies."""
    for file in copies.files:
        file.unlink(missing_ok=True)
    name = f"{copies.event}/{copies.recording}"
    if "://" not in (store.db.table("recordings").get(name)["media"] or ""):
        store.set_media(name, None, None)
    ledger.apply(f"shown:{name}", canonical([]))


def _is_public(store: Store, ledger: Ledger, event: Event, recording: Recording) -> bool:
    """Tell whether all that a recording's copy lets hear and see may be heard and seen."""
    name = f"{event.id}/{recording.id}"
    shown = ledger.made_from(f"shown:{name}")
    duration_ms = store.db.table("recordings").get(name)["duration_ms"]
    if shown is None or duration_ms is None:
        return False
    public = audible(store, event, recording, int(duration_ms))
    return not any(
        part for span in spans_from_json(json.loads(shown)) for part in complement(public, span)
    )


def audible(store: Store, event: Event, recording: Recording, duration_ms: int) -> tuple[Span, ...]:
    """Return what of a recording may be heard and seen today."""
    today = date.today()  # noqa: DTZ011 (an access date is a day of the archivist's calendar)
    name = f"{event.id}/{recording.id}"
    corrected = Corrected(store.db.conn)
    # The programme's word too, and not the store's alone, which learns of a wish only when a
    # run begins.
    silenced = {person.id for person in event.people if person.publish == "nothing"}
    silenced |= {person for person, wish in corrected.wishes.items() if wish == "nothing"}
    silent = [Span(gone.start_ms, gone.end_ms) for gone in corrected.withdrawn(name)]
    if silenced:
        turns = corrected.laid(name).turns
        silent += [
            Span(turn["start_ms"], turn["end_ms"])
            for turn in turns
            if turn["person_id"] in silenced
        ]
    return tuple(
        part
        for span in public_spans(event, recording.id, duration_ms, today)
        for part in complement(silent, span)
    )
