"""The web copy and the poster of a recording: what a visitor hears and sees of it.

Only what is public is in them: sessions that are open, less the words of people who
wished to have nothing published. Everything else is silent and black, and times stay.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pipeline.event import public_spans
from pipeline.ledger import Step
from pipeline.model import Span, complement, union

if TYPE_CHECKING:
    from pathlib import Path

    from archive.store import Store
    from pipeline.event import Event, Recording
    from pipeline.ledger import Ledger
    from pipeline.progress import Progress

_VERSION = 1
# The still picture: a moment after the first public one, past a fade or a shaky start.
_POSTER_MS = 3_000


def make_pictures(
    data: Path,
    store: Store,
    ledger: Ledger,
    progress: Progress,
    event: Event,
    recording: Recording,
) -> bool:
    """Make a recording's web copy and poster where they are due; tell whether they were.

    Raises CaptureFault, ArchiveFault, and Stopped or Due as the ledger says.
    """
    name = f"{event.id}/{recording.id}"
    row = store.db.table("recordings").get(name)
    duration_ms = int(row["duration_ms"])
    public = audible(store, event, recording, duration_ms)
    step = Step(
        "pictures",
        _VERSION,
        {f"capture-{n}": ledger.sha256(path) for n, path in enumerate(recording.captures)},
        {
            "public": [[span.start_ms, span.end_ms] for span in public],
            "channel": recording.sound.channel,
        },
    )
    folder = data / "media" / event.id
    copy, poster = folder / f"{recording.id}.mp4", folder / f"{recording.id}.jpg"
    if ledger.is_applied(f"pictures:{name}", step.key) and copy.exists() and row["media"]:
        return False
    ledger.claim(step)
    from pipeline import media  # noqa: PLC0415 (PyAV is slow to import, and seldom needed)

    progress.stage(name, "web copy", duration_ms)
    media.make_web_copy(
        recording.captures,
        copy,
        public=public,
        duration_ms=duration_ms,
        channel=recording.sound.channel,
        progress=progress.reach,
    )
    shown = bool(public) and media.make_poster(
        recording.captures, poster, min(public[0].start_ms + _POSTER_MS, public[0].end_ms - 1)
    )
    store.set_media(
        name, f"media/{event.id}/{copy.name}", f"media/{event.id}/{poster.name}" if shown else None
    )
    ledger.apply(f"pictures:{name}", step.key)
    return True


def audible(store: Store, event: Event, recording: Recording, duration_ms: int) -> tuple[Span, ...]:
    """Return what of a recording may be heard and seen today."""
    today = date.today()  # noqa: DTZ011 (an access date is a day of the archivist's calendar)
    unheard = store.db.query(
        "SELECT start_ms, end_ms FROM turns JOIN people ON people.id = person_id"
        " WHERE recording_id = ? AND publish = 'nothing'",
        [f"{event.id}/{recording.id}"],
    )
    silent = union(Span(turn["start_ms"], turn["end_ms"]) for turn in unheard)
    return tuple(
        part
        for span in public_spans(event, recording.id, duration_ms, today)
        for part in complement(silent, span)
    )
