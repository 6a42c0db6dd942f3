"""A table of one's own joined to cells: never a wrong row, whatever it calls its keys."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_c3r as c3r
from napari_c3r.core.errors import InputError
from napari_c3r.core.joined import join_table, plan_join, read_cell_table
from napari_c3r.core.joined.kept import joined_tables, take_from
from napari_c3r.core.table import KEY, make_result

EACH = 30


def cells(images=("p1_A01_s1", "p1_B02_s1")):
    """Cells on a grid, in no order, whose truth is 1000 × image + label."""
    rng = np.random.default_rng(0)
    rows = []
    for number, image in enumerate(images):
        labels = rng.permutation(EACH) * 3 + 1
        for label in labels:
            at = divmod((label - 1) // 3, 6)
            rows.append((image, label, at[0] * 40 + 20.0, at[1] * 40 + 20.0, number))
    obs = pd.DataFrame(rows, columns=["image", "label", "y_px", "x_px", "number"])
    obs["area_px"] = 314
    obs["well"] = [f"{'AB'[n]}{n + 1:02d}" for n in obs["number"]]
    obs["site"] = "1"
    obs["truth"] = 1000 * obs["number"] + obs["label"]
    obs = obs.sample(frac=1, random_state=0).reset_index(drop=True)
    return make_result(obs, np.zeros((len(obs), 2), np.float32), [("RNA", "cls")] * 2, {})


def own(table, **names) -> pd.DataFrame:
    """What another tool says of the same cells, in another order, in its own words."""
    columns = {theirs: table.obs[ours] for ours, theirs in names.items()}
    frame = pd.DataFrame(columns).assign(value=table.obs["truth"] * 1.0, grade="good")
    return frame.sample(frac=1, random_state=3).reset_index(drop=True)


def right(table, column="value"):
    values = table.obs[column]
    here = values.notna()
    np.testing.assert_array_equal(values[here], table.obs["truth"][here])
    return int(here.sum())


@pytest.mark.parametrize(
    ("names", "keys"),
    [
        ({"image": "image", "label": "label"}, ("image", "label")),
        ({"image": "FileName", "label": "ObjectNumber"}, ("image", "label")),
        (
            {"well": "Metadata_Well", "site": "Metadata_Site", "label": "ObjectNumber"},
            ("well", "site", "label"),
        ),
        ({"well": "Well", "label": "Cell ID"}, ("well", "label")),
        (
            {"image": "Image", "x_px": "Location_Center_X", "y_px": "Location_Center_Y"},
            ("image", "position"),
        ),
        (
            {"well": "well", "x_px": "centroid-1", "y_px": "centroid-0"},
            ("well", "position"),
        ),
    ],
)
def test_every_row_is_its_cells_whatever_its_keys_are_called(names, keys):
    table = cells()
    frame = own(table, **names)
    match = plan_join(table, frame).match
    assert match.keys == keys
    assert match.columns == ("value", "grade")
    join_table(table, frame)
    assert right(table) == 2 * EACH
    assert set(table.obs["grade"]) == {"good"}


def test_spellings_of_keys_do_not_matter():
    table = cells()
    frame = own(table, image="FileName_DNA", label="label", well="Well")
    frame["FileName_DNA"] = "C:\\images\\" + frame["FileName_DNA"].str.upper() + "_ch1.TIF"
    frame["label"] = frame["label"].astype(float).astype(str)
    frame["Well"] = frame["Well"].str.replace("0", "").str.lower()
    assert plan_join(table, frame).match.keys == ("image", "label")
    assert right(join_table(table, frame)) == 2 * EACH
    assert right(join_table(cells(), frame.drop(columns="FileName_DNA"))) == 2 * EACH


def test_cells_without_a_row_have_no_value_and_are_named():
    table = cells()
    frame = own(table, image="image", label="label")
    gone = frame.iloc[:4][["image", "label"]].to_numpy()
    frame = frame.iloc[4:].assign(count=7, flag=True)
    frame.loc[len(frame) + 9] = {"image": "p9", "label": 3, "value": 0.0, "grade": "", "count": 1}
    joined = plan_join(table, frame, name="mine.csv")
    assert (joined.match.matched, joined.match.unmatched, joined.match.unused) == (56, 4, 1)
    assert joined.match.words.startswith("56 of 60 rows match by image and label; 4 have none: ")
    assert "and 1 more. 1 rows of the table are no cell's." in joined.match.words
    join_table(table, frame)
    assert right(table) == 56
    lacking = table.obs[table.obs["value"].isna()]
    assert {tuple(row) for row in gone} == set(zip(lacking["image"], lacking["label"], strict=True))
    assert table.obs["count"].dropna().unique() == [7]
    assert lacking["grade"].isna().all()


def test_a_table_of_wells_gives_every_cell_its_wells_value():
    table = cells()
    frame = pd.DataFrame({"Well": ["a1", "C03"], "viability": [0.5, 1e-5]})
    joined = plan_join(table, frame)
    assert joined.match.words == (
        "30 of 60 rows match by well; 30 have none: well B02. 1 rows of the table are no cell's."
    )
    join_table(table, frame)
    assert (table.obs["viability"].notna() == (table.obs["well"] == "A01")).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: pd.concat([f, f.iloc[[5]]]), "two rows for image 'p1_.*: 6 and 61; keep one"),
        (lambda f: f.assign(image="other"), "does not say of which image its rows are"),
        (lambda f: f.assign(label=f["label"] + 1), "No row of the table matches by image, label"),
        (lambda f: f.drop(columns="image"), "does not say of which image"),
        (lambda f: f.drop(columns=["value", "grade"]), "no column with values beside those"),
        (lambda f: f.rename(columns={"image": "ImageNumber"}), r"\(Image.csv\) beside it"),
    ],
)
def test_what_would_be_a_wrong_row_is_refused(change, words):
    table = cells()
    before = table.obs.copy()
    with pytest.raises(InputError, match=words):
        join_table(table, change(own(table, image="image", label="label")))
    pd.testing.assert_frame_equal(table.obs, before)
    assert table.uns[KEY] == {}


def test_labels_of_another_segmentation_are_noticed_by_their_positions():
    table = cells()
    frame = own(table, image="image", label="label", x_px="x", y_px="y")
    rng = np.random.default_rng(1)
    # Numbered anew in every image, and a little shifted.
    frame["label"] = frame.groupby("image")["label"].transform(lambda s: rng.permutation(s))
    frame["x"] += rng.uniform(-1, 1, len(frame))
    match = plan_join(table, frame).match
    assert match.keys == ("image", "position")
    assert "Its labels are of other cells: of 60 cells" in match.words
    assert match.apart_px < 1
    assert right(join_table(table, frame)) == 2 * EACH
    far = frame.assign(x=frame["x"] * 0.3 + 500)
    with pytest.raises(InputError, match=r"labels of the table are of other cells: .*in pixels"):
        join_table(cells(), far)
    assert right(join_table(cells(), own(table, image="image", label="label", x_px="x", y_px="y")))


def test_by_position_cells_that_it_lacks_get_no_neighbours_row():
    table = cells()
    frame = own(table, image="image", x_px="x", y_px="y").iloc[:40]
    assert right(join_table(table, frame)) == 40
    assert table.obs["value"].notna().sum() == 40


def test_what_was_chosen_is_what_is_used():
    table = cells(("only",))
    frame = own(table, image="image", label="label", x_px="x", y_px="y")
    match = plan_join(table, frame, on=("image", "position"), columns=["value"]).match
    assert (match.keys, match.columns) == (("image", "position"), ("value",))
    alone = own(table, label="ObjectNumber").assign(ImageNumber=1)
    assert plan_join(table, alone).match.keys == ("label",)
    with pytest.raises(InputError, match="no column that says the plate"):
        join_table(table, frame, on=("plate", "label"))
    with pytest.raises(InputError, match="no column 'valeu'"):
        join_table(table, frame, columns=["valeu"])


def test_a_table_joined_again_makes_room_and_is_kept_in_files(tmp_path):
    table = cells()
    frame = own(table, image="image", label="label").rename(columns={"value": "area_px"})
    frame.to_csv(tmp_path / "mine.csv", index=False)
    for _ in range(2):
        join_table(table, tmp_path / "mine.csv")
    join_table(table, pd.DataFrame({"well": ["A01"], "dose": [3]}))
    assert [facts["name"] for facts in joined_tables(table)] == ["mine.csv", "table"]
    assert joined_tables(table)[0]["columns"] == ["area_px (2)", "grade"]
    assert len(joined_tables(table)[0]["sha256"]) == 64
    for suffix in (".csv", ".parquet", ".h5ad"):
        again = c3r.read(c3r.write(table, tmp_path / f"cells{suffix}"))
        assert right(again, "area_px (2)") == 60
        assert [facts["columns"] for facts in joined_tables(again)] == [
            ["area_px (2)", "grade"],
            ["dose"],
        ]
        take_from(again, "mine.csv")
        assert "grade" not in again.obs
        assert [facts["name"] for facts in joined_tables(again)] == ["table"]


def test_the_files_of_cellprofiler(tmp_path):
    table = cells()
    frame = own(table, label="ObjectNumber", number="ImageNumber")
    frame["ImageNumber"] += 1
    frame.to_csv(tmp_path / "My_Nuclei.csv", index=False)
    with pytest.raises(InputError, match=r"Image.csv"):
        join_table(table, tmp_path / "My_Nuclei.csv")
    images = pd.DataFrame(
        {
            "ImageNumber": [1, 2],
            "FileName_DNA": ["p1_A01_s1_w1.tif", "p1_B02_s1_w1.tif"],
            "Count_Nuclei": [30, 30],
        }
    )
    images.to_csv(tmp_path / "My_Image.csv", index=False)
    assert right(join_table(table, tmp_path / "My_Nuclei.csv")) == 60
    # Several kinds of objects in one file: their names stand above the titles.
    groups = ["Image", "Image", "Cells", "Cells"]
    titles = ["ImageNumber", "Metadata_Well", "ObjectNumber", "value"]
    rows = [",".join(groups), ",".join(titles)]
    rows += [f"{o.number + 1},{o.well},{o.label},{o.truth}" for o in table.obs.itertuples()]
    (tmp_path / "all.csv").write_text("\n".join(rows))
    read = read_cell_table(tmp_path / "all.csv")
    assert list(read.columns) == ["ImageNumber", "Metadata_Well", "ObjectNumber", "Cells_value"]
    assert right(join_table(cells(), tmp_path / "all.csv"), "Cells_value") == 60


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.csv", None, "There is no file"),
        ("empty.csv", b"", "is empty"),
        ("head.csv", b"image,label\n", "no rows below its titles"),
        ("twice.csv", b"a,a\n1,2\n", "column 'a' without a name or twice"),
        ("bad.parquet", b"PAR1", "cannot be read"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3,4\n", "cannot be read"),
    ],
)
def test_files_that_cannot_be_read_are_one_line(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words) as error:
        read_cell_table(tmp_path / name)
    assert "\n" not in str(error.value)


def test_numbers_and_keys_are_read_as_what_they_are(tmp_path):
    (tmp_path / "a.tsv").write_text('plate\twell\tvalue\tname\n0041\t"B2"\t1.5\tx\n0041\tB3\t\t\n')
    frame = read_cell_table(tmp_path / "a.tsv")
    assert frame["plate"].tolist() == ["0041", "0041"]
    assert frame["value"].dtype == float
    frame.to_parquet(tmp_path / "a.parquet")
    again = read_cell_table(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(again.fillna(-1), frame.fillna(-1))


def test_some_of_the_columns_are_added_and_provenance_says_which(tmp_path):
    table = cells()
    table.obs["grade"] = "ours"
    own(table, image="image", label="label").to_csv(tmp_path / "own.csv", index=False)
    whole = plan_join(table, tmp_path / "own.csv")
    assert (whole.theirs, whole.match.columns) == (("value", "grade"), ("value", "grade (2)"))
    with pytest.raises(InputError, match="No column is chosen"):
        whole.only([])
    assert whole.only(["value", "grade"]) is whole
    some = whole.only(["grade"])
    c3r.join_table(table, tmp_path / "own.csv", columns=["grade"])
    assert table.obs["grade (2)"].tolist() == some.values["grade (2)"].tolist()
    assert "value" not in table.obs
    (facts,) = joined_tables(table)
    assert facts == some.facts
    assert facts["chosen"] == ["grade"]
