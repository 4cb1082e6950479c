"""config.yaml and strict YAML: what is read, and how each mistake is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from archive.errors import Faults, FileFault
from pipeline.config import Media, Site, Transcription, load_settings
from pipeline.reading.yaml_file import Scalar, read_yaml

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def errors(path: Path) -> list[FileFault]:
    with pytest.raises(Faults) as caught:
        load_settings(path)
    assert all(isinstance(error, FileFault) for error in caught.value.errors)
    assert all(error.path == path for error in caught.value.errors)
    return [error for error in caught.value.errors if isinstance(error, FileFault)]


def test_the_root_config_works_as_it_is_on_the_bundled_demo(root: Path) -> None:
    """Its paths are absolute, its site is fictional."""
    loaded = load_settings(root / "config.yaml")
    assert loaded.data == root / "data"
    assert loaded.events == root / "demo" / "events"
    assert loaded.transcription == Transcription(str(root / "demo" / "model"))
    assert loaded.attribution.min_confidence == 0.8
    assert loaded.media == Media(web_copy=True, height=720, quality="medium")
    assert (loaded.run.executor, loaded.run.workers) == ("local", "auto")
    assert "example.org" in str(loaded.site.url)
    assert loaded.lines["transcription.model"] > loaded.lines["events"]


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    """A config of one line is valid; paths stay relative to the file."""
    loaded = load_settings(write(tmp_path, "events: ../elsewhere\n"))
    assert loaded.data == tmp_path / "data"
    assert loaded.events == tmp_path.parent / "elsewhere"
    assert loaded.transcription == Transcription()
    assert loaded.site == Site()


@pytest.mark.parametrize("name", ["small", "large-v3-turbo", "owner/some-model"])
def test_a_size_or_a_hub_id_is_no_path(tmp_path: Path, name: str) -> None:
    """Only what begins as a path is one."""
    loaded = load_settings(write(tmp_path, f"transcription: {{model: {name}}}\n"))
    assert loaded.transcription.model == name


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    """Each with its line, in order, with the nearest known key or word."""
    found = errors(
        write(
            tmp_path,
            "datta: ./data\n"
            "transcription:\n  compute_type: int4\n  langage: fr\n"
            "attribution:\n  min_confidence: 1.5\n"
            "media: {web_copy: yes, height: 702, quality: medum}\n"
            "run: {workers: 0, executor: locale}\n"
            "site:\n  title: x\n  language: de\n"
            "  contact: a@example.org\n  url: www.example.org\n",
        )
    )
    assert [fault.line for fault in found] == [1, 3, 4, 6, 7, 7, 7, 8, 8, 11, 12, 13]
    text = "\n".join(map(str, found))
    assert "did you mean `data`?" in text
    assert "did you mean `language`?" in text
    assert "compute_type: int8" in text
    assert "executor: local" in text
    assert '"mailto:a@example.org"' in text
    assert "neither true nor false" in text
    assert "height: 720" in text
    assert "quality: medium" in text


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("site:\n  title: Mémoire : nos plénières\n", 2, 'title: "Mémoire : nos plénières"'),
        ("site:\n  title: Mémoire #1\n", 2, 'title: "Mémoire #1"'),
        ("site:\n  title: #balance\n", 2, 'title: "#balance"'),
        ('site:\n  title: "Nos" plénières\n', 2, "title: '\"Nos\" plénières'"),
        ("site:\n  title: 'L'archive'\n", 2, 'title: "L\'archive"'),
        ("site:\n  title: *tous*\n", 2, 'title: "*tous*"'),
        ("site:\n  title: @nous\n", 2, 'title: "@nous"'),
        ("site:\n  title: &a nous\n", 2, "an anchor"),
        ("site:\n  title: !nous tous\n", 2, "a tag"),
        ("site: &s {title: a}\n", 1, "an anchor"),
        ("site:\n  <<: {title: a}\n", 2, "a merge key"),
        ("%YAML 1.1\n---\ndata: x\n", 1, "a directive"),
        ("data: x\n---\ndata: y\n", 2, "a second document"),
        ("data: x\nevents: z\ndata: y\n", 3, "first in line 1"),
        ("data: x\n\tevents: y\n", 2, "a tab or a no-break space"),
        (
            "site: {title: Nos débats, nos archives, language: fr}\n",
            1,
            '"Nos débats, nos archives"',
        ),
        ("site: nous\n", 1, "one per line"),
        ("site: [a, b]\n", 1, "holds a list"),
        ("? [a]\n: b\n", 1, "as a key"),
        ("", 1, "the file is empty"),
        ("# rien\n", 1, "the file is empty"),
        ("bonjour\n", 1, "does not begin with"),
        ("- a\ndata: b\n", 2, "not YAML"),
        ("data: x\nevents: \x07\n", 2, "control character"),
        ("a: " + "[" * 40 + "]" * 40 + "\n", 1, "nested deeper"),
        ("data: x\nsite: {title: Mémoire}\n".encode("latin-1"), 2, "Latin-1"),
        ("data: x\n".encode("utf-16"), 1, "UTF-16"),
    ],
)
def test_a_file_that_yaml_bends_is_answered(
    tmp_path: Path, text: str | bytes, line: int, words: str
) -> None:
    """One fault with its line, a plain sentence, and the same line quoted where that mends it."""
    (found,) = errors(write(tmp_path, text))
    assert words in str(found)
    assert found.line == line


def test_a_cut_title_does_not_hide_the_mistakes_below(tmp_path: Path) -> None:
    """The reading goes on as if the line had been quoted."""
    found = errors(write(tmp_path, "site:\n  title: Ici : là\n  language: de\n  nom: x\n"))
    assert [fault.line for fault in found] == [2, 3, 4]


def test_words_stay_words_and_times_stay_times(tmp_path: Path) -> None:
    """YAML 1.2: no surprise behind `no` and `14:30`; composed accents, one byte order mark."""
    file = read_yaml(write(tmp_path, "\ufeffa: no\nb: 14:30\nc: 0o17\nd: 2017-03-28\r\n"))
    assert file.faults == []
    assert file.root is not None
    nodes = file.root.nodes
    texts = {key: node.text for key, node in nodes.items() if isinstance(node, Scalar)}
    assert texts == {"a": "no", "b": "14:30", "c": "0o17", "d": "2017-03-28"}


def test_an_accent_of_two_characters_is_composed(tmp_path: Path) -> None:
    """A title typed on a Mac is the same title."""
    loaded = load_settings(write(tmp_path, 'site: {title: "Me\u0301moire"}\n'))
    assert loaded.site.title == "Mémoire"


PIECES = ["a", "é", " ", "  ", "\n", "- ", ": ", " : ", ", ", " #", "'", '"', "[", "]", "{", "}"]
MORE = ["*", "&b ", "!t ", "<<: ", "%", "---\n", "? ", "|\n", ">", "\t", "\x00", "\u2028", "\ufeff"]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=strategies.lists(strategies.sampled_from(PIECES + MORE), max_size=30))
def test_whatever_is_written_gets_an_answer(tmp_path: Path, parts: list[str]) -> None:
    """Any text ends as a tree or as faults, each of which can be printed; never as a traceback."""
    file = read_yaml(write(tmp_path, "".join(parts)))
    assert file.root is not None or file.faults
    assert all(str(fault) and fault.line for fault in file.faults)


def test_an_absent_config_is_one_sentence(tmp_path: Path) -> None:
    """No traceback for a path mistyped."""
    (found,) = errors(tmp_path / "nowhere.yaml")
    assert "cannot be read" in str(found)
