"""Test plates of the Mitocheck cells hold every phenotype and never change."""

from __future__ import annotations

import pandas as pd

from training.data.mitocheck import mitocheck_split


def test_a_plate_is_on_one_side_whatever_else_is_in_the_table():
    plates = [f"PLLT{number:04d}" for number in range(400)]
    whole = pd.DataFrame({"plate": plates})
    split = mitocheck_split(whole)
    assert set(split) == {"train", "test"}
    assert 0.2 < (split == "test").mean() < 0.4
    assert (mitocheck_split(whole[::-3]) == split[::-3]).all()


def test_test_plates_hold_all_phenotypes(data_dir):
    table = pd.read_csv(data_dir / "crops" / "mitocheck" / "cells.csv")
    test = mitocheck_split(table) == "test"
    assert 0.25 < test.mean() < 0.35
    shares = table["phenotype"].to_frame().assign(test=test).groupby("phenotype")["test"].mean()
    assert len(shares) == 16
    assert shares.between(0.05, 0.8).all()
