"""Recordings as machines read them: schema.org, Dublin Core, cards.

Names that nobody confirmed stand in none of them, since no doubt could stand beside them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from markupsafe import Markup

from archive.site.event import organisers
from archive.site.links import Links, is_elsewhere
from archive.site.reading import Row, Visit, number, text

if TYPE_CHECKING:
    import sqlite3

    from archive.site.heading import Heading

MOST_CLIPS = 60
LONGEST_TRANSCRIPT = 20_000
"""Characters; a longer transcript is only linked to, so that the page stays light."""
LICENCES = {"CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/"}


def licence_address(licence: object) -> str:
    """Return where an SPDX licence can be read: Creative Commons' own deed, else its SPDX page."""
    identifier = text(licence)
    if identifier in LICENCES:
        return LICENCES[identifier]
    if identifier.startswith("CC-BY"):
        kind, _, version = identifier.removeprefix("CC-").rpartition("-")
        return f"https://creativecommons.org/licenses/{kind.lower()}/{version}/"
    return f"https://spdx.org/licenses/{identifier}.html" if identifier else ""


def iso_length(milliseconds: int) -> str:
    """Write a length as ISO 8601 does: PT754S."""
    return f"PT{max(1, round(milliseconds / 1000))}S"


def as_data(value: object) -> Markup:
    """Return JSON that can stand in a page: no character of it can end its element."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        plain = plain.replace(character, f"\\u{ord(character):04x}")
    return Markup(plain)  # noqa: S704 — nothing in it is markup any more


def film(about: Heading, turns: list[Row], length_ms: int, far: Links) -> Markup:
    """Return the recording as schema.org's VideoObject (or AudioObject), its Clips and words.

    https://schema.org/VideoObject, https://schema.org/Clip
    """
    identifier, event = about.id, about.event
    media, poster = text(about.recording["media"]), text(about.recording["poster"])
    told: Row = {
        "@context": "https://schema.org",
        "@type": "AudioObject" if about.sounds else "VideoObject",
        "name": about.title,
        "description": " · ".join(filter(None, (text(event["title"]), text(event["place"])))),
        "url": far.recording(identifier),
        "uploadDate": about.date,
        "duration": iso_length(length_ms),
        "inLanguage": event["language"],
        "license": licence_address(event["licence"]),
        "contentUrl": media if is_elsewhere(media) else media and far.media(media),
        "embedUrl": far.embed(identifier),
        "thumbnailUrl": poster and far.media(poster),
        "caption": {"@type": "MediaObject", "contentUrl": far.export(identifier, "vtt")},
        "recordedAt": {"@type": "Event", "name": event["title"], "startDate": event["date"]},
        "transcript": transcript(turns),
        "hasPart": clips(about, turns, far),
    }
    return as_data({name: value for name, value in told.items() if value})


def transcript(turns: list[Row]) -> str:
    """Return the words alone, without names; "" where they are long."""
    spoken = [text(p["text"]) for turn in turns for p in turn["passages"]]  # type: ignore[attr-defined]
    whole = "\n".join(spoken)
    return whole if len(whole) <= LONGEST_TRANSCRIPT else ""


def clips(about: Heading, turns: list[Row], far: Links) -> list[Row]:
    """Return the sessions and the turns of confirmed speakers as Clips, the longest of them."""
    named = [t for t in turns if t["known"] and not t["doubtful"]]
    named.sort(key=lambda t: number(t["start_ms"]) - number(t["end_ms"]))
    stretches = [
        (text(s["title"]), number(s["from_ms"]), s["to_ms"]) for s in about.sessions if s["to_ms"]
    ]
    stretches += [
        (text(t["speaker"]), number(t["start_ms"]), t["end_ms"]) for t in named[:MOST_CLIPS]
    ]
    return [
        {
            "@type": "Clip",
            "name": name,
            "startOffset": start // 1000,
            "endOffset": -(-number(end) // 1000),
            "url": far.recording(about.id, start, number(end)),
        }
        for name, start, end in sorted(stretches, key=lambda clip: clip[1])
    ]


def metadata(db: sqlite3.Connection, about: Heading, visit: Visit) -> list[tuple[str, str]]:
    """Return a recording's Dublin Core elements, as names and values of `meta`.

    https://www.dublincore.org/specifications/dublin-core/dcq-html/
    """
    event = about.event
    far = Links.from_afar(visit.site.url)
    publishers = [("DC.publisher", text(o["name"])) for o in organisers(db, event["organisers"])]
    elements = [
        ("DC.title", about.title),
        *publishers,
        ("DC.date", about.date),
        ("DC.type", "Sound" if about.sounds else "MovingImage"),
        ("DC.language", text(event["language"])),
        ("DC.coverage", text(event["place"])),
        ("DC.rights", text(event["licence"])),
        ("DC.identifier", far.recording(about.id) if visit.site.url else ""),
    ]
    return [(name, value) for name, value in elements if value]
