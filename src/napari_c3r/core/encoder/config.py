"""What an encoder is: its sizes, the crops it expects, and how it is best read out."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, get_args

from napari_c3r.core.errors import InputError

Aggregation = Literal["post", "pre"]
ConceptMode = Literal["each", "joint"]
Neighbours = Literal["keep", "mask"]
Readout = Literal["cls", "cls+std"]

ARCHITECTURE: Final = "context-concept-encoder"
NORMALISATION: Final = "min-max per crop and channel"

# Joint width and number of heads (in both branches and joint encoder) of the published sizes.
SIZES: Final = {"T": (192, 3), "S": (384, 6), "B": (768, 12), "L": (1024, 16)}


def auto_joint_depth(width: int, branch_depth: int) -> int:
    """Joint depth at which the network has about as many parameters as a plain 12-block ViT.

    Parameters
    ----------
    width
        Joint features D.
    branch_depth
        Blocks in each of the two branches.

    Returns
    -------
    int
        ``floor((144 D^2 - branch_depth * 2 * 12 (D/2)^2) / (12 D^2))``.
    """
    saved = 144 * width**2 - branch_depth * 2 * 12 * (width // 2) ** 2
    return saved // (12 * width**2)


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """The configuration of an encoder; ``config.json`` in a model folder.

    Parameters
    ----------
    name
        How the encoder is called in results and menus.
    width
        Joint features D; a branch has D / 2. A multiple of ``2 * heads``.
    heads
        Attention heads, the same number in branches and joint encoder.
    branch_depth, joint_depth
        Blocks of each branch (``n_pre`` in the official code) and of the joint encoder
        (``n_post``).
    aggregation
        Where channels of a group are averaged: ``"post"``, after the branch (the paper), or
        ``"pre"``, right after the patch embedding.
    patch_size
        Side of a patch in pixels.
    position_grid
        Side of the learned grid of positions, in patches.
    input_size
        Side in pixels of the crops the encoder was trained on; a multiple of `patch_size`.
    field_um
        Side of the field that a crop should cover, in micrometres, or None if not known.
    field_diameters
        The same in median cell diameters, for images without a pixel size.
    neighbours
        Whether other cells in a crop are best kept or masked.
    readout
        Recommended readout: ``"cls"``, the class token, or ``"cls+std"``, the class token followed
        by the deviation of every feature over the patches.
    concept_mode
        Recommended use of several concept channels: ``"each"`` alone with all the context, or all
        of them ``"joint"``.
    trained
        Whether the weights were trained.
    training_data
        On what, or an empty string.
    licence
        Licence of the weights.

    Raises
    ------
    InputError
        If a value has the wrong type or is out of range.
    """

    name: str
    width: int
    heads: int
    branch_depth: int = 2
    joint_depth: int = 11
    aggregation: Aggregation = "post"
    patch_size: int = 16
    position_grid: int = 14
    input_size: int = 224
    field_um: float | None = None
    field_diameters: float = 1.6
    neighbours: Neighbours = "mask"
    readout: Readout = "cls"
    concept_mode: ConceptMode = "each"
    trained: bool = False
    training_data: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        for field in ("name", "training_data", "licence"):
            self._check(field, isinstance(getattr(self, field), str), "must be text")
        # The upper bounds keep a damaged file from asking for more memory than any machine has.
        for field, low, high in (
            ("width", 2, 8192),
            ("heads", 1, 256),
            ("branch_depth", 0, 256),
            ("joint_depth", 0, 256),
            ("patch_size", 1, 256),
            ("position_grid", 1, 256),
            ("input_size", 1, 4096),
        ):
            value = getattr(self, field)
            valid = type(value) is int and low <= value <= high
            self._check(field, valid, f"must be a whole number from {low} to {high}")
        for field, choices in (
            ("aggregation", get_args(Aggregation)),
            ("neighbours", get_args(Neighbours)),
            ("readout", get_args(Readout)),
            ("concept_mode", get_args(ConceptMode)),
        ):
            wanted = " or ".join(f"'{choice}'" for choice in choices)
            self._check(field, getattr(self, field) in choices, f"must be {wanted}")
        self._check("trained", isinstance(self.trained, bool), "must be true or false")
        self._check("width", self.width % (2 * self.heads) == 0, "must be a multiple of 2 * heads")
        self._check("input_size", self.input_size % self.patch_size == 0, "must be whole patches")
        known = self.field_um is not None
        self._check("field_um", not known or _is_length(self.field_um), "must be above 0, or null")
        self._check("field_diameters", _is_length(self.field_diameters), "must be above 0")

    def _check(self, field: str, valid: bool, wanted: str) -> None:
        if not valid:
            raise InputError(f"encoder config: {field} {wanted}, not {getattr(self, field)!r}")

    @classmethod
    def of_size(
        cls,
        size: str,
        *,
        branch_depth: int = 2,
        joint_depth: int = -1,
        **values: Any,
    ) -> Self:
        """Configure one of the published sizes.

        Parameters
        ----------
        size
            ``"T"``, ``"S"``, ``"B"`` or ``"L"``.
        branch_depth
            Blocks of each branch.
        joint_depth
            Blocks of the joint encoder; -1 for `auto_joint_depth`.
        **values
            The other fields; `name` is by default ``"C3R ViT-"`` and the size.

        Raises
        ------
        InputError
            If the size is unknown or a value is invalid.
        """
        if size not in SIZES:
            raise InputError(f"unknown encoder size {size!r}: choose one of {', '.join(SIZES)}")
        width, heads = SIZES[size]
        if joint_depth == -1:
            joint_depth = auto_joint_depth(width, branch_depth)
        values.setdefault("name", f"C3R ViT-{size}")
        return cls(
            width=width, heads=heads, branch_depth=branch_depth, joint_depth=joint_depth, **values
        )

    def to_json(self) -> str:
        """Write as the text of ``config.json``."""
        head = {"architecture": ARCHITECTURE, "normalisation": NORMALISATION}
        return json.dumps(head | dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the text of ``config.json``.

        Raises
        ------
        InputError
            If it is not JSON, describes something other than this network, lacks a field, has one
            too many, or a value is invalid.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"encoder config: not valid JSON ({error})") from error
        if not isinstance(values, dict):
            raise InputError("encoder config: must be a JSON object of names and values")
        for field, wanted in (("architecture", ARCHITECTURE), ("normalisation", NORMALISATION)):
            value = values.pop(field, None)
            if value != wanted:
                raise InputError(f"encoder config: unknown {field} {value!r}, only {wanted!r} is")
        known = {field.name for field in dataclasses.fields(cls)}
        if missing := sorted(known - values.keys()):
            raise InputError(f"encoder config: lacks {', '.join(missing)}")
        if unknown := sorted(values.keys() - known):
            raise InputError(f"encoder config: has unknown names {', '.join(unknown)}")
        return cls(**values)


def _is_length(value: object) -> bool:
    """Whether a value is a finite number above 0."""
    return type(value) in (int, float) and 0 < value < float("inf")  # type: ignore[operator]
