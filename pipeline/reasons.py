"""Why a step is due: what differs from what the ledger last recorded for that recording."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive.wording import say
from pipeline.ledger import Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.event import Recording
    from pipeline.ledger import Due, Ledger, Step


@dataclass(frozen=True)
class DueStep:
    """The first step that is due for a recording, and a sentence that says why."""

    step: str
    reason: str

    def __str__(self) -> str:
        return f"{self.step}: {self.reason}"


_OF_THE_CONFIG = {
    "language": "language",
    "min_confidence": "attribution.min_confidence",
    "voices": "voices.model",
    "channel": "sound.channel",
    "height": "media.height",
    "quality": "media.quality",
}
"""Options that a person sets, by the name that the option has in a step."""

_OF_THE_PROGRAMME = {
    "hotwords": "the programme's names or terms changed",
    "cast": "the programme's people changed",
    "within": "the session's times changed",
    "windows": "the speech to recognise changed: other times in the programme, or another sound",
    "start_ms": "the captures before it changed",
    "public": "what is public of it changed",
}
"""Options and inputs that follow from the programme: their values would be long to tell."""

_OF_OTHER_STEPS = {
    "model": "the model changed",
    "sound": "its sound changed",
    "transcript": "its transcript changed",
    "gated": "its words changed",
    "words": "its words changed",
}
"""Inputs, by the word before the dash."""


def why(ledger: Ledger, name: str, recording: Recording, due: Due) -> DueStep:
    """Say what is due for the recording called `name`, and why, in the ledger's own terms."""
    if isinstance(due, Unseen):
        is_capture = due.path in recording.captures
        if is_capture:
            told = "capture changed: {file}" if due.known else "new capture: {file}"
        else:
            told = "transcript changed: {file}" if due.known else "new transcript: {file}"
        step = "sound" if is_capture else "sidecar"
        reason = say(told, file=due.path.name)
    else:
        step, reason = due.step.name, _reason(ledger, name, due.step)
    failed = ledger.failures().get(name, "").partition("\n")[0]
    if failed:
        reason = say("{reason}; failed before: {failed}", reason=reason, failed=failed)
    return DueStep(step, reason)


def _reason(ledger: Ledger, name: str, step: Step) -> str:
    if ledger.is_planned(step):
        return say("begun and not finished")
    if step.name == "storing":
        stands = ledger.made_from(f"recording:{name}") is not None
        return say("what stands was made otherwise" if stands else "heard and not stored yet")
    earlier = ledger.recorded(name, step.name)
    if not earlier:
        return say("not done yet" if ledger.has_history(name) else "a new recording")
    # A recording has several steps of one name: the nearest is the one that this replaces.
    differences = min((list(_differences(step, row)) for row in earlier), key=len)
    return ", ".join(dict.fromkeys(differences)) or say("its result is missing")


def _differences(step: Step, earlier: Mapping[str, Any]) -> Iterator[str]:
    """Yield a phrase for each thing that makes the step's key another than an earlier one's."""
    if step.version != earlier["version"]:
        yield say(
            "this version makes it otherwise ({step} {before} → {now})",
            step=step.name,
            before=earlier["version"],
            now=step.version,
        )
    yield from _changed_inputs(step.inputs, json.loads(earlier["inputs"]))
    options = json.loads(earlier["options"])
    for name, value in step.options.items():
        before = options.get(name)
        # As JSON: a tuple comes back as a list.
        if json.loads(json.dumps(value)) == before:
            continue
        if name in _OF_THE_PROGRAMME:
            yield say(_OF_THE_PROGRAMME[name])
        else:
            yield say(
                "option {option} changed from {before} to {now}",
                option=_OF_THE_CONFIG.get(name, name),
                before=before,
                now=value,
            )


def _changed_inputs(inputs: Mapping[str, str], before: Mapping[str, str]) -> Iterator[str]:
    for name in [*inputs, *(before.keys() - inputs.keys())]:
        if inputs.get(name) == before.get(name):
            continue
        kind, _, number = name.partition("-")
        if kind != "capture":
            told = _OF_OTHER_STEPS[kind] if kind in _OF_OTHER_STEPS else _OF_THE_PROGRAMME[kind]
            yield say(told)
        elif name in before and name in inputs:
            yield say("capture {number} changed", number=int(number) + 1)
        else:
            yield say("other captures are named")
