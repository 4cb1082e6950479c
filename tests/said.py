"""Find in the code every text that the command can show, as `test_wording.py` needs them.

A text stands where `say` or `Text` is called, or where a function or an error is given a
`sentence`, a `next_step` or a `lead`. It may be written there, or held by a name of the same
function or module, or chosen by an `if` or out of a dictionary. Besides there is the help.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PRINTING = ("echo", "confirm", "secho", "prompt", "UsageError", "BadParameter", "ClickException")
PARAMETERS = ("sentence", "next_step", "lead")

Scope = ast.Module | ast.FunctionDef | ast.ClassDef


@dataclass
class Said:
    """What was found: each text with a place where it stands, and what cannot be read."""

    texts: dict[str, str] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


@cache
def said_in_code() -> Said:
    """Read every module of the two packages."""
    found = Said()
    modules = {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8"))
        for package in ("archive", "pipeline")
        for path in sorted((ROOT / package).rglob("*.py"))
    }
    everywhere: dict[str, dict[str, int]] = {"say": {"": 0}, "Text": {"": 0}}
    for _ in range(2):  # an error's subclass may be read before the class that it is made of
        for tree in modules.values():
            for taker, places in _takers(tree, everywhere):
                if not taker.startswith("_"):
                    everywhere[taker] = {**everywhere.get(taker, {}), **places}
    for name, tree in modules.items():
        takers = {**everywhere}
        for taker, places in _takers(tree, everywhere):
            takers[taker] = {**takers.get(taker, {}), **places}
        _Reader(name, takers, found, [tree]).visit(tree)
    return found


def printed_in_verbs() -> list[str]:
    """Return what the verbs print as it stands in the code, though it holds words."""
    return [
        f"  {path.name}:{call.lineno}: {part!r}"
        for path in sorted((ROOT / "pipeline").glob("cli*.py"))
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in PRINTING
        for argument in call.args
        for part in _as_it_stands(argument)
        if re.search(r"[a-z]{2}", part) and not part.startswith("plenary ")
    ]


def _as_it_stands(node: ast.expr) -> Iterator[str]:
    """Give the strings that an expression is put together of."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield from _as_it_stands(part)
    elif isinstance(node, ast.FormattedValue):
        yield from _as_it_stands(node.value)
    elif isinstance(node, ast.IfExp):
        yield from _as_it_stands(node.body)
        yield from _as_it_stands(node.orelse)


def said_in_help(command: click.Command, words: str = "plenary") -> Iterator[tuple[str, str]]:
    """Give each help text of a command and of those within it, and whose it is."""
    yield cleandoc(command.help or ""), words
    for option in command.params:
        if isinstance(option, click.Option) and option.help:
            yield option.help, f"{words} {option.opts[0]}"
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from said_in_help(inner, f"{words} {name}")


def said_by_click() -> set[str]:
    """Return every string of click's own code; the catalogue has some of them."""
    return {
        node.value
        for path in Path(click.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _takers(
    tree: ast.Module, known: dict[str, dict[str, int]]
) -> Iterator[tuple[str, dict[str, int]]]:
    """Give functions and classes that take texts: the places of those among their arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name != "__init__":
            if places := _places(node):
                yield node.name, places
        elif isinstance(node, ast.ClassDef):
            makers = [n for n in node.body if isinstance(n, ast.FunctionDef)]
            own = [_places(n) for n in makers if n.name == "__init__"]
            bases = [known[b.id] for b in node.bases if isinstance(b, ast.Name) and b.id in known]
            if places := (own or bases or [{}])[0]:
                yield node.name, places


def _places(function: ast.FunctionDef) -> dict[str, int]:
    names = [argument.arg for argument in function.args.args if argument.arg != "self"]
    places = {name: place for place, name in enumerate(names) if name in PARAMETERS}
    return places | {a.arg: -1 for a in function.args.kwonlyargs if a.arg in PARAMETERS}


class _Reader(ast.NodeVisitor):
    """Reads one module; `scopes` are those around the place that is read, outermost first."""

    def __init__(
        self, name: str, takers: dict[str, dict[str, int]], found: Said, scopes: list[Scope]
    ) -> None:
        self.name = name
        self.takers = takers
        self.found = found
        self.scopes = scopes

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._within(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._within(node)

    def _within(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self.scopes.append(node)
        self.generic_visit(node)
        self.scopes.pop()

    def visit_Call(self, node: ast.Call) -> None:
        places = self.takers.get(self._called(node), {})
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        for name, place in places.items():
            if name in given:
                self._read(given[name])
            elif 0 <= place < len(node.args):
                self._read(node.args[place])
        self.generic_visit(node)

    def _called(self, node: ast.Call) -> str:
        """Return the name of what is called; that of the base where a class makes itself."""
        if isinstance(node.func, ast.Attribute) and node.func.attr == "say":
            return ""  # a method of progress, which is given lines
        if isinstance(node.func, ast.Call) and self._called(node.func) == "type":
            return "PlenaryError"  # type(error)(…): the same error, of another place
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name == "__init__":
            bases = [s.bases[0] for s in self.scopes if isinstance(s, ast.ClassDef) and s.bases]
            return getattr(bases[-1], "id", "") if bases else ""
        return str(name)

    def _read(self, node: ast.expr) -> None:
        place = f"{self.name}:{node.lineno}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value:
                self.found.texts.setdefault(node.value, place)
        elif isinstance(node, ast.IfExp):
            self._read(node.body)
            self._read(node.orelse)
        elif isinstance(node, ast.Attribute) or self._is_given(node):
            pass  # made, and read, elsewhere
        elif held := self._held(node):
            for value in held:
                self._read(value)
        elif not (isinstance(node, ast.Call) and self._called(node) in {"say", "Text", "str"}):
            self.found.unreadable.append(f"{place}: {ast.unparse(node)}")

    def _is_given(self, node: ast.expr) -> bool:
        """Tell whether it is an argument of the function, which whoever calls gives."""
        functions = [s for s in self.scopes if isinstance(s, ast.FunctionDef)]
        names = {
            part.arg
            for function in functions
            for part in ast.walk(function.args)
            if isinstance(part, ast.arg)
        }
        return isinstance(node, ast.Name) and node.id in names

    def _held(self, node: ast.expr) -> list[ast.expr]:
        """Return what a name may hold, or a dictionary that it holds."""
        if isinstance(node, ast.Subscript):
            return [
                value
                for held in self._held(node.value)
                if isinstance(held, ast.Dict)
                for value in held.values
            ]
        if not isinstance(node, ast.Name):
            return []
        for scope in reversed(self.scopes):
            held = [
                one.value
                for one in ast.walk(scope)
                if isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None
                for target in (one.targets if isinstance(one, ast.Assign) else [one.target])
                if isinstance(target, ast.Name) and target.id == node.id
            ]
            if held:
                return held
        return []
