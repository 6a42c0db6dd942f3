"""The simulated sources hold what was planted, and every method is asked everything."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from benchmarks.planted_sources import CONTROLS, METHODS, NEW, TOY, as_markdown, study, table_of
from napari_c3r.core.profiles.cellpaintr import FitOptions

pytest.importorskip("copairs")
pytest.importorskip("pycytominer")


def test_sources_are_laid_out_as_planned():
    made = table_of(TOY, 0)
    assert made.n_vars == TOY.features
    assert list(made.obs["source"].unique()) == ["source 1", "source 2", NEW]
    for _, plate in made.obs.groupby("plate"):
        counts = plate["compound"].value_counts()
        assert counts.pop(CONTROLS[1]) == TOY.controls
        assert (counts == TOY.wells).all()
        assert len(counts) == TOY.told + TOY.held + TOY.idle
    held = made.obs["compound"].str.startswith("held")
    assert (made.obs["told"].isna() == held).all()


def test_idle_compounds_do_nothing_and_others_do():
    many = dataclasses.replace(TOY, wells=60, controls=60, sources=1)
    made = table_of(many, 0)
    own = made[made.obs["source"] == "source 1"]
    names = own.obs["compound"]
    middle = {name: own.X[(names == name).to_numpy()].mean(axis=0) for name in names.unique()}
    away = {n: np.linalg.norm(each - middle[CONTROLS[1]]) for n, each in middle.items()}
    assert away.pop("idle 1") < 1.5
    away.pop(CONTROLS[1])
    assert min(away.values()) > 2


def test_every_method_is_asked_everything():
    pytest.importorskip("harmonypy")
    pytest.importorskip("scanpy")
    found = study(TOY, 0, FitOptions(epochs=1, early_epochs=1, device="cpu"))
    for question in ("seen sources, told compounds", "seen sources, held compounds"):
        assert list(found.loc[question].index) == list(METHODS)
        scores = found.loc[question].dropna(axis=1)
        assert ((scores >= 0) & (scores <= 1)).all(axis=None)
    assert len(found.loc["new source, held compounds"]) == len(METHODS) + 2
    shown = as_markdown([found, found]).splitlines()
    assert (
        sum(line.startswith("|---") for line in shown) == found.index.get_level_values(0).nunique()
    )
    assert len({line.count("|") for line in shown[:5] if line}) == 1
