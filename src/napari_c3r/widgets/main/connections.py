"""Which wish of the dock's steps goes to which part of the controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_c3r.widgets.main.dock import C3RDock


def connect_steps(dock: C3RDock) -> None:
    """Connect what is requested in the dock's steps with what carries it out."""
    _connect_image(dock)
    _connect_channels(dock)
    _connect_cells(dock)
    _connect_embed(dock)
    _connect_map(dock)
    _connect_session_bar(dock)


def _connect_image(dock: C3RDock) -> None:
    body, images = dock.image, dock.controller.images
    body.files_requested.connect(dock.dialogs.open_files)
    body.folder_requested.connect(dock.dialogs.open_folder)
    body.layers_requested.connect(images.use_layers)
    body.sample_requested.connect(images.open_sample)
    body.scan.load_requested.connect(images.load)
    body.scan.swap_requested.connect(images.rescan)
    body.picker.field_chosen.connect(images.show_field)


def _connect_channels(dock: C3RDock) -> None:
    body, control = dock.channels, dock.controller
    body.role_chosen.connect(control.set_role)
    body.preset_chosen.connect(control.use_preset)
    body.suggest_requested.connect(control.suggest)

    def rename(old: str, new: str) -> None:
        if not control.rename_channel(old, new):
            body.restore_names()

    body.renamed.connect(rename)


def _connect_cells(dock: C3RDock) -> None:
    body, segmentation = dock.cells, dock.controller.segmentation
    body.stop_requested.connect(dock.controller.jobs.cancel)
    body.segment_requested.connect(segmentation.find_cells)
    body.preview_requested.connect(segmentation.preview)
    body.preview_ended.connect(segmentation.end_preview)
    body.labels_requested.connect(segmentation.use_labels)
    body.filter_chosen.connect(dock.session.set_filter)
    segmentation.previewed.connect(body.show_preview)
    reading = dock.controller.reading
    reading.started.connect(body.show_reading)
    reading.finished.connect(lambda: body.show_reading(""))


def _connect_embed(dock: C3RDock) -> None:
    body, embedding = dock.embed, dock.controller.embedding
    body.embed_requested.connect(lambda choice: embedding.embed(choice, dock.cells.choice()))
    body.preview_requested.connect(lambda choice: embedding.preview(choice, dock.cells.choice()))
    body.update_requested.connect(embedding.update_edited)
    body.continue_requested.connect(embedding.resume)
    body.back_requested.connect(dock.session.discard_preview)
    body.release_requested.connect(embedding.release_memory)
    body.abort_requested.connect(dock.controller.jobs.request_stop)
    body.folder_requested.connect(dock.dialogs.open_encoder)
    embedding.estimated.connect(body.show_estimate)


def _connect_map(dock: C3RDock) -> None:
    body = dock.map
    body.stop_requested.connect(dock.controller.jobs.cancel)
    body.map_requested.connect(dock.controller.map.make_map)
    body.export_requested.connect(dock.dialogs.export)


def _connect_session_bar(dock: C3RDock) -> None:
    bar, persistence = dock.session_bar, dock.controller.persistence
    bar.save_requested.connect(lambda: dock.dialogs.save_session(dock.settings()))
    bar.reopen_requested.connect(dock.dialogs.open_session)
    bar.python_requested.connect(persistence.copy_python)
    bar.shell_requested.connect(persistence.copy_shell)
