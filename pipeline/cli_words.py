"""The help of the command, and what click itself says, in the archivist's language."""

from __future__ import annotations

from inspect import cleandoc

import click
from click import core, decorators, exceptions, formatting, parser, termui, types

from archive.wording import look_up

_CLICK = (core, decorators, exceptions, formatting, parser, termui, types)
"""Click's modules that look their own texts up by gettext, under the names `_` and `ngettext`."""


def put_in_words(command: click.Command) -> None:
    """Put a command, its options and those within it into the language that is spoken.

    A process speaks one language: what was put into French stays French.
    """
    for module in _CLICK:
        # Click ships no French, and gettext would take it from compiled files only.
        vars(module).update(_=look_up, ngettext=_counted)
    _put(command)


def _counted(one: str, many: str, count: int) -> str:
    return look_up(one if count == 1 else many)


def _put(command: click.Command) -> None:
    command.help = look_up(cleandoc(command.help or ""))
    for option in command.params:
        if isinstance(option, click.Option) and option.help:
            option.help = look_up(option.help)
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _put(inner)
