"""Every key that the archivist's files may hold, mapping by mapping.

docs/files.md explains each under a heading with the mapping's name; a test holds the
two together. Mappings whose keys are ids (`people`, `organisations`) are not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Every key that config.yaml may hold, mapping by mapping.
CONFIG: Mapping[str, tuple[str, ...]] = {
    "config.yaml": (
        "data",
        "events",
        "transcription",
        "voices",
        "attribution",
        "media",
        "run",
        "site",
    ),
    "transcription": ("model", "device", "compute_type", "language"),
    "voices": ("model",),
    "attribution": ("min_confidence",),
    "media": ("web_copy", "height", "quality"),
    "run": ("executor", "workers", "scheduler", "certificates", "resources"),
    "site": ("title", "language", "url", "contact", "names", "open_data"),
}

PROGRAMME: Mapping[str, tuple[str, ...]] = {
    "programme.yaml": ("event", "organisations", "people", "recordings", "sessions", "glossary"),
    "event": (
        "id",
        "title",
        "series",
        "date",
        "end",
        "place",
        "organisers",
        "language",
        "licence",
        "links",
    ),
    "series": ("id", "title", "label"),
    "link": ("kind", "title", "url"),
    "organisation": ("name", "also", "url"),
    "person": ("name", "also", "publish", "roles", "same"),
    "role": ("role", "organisation"),
    "recording": ("id", "captures", "sound", "media"),
    "sound": ("track", "channel"),
    "hosted media": ("url", "offset"),
    "session": (
        "id",
        "title",
        "kind",
        "date",
        "start",
        "room",
        "place",
        "recording",
        "captures",
        "from",
        "to",
        "transcripts",
        "chair",
        "speakers",
        "access",
        "summary",
        "language",
        "also_spoken",
        "glossary",
    ),
    "speaker": ("person", "part"),
    "term": ("term", "means"),
    "people.yaml": ("people", "organisations"),
    # No roles: they are those of an event, never today's.
    "person in people.yaml": ("name", "also", "publish", "same"),
}

CORRECTIONS: Mapping[str, tuple[str, ...]] = {
    "corrections.yaml": ("corrections",),
    "correction": (
        "kind",
        "at",
        "reach",
        "person",
        "name",
        "role",
        "organisation",
        "words",
        "what",
        "wrong",
        "right",
        "session",
        "by",
        "why",
    ),
}
