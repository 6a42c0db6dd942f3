"""Which wish of the dock's steps goes to which part of the controller."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_c3r.session import Session
    from napari_c3r.widgets.main.controller import Controller
    from napari_c3r.widgets.main.dialogs import Dialogs
    from napari_c3r.widgets.main.session_bar import SessionBar
    from napari_c3r.widgets.main.steps.cells import CellsBody
    from napari_c3r.widgets.main.steps.channels import ChannelsBody
    from napari_c3r.widgets.main.steps.embed import EmbedBody
    from napari_c3r.widgets.main.steps.image import ImageBody
    from napari_c3r.widgets.main.steps.map import MapBody


def connect_image(body: ImageBody, control: Controller, dialogs: Dialogs) -> None:
    """Connect what is requested in step 1 with what carries it out."""
    images = control.images
    body.files_requested.connect(dialogs.open_files)
    body.folder_requested.connect(dialogs.open_folder)
    body.layers_requested.connect(lambda: images.use_layers())
    body.take_requested.connect(images.take_in)
    body.right_button.clicked.connect(control.session.fields.dismiss_doubts)
    body.sample_requested.connect(images.open_sample)
    body.scan.load_requested.connect(images.load)
    body.scan.swap_requested.connect(images.rescan)
    body.picker.field_chosen.connect(images.show_field)
    images.loaded.connect(control.segmentation.show_again)
    body.plate_map.chosen.connect(control.plate_maps.use)
    body.plate_map.design_changed.connect(control.plate_maps.set_design)
    body.plate_map.file_requested.connect(dialogs.open_plate_map)


def connect_channels(body: ChannelsBody, control: Controller) -> None:
    """Connect step 2."""
    body.role_chosen.connect(control.set_role)
    body.preset_chosen.connect(control.use_preset)
    body.suggest_requested.connect(control.suggest)
    body.keep_button.clicked.connect(control.session.roles.confirm)

    def rename(old: str, new: str) -> None:
        if not control.rename_channel(old, new):
            body.restore_names()

    body.renamed.connect(rename)


def connect_cells(body: CellsBody, control: Controller) -> None:
    """Connect step 3."""
    segmentation = control.segmentation
    body.stop_requested.connect(control.jobs.cancel)
    body.segment_requested.connect(segmentation.find_cells)
    body.preview_requested.connect(segmentation.preview)
    body.preview_ended.connect(segmentation.end_preview)
    body.labels_requested.connect(segmentation.use_labels)
    body.numbering_requested.connect(segmentation.number_pieces)
    body.filter_chosen.connect(control.session.set_filter)
    segmentation.previewed.connect(body.show_preview)
    reading = control.reading
    reading.started.connect(body.show_reading)
    reading.finished.connect(lambda: body.show_reading(""))


def connect_embed(body: EmbedBody, control: Controller, dialogs: Dialogs, cells: CellsBody) -> None:
    """Connect step 4; cells that are not known yet are found as step 3 says."""
    embedding = control.embedding
    body.embed_requested.connect(lambda choice: embedding.embed(choice, cells.choice()))
    body.preview_requested.connect(lambda choice: embedding.preview(choice, cells.choice()))
    body.update_requested.connect(embedding.update_edited)
    body.continue_requested.connect(embedding.resume)
    body.back_requested.connect(control.session.discard_preview)
    body.release_requested.connect(embedding.release_memory)
    body.abort_requested.connect(control.jobs.request_stop)
    body.folder_requested.connect(lambda: dialogs.open_encoder(body.expect_folder))
    control.costs.estimated.connect(body.show_estimate)
    session = control.session
    body.quality.changed.connect(session.set_quality)
    body.quality.filter_chosen.connect(session.set_filter)
    body.quality.selected.connect(session.selection.select)


def connect_map(body: MapBody, control: Controller, dialogs: Dialogs) -> None:
    """Connect step 5."""
    body.stop_requested.connect(control.jobs.cancel)
    body.map_requested.connect(control.map.make_map)
    body.fineness.chosen.connect(lambda value, at_rest: _cluster(body, control, value, at_rest))
    body.export_requested.connect(dialogs.export)
    body.fit_requested.connect(lambda: dialogs.open_fit(body.add_fit))
    body.report_requested.connect(dialogs.report)


def connect_settings(
    session: Session, embed: EmbedBody, cells: CellsBody, map_body: MapBody
) -> Callable[[str, object], None]:
    """Have what the user sets in steps 3 to 5 kept as steps; returns what puts one back."""
    forms = {"find": cells.form, "find more": cells.more, "run": embed.form, "crop": embed.crop}
    edited: dict[str, Any] = {name: form.edited for name, form in forms.items()}
    edited |= {"map": map_body.edited, "encoder": embed.encoder_edited}
    edited["scope"] = embed.scope_edited
    for name, signal in edited.items():
        signal.connect(partial(session.settings.take, name))
    put: dict[str, Callable[[Any], None]] = {name: f.set_value for name, f in forms.items()}
    put |= {"map": map_body.show_options, "encoder": embed.show_source, "scope": embed.show_scope}
    return lambda name, value: put[name](value)


def connect_session_bar(
    bar: SessionBar, control: Controller, dialogs: Dialogs, settings: Callable[[], dict[str, Any]]
) -> None:
    """Connect what keeps the work; `settings` are those of the controls."""
    persistence = control.persistence
    bar.undo_requested.connect(control.undo)
    bar.redo_requested.connect(control.redo)
    bar.save_requested.connect(lambda: dialogs.save_session(settings()))
    bar.reopen_requested.connect(dialogs.open_session)
    bar.python_requested.connect(persistence.copy_python)
    bar.shell_requested.connect(persistence.copy_shell)


def _cluster(body: MapBody, control: Controller, value: int | float, at_rest: bool) -> None:
    body.keep_fineness(value)
    control.clustering.want(body.choice().method, value, at_rest)
