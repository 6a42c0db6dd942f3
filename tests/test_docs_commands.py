"""Every command line of the pages is one that the program of that name takes.

What stands in a shell block is parsed whole, with nothing run; of what is named in a sentence,
the command and its options must be there.
"""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache, partialmethod
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer

from napari_c3r.cli.app import make_app
from training.config import load_config
from training.evaluate.protocols import find_protocol
from training.evaluate.protocols.command import _parser as protocol_parser
from training.evaluate.protocols.command import settings_of

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *("README.md", "CONTRIBUTING.md"),
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")),
]
PROGRAMS = ("napari-c3r", "python", "torchrun", "make", "pip")
# Of the standard library.
OUTSIDE = {"venv"}
# What stands for something of the user's.
PLACEHOLDERS = {"N": "1", "…": "x", "CONFIG": "training/configs/smoke.toml"}

Command = tuple[str, ...]


def spelled_out(line: str) -> Iterator[str]:
    """A line with ``[--this N | --that M]`` in it as lines without it, with this, and with that."""
    found = re.search(r" \[([^\[\]]+)\]", line)
    if found is None:
        yield line
        return
    for choice in ("", *found[1].split(" | ")):
        yield from spelled_out(f"{line[: found.start()]} {choice}{line[found.end() :]}")


def in_blocks(text: str) -> Iterator[Command]:
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            for part in line.split(" && "):
                for each in spelled_out(part):
                    words = shlex.split(each, comments=True)
                    if words and words[0] in PROGRAMS:
                        yield tuple(PLACEHOLDERS.get(word, word) for word in words)


def in_sentences(text: str) -> Iterator[Command]:
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for code in re.findall(r"`([^`]+)`", prose):
        for each in spelled_out(" ".join(code.split())):
            words = each.split()
            if len(words) > 1 and words[0] in PROGRAMS:
                yield tuple(words)


@cache
def commands(page: str) -> tuple[tuple[Command, bool], ...]:
    """Each command of a page, and whether it is given whole."""
    text = (ROOT / page).read_text("utf-8")
    whole = [(command, True) for command in in_blocks(text)]
    return (*whole, *((command, False) for command in in_sentences(text)))


class Parsed(Exception):
    """A command line was understood, and is not run."""


def parse_click(command: Any, words: Sequence[str], *, whole: bool) -> None:
    """Parse the words of one of several commands."""
    for word in [] if whole else [word for word in words if word.startswith("-")]:
        taken = {name for each in command.commands[words[0]].params for name in each.opts}
        assert word in taken, f"{words[0]} has no option {word}"
    name, chosen, rest = command.resolve_command(typer.Context(command), list(words))
    assert chosen is not None, f"no command {name}"
    if whole:
        chosen.make_context(name, rest)


def parse_module(name: str, words: Sequence[str], monkeypatch, *, whole: bool) -> None:
    """Parse the words for ``python -m name``."""
    if name == "training.pretrain":
        load_config(words)
        return
    if words[:1] == ["protocol"]:
        given, rest = protocol_parser().parse_known_args(words[1:])
        if given.name != "list":
            settings_of(find_protocol(given.name), rest)
        return
    spec = find_spec(name)
    assert spec is not None, f"no module {name}"
    module = import_module(f"{name}.__main__" if spec.submodule_search_locations else name)
    if hasattr(module, "app"):
        parse_click(typer.main.get_command(module.app), words, whole=whole)
        return
    source = Path(str(module.__file__)).read_text("utf-8")
    if "ArgumentParser" not in source:
        assert all(re.fullmatch(r"\d+|[A-Z_]+", word) for word in words), f"{name} takes numbers"
        assert "sys.argv" in source or not words
        return
    with monkeypatch.context() as patch:
        parse = argparse.ArgumentParser.parse_known_args

        def only_parse(self, arguments=None, *, leaves_rest=False):
            _, rest = parse(self, arguments)
            assert leaves_rest or not rest, f"{name} does not take {rest}"
            raise Parsed

        patch.setattr("argparse.ArgumentParser.parse_args", only_parse)
        leaves_rest = partialmethod(only_parse, leaves_rest=True)
        patch.setattr("argparse.ArgumentParser.parse_known_args", leaves_rest)
        patch.setattr("sys.argv", [name, *words])
        with pytest.raises(Parsed):
            module.main()


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)])
def test_every_command_is_taken(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    known = {*extras["project"]["optional-dependencies"], *extras["dependency-groups"]}
    for command, whole in commands(page):
        program, *words = command
        if program == "napari-c3r":
            parse_click(typer.main.get_command(make_app()), words, whole=whole)
        elif program == "make":
            assert words[0] in targets
        elif program == "pip":
            named = [*re.findall(r"\[(\w+)\]", " ".join(words)), *after(words, "--group")]
            assert set(named) <= known
        elif name := after(words, "-m"):
            rest = words[words.index("-m") + 2 :]
            if name[0] not in OUTSIDE and (whole or rest):
                parse_module(name[0], rest, monkeypatch, whole=whole)
            elif name[0] not in OUTSIDE:
                assert find_spec(name[0]), f"no module {name[0]}"


def after(words: Sequence[str], option: str) -> list[str]:
    """What follows an option, if it is there."""
    return [words[words.index(option) + 1]] if option in words else []
