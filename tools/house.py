"""Count what makes the code hard to hold in the head: ``python -m tools.house [ROOT] [--where]``.

Works on any checkout, so that one can be counted before a change and after it. ``--where`` also
lists every place that was counted.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_RUN_SETTINGS = frozenset({"device", "precision", "batch_size", "concept_mode", "readout"})
_KEY = "napari_c3r"
_MANY_LINES, _FEW_LINES, _LONG_FUNCTION = 400, 40, 80
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, eq=False)
class File:
    """A Python file.

    Parameters
    ----------
    path
        Relative to the root of the checkout.
    module
        Its dotted name; a package's for its ``__init__.py``.
    text
        All of it.
    """

    path: Path
    module: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of its syntax."""
        return list(ast.walk(self.tree))

    @property
    def n_lines(self) -> int:
        """Lines in it."""
        return len(self.text.splitlines())

    def at(self, node: ast.expr | ast.stmt) -> str:
        """Where a node is."""
        return f"{self.path}:{node.lineno}"


@dataclass(frozen=True, eq=False)
class House:
    """The files of a checkout; each list is of places, as ``"path:line"``.

    Parameters
    ----------
    root
        Of the checkout.
    """

    root: Path

    def files_in(self, folder: str) -> list[File]:
        """All Python files of a folder, or none where there is no such folder."""
        return [
            File(path.relative_to(self.root), _module(path, self.root), path.read_text("utf-8"))
            for path in sorted((self.root / folder).rglob("*.py"))
            if "__pycache__" not in path.parts
        ]

    @cached_property
    def code(self) -> list[File]:
        """The plugin and the training."""
        return self.files_in("src") + self.files_in("training")

    @cached_property
    def tests(self) -> list[File]:
        """The tests."""
        return self.files_in("tests")

    @cached_property
    def widgets(self) -> list[File]:
        """All files of the window."""
        return [file for file in self.code if file.module.startswith("napari_c3r.widgets")]

    @cached_property
    def _by_module(self) -> dict[str, File]:
        return {file.module: file for file in self.code}

    def bundles(self) -> list[str]:
        """Signatures, calls and classes that spell out three run settings or more."""
        return [
            file.at(node)
            for file in self.code
            for node in file.nodes
            if isinstance(node, (Function, ast.Call, ast.ClassDef))
            and len(_RUN_SETTINGS & set(_spelled_out(node))) >= 3
        ]

    def widget_entries(self) -> list[str]:
        """Files and folders that lie directly in the folder of the window."""
        return sorted({entry for file in self.widgets if (entry := _entry(file))})

    def widget_arrows(self) -> list[str]:
        """Pairs of entries of which the first imports the second, for types alone included."""
        arrows = {
            (_entry(file), _entry(other))
            for file in self.widgets
            for other in self._imports(file, for_types=True)
        }
        return [f"{a} -> {b}" for a, b in sorted(arrows) if a and b and a != b]

    def circles(self) -> list[str]:
        """Groups of files that import each other at run time, within functions included."""
        arrows = {file: self._imports(file, for_types=False) for file in self.code}
        groups = [group for group in _connected(arrows) if len(group) > 1]
        return [" <-> ".join(sorted(str(file.path) for file in group)) for group in groups]

    def sentences(self) -> list[str]:
        """Decisions by how a sentence starts."""
        return [
            file.at(node)
            for file in self.code
            for node in file.nodes
            if isinstance(node, ast.Call) and _called(node) == "startswith"
            if any(
                isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value
                for argument in node.args
                for part in ast.walk(argument)
            )
        ]

    def step_numbers(self) -> list[str]:
        """Steps of the dock that are called by number."""
        return [
            file.at(node)
            for file in self.widgets
            for node in file.nodes
            if isinstance(node, (ast.Call, ast.Subscript)) and _numbers_a_step(node)
        ]

    def hand_made_forms(self) -> list[str]:
        """Forms put together by hand, outside of the files that build forms."""
        return [
            file.at(node)
            for file in self.code
            if not file.path.stem.endswith("form")
            for node in file.nodes
            if isinstance(node, ast.Call) and _called(node) in ("form", "QFormLayout")
        ]

    def metadata_keys(self) -> list[str]:
        """Places that spell out the key of our own metadata."""
        return [
            file.at(node)
            for file in self.code
            for parent in file.nodes
            for node in _keys_in(parent)
            if isinstance(node, ast.Constant) and node.value in (_KEY, _KEY.encode())
        ]

    def n_lines(self) -> int:
        """Lines of all code and tests."""
        return sum(file.n_lines for file in self.code + self.tests)

    def short_files(self) -> list[str]:
        """Files with few lines, those that only make a folder a package aside."""
        return [
            f"{file.path}: {file.n_lines}"
            for file in self.code
            if file.n_lines < _FEW_LINES and file.path.name != "__init__.py"
        ]

    def long_files(self) -> list[str]:
        """Files with too many lines to hold in the head."""
        return [f"{file.path}: {file.n_lines}" for file in self.code if file.n_lines > _MANY_LINES]

    def long_functions(self) -> list[str]:
        """Functions with too many lines to hold in the head."""
        return [
            f"{file.at(node)}: {node.name}"
            for file in self.code
            for node in file.nodes
            if isinstance(node, Function)
            and (node.end_lineno or node.lineno) - node.lineno + 1 > _LONG_FUNCTION
        ]

    def _imports(self, file: File, *, for_types: bool) -> set[File]:
        """Files that a file imports from: where a name is defined, not who passes it on."""
        return {
            found
            for module, name in _imported(file, for_types=for_types)
            if (found := self._source(module, name)) is not None and found is not file
        }

    def _source(self, module: str, name: str) -> File | None:
        if submodule := self._by_module.get(f"{module}.{name}"):
            return submodule
        file = self._by_module.get(module)
        if file is not None and file.path.name == "__init__.py":
            for source, passed_on in _imported(file, for_types=True):
                if passed_on == name and source != module:
                    return self._source(source, name)
        return file


