"""What is compared: the paper's method, its steps towards it, and the single-channel baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from napari_c3r.core.encoder import load_encoder
from napari_c3r.core.encoder.families.cce import CceConfig
from training.config import RunConfig, load_config
from training.evaluate.representations import untrained_like
from training.paper_claims.embed import Embedder, RoleEmbedder, SingleChannelEmbedder

_NO_MCD: Final = ("--mcd.student_keep", "[]")


def _as_it_is(encoder: CceConfig) -> tuple[str, ...]:
    return ()


def _without_mcd(encoder: CceConfig) -> tuple[str, ...]:
    return _NO_MCD


def _stems_only(encoder: CceConfig) -> tuple[str, ...]:
    # As many parameters: two blocks of both branches are as large as one of the joint encoder.
    joint_depth = encoder.joint_depth + (encoder.branch_depth + 1) // 2
    return (*_NO_MCD, "--branch_depth", "0", "--joint_depth", str(joint_depth))


def _single_channel(encoder: CceConfig) -> tuple[str, ...]:
    return (*_NO_MCD, "--mcd.backbone", "base-sc")


@dataclass(frozen=True)
class Variant:
    """One way to train, or not.

    Attributes
    ----------
    name
        In tables.
    settings
        What it changes, as arguments of `training.pretrain`, given the encoder of the method; None
        for an encoder that stays as its seed made it.
    roles
        Whether it knows context from concept.
    """

    name: str
    settings: Callable[[CceConfig], tuple[str, ...]] | None
    roles: bool = True

    def config(self, arguments: list[str]) -> RunConfig:
        """The configuration of a run, from the arguments that all variants share."""
        assert self.settings is not None
        encoder = load_config(arguments).run.encoder()
        return load_config([*arguments, *self.settings(encoder)])

    def embedder(self, arguments: list[str], seed: int, out: Path, device: str) -> Embedder:
        """Open what a run left in a folder, or draw the untrained encoder."""
        if self.settings is None:
            return RoleEmbedder(untrained_like(load_config(arguments).run.encoder(), seed), device)
        embedder = RoleEmbedder if self.roles else SingleChannelEmbedder
        return embedder(load_encoder(out / "model"), device)


VARIANTS: Final = {
    "mcd": Variant("CCE+MCD", _as_it_is),
    "cce": Variant("CCE", _without_mcd),
    "stems": Variant("grouped stems", _stems_only),
    "base-sc": Variant("Base-SC", _single_channel, roles=False),
    "untrained": Variant("CCE untrained", None),
}
"""By the name of their folders."""
