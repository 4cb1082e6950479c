"""Captions load in a real browser as a track, hostile texts included."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from transcripts import HOSTILE, needed

from archive.export import vtt
from archive.export.transcript import Passage, Transcript, Turn
from archive.provenance import Capture

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOADED = """async (vtt) => {
  const track = document.createElement('track');
  const ready = new Promise((done) => { track.onload = done; track.onerror = () => done(null); });
  track.src = `data:text/vtt;base64,${vtt}`;
  document.querySelector('video').append(track);
  track.track.mode = 'hidden';
  if (await ready === null) return null;
  return [...track.track.cues].map((cue) => {
    const html = cue.getCueAsHTML();
    return {
      start: cue.startTime, end: cue.endTime, text: html.textContent,
      tags: [...html.querySelectorAll('*')].map((one) => `${one.localName} ${one.title}`),
    };
  });
}"""


def hostile_transcript() -> Transcript:
    """Return a transcript with a turn for each hostile text, in its name and in its words."""
    everything = " ".join(HOSTILE)
    return Transcript(
        id=everything,
        title=everything,
        event=everything,
        event_title=everything,
        date=everything,
        language="fr",
        licence=everything,
        organisers=(everything,),
        recording=everything,
        captures=(Capture(everything, None, everything, everything, 0, 90_000),),
        steps=(),
        corrections=(),
        missing=(),
        people=(),
        organisations=(),
        turns=tuple(
            Turn(
                start_ms=n * 1_000,
                end_ms=n * 1_000 + 900,
                person="ana",
                name=f"Ana {text}",
                role=None,
                organisation=None,
                voice="voice-1",
                confidence=0.9,
                origin="automatic" if n % 2 else "confirmed",
                passages=(Passage(n * 1_000, n * 1_000 + 900, f"dit {text}", "automatic", ()),),
            )
            for n, text in enumerate(HOSTILE)
        ),
    )


def test_captions_load_as_a_track(browser: Browser) -> None:
    """Every cue with its time, words and voice; no text becomes an element or another cue."""
    page = browser.new_page()
    page.set_content("<video></video>")
    written = base64.b64encode(vtt.write(hostile_transcript()).encode()).decode()
    cues = page.evaluate(LOADED, written)
    page.close()
    assert [(cue["start"], cue["end"]) for cue in cues] == [
        (n, n + 0.9) for n in range(len(HOSTILE))
    ]
    for n, (cue, text) in enumerate(zip(cues, HOSTILE, strict=True)):
        doubt = " (nom attribué automatiquement)" if n % 2 else ""
        assert needed(cue["text"]) == needed(f"dit {text}")
        assert [needed(tag) for tag in cue["tags"]] == [needed(f"span Ana {text}{doubt}")]
