"""What plays a recording: where its media stand, from which moment to which, what is left out.

Times are integer milliseconds of the recording; `t=12.3,15` in an address is seconds.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from archive.site.links import is_elsewhere, seconds
from archive.site.reading import Row, Visit, number, rows, text

if TYPE_CHECKING:
    import sqlite3

Moment = tuple[int, int | None]

MOMENT = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(?:,(\d{1,6}(?:\.\d{1,3})?))?", re.ASCII)
# A film of ours and its sound alone stand beside each other.
FILM, SOUND_ALONE = ".mp4", ".m4a"
# The host stands in a header, so a name and a port may pass and nothing else.
ELSEWHERE = re.compile(r"https?://([A-Za-z0-9.-]+(?::\d{1,5})?)(?:[/?#]|\Z)")


def moment(value: str) -> Moment | None:
    """Read `t=`: seconds, or two of them with a comma; None when it is neither."""
    match = MOMENT.fullmatch(value)
    if match is None:
        return None
    start = round(float(match[1]) * 1000)
    end = round(float(match[2]) * 1000) if match[2] else None
    return start, end if end is not None and end > start else None


def player(db: sqlite3.Connection, found: Row, visit: Visit, cited: Moment | None) -> Row | None:
    """Return what the player of the recording `found` needs; None without media.

    `sounds`: there is nothing but sound; `alone`: where the sound of a film of ours stands by
    itself; `withdrawn`: stretches not to be played, as JSON. The fragment `#t=` (W3C Media
    Fragments) seeks and stops without any script. Media elsewhere is not asked for before the
    visitor says so, and its host is named.
    """
    source = text(found["media"])
    elsewhere = ELSEWHERE.match(source)
    if not source or (is_elsewhere(source) and elsewhere is None):
        return None
    offset = number(found["media_offset_ms"])
    fragment = ""
    if cited:
        ends = [max(0, t + offset) for t in cited if t is not None]
        fragment = "#t=" + ",".join(seconds(t) for t in ends)
    poster = text(found["poster"])
    return {
        "src": visit.links.media(source) + fragment,
        "sounds": source.endswith(SOUND_ALONE) and elsewhere is None,
        "alone": visit.links.media(alone) + fragment if (alone := sound_beside(source)) else "",
        "poster": visit.links.media(poster) if poster and not is_elsewhere(poster) else "",
        "host": elsewhere[1].lower() if elsewhere else "",
        "offset": seconds(offset) if offset >= 0 else f"-{seconds(-offset)}",
        "withdrawn": withdrawn(db, text(found["id"])),
    }


def sound_beside(source: str) -> str:
    """Return where the sound of a film of ours stands by itself; "" for any other media."""
    film = source.endswith(FILM) and not is_elsewhere(source)
    return source.removesuffix(FILM) + SOUND_ALONE if film else ""


def withdrawn(db: sqlite3.Connection, recording_id: str) -> str:
    """Return the stretches that were taken away, as JSON [[start_ms, end_ms], …]; "" for none.

    Ours are cut out of the media; media elsewhere still hold them, and the player skips them.
    """
    found = rows(
        db,
        "SELECT start_ms, end_ms FROM notices WHERE recording_id = ? AND kind = 'withdrawn'"
        " ORDER BY start_ms",
        recording_id,
    )
    stretches = [[number(one["start_ms"]), number(one["end_ms"])] for one in found]
    return json.dumps(stretches, separators=(",", ":")) if stretches else ""
