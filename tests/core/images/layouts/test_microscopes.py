"""Names of microscopes' files: channel, Z, time, field, well and plate of each."""

from __future__ import annotations

import pytest

from napari_c3r.core.images import find_images
from napari_c3r.core.images.layouts import read_name

# Name, image, plate, well, site, channel, z, t.
NAMES = """
CellVoyager
Plate1_A01_T0001F002L01A02Z03C02 | Plate1_A01_F002 | Plate1 | A01 | 2 | C02 | 3 | 1
p_AA07_T0012F001L01A01Z10C01 | p_AA07_F001 | p | AA07 | 1 | C01 | 10 | 12
InCell
A - 1(fld 1 wv DAPI - DAPI) | A - 1(fld 1) | - | A01 | 1 | DAPI - DAPI | - | -
A - 1(fld 1 wv DAPI - DAPI z 12) | A - 1(fld 1) | - | A01 | 1 | DAPI - DAPI | 12 | -
b - 02(fld 05 wv UV - DAPI z 1 time 3 - 900 ms) | b - 02(fld 05) | - | B02 | 5 | UV - DAPI | 1 | 3
H - 12(fld 4 z 3- time 50 - 1470000 ms) | H - 12(fld 4) | - | H12 | 4 | - | 3 | 50
AB - 48(wv TL - Brightfield) | AB - 48 | - | AB48 | - | TL - Brightfield | - | -
Micro-Manager
img_channel001_position003_time000000002_z004 | img_position003 | - | - | 3 | channel001 | 4 | 2
run_MMStack_B3-Site_2 | run_MMStack_B3-Site_2 | run | B03 | 2 | - | - | -
Harmony
r01c02f03p01-ch1sk1fk1fl1 | r01c02f03 | - | A02 | 3 | ch1 | 1 | 1
r32c48f10p12-ch10t02 | r32c48f10 | - | AF48 | 10 | ch10 | 12 | 2
ScanR
A1--W00001--P00002--Z00003--T00004--DAPI | A1--W00001--P00002 | - | A01 | 2 | DAPI | 3 | 4
exp--W00013--P00001--Z00000--T00000--GFP | exp--W00013--P00001 | exp | W00013 | 1 | GFP | 0 | 0
NIS-Elements
exp_xy01z2c1 | exp_xy01 | - | - | 1 | c1 | 2 | -
exp_t03xy02z10c2 | exp_xy02 | - | - | 2 | c2 | 10 | 3
seq0000xy01c1t2 | seq0000xy01 | - | - | 1 | c1 | - | 2
WellB3_PointB3_0002_ChannelDAPI_Seq0007 | WellB3_PointB3_0002 | - | B03 | 2 | DAPI | - | -
ZEN
name_s1z2c1_ORG | name_s1_ORG | - | - | 1 | c1 | 2 | -
name_b0s3c1x0-512y512-512 | name_b0s3x0-512y512-512 | - | - | 0-3-0-512 | c1 | - | -
MetaXpress
P1_A01_s1_w10 | P1_A01_s1 | P1 | A01 | 1 | w10 | - | -
P1_A01_s1_w11E4B6A3C-0D5F-4C2B-9E7A-0123456789AB | P1_A01_s1 | P1 | A01 | 1 | w1 | - | -
af48_w2_z03_t2 | af48 | - | AF48 | - | w2 | 3 | 2
p1-b02-s3-w2 | p1-b02-s3 | p1 | B02 | 3 | w2 | - | -
exp_w2GFP_s3_t10 | exp_s3 | - | - | 3 | GFP | - | 10
Leica
Project_Series001_z00_ch00 | Project_Series001 | - | - | 1 | ch00 | 0 | -
Pos007_S001_t50_z12_ch01 | Pos007_S001 | - | - | 7-1 | ch01 | 12 | 50
lif_B04_z3_RAW_ch02 | lif_B04_RAW | lif | B04 | - | ch02 | 3 | -
Incucyte
VID123_A1_1_00d00h00m | VID123_A1_1 | VID123 | A01 | 1 | - | - | 0
VID123_Green_b12_4_01d02h30m | VID123_b12_4 | VID123 | B12 | 4 | Green | - | 1590
VID9_C3_2_2020y01m02d_03h04m | VID9_C3_2 | VID9 | C03 | 2 | - | - | 202001020304
B2-1-Ph | B2-1 | - | B02 | 1 | Ph | - | -
EVOS
scan_Plate_R_p00_0_A01f00d0 | scan_Plate_R_p00_0_A01f00 | scan | A01 | 0 | d0 | - | -
exp_Top Slide_R_p00_z07_0_A01f12d2 | exp_Top Slide_R_p00_0_A01f12 | exp | A01 | 12 | d2 | 7 | -
Cellomics
MFGTMP_150101_A01f00d0 | MFGTMP_150101_A01f00 | MFGTMP_150101 | A01 | 0 | d0 | - | -
Cytation
B7_01_2_3Z4_GFP_001 | B7_01_3 | - | B07 | 3 | GFP | 4 | 1
"""
ROWS = [[part.strip() for part in row.split("|")] for row in NAMES.strip().splitlines()]


