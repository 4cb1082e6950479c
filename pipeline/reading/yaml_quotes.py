"""Lines of YAML that French typography has cut, and the same lines quoted.

A colon between spaces, a `#` behind a space, a comma between braces or a leading sign
end or spoil an unquoted value. `mend` finds the line that stops the parser and proves
its answer: the parser gets past the quoted line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ruamel.yaml.events import Event

_VALUE = re.compile(
    r"^(?P<head>\s*(?:-\s+)*(?:[\w.-]+\s*:\s+)?+)(?P<value>\S.*?)(?P<comment>\s+#(?:\s.*)?)?$"
)
_ITEM = re.compile(r"^(?P<head>\s*(?:-\s+)+)(?P<value>\S.*?)\s*$")
_FLOW_ITEM = re.compile(
    r"(?P<head>[\[{,]\s*(?:[\w.-]+:\s+)?+)(?P<value>[^\[\]{},\"']*:\s[^\[\]{},\"']*?)(?=\s*[\],}])"
)


def quote(text: str) -> str:
    """Write `text` as a quoted YAML value, without quotes that only wrapped it before."""
    mark = text[:1]
    if mark in {'"', "'"} and (text.endswith(mark) or text.count(mark) == 1):
        text = text[1:].removesuffix(mark)
    if '"' in text and "'" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse(lines: Sequence[str]) -> list[Event]:
    """Return the events of these lines; raises YAMLError where they are not YAML."""
    return list(YAML(typ="safe", pure=True).parse("\n".join(lines)))


def mend(lines: Sequence[str], error: MarkedYAMLError) -> tuple[int, str] | None:
    """Find the line whose quoting brings the parser past it: its index and its new text."""
    places = _places(error)
    for number in dict.fromkeys(place for place in places if place is not None):
        line = quote_flow(lines[number]) or quote_value(lines[number])
        if line is None or line == lines[number]:
            continue
        try:
            parse([*lines[:number], line, *lines[number + 1 :]])
        except MarkedYAMLError as later:
            reached = _places(later)
            if reached == places or (reached[0] or 0) <= number:
                continue
        return number, line
    return None


def _places(error: MarkedYAMLError) -> tuple[int | None, int | None]:
    """Return the indexes of the lines where the parser stopped and where its trouble began."""
    problem, context = error.problem_mark, error.context_mark
    return problem and problem.line, context and context.line


def quote_value(line: str, *, comment: bool = False) -> str | None:
    """Quote the value of a block line, and what stands behind " #" with `comment`.

    None when the line has no value, or one that begins a flow list or mapping.
    """
    match = _VALUE.match(line)
    if match is None or match["value"][0] in "[{":
        return None
    rest = match["comment"] or ""
    if comment:
        return match["head"] + quote(match["value"] + rest.rstrip())
    return match["head"] + quote(match["value"]) + rest


def quote_item(line: str) -> str | None:
    """Quote all that a block line holds behind its dash; None when it has none."""
    match = _ITEM.match(line)
    return match and match["head"] + quote(match["value"])


def quote_flow(line: str) -> str | None:
    """Quote every text with a colon in a flow line; None when there is none."""
    mended = _FLOW_ITEM.sub(lambda m: m["head"] + quote(m["value"]), line)
    return None if mended == line else mended
