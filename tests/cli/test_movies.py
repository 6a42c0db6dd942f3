"""Movies and stacks by the shell: every time with its own labels, and what is said of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import tifffile

from tests.cli.conftest import one_line, small_field

ROLES = ("--context", "DNA", "--concept", "RNA")


def movie(times=3, labelled=3, interval=True):
    """The small field several times, with a cell fewer each time."""
    small_field()
    image, found = tifffile.imread("f.ome.tif"), tifffile.imread("l.tif")
    told = {"axes": "TCYX", "Channel": {"Name": ["DNA", "RNA"]}}
    told |= {"TimeIncrement": 1.5, "TimeIncrementUnit": "min"} if interval else {}
    tifffile.imwrite("m.ome.tif", np.stack([image] * times), metadata=told)
    labels = np.stack([np.where(found > 4 - t, 0, found) for t in range(labelled)])
    tifffile.imwrite("tracked.tif", labels, photometric="minisblack")
    return labels


def test_every_time_has_its_own_labels_and_its_time(shell):
    movie()
    code, said = shell(
        "embed", "m.ome.tif", *ROLES, "--times", "all", "--labels", "tracked.tif", "--out", "o.csv"
    )
    assert code == 0, said
    table = pd.read_csv("o.csv")
    assert table.groupby("t")["label"].apply(list).to_dict() == {
        0: [1, 2, 3, 4],
        1: [1, 2, 3],
        2: [1, 2],
    }
    assert (table["time_s"] == 90 * table["t"]).all()
    # What the frames have in common is said once.
    lines = [line for line in said.splitlines() if line.startswith("  ")]
    assert len(lines) == len(set(lines))
    assert "  DNA: context" in lines


def test_a_table_has_no_times_where_the_movie_has_none(shell):
    movie(interval=False)
    code, said = shell("embed", "m.ome.tif", *ROLES, "--labels", "l.tif", "--out", "o.csv")
    assert code == 0, said
    assert "'m' has 3 time points; number 0 is read" in said
    assert "time_s" not in pd.read_csv("o.csv")


def test_labels_of_fewer_times_are_refused_before_any_work(shell):
    movie(labelled=2)
    for labels, held in (("tracked.tif", "2 label images"), ("l.tif", "a label image of one time")):
        code, said = shell(
            "embed", "m.ome.tif", *ROLES, "--times", "all", "--labels", labels, "--out", "o.csv"
        )
        assert held in one_line(code, said)


def test_labels_in_three_dimensions_are_said_to_be_projected(shell):
    small_field()
    image, found = tifffile.imread("f.ome.tif"), tifffile.imread("l.tif")
    told = {"axes": "CZYX", "Channel": {"Name": ["DNA", "RNA"]}}
    tifffile.imwrite("z.ome.tif", np.stack([image, image], axis=1), metadata=told)
    tifffile.imwrite(
        "l3.ome.tif", np.stack([found, np.where(found == 1, 0, found)]), metadata={"axes": "ZYX"}
    )
    every = ("embed", "z.ome.tif", *ROLES, "--labels", "l3.ome.tif", "--out", "o.csv")
    code, said = shell(*every)
    assert code == 0, said
    assert "the labels have 2 Z slices; each pixel is of the cell that most of them have" in said
    assert pd.read_csv("o.csv")["label"].tolist() == [1, 2, 3, 4]
    code, said = shell(*every[:-1], "o2.csv", "--z", "1")
    assert code == 0, said
    assert "slices" not in said
    assert pd.read_csv("o2.csv")[["label", "z"]].to_numpy().tolist() == [[2, 1], [3, 1], [4, 1]]