def _module(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    parts = parts[1:] if parts[0] == "src" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _entry(file: File) -> str:
    """The direct child of the folder of widgets that a file is in; empty for that of others."""
    parts = file.module.split(".")
    return parts[2] if parts[:2] == ["napari_c3r", "widgets"] and len(parts) > 2 else ""


def _spelled_out(node: ast.AST) -> Iterator[str]:
    if isinstance(node, Function):
        arguments = node.args
        yield from (a.arg for a in arguments.posonlyargs + arguments.args + arguments.kwonlyargs)
    elif isinstance(node, ast.Call):
        yield from (keyword.arg for keyword in node.keywords if keyword.arg)
        yield from map(_last_name, node.args)
    elif isinstance(node, ast.ClassDef):
        yield from (
            _last_name(line.target) for line in node.body if isinstance(line, ast.AnnAssign)
        )


def _last_name(node: ast.expr) -> str:
    """``c`` of ``c`` and of ``a.b.c``; empty for what is no name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _called(call: ast.Call) -> str:
    return _last_name(call.func)


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def _numbers_a_step(node: ast.Call | ast.Subscript) -> bool:
    if isinstance(node, ast.Subscript):
        return _last_name(node.value) == "steps" and _is_number(node.slice)
    emits = isinstance(node.func, ast.Attribute) and node.func.attr == "emit"
    if not emits or not node.args or not _is_number(node.args[0]):
        return False
    assert isinstance(node.func, ast.Attribute)
    return _last_name(node.func.value) in ("error_changed", "problem")


def _keys_in(node: ast.AST) -> Iterator[ast.expr]:
    """Expressions that may be a key of a mapping, or name one."""
    if isinstance(node, ast.Subscript):
        yield node.slice
    elif isinstance(node, ast.Dict):
        yield from (key for key in node.keys if key is not None)
    elif isinstance(node, ast.Compare):
        yield node.left
    elif isinstance(node, ast.Call) and _called(node) in ("get", "pop", "setdefault"):
        yield from node.args[:1]
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
        yield node.value


def _imported(file: File, *, for_types: bool) -> Iterator[tuple[str, str]]:
    """Module and name of everything imported; the name is empty where all of a module is."""
    for node in _statements(file.tree, for_types=for_types):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                here = file.module.split(".")
                up = node.level - (file.path.name == "__init__.py")
                module = ".".join(here[: len(here) - up] + ([module] if module else []))
            yield from ((module, alias.name) for alias in node.names)


def _statements(node: ast.AST, *, for_types: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _last_name(child.test) == "TYPE_CHECKING":
            inside = child.body + child.orelse if for_types else child.orelse
            for line in inside:
                yield line
                yield from _statements(line, for_types=for_types)
        else:
            yield child
            yield from _statements(child, for_types=for_types)


def _connected(arrows: dict[File, set[File]]) -> list[set[File]]:
    """Groups within which every file is reached from every other along arrows."""
    reached = {file: _reached_from(file, arrows) for file in arrows}
    groups: list[set[File]] = []
    for file, ahead in reached.items():
        if not any(file in group for group in groups):
            groups.append({file} | {other for other in ahead if file in reached[other]})
    return groups


def _reached_from(file: File, arrows: dict[File, set[File]]) -> set[File]:
    reached: set[File] = set()
    ahead = list(arrows[file])
    while ahead:
        if (other := ahead.pop()) not in reached:
            reached.add(other)
            ahead += arrows[other]
    return reached


COUNTS: dict[str, Callable[[House], list[str]]] = {
    "bundles of run settings": House.bundles,
    "entries of widgets": House.widget_entries,
    "arrows between them": House.widget_arrows,
    "import circles": House.circles,
    "sentences that decide": House.sentences,
    "steps called by number": House.step_numbers,
    "forms made by hand": House.hand_made_forms,
    "metadata keys spelled out": House.metadata_keys,
    "files under 40 lines": House.short_files,
    "files over 400 lines": House.long_files,
    "functions over 80 lines": House.long_functions,
}


def main() -> None:
    """Print the counts of a checkout."""
    parser = argparse.ArgumentParser(prog="python -m tools.house")
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="of a checkout")
    parser.add_argument("--where", action="store_true", help="list every place, too")
    chosen = parser.parse_args()
    house = House(chosen.root)
    print(f"{'lines of src, training and tests':<34}{house.n_lines():>7}")
    for name, places_of in COUNTS.items():
        places = places_of(house)
        print(f"{name:<34}{len(places):>7}")
        if chosen.where:
            print(*(f"    {place}" for place in places), sep="\n")


if __name__ == "__main__":
    main()
