"""The web copy and the poster of a recording: what a visitor hears and sees of it.

Only what is public is in them: sessions that are open, less the words of people who
wished to have nothing published. Everything else is silent and black, and times stay.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from pipeline.event import public_spans
from pipeline.kept import spans_from_json, spans_to_json
from pipeline.ledger import Step, canonical
from pipeline.model import Span, complement, union

if TYPE_CHECKING:
    from collections.abc import Sequence
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
            "public": spans_to_json(public),
            "channel": recording.sound.channel,
        },
    )
    copy, poster = _files(data, event, recording.id)
    shown_at = f"media/{event.id}/{copy.name}"
    made = ledger.is_applied(f"pictures:{name}", step.key) and copy.exists()
    if made and row["media"] == shown_at:
        return False
    ledger.claim(step)
    if made:  # and another address was given for a while
        still = f"media/{event.id}/{poster.name}" if poster.exists() else None
        store.set_media(name, shown_at, still)
        return True
    from pipeline import media  # noqa: PLC0415 (PyAV is slow to import, and seldom needed)

    progress.stage(name, "web copy", duration_ms)
    # Said before the copy stands: cut off in between, it counts as holding at least this.
    ledger.apply(f"shown:{name}", canonical(spans_to_json(public)))
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
    store.set_media(name, shown_at, f"media/{event.id}/{poster.name}" if shown else None)
    made_by = replace(step, tools={"ffmpeg": media.ffmpeg_version()})
    ledger.about(name).record(made_by, {"media": shown_at})
    ledger.apply(f"pictures:{name}", step.key)
    return True


def withdraw(data: Path, store: Store, ledger: Ledger, event: Event) -> None:
    """Take away at once every copy that holds more than is public now.

    A new copy comes after the words of all recordings, waits for a disk that is absent, and
    is never made where none is wanted any more; what became private must not wait with it.
    """
    given = {recording.id for recording in event.recordings}
    standing = sorted((data / "media" / event.id).glob("*.*"))
    for file in standing:
        if file.stem not in given and file.suffix in {".mp4", ".jpg"}:
            file.unlink()
    for recording in event.recordings:
        files = [file for file in _files(data, event, recording.id) if file in standing]
        if not files or _is_public(store, ledger, event, recording):
            continue
        for file in files:
            file.unlink()
        name = f"{event.id}/{recording.id}"
        if recording.media is None:
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


def _files(data: Path, event: Event, recording_id: str) -> Sequence[Path]:
    """Return where a recording's web copy and poster stand."""
    folder = data / "media" / event.id
    return folder / f"{recording_id}.mp4", folder / f"{recording_id}.jpg"


def audible(store: Store, event: Event, recording: Recording, duration_ms: int) -> tuple[Span, ...]:
    """Return what of a recording may be heard and seen today."""
    today = date.today()  # noqa: DTZ011 (an access date is a day of the archivist's calendar)
    # The programme's word and not the store's, which learns of a wish only when a run begins.
    silenced = {person.id for person in event.people if person.publish == "nothing"}
    turns = store.db.query(
        "SELECT person_id, start_ms, end_ms FROM turns WHERE recording_id = ?",
        [f"{event.id}/{recording.id}"],
    )
    unheard = [turn for turn in turns if turn["person_id"] in silenced]
    silent = union(Span(turn["start_ms"], turn["end_ms"]) for turn in unheard)
    return tuple(
        part
        for span in public_spans(event, recording.id, duration_ms, today)
        for part in complement(silent, span)
    )
