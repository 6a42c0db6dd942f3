"""Model folders: weights, configuration, card and checksums, with nothing to execute in them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from napari_c3r.core.atomic import recovered, replacing_folder, require_place
from napari_c3r.core.encoder.config import EncoderConfig
from napari_c3r.core.encoder.families import family_of, read_config
from napari_c3r.core.errors import InputError
from napari_c3r.core.memory import require_memory
from napari_c3r.core.paths import require_file

WEIGHTS, CONFIG, CARD, SUMS = "weights.safetensors", "config.json", "card.md", "SHA256SUMS"
_SUMMED: Final = (WEIGHTS, CONFIG, CARD)
_FETCH_AGAIN: Final = "get it again from where it came"


@dataclass(frozen=True)
class ModelFolder:
    """What a model folder holds.

    Parameters
    ----------
    config
        From ``config.json``.
    weights
        float32 tensors that fit the network of `config`, by the names of its parameters.
    card
        The model card, in Markdown.
    weights_hash
        SHA-256 of ``weights.safetensors`` in hexadecimal.
    """

    config: EncoderConfig
    weights: Mapping[str, Tensor] = field(repr=False)
    card: str = field(repr=False)
    weights_hash: str

    def make_network(self) -> nn.Module:
        """Build the network with these weights, float32, on the CPU, in evaluation mode."""
        with torch.device("meta"):
            network: nn.Module = family_of(self.config).make_network(self.config)
        network.load_state_dict(dict(self.weights), assign=True)
        return network.eval().requires_grad_(False)


def read_model_folder(path: str | Path) -> ModelFolder:
    """Read and verify a model folder.

    Parameters
    ----------
    path
        The folder.

    Raises
    ------
    InputError
        If a file is missing, does not match its checksum, or is not what it should be. The line
        names the file and says what to do.
    """
    folder = recovered(Path(path))
    if not _is_folder(folder):
        raise InputError(
            f"no model folder at '{path}': give 'bundled' or a folder with {WEIGHTS} and {CONFIG}"
        )
    files = {name: _read(folder / name) for name in (*_SUMMED, SUMS)}
    hashes = _parse_sums(folder / SUMS, files[SUMS])
    for name in _SUMMED:
        if hashlib.sha256(files[name]).hexdigest() != hashes[name]:
            raise InputError(
                f"{folder / name}: does not match its checksum in {SUMS}, so it is damaged or was "
                f"changed: {_FETCH_AGAIN}"
            )
    try:
        config = read_config(_text(folder / CONFIG, files[CONFIG]))
    except InputError as error:
        raise InputError(f"{folder / CONFIG}: {error}") from error
    try:
        weights = safetensors.torch.load(files[WEIGHTS])
    except SafetensorError as error:
        raise InputError(
            f"{folder / WEIGHTS}: not a safetensors file ({error}): {_FETCH_AGAIN}"
        ) from error
    checked = check_weights(config, weights, str(folder / WEIGHTS))
    return ModelFolder(config, checked, _text(folder / CARD, files[CARD]), hashes[WEIGHTS])


def write_model_folder(
    path: str | Path,
    config: EncoderConfig,
    weights: Mapping[str, Tensor],
    card: str,
    *,
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Write a model folder, all of it or nothing.

    Parameters
    ----------
    path
        The folder; its parent must exist. A model folder that stands there is replaced, anything
        else is left alone.
    config, weights, card
        As in `ModelFolder`.
    dtype
        How the weights are stored: float32, float16 or bfloat16.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If the weights do not fit the config, or the folder cannot be written.
    """
    folder = Path(path)
    stored = {
        name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in weights.items()
    }
    check_weights(config, stored, f"weights as {dtype}")
    files = {
        WEIGHTS: safetensors.torch.save(stored),
        CONFIG: config.to_json().encode(),
        CARD: card.encode(),
    }
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()]
    with replacing_folder(require_replaceable(folder)) as new:
        for name, content in {**files, SUMS: "".join(sums).encode()}.items():
            (new / name).write_bytes(content)
    return folder


def require_replaceable(path: str | Path) -> Path:
    """Refuse a path where a model folder cannot be written; give it back.

    Raises
    ------
    InputError
        Something else is there, or no folder can be there.
    """
    folder = require_place(Path(path))
    if folder.is_symlink() or (folder.exists() and not _is_replaceable(folder)):
        raise InputError(f"'{folder}' is not a model folder, so it is not replaced: name another")
    return folder


def check_weights(
    config: EncoderConfig, weights: Mapping[str, Tensor], source: str
) -> dict[str, Tensor]:
    """Check that weights are exactly those of the network that a config describes.

    Parameters
    ----------
    config
        The sizes.
    weights
        float32, float16 or bfloat16 tensors by the names of the network's parameters.
    source
        Where they are from, for the error.

    Returns
    -------
    dict
        float32 tensors, in the order of the network.

    Raises
    ------
    InputError
        If a name is missing or too many, or a shape, data type or number is wrong.
    """
    with torch.device("meta"):
        wanted = family_of(config).make_network(config).state_dict()
    if missing := sorted(wanted.keys() - weights.keys()):
        raise InputError(f"{source}: lacks '{missing[0]}'{_and_more(missing)}: {_FETCH_AGAIN}")
    if unknown := sorted(weights.keys() - wanted.keys()):
        raise InputError(f"{source}: unknown '{unknown[0]}'{_and_more(unknown)}: {_FETCH_AGAIN}")
    for name, tensor in weights.items():
        shape = tuple(wanted[name].shape)
        if tuple(tensor.shape) != shape:
            raise InputError(
                f"{source}: '{name}' has shape {tuple(tensor.shape)} where the config asks for "
                f"{shape}: {_FETCH_AGAIN}"
            )
        if tensor.dtype not in (torch.float32, torch.float16, torch.bfloat16):
            raise InputError(f"{source}: '{name}' is {tensor.dtype}, not a 16- or 32-bit float")
        if not tensor.isfinite().all():
            raise InputError(f"{source}: '{name}' has NaN or infinite numbers: {_FETCH_AGAIN}")
    return {name: weights[name].detach().to("cpu", torch.float32) for name in wanted}


def _and_more(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


def _read(path: Path) -> bytes:
    if not path.exists():
        raise InputError(f"{path}: missing from the model folder: {_FETCH_AGAIN}")
    try:
        require_file(path)
        require_memory(2 * path.stat().st_size, str(path))
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    # A name that is too long, or has a zero byte in it.
    except (OSError, ValueError):
        return False


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text: {_FETCH_AGAIN}") from error


def _parse_sums(path: Path, content: bytes) -> dict[str, str]:
    """Read ``hash  name`` lines; only the names of a model folder, so that no path can escape."""
    hashes: dict[str, str] = {}
    for line in _text(path, content).splitlines():
        digest, _, name = line.partition("  ")
        if name not in _SUMMED:
            raise InputError(f"{path}: unexpected line {line!r}: {_FETCH_AGAIN}")
        hashes[name] = digest
    if missing := [name for name in _SUMMED if name not in hashes]:
        raise InputError(f"{path}: has no checksum of {missing[0]}: {_FETCH_AGAIN}")
    return hashes


def _is_replaceable(folder: Path) -> bool:
    """Whether a folder is a model folder, or empty."""
    if not folder.is_dir():
        return False
    names = {entry.name for entry in folder.iterdir()}
    return not names or (names <= {*_SUMMED, SUMS} and {WEIGHTS, CONFIG} <= names)
