"""The encoders there are: families, and the model folders that come with the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from napari_c3r.core.encoder.config import EncoderConfig
from napari_c3r.core.encoder.families import architectures, family_of, find_family, read_config

MODELS: Final = Path(__file__).parents[2] / "models"
DEFAULT: Final = "bundled"


@dataclass(frozen=True)
class EncoderCatalogue:
    """The encoders there are, by name, each with a sentence.

    Attributes
    ----------
    families
        By the architecture that ``config.json`` of a model folder names.
    bundled
        Model folders that come with the package, by the name that `load_encoder` takes.
    """

    families: Mapping[str, str]
    bundled: Mapping[str, str]

    def __str__(self) -> str:
        parts = (("Families", self.families), ("Bundled model folders", self.bundled))
        return "\n".join(
            line
            for title, entries in parts
            for line in (f"{title}:", *(f"  {name}: {text}" for name, text in entries.items()))
        )


def encoders() -> EncoderCatalogue:
    """List the families of encoders and the bundled model folders.

    Examples
    --------
    >>> list(encoders().bundled)
    ['bundled']
    """
    families = {name: find_family(name).description for name in architectures()}
    bundled = {name: _describe(path) for name, path in bundled_folders().items()}
    return EncoderCatalogue(families, bundled)


def bundled_folders(models: Path = MODELS) -> dict[str, Path]:
    """Model folders that come with the package, by name."""
    others = [path for path in sorted(models.glob("*")) if path.is_dir()]
    return {DEFAULT: models / DEFAULT} | {path.name: path for path in others}


def _describe(folder: Path) -> str:
    return described(read_config((folder / "config.json").read_text("utf-8")))


def described(config: EncoderConfig) -> str:
    """Say in a sentence what an encoder is, which crops it takes, and under which licence."""
    field = "" if config.field_um is None else f", of a field of {config.field_um:g} µm"
    state = "trained" if config.trained else "untrained"
    licence = f", licence {config.licence}" if config.licence else ""
    return (
        f"{config.name}: {family_of(config).label}, {state}, takes crops of "
        f"{config.input_size} × {config.input_size} pixels{field}{licence}."
    )
