"""The configuration of a context-concept encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, get_args

from napari_c3r.core.encoder.config import EncoderConfig
from napari_c3r.core.encoder.networks.sizes import size_of

Aggregation = Literal["post", "pre"]


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
class CceConfig(EncoderConfig):
    """The configuration of a context-concept encoder.

    The joint encoder has `width` features D, a branch D / 2; `width` is a multiple of
    ``2 * heads``. The other common fields are those of `EncoderConfig`.

    Parameters
    ----------
    heads
        Attention heads, the same number in branches and joint encoder.
    branch_depth, joint_depth
        Blocks of each branch (``n_pre`` in the official code) and of the joint encoder
        (``n_post``).
    aggregation
        Where channels of a group are averaged: ``"post"``, after the branch (the paper), or
        ``"pre"``, right after the patch embedding.
    position_grid
        Side of the learned grid of positions, in patches.

    Raises
    ------
    InputError
        If a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "context-concept-encoder"
    first_keys: ClassVar[tuple[str, ...]] = (
        *("name", "width", "heads", "branch_depth", "joint_depth"),
        *("aggregation", "patch_size", "position_grid"),
    )

    heads: int
    branch_depth: int = 2
    joint_depth: int = 11
    aggregation: Aggregation = "post"
    position_grid: int = 14

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_whole("heads", 1, 256)
        self._check_whole("branch_depth", 0, 256)
        self._check_whole("joint_depth", 0, 256)
        self._check_whole("position_grid", 1, 256)
        self._check_choice("aggregation", get_args(Aggregation))
        self._check("width", self.width % (2 * self.heads) == 0, "must be a multiple of 2 * heads")

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
        width, heads = size_of(size)
        if joint_depth == -1:
            joint_depth = auto_joint_depth(width, branch_depth)
        values.setdefault("name", f"C3R ViT-{size}")
        return cls(
            width=width, heads=heads, branch_depth=branch_depth, joint_depth=joint_depth, **values
        )
