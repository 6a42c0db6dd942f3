"""From a folder of images to which wells differ from the controls, by drops, clicks and lists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

import napari_c3r as c3r
from napari_c3r.core.figures.drawing import Box
from napari_c3r.session import session_of
from napari_c3r.widgets.explorer.compare.tabs import GroupTabs
from napari_c3r.widgets.explorer.dock import C3RExplorer
from napari_c3r.widgets.main.step_ids import StepId
from tests.widgets.fields import planes
from tests.widgets.main.test_images import drop

pytestmark = pytest.mark.gl

ROLES = {"w1": "Context", "w2": "Concept"}
WELLS = [
    *((f"A{column:02d}", 0) for column in range(1, 7)),
    *((f"B{column:02d}", 1) for column in range(1, 5)),
    *((f"C{column:02d}", 30) for column in range(1, 5)),
]
"""Each with its dose; fewer controls could not make anything sure."""


def write_experiment(folder: Path) -> Path:
    """Controls, a dose that does nothing, and one that fills the nuclei."""
    folder.mkdir()
    rows = ["Well,Compound,Dose (uM)"]
    for number, (well, dose) in enumerate(WELLS):
        nuclei, bodies, spots = planes(number)
        readout = nuclei if dose == 30 else np.maximum(bodies // 2, spots)
        for channel, plane in enumerate((nuclei, readout), 1):
            tifffile.imwrite(
                folder / f"{well}_w{channel}.tif",
                plane,
                imagej=True,
                resolution=(2, 2),
                metadata={"unit": "um"},
            )
        rows.append(f"{well},{'drug' if dose else 'DMSO'},{dose}")
    (folder / "map.csv").write_text("\n".join(rows) + "\n")
    return folder


def walk(
    dock,
    user,
    folder: Path,
    report: Path,
    roles: dict[str, str],
    nucleus: str,
    groups: str,
    *,
    quantity: str = "Distance to the controls",
    plate_map: Path | None = None,
    picture: Callable[[str], None] = lambda name: None,
):
    """Everything that a person does; returns the session and the explorer.

    Roles are chosen where they are not as guessed; a plate map is dropped where none lies beside
    the images.
    """
    drop(dock, [folder])
    user.wait_idle(dock)
    picture("dropped")
    user.click(dock.image.scan.load_button)
    user.wait_idle(dock)
    dock.steps[StepId.IMAGE].set_open(True)
    if plate_map is not None:
        drop(dock, [plate_map])
        user.wait_idle(dock)
    picture("plate map")

    dock.steps[StepId.CHANNELS].set_open(True)
    session = session_of(dock.viewer)
    for box, name in zip(dock.channels.roles, session.fields.image.channel_names, strict=True):
        if name in roles and box.currentText() != roles[name]:
            user.choose(box, roles[name])
    picture("roles")

    dock.steps[StepId.CELLS].set_open(True)
    user.choose(dock.cells.nucleus, nucleus)
    user.click(dock.cells.segment_button)
    user.wait_idle(dock)
    picture("cells")

    dock.steps[StepId.EMBED].set_open(True)
    user.choose(dock.embed.scope, f"all {len(session.fields.sources)} fields")
    user.click(dock.embed.embed_button)
    user.wait_idle(dock, 3600)
    picture("embedded")

    dock.steps[StepId.MAP].set_open(True)
    user.click(dock.map.map_button)
    user.wait_idle(dock, 900)
    user.click(dock.map.explorer_button)
    explorer = C3RExplorer(dock.viewer)
    user.rest(explorer)
    picture("map")

    tabs, figures = explorer.panel.tabs, explorer.tabs.group(GroupTabs)
    compare, plate = figures.compare, figures.plate

    def idle() -> None:
        user.until(lambda: not (explorer.tabs.busy or explorer.montage.busy))
        user.rest(explorer)

    def open_tab(name: str) -> None:
        place = [tabs.tabText(number) for number in range(tabs.count())].index(name)
        user.click(tabs.tabBar(), lambda: tabs.tabBar().tabRect(place).center())
        idle()

    open_tab("Compare")
    user.choose(compare.grouping, groups)
    user.choose(compare.quantity, quantity)
    idle()
    picture("groups")
    user.choose(compare.figure, "Dose curves")
    idle()
    picture("dose curve")
    open_tab("Plate")
    user.choose(plate.value, quantity)
    idle()
    picture("wells")
    wells = [each for each in plate.view.drawing.marks if isinstance(each, Box) and each.where]
    user.click(plate.view, lambda: plate.view.place_of(wells[-1]).toPoint())
    idle()
    open_tab("Table")
    picture("cells of a well")

    user.answer(report)
    user.click(dock.map.report_button)
    user.wait_idle(dock, 900)
    picture("report")
    return session, explorer


@pytest.mark.usefixtures("quick")
def test_from_a_folder_to_which_wells_differ(dock, user, tmp_path):
    folder, report = write_experiment(tmp_path / "plate"), tmp_path / "report.html"
    session, explorer = walk(dock, user, folder, report, ROLES, "w1", "Compound and Dose (uM)")
    table = session.result.current.table
    assert table.obs["well"].nunique() == len(WELLS)
    assert (
        "a curve needs six wells of four doses"
        in explorer.tabs.group(GroupTabs).compare.sentence.text()
    )
    chosen = table.obs["well"][session.selection.mask]
    assert set(chosen) == {"C04"}
    assert len(chosen) == (table.obs["well"] == "C04").sum()

    said = c3r.experiment_report(table, tmp_path / "again.html")
    assert report.read_text("utf-8") == (tmp_path / "again.html").read_text("utf-8")
    sure = said.groups.set_index("dose")["adjusted_p_value"] < 0.05
    assert sure.to_dict() == {1.0: False, 30.0: True}
