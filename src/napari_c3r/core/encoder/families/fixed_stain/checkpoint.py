"""Which published encoder a plain vision transformer is, and what that says of its inputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from napari_c3r.core.channels.stains import Stain, identify
from napari_c3r.core.encoder.channel_map import name_inputs
from napari_c3r.core.encoder.config import MIN_MAX
from napari_c3r.core.encoder.families.fixed_stain.config import (
    ALL_CHANNELS,
    STANDARDISED,
    FixedStainConfig,
)
from napari_c3r.core.encoder.networks.vit_weights import (
    is_of_transformers,
    is_plain,
    n_inputs,
    plain_sizes,
    plain_weights,
)
from napari_c3r.core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

PROTEIN: Final = "protein"


@dataclass(frozen=True)
class Recipe:
    """What no weight tells of a published encoder.

    Parameters
    ----------
    channels, concept_channel, normalisation, mean, deviation
        As in `FixedStainConfig`.
    inputs
        Planes that it takes.
    """

    inputs: int
    channels: tuple[str, ...] = ()
    concept_channel: str = ""
    normalisation: str = MIN_MAX
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()


RECIPES: Final = {
    # Their channels in the order of the official training's files, which crops of that training
    # are brought to [0, 1] in one by one.
    "base-hpa": Recipe(4, ("microtubules", "ER", "nucleus", PROTEIN), PROTEIN),
    "base-cp": Recipe(3, ("ER", "nucleus", PROTEIN), PROTEIN),
    # The files of the Human Protein Atlas in the order red, green, blue, yellow.
    "dino4cells-hpa": Recipe(
        4,
        ("microtubules", PROTEIN, "nucleus", "ER"),
        PROTEIN,
        ALL_CHANNELS,
        (0.1450534, 0.11360057, 0.1231717, 0.14919987),
        (0.18122554, 0.14004277, 0.18840286, 0.17790672),
    ),
    "dino4cells-cp": Recipe(5, ("nucleus", "RNA", "ER", "AGP", "mito"), normalisation=STANDARDISED),
    # The means and deviations of ImageNet, which DINO, DINOv2 and most of timm train with.
    "photographs": Recipe(3, mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225)),
}
"""Published encoders by name."""


def config_of(weights: Mapping[str, Tensor], values: Mapping[str, Any]) -> FixedStainConfig | None:
    """Describe the network of a checkpoint.

    Parameters
    ----------
    weights, values
        As `EncoderFamily.config_from_checkpoint` takes them, with ``recipe`` and ``beside``.

    Returns
    -------
    FixedStainConfig or None
        None if it is none of these, or takes a single channel, which is Base-SC.

    Raises
    ------
    InputError
        If a value is missing or wrong, or the file could be several published encoders.
    """
    if not is_plain(weights) or any(name.startswith("pool_model.") for name in weights):
        return None
    count = n_inputs(weights)
    if count == 1:
        return None
    given = {name: value for name, value in values.items() if name not in ("recipe", "beside")}
    named = given.pop("channels", None)
    recipe = _recipe_of(weights, values["recipe"], values["beside"], count, bool(named))
    fields: dict[str, Any] = {
        "inputs": count,
        "channels": recipe.channels,
        "concept_channel": recipe.concept_channel,
        "normalisation": recipe.normalisation,
        "mean": recipe.mean,
        "deviation": recipe.deviation,
    }
    if named:
        fields |= named_inputs(named, count)
    sizes = plain_sizes(plain_weights(weights), given)
    of_library = is_of_transformers(weights)
    fields |= {
        "positions": _positions_of(weights, values["beside"]),
        "norm_eps": 1e-12 if of_library else 1e-6,
        "input_size": sizes["position_grid"] * sizes["patch_size"],
    }
    return FixedStainConfig(**{**sizes, **fields, **given})


def named_inputs(named: Mapping[str, int], count: int) -> dict[str, Any]:
    """The fields of a configuration that names of the inputs decide.

    An input that is called as a protein of interest takes any further channel.

    Raises
    ------
    InputError
        If an input has no name, or two.
    """
    channels = name_inputs(named, count)
    if len(named) < count:
        unnamed = next(place for place in range(count) if place not in named.values())
        raise InputError(
            f"takes {count} channels and no name is given for {unnamed}: give channels= for 0 to "
            f"{count - 1}"
        )
    proteins = [name for name in channels if identify(name) is Stain.PROTEIN]
    return {"channels": channels, "concept_channel": proteins[0] if len(proteins) == 1 else ""}


def _recipe_of(
    weights: Mapping[str, Tensor],
    wanted: str | None,
    beside: Collection[str],
    count: int,
    named: bool,
) -> Recipe:
    """Tell a published encoder by its number of inputs and by what its training left beside it."""
    name = wanted or _guess(weights, beside, count)
    if name is None:
        if named:
            return Recipe(count)
        fitting = [name for name, recipe in RECIPES.items() if recipe.inputs == count]
        say = f"say which with family, one of {', '.join(fitting)}, or" if fitting else "give"
        raise InputError(
            f"is a plain vision transformer of {count} channels, and nothing says which: {say} "
            "channels="
        )
    if RECIPES[name].inputs != count:
        raise InputError(
            f"takes {count} channels, and {name} {RECIPES[name].inputs}: name another family"
        )
    return RECIPES[name]


def _guess(weights: Mapping[str, Tensor], beside: Collection[str], count: int) -> str | None:
    """Name of the published encoder, where the file says which.

    The training of C3R and its baselines is iBOT, with a mask token in the student and a second
    last layer; that of DINO4Cells is DINO, which has neither. Files of one network with three
    inputs are of photographs.
    """
    two_sided = {"teacher", "student"} & set(beside)
    by_ibot = any(name in ("ibot_loss", "masked_embed") for name in beside)
    by_ibot = by_ibot or any(name.startswith("head.last_layer2.") for name in beside)
    if two_sided and by_ibot:
        return {4: "base-hpa", 3: "base-cp"}.get(count)
    if two_sided:
        return {4: "dino4cells-hpa", 5: "dino4cells-cp", 3: "photographs"}.get(count)
    return "photographs" if count == RECIPES["photographs"].inputs else None


def _positions_of(weights: Mapping[str, Tensor], beside: Collection[str]) -> str:
    """How the code that left the weights resamples positions.

    DINO, iBOT, and DINOv2 without registers, whose files have a mask token, by a scale factor;
    DINOv2 with registers, and timm, to the size with antialiasing; the transformers library to the
    size.
    """
    if is_of_transformers(weights):
        return "size"
    with_registers = any(name in weights for name in ("register_tokens", "reg_token"))
    flat = not {"teacher", "student"} & set(beside)
    return "antialiased" if with_registers or (flat and "mask_token" not in beside) else "scale"
