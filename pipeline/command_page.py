"""docs/commands.md, written from the command itself.

python -m pipeline.command_page > docs/commands.md
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pipeline.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator


def page() -> str:
    """Return the page: every command with its help."""
    lines = ["# The command", "", "Written by `python -m pipeline.command_page`.", ""]
    for words, command in _commands():
        context = click.Context(command, info_name=words, max_content_width=96, terminal_width=96)
        lines += [f"## {words}", "", "```text", command.get_help(context).rstrip(), "```", ""]
    return "\n".join(lines)


def _commands() -> Iterator[tuple[str, click.Command]]:
    yield "plenary", main
    yield from _within("plenary", main)


def _within(words: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(click.Context(group)):
        command = group.commands[name]
        yield f"{words} {name}", command
        if isinstance(command, click.Group):
            yield from _within(f"{words} {name}", command)


if __name__ == "__main__":
    sys.stdout.write(page())
