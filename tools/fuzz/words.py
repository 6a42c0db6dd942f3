"""Command lines: sound ones, and odd values and words put into them.

What commands and options there are is asked of the program, so that a new one is tried too.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from inspect import Parameter, signature

_SOUND = (
    "embed i.ome.tif --labels labels.tif --out o.csv --context DNA --concept RNA",
    "embed i.ome.tif --labels labels.tif --out o.parquet --map",
    "embed i2.zarr i3.zarr --out o.h5ad --names DNA=nucleus --seed 3 --map",
    "embed lzw.tif --labels labels.png --out o.csv --pixel-size-um 0.5 --field-um 20",
    "embed z.ome.tif --z 1 --labels labels.tif --out o.csv --concept-mode joint --readout cls",
    "embed i.png i.jpg --out o.csv --nucleus-size-px 20 --cell-distance-px 3",
    "embed fields --out o.csv --neighbours mask --batch-size 2 --precision float32",
    "plate fields --out p --device cpu",
    "plate fields --out plate --crop-size-px 32",
    "plate fields --out p --pattern (?P<well>A0\\d)_s(?P<site>\\d)",
    "diagnose i.ome.tif --labels labels.tif --out r.html --ask swap --cells 100",
    "diagnose i.ome.tif --labels labels.tif --label-table treatments.csv "
    "--label-column treatment --out r.html",
    "convert checkpoint.pth --out m --which teacher",
    "demo --out d --kind hpa --seed 1",
)
_WHOLE = (
    *("0", "1", "3", "-1", "-0", "+1", "--5", "1.0", "1e3", "0x10", "1_000", " 2 ", "²", "١٢"),
    *("9" * 30, "9" * 5000, "2147483648", "-9223372036854775809", "nan", "inf", "", "None"),
)
_REAL = (
    *("0.5", "20", "0", "-1", "-0.0", "1e300", "1e-300", "1e999", "nan", "inf", "-inf", "0,5"),
    *("1e3e3", "½", "0x1p3", "9" * 400, "", "µ", "1_0.5"),
)
_NAMES = (
    *("DNA", "RNA", "ER", "DNA,RNA", "DNA,DNA", "DNA=X", "DNA=X,DNA=Y", "DNA=,=X", "=", ",,,"),
    *("'DNA'", '"DNA"', '"DNA', "DNA\\", "DNA\\,RNA", "a=b=c", " DNA ", "dna", "[bold]DNA[/b]"),
    *("\x1b[31mDNA", "DNA\nnapari-c3r: Wrote", "\u202eAND", "x" * 3000, "ch1", "DNA=RNA", "*"),
)
_WORDS = (
    *("auto", "max", "mean", "focus", "keep", "mask", "cls", "cls+std", "each", "joint", "CZ"),
    *("cpu", "cuda", "cuda:99", "mps", "meta", "float16", "bfloat16", "int8", "swap,parity"),
    *("hpa", "teacher", "student", "(?P<channel>", "(a+)+$", "(?P<well>.*)", "", "\x00", "–"),
)
_INPUTS = (
    *("i.ome.tif", "z.ome.tif", "lzw.tif", "tiled.tif", "ij.tif", "i.png", "i.jpg", "i2.zarr"),
    *("i3.zarr", "fields", "labels.tif", "labels.png", "treatments.csv", "treatments.tsv"),
    *("treatments.csv.gz", "model", "model/config.json", "checkpoint.pth", "result.csv", "s.c3r"),
    *("result.h5ad", "plate", ".", "..", "", "/dev/null", "/dev/zero", "pipe", "loop", "nowhere"),
    *("x" * 300, "a\x1b[2Jb.tif", "new\nline.tif", "[/b].tif", "~", "-", "*", "i.ome.tif/x"),
    *("http://localhost/i.tif", "i.ome.tif::0", "\udcff\udcfe.tif", "i.ome.tif\x00"),
)
# Nothing outside the folder of a trial: a trial may run as one who may write everywhere.
_OUTPUTS = (
    *("o.csv", "o.parquet", "o.h5ad", "r.html", "p", "m", "d", "o", "o.CSV", "o.xlsx", ".csv"),
    *("no/o.csv", "x" * 300 + ".csv", "é" * 126 + ".csv", "fields", "model", "plate", "i.ome.tif"),
    *("treatments.csv", "result.csv", "", ".", "pipe", "loop", "pipe/o.csv", "full.csv\x00"),
    *("a\x1b[2Jb.csv", "new\nline.csv", "[/b].csv", "-", "s.c3r", "/proc/self/o.csv"),
)
_OUT_OPTIONS = frozenset({"--out"})
_NAME_OPTIONS = frozenset({"--names", "--context", "--concept", "--nucleus", "--cell"})
_NAME_OPTIONS |= {"--labels-channel", "--label-column"}


@cache
def commands() -> dict[str, dict[str, str]]:
    """The options of every command, with the kind of value each takes."""
    from napari_c3r.cli.app import make_app

    found = {}
    for command in make_app().registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        parameters = signature(command.callback, eval_str=True).parameters.values()
        found[name] = dict(each for p in parameters for each in _options_of(p))
    return found


def _options_of(parameter: Parameter) -> Iterator[tuple[str, str]]:
    """How an option is spelt, and its type as text."""
    kind, info = parameter.annotation.__origin__, parameter.annotation.__metadata__[0]
    if hasattr(info, "prompt"):
        # What is given first stands where the default of an unannotated option would.
        spelt = info.default if isinstance(info.default, str) else ""
        yield spelt or f"--{parameter.name.replace('_', '-')}", (info.metavar or str(kind)).lower()


def draw_line(rng: random.Random) -> list[str]:
    """A sound command line that was changed in one to four places."""
    words = rng.choice(_SOUND).split(" ")
    # These take seconds where nothing stops them.
    n = rng.choice((2, 3, 4)) if words[0] == "demo" else rng.choice((1, 1, 1, 2, 2, 3))
    for _ in range(n):
        words = _change(words, rng)
    if words and words[0] in ("embed", "plate", "diagnose"):
        words = words if "--encoder" in words else [*words, "--encoder", "model"]
    return words


def _change(words: list[str], rng: random.Random) -> list[str]:
    known = commands().get(words[0] if words else "", {})
    draw = rng.random()
    if draw < 0.5 and known:
        return _put_option(words, known, rng)
    if draw < 0.78 and len(words) > 1:
        return _put_value(words, known, rng)
    if draw < 0.83 and len(words) > 1:
        at = rng.randrange(len(words))
        return words[:at] + words[at + 1 :]
    if draw < 0.9 and len(words) > 2:
        at = rng.randrange(1, len(words))
        return words[:at] + words[at : at + 2] + words[at:]
    if draw < 0.94:
        at = rng.randrange(1, len(words) + 1) if words else 0
        return [*words[:at], rng.choice(_INPUTS + _NAMES + _WORDS + _WHOLE), *words[at:]]
    if draw < 0.97:
        return [*words[:1], *rng.sample(words[1:], max(0, len(words) - 1))]
    return [
        rng.choice([*commands(), "Embed", "embedd", "--help", "--version", "-h", ""]),
        *words[1:],
    ]


def _put_option(words: list[str], known: dict[str, str], rng: random.Random) -> list[str]:
    option = rng.choice(list(known))
    if "bool" in known[option]:
        return [*words, option]
    value = _value(option, known[option], rng)
    if option in words and rng.random() < 0.8:
        at = words.index(option)
        return [*words[: at + 1], value, *words[at + 2 :]]
    return [*words, f"{option}={value}"] if rng.random() < 0.5 else [*words, option, value]


def _put_value(words: list[str], known: dict[str, str], rng: random.Random) -> list[str]:
    at = rng.randrange(1, len(words))
    before = words[at - 1]
    if words[at].startswith("--"):
        other = rng.choice((words[at].upper(), words[at][:-1], words[at] + "x", words[at][1:]))
        return [*words[:at], other, *words[at + 1 :]]
    kind = known.get(before, "path")
    return [*words[:at], _value(before, kind, rng), *words[at + 1 :]]


def _value(option: str, kind: str, rng: random.Random) -> str:
    if rng.random() < 0.05:
        return "".join(chr(rng.randrange(1, 0x2FFF)) for _ in range(rng.randrange(1, 12)))
    if option in _OUT_OPTIONS:
        return rng.choice(_OUTPUTS)
    if option in _NAME_OPTIONS:
        return rng.choice(_NAMES)
    if "int" in kind:
        return rng.choice(_WHOLE)
    if "float" in kind:
        return rng.choice(_REAL)
    if "path" in kind:
        return rng.choice(_INPUTS)
    return rng.choice(_WORDS + _WHOLE + _REAL + _NAMES)
