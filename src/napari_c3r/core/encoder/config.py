"""What the configurations of all encoders have in common; ``config.json`` in a model folder."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, Self, get_args

from napari_c3r.core.encoder.networks.sizes import size_of
from napari_c3r.core.errors import InputError

ConceptMode = Literal["each", "joint"]
Neighbours = Literal["keep", "mask"]
Readout = Literal["cls", "cls+std", "mean", "pool"]

MIN_MAX: Final = "min-max per crop and channel"
NO_HOT_PIXELS: Final = "min-max per crop and channel, hot pixels replaced"


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """What every encoder says of itself; each family adds the sizes of its network.

    A family's own type is a frozen dataclass derived from this one, with a check of its fields in
    ``__post_init__`` and the class variables below.

    Parameters
    ----------
    name
        How the encoder is called in results and menus.
    width
        Features D of a token.
    patch_size
        Side of a patch in pixels.
    input_size
        Side in pixels of the crops the encoder was trained on; a multiple of `patch_size`.
    field_um
        Side of the field that a crop should cover, in micrometres, or None if not known.
    field_diameters
        The same in median cell diameters, for images without a pixel size.
    neighbours
        Whether other cells in a crop are best kept or masked.
    readout
        Recommended readout, one of `readouts`: ``"cls"``, the class token; ``"cls+std"``, the class
        token followed by the deviation of every feature over the patches; ``"mean"``, the mean
        over the patches; or ``"pool"``, what a trained pooling makes of all tokens.
    concept_mode
        Recommended use of several concept channels: ``"each"`` alone with all the context, or all
        of them ``"joint"``.
    normalisation
        What is done to the intensities of a crop. ``"min-max per crop and channel"`` is what the
        official code does. ``"min-max per crop and channel, hot pixels replaced"`` is the same, but
        for crops in which single pixels would set that range alone: these are replaced before.
    trained
        Whether the weights were trained.
    training_data
        On what, or an empty string.
    licence
        Licence of the weights.

    Attributes
    ----------
    architecture : str
        Name of the family in ``config.json``.
    normalisations : tuple of str
        What the family can do to the intensities of a crop, as ``config.json`` says it.
    readouts : tuple of str
        How the family can turn tokens into a vector. The first gives one number for each feature.
    first_keys : tuple of str
        Fields that ``config.json`` has first, in this order; the others follow as declared.

    Raises
    ------
    InputError
        If a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str]
    normalisations: ClassVar[tuple[str, ...]] = (MIN_MAX, NO_HOT_PIXELS)
    readouts: ClassVar[tuple[Readout, ...]] = ("cls", "cls+std")
    first_keys: ClassVar[tuple[str, ...]] = ()

    name: str
    width: int
    patch_size: int = 16
    input_size: int = 224
    field_um: float | None = None
    field_diameters: float = 1.6
    neighbours: Neighbours = "mask"
    readout: Readout = "cls"
    concept_mode: ConceptMode = "each"
    normalisation: str = MIN_MAX
    trained: bool = False
    training_data: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        for field in ("name", "training_data", "licence"):
            self._check(field, isinstance(getattr(self, field), str), "must be text")
        # The upper bounds keep a damaged file from asking for more memory than any machine has.
        self._check_whole("width", 2, 8192)
        self._check_whole("patch_size", 1, 256)
        self._check_whole("input_size", 1, 4096)
        self._check_choice("neighbours", get_args(Neighbours))
        self._check_choice("normalisation", self.normalisations)
        self._check_choice("readout", self.readouts)
        self._check_choice("concept_mode", get_args(ConceptMode))
        self._check("trained", isinstance(self.trained, bool), "must be true or false")
        self._check("input_size", self.input_size % self.patch_size == 0, "must be whole patches")
        known = self.field_um is not None
        self._check("field_um", not known or _is_length(self.field_um), "must be above 0, or null")
        self._check("field_diameters", _is_length(self.field_diameters), "must be above 0")

    @property
    def some_channels(self) -> tuple[str, ...]:
        """Names of channels that the encoder takes, whatever others it may take too."""
        return tuple(getattr(self, "channels", ())) or ("channel",)

    @property
    def replaces_hot_pixels(self) -> bool:
        """Whether pixels that set the range of a crop's channel alone are replaced."""
        return self.normalisation == NO_HOT_PIXELS

    def _check(self, field: str, valid: bool, wanted: str) -> None:
        """Refuse the value of a field, unless it is valid, with what it must be."""
        if not valid:
            raise InputError(f"encoder config: {field} {wanted}, not {getattr(self, field)!r}")

    def _check_whole(self, field: str, low: int, high: int) -> None:
        """Refuse anything but a whole number in a range."""
        value = getattr(self, field)
        valid = type(value) is int and low <= value <= high
        self._check(field, valid, f"must be a whole number from {low} to {high}")

    def _check_number(self, field: str, low: float, high: float) -> None:
        """Refuse anything but a number in a range."""
        value = getattr(self, field)
        valid = type(value) in (int, float) and low <= value <= high
        self._check(field, valid, f"must be a number from {low:g} to {high:g}")

    def _check_choice(self, field: str, choices: Sequence[str]) -> None:
        """Refuse anything but one of some words."""
        wanted = " or ".join(f"'{choice}'" for choice in choices)
        self._check(field, getattr(self, field) in choices, f"must be {wanted}")

    def network_sizes(self) -> dict[str, Any]:
        """What decides the shapes of the weights: width, patch size and the family's own fields."""
        common = {field.name for field in dataclasses.fields(EncoderConfig)}
        common -= {"width", "patch_size"}
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in common
        }

    def common_values(self) -> dict[str, Any]:
        """The fields that every encoder has, for a configuration of another family."""
        return {
            field.name: getattr(self, field.name) for field in dataclasses.fields(EncoderConfig)
        }

    def to_json(self) -> str:
        """Write as the text of ``config.json``."""
        values = dataclasses.asdict(self)
        first = {key: values.pop(key) for key in self.first_keys}
        head = {"architecture": self.architecture, "normalisation": values.pop("normalisation")}
        return json.dumps(head | first | values, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the text of ``config.json``, which must be of this type's family.

        Raises
        ------
        InputError
            If it is not JSON, describes something other than this network, lacks a field, has one
            too many, or a value is invalid.
        """
        return cls.from_values(parse_config(text))

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> Self:
        """As `from_json`, from what `parse_config` gives."""
        values = dict(values)
        value = values.pop("architecture", None)
        if value != cls.architecture:
            raise InputError(
                f"encoder config: unknown architecture {value!r}, only {cls.architecture!r} is"
            )
        known = {field.name for field in dataclasses.fields(cls)}
        if missing := sorted(known - values.keys()):
            raise InputError(f"encoder config: lacks {', '.join(missing)}")
        if unknown := sorted(values.keys() - known):
            raise InputError(f"encoder config: has unknown names {', '.join(unknown)}")
        return cls(**values)


def parse_config(text: str) -> dict[str, Any]:
    """Read the text of ``config.json`` as names and values, of whatever family.

    Raises
    ------
    InputError
        If it is not JSON, or not an object.
    """
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"encoder config: not valid JSON ({error})") from error
    if not isinstance(values, dict):
        raise InputError("encoder config: must be a JSON object of names and values")
    return values


def _is_length(value: object) -> bool:
    """Whether a value is a finite number above 0."""
    return type(value) in (int, float) and 0 < value < float("inf")  # type: ignore[operator]


class TransformerConfig(EncoderConfig):
    """The configuration of an encoder that comes in the sizes of vision transformers.

    Attributes
    ----------
    label : str
        What encoders are called by default, before their size.
    """

    label: ClassVar[str] = ""

    @classmethod
    def of_size(cls, size: str, **values: Any) -> Self:
        """Configure one of the published sizes.

        Parameters
        ----------
        size
            ``"T"``, ``"S"``, ``"B"`` or ``"L"``.
        **values
            The other fields; `name` is by default the `label` and the size.

        Raises
        ------
        InputError
            If the size is unknown or a value is invalid.
        """
        width, heads = size_of(size)
        sizes: dict[str, Any] = {"width": width, "heads": heads}
        values.setdefault("name", f"{cls.label} ViT-{size}".strip())
        return cls(**sizes, **values)
