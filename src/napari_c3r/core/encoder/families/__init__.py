"""The families of encoders by the architecture that ``config.json`` names.

Those of this package are loaded when they are asked for. Others join by `register_family`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from napari_c3r.core.encoder.config import EncoderConfig, parse_config
from napari_c3r.core.encoder.family import EncoderFamily
from napari_c3r.core.errors import InputError

AnyFamily = EncoderFamily[Any, Any]

_BUILT_IN: Final = {
    "context-concept-encoder": "napari_c3r.core.encoder.families.cce.family:CceFamily",
    "base-sc": "napari_c3r.core.encoder.families.base_sc.family:BaseScFamily",
    "fixed-stain": "napari_c3r.core.encoder.families.fixed_stain.family:FixedStainFamily",
    "subcell": "napari_c3r.core.encoder.families.subcell.family:SubcellFamily",
    "channelvit": "napari_c3r.core.encoder.families.channelvit.family:ChannelVitFamily",
    "dichavit": "napari_c3r.core.encoder.families.dichavit.family:DichavitFamily",
    "cellrep": "napari_c3r.core.encoder.families.cellrep.family:CellRepFamily",
    "efficientnet-lite": (
        "napari_c3r.core.encoder.families.efficientnet_lite.family:EfficientNetLiteFamily"
    ),
    "campfire": "napari_c3r.core.encoder.families.campfire.family:CampfireFamily",
}
_registered: dict[str, AnyFamily] = {}


def register_family(family: AnyFamily) -> None:
    """Make a family known, so that model folders of its architecture load.

    Parameters
    ----------
    family
        An instance. One that was registered before for the same architecture is replaced.

    Raises
    ------
    ValueError
        If the architecture is one of this package.
    """
    if family.architecture in _BUILT_IN:
        raise ValueError(f"the architecture '{family.architecture}' is one of this package")
    _registered[family.architecture] = family


def architectures() -> tuple[str, ...]:
    """Architectures of all known families, those of this package first."""
    return (*_BUILT_IN, *_registered)


def registered_families() -> tuple[str, ...]:
    """Where the families that were registered come from, as ``module:class``.

    Another process makes them known to itself by `register_by_name`.
    """
    kinds = [type(family) for family in _registered.values()]
    return tuple(f"{kind.__module__}:{kind.__qualname__}" for kind in kinds)


def register_by_name(name: str) -> None:
    """Register the family of a class that takes no arguments.

    Parameters
    ----------
    name
        ``module:class``.

    Raises
    ------
    InputError
        If there is no such class.
    """
    try:
        register_family(_load(name))
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"the encoder family '{name}' cannot be loaded in another process ({error}); define it "
            "in a module that can be imported"
        ) from error


def find_family(architecture: object) -> AnyFamily:
    """Find a family.

    Parameters
    ----------
    architecture
        As ``config.json`` names it.

    Raises
    ------
    InputError
        If it is not known.
    """
    if isinstance(architecture, str):
        if architecture in _registered:
            return _registered[architecture]
        if architecture in _BUILT_IN:
            return _load(_BUILT_IN[architecture])
    known = ", ".join(f"'{name}'" for name in architectures())
    raise InputError(
        f"encoder config: unknown architecture {architecture!r}; known are {known}: register its "
        "family, or update napari-c3r"
    )


def find_recipe(name: str) -> tuple[AnyFamily, str | None]:
    """Find a family by its architecture, or by a published encoder that it knows.

    Parameters
    ----------
    name
        An architecture, or one of `EncoderFamily.recipes`.

    Returns
    -------
    family, recipe
        The recipe is None for an architecture.

    Raises
    ------
    InputError
        If it is neither.
    """
    if name in architectures():
        return find_family(name), None
    families = [find_family(each) for each in architectures()]
    for family in families:
        if name in family.recipes:
            return family, name
    known = [*architectures(), *(recipe for family in families for recipe in family.recipes)]
    raise InputError(f"unknown family {name!r}: choose one of {', '.join(known)}")


def family_of(config: EncoderConfig) -> AnyFamily:
    """The family of a configuration."""
    return find_family(config.architecture)


def read_config(text: str) -> EncoderConfig:
    """Read the text of ``config.json`` with its family.

    Raises
    ------
    InputError
        If the family is not known, or as `EncoderConfig.from_json`.
    """
    values = parse_config(text)
    return find_family(values.get("architecture")).config_type.from_values(values)


def _load(name: str) -> AnyFamily:
    module, _, attribute = name.partition(":")
    family: AnyFamily = getattr(import_module(module), attribute)()
    return family