@pytest.mark.parametrize("row", [row for row in ROWS if len(row) > 1], ids=lambda row: row[0])
def test_names_of_microscopes(row):
    parts = read_name(row[0])
    said = (parts.image, parts.plate, parts.well, parts.site, parts.channel, parts.z, parts.t)
    assert ["-" if value is None else str(value) for value in said] == row[1:]
    assert parts.guess is None


def test_wells_of_leica_s_matrix_screener_count_from_0():
    place = "image--L0000--S00--U01--V02--J07--E00--O00--X03--Y04"
    parts = read_name(f"{place}--T0005--Z06--C07")
    assert (parts.image, parts.well, parts.site) == (place, "C02", "X03--Y04")
    assert (parts.channel, parts.z, parts.t) == ("C07", 6, 5)


def listed(folder, *names, **how):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return find_images(folder, **how)


def test_positions_of_micro_manager_are_folders_and_its_first_number_is_the_time(tmp_path):
    planes = [f"img_00000000{t}_{c}_00{z}.tif" for t in (0, 1) for c in ("A", "B") for z in (0, 1)]
    found = listed(tmp_path, *(f"{p}/{n}" for p in ("Pos0", "B3-Site_1") for n in planes))
    assert [(i.name, i.well, i.site) for i in found] == [
        ("B3-Site_1/img", "B03", "1"),
        ("Pos0/img", None, "0"),
    ]
    assert {(f.channel, f.z, f.t) for f in found[1].files} == {
        (c, z, t) for c in "AB" for z in (0, 1) for t in (0, 1)
    }


def test_files_taken_out_of_micro_manager_s_folders_are_fields_in_doubt(tmp_path):
    names = [f"img_00000000{k}_{c}_000.tif" for k in (0, 1) for c in ("DAPI", "GFP")]
    found = listed(tmp_path, *names)
    assert [(i.name, i.site) for i in found] == [("img_000000000", "0"), ("img_000000001", "1")]
    assert "If it counts times, put metadata.txt beside them" in found[0].doubts[0]
    (movie,) = listed(tmp_path, "metadata.txt")
    assert [f.t for f in movie.files] == [0, 0, 1, 1]
    assert movie.doubts == ()


@pytest.mark.parametrize("index", ["Index.idx.xml", "index.xml"])
@pytest.mark.parametrize("as_entries", [True, False])
def test_the_index_of_an_operetta_names_the_channels(tmp_path, index, as_entries):
    one = '<Entry ChannelID="{}"><ChannelName>{}</ChannelName></Entry>\n'
    other = "<Image><ChannelID>{}</ChannelID>\n<ChannelName>{}</ChannelName></Image>\n"
    form = one if as_entries else other
    text = "".join(form.format(n, name) for n, name in ((1, "HOECHST"), (2, "ER &amp; more")))
    (tmp_path / index).write_text(f"<EvaluationInputData>\n{text}", "utf-8")
    (image,) = listed(tmp_path, *(f"r01c02f03p01-ch{c}sk1fk1fl1.tiff" for c in (1, 2)))
    assert image.channel_names == ("HOECHST", "ER & more")
    assert "index file" in image.notes[0]


@pytest.mark.parametrize("metadata", ["x.HTD", "metadata.txt", "Index.idx.xml", "a.tif", "b.zarr"])
def test_a_folder_called_like_a_file_is_passed_over(tmp_path, metadata):
    (tmp_path / metadata).mkdir()
    names = ["B02_s1_w1.tif", "B02_s1_w2.tif", "r01c02f03p01-ch1sk1fk1fl1.tiff"]
    assert [i.name for i in listed(tmp_path, *names)] == ["B02_s1", "r01c02f03"]


def test_channels_with_unequal_slices_are_noticed(tmp_path):
    names = [f"exp_z{z:02d}_ch{c}.tif" for z in range(12) for c in (0, 1)]
    (image,) = listed(tmp_path, *names[:-1])
    assert image.notes == ("The channels of 'exp' have unequal slices: ch0 12, ch1 11.",)
