"""What `plenary search` prints: passages with who, when and where, and what would narrow them.

It is the visitor's search, in the site's own words, in the language of the archivist.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from archive.search import MARK_END, MARK_START
from archive.site.texts import Texts
from pipeline.progress import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.search import Hit, Results

_VALUES_SHOWN = 6


def as_text(results: Results, language: str) -> str:
    """Return a page of results for a person, its matches between brackets."""
    return "\n".join(_lines(results, Texts(language)))


def as_json(results: Results) -> str:
    """Return a page of results for a program, its matches between brackets."""
    told = asdict(results)
    for hit in told["hits"]:
        hit["snippet"] = _bracketed(hit["snippet"])
    return json.dumps(told, ensure_ascii=False, indent=2)


def _lines(results: Results, words: Texts) -> Iterator[str]:
    for hit in results.hits:
        yield f"{hit.recording_id} {clock(hit.start_ms)}  {_who(hit, words)}"
        yield f"    {hit.event_title}, {hit.session_title} ({hit.date})"
        yield f"    {_bracketed(hit.snippet)}"
    if results.note in {"stop-words", "no-text", "unfinished"}:
        yield words(f"results.note.{results.note}")
        return
    yield _counted(results, words)
    if results.note:
        yield words(f"results.note.{results.note}")
    if results.suggestion:
        yield f"{words('results.suggestion')} {results.suggestion}"
    yield from _narrower(results, words)


def _counted(results: Results, words: Texts) -> str:
    if not results.total:
        return words("results.none")
    counted = words("results.more_than" if results.more_than else "results.count", n=results.total)
    last = -(-results.total // results.query.size)
    page = words("results.page", page=results.query.page, last=last)
    order = f"{words('results.order')}: {words(f'order.{results.order}')}"
    return ". ".join((counted, *([page] if last > 1 else []), order))


def _who(hit: Hit, words: Texts) -> str:
    if not hit.person_name:
        return words("speaker.nobody")
    doubt = f" {words('speaker.doubt')}" if hit.origin == "automatic" else ""
    part = ", ".join(filter(None, (hit.role, hit.organisation)))
    return f"{hit.person_name}{doubt}" + (f", {part}" if part else "")


def _narrower(results: Results, words: Texts) -> Iterator[str]:
    """Yield a line for each option that would narrow the results, its values and counts."""
    for name, values in results.facets.items():
        if len(values) > 1 and getattr(results.query, name) is None:
            shown = ", ".join(
                f"{v.value} ({words.number(v.count)})" for v in values[:_VALUES_SHOWN]
            )
            rest = ", …" if len(values) > _VALUES_SHOWN else ""
            yield f"    --{name:13} {shown}{rest}"


def _bracketed(snippet: str) -> str:
    return snippet.replace(MARK_START, "[").replace(MARK_END, "]")
