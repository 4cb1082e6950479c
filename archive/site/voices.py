"""How a speaker who has no name is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archive.site.texts import Texts

VOICE_COLOURS = 8  # as many as the style sheet has


def voice_name(texts: Texts, voice: str) -> str:
    """Return "Voix 2 (inconnue)" for `voice-2`."""
    return texts("speaker.unknown", voice=voice.rpartition("-")[2] or "?")
