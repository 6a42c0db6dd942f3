"""Fifteen pains that users of other tools tell of, and the tests that show each of them gone here.

For every pain a list of claims, and for every claim the tests that would fail if it were not so.
A test that is renamed or taken away has to be replaced here.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

PAINS: dict[str, dict[str, list[str]]] = {
    "1. Which channel is which? Axes are mistaken, colours numbered, orders mixed up": {
        "a table by name, with a role chosen from a list": [
            "widgets/main/test_dock.py::test_from_the_sample_to_a_table",
            "widgets/main/test_dock.py::test_channels_are_renamed_in_the_table_and_a_taken_name_is_refused",
        ],
        "a picture of every channel": [
            "widgets/main/steps/test_channels_step.py::test_thumbnails_follow_the_layers_colours",
        ],
        "axes are told, and can be put right": [
            "widgets/main/test_images.py::test_channels_saved_as_slices_are_noticed_and_put_right",
            "widgets/main/steps/test_channels_step.py::test_a_layer_with_a_channel_axis_has_thumbnails_and_is_named",
            "widgets/viewer/test_stacks.py::test_channels_may_come_first_and_two_nameless_axes_are_told_apart",
        ],
        "which layers are meant is never in doubt": [
            "widgets/main/steps/test_channels_step.py::test_which_layers_make_up_the_image_is_never_in_doubt",
        ],
        "choices are remembered for the same channels": [
            "widgets/main/steps/test_channels_step.py::test_roles_come_back_for_the_same_layers_in_another_viewer",
            "widgets/main/test_images.py::test_names_given_once_come_back_for_the_same_channels",
        ],
    },
    "2. The model does not take my panel": {
        "any number of context and concept channels": [
            "core/encoder/test_encoder.py::test_any_number_of_channels_may_be_in_either_group",
            "core/embed/test_embed_job.py::test_a_single_channel_may_serve_as_both",
            "widgets/main/steps/test_channels_step.py::test_forty_channels_scroll_and_long_names_elide",
        ],
        "what is lacking is said before the run": [
            "widgets/main/test_dock.py::test_a_missing_role_is_said_beside_the_button",
            "core/embed/test_embed_job.py::test_roles_that_do_not_fit_are_refused_before_any_work",
        ],
    },
    "3. Names of channels get lost on loading": {
        "names in the file are read": [
            "widgets/main/test_names_kept.py::test_names_of_an_ome_tiff_are_read_and_suggest_roles_that_can_be_changed",
            "core/images/test_read_image.py::test_ome_tiff_keeps_names_size_z_and_t",
            "core/images/test_read_image.py::test_ome_zarr_of_both_versions",
        ],
        "names of layers stand in": [
            "widgets/main/test_names_kept.py::test_layers_of_another_reader_give_their_names",
        ],
        "roles are guessed from stains, with the reason": [
            "core/channels/test_assignment.py::test_suggestions_know_the_field_s_names",
            "widgets/main/steps/test_channels_step.py::test_a_preset_and_a_suggestion_say_why",
        ],
    },
    "4. Set-up by tables and index files fails silently": {
        "everything comes from layers or from names of files": [
            "widgets/main/test_layer_edits_while_running.py::test_whatever_happens_to_the_layers_the_table_is_that_of_what_was_embedded",
            "core/images/test_file_names.py::test_conventions",
            "widgets/main/test_images.py::test_a_dropped_plate_is_understood_corrected_and_loaded",
        ],
        "nothing fails silently": [
            "widgets/main/test_images.py::test_what_cannot_be_read_is_one_line",
            "widgets/main/test_dock.py::test_labels_that_do_not_fit_are_one_line",
            "cli/test_app.py::test_a_mistake_is_one_line_and_leaves_no_file",
        ],
        "what was set is exported, as a script that does it again": [
            "widgets/main/test_persistence.py::test_what_is_copied_makes_the_same_vectors",
            "session/test_script.py::test_every_choice_is_in_the_command",
        ],
    },
    "5. Weights have to be fetched through a firewall": {
        "they are in the wheel": [
            "test_offline.py::test_the_weights_are_in_the_wheel",
            "core/encoder/test_bundled.py::test_the_folder_is_small_enough_for_the_wheel",
        ],
        "they are checked": [
            "core/encoder/test_folder.py::test_a_changed_file_is_named",
            "cli/test_doctor.py::test_damaged_weights_are_broken",
        ],
        "nothing could ask the network": [
            "test_offline.py::test_no_file_of_the_package_could_ask_the_network",
            "test_offline.py::test_a_whole_day_s_work_asks_for_no_network",
        ],
    },
    "6. It does not install": {
        "few dependencies, none that quarrels with the window's": [
            "test_offline.py::test_no_dependency_brings_a_window_toolkit_or_another_network_library",
        ],
        "where PyTorch does not load beside the window, a process of its own embeds": [
            "widgets/main/test_torch_clash.py::test_the_dock_embeds_in_a_process_of_its_own",
            "core/encoder/test_remote.py::test_the_numbers_are_the_same_but_for_rounding",
        ],
        "every promised Python is tested on every system": [
            "test_offline.py::test_every_promised_python_is_tested_on_every_system_with_both_toolkits",
        ],
        "a doctor says what is wrong": [
            "cli/test_doctor.py::test_everything_is_told_and_no_home_is_named",
            "cli/test_doctor.py::test_packages_that_do_not_fit_are_broken",
            "cli/test_doctor.py::test_a_torch_that_does_not_load_is_one_line",
        ],
    },
    "7. The window freezes, says nothing and cannot be stopped": {
        "it works on": [
            "widgets/main/steps/test_embed_step.py::test_the_window_works_on_while_cells_are_embedded",
            "widgets/main/test_lazy_labels.py::test_the_window_works_on_while_labels_are_read",
            "widgets/viewer/test_lazy_layers.py::test_from_lazy_layers_to_a_lasso",
        ],
        "progress, speed and the time left; stopped, what is done is kept": [
            "widgets/main/steps/test_embed_step.py::test_stopped_and_continued_gives_what_one_run_gives",
            "widgets/main/test_dock.py::test_abort_keeps_what_is_done",
        ],
        "finding cells and making a map are stopped too": [
            "widgets/main/steps/test_map_step.py::test_a_map_that_takes_too_long_is_stopped",
            "widgets/main/steps/test_map_step.py::test_finding_cells_is_stopped_and_they_are_as_they_were",
        ],
    },
    "8. Out of memory, or the image is too large": {
        "crops are streamed from lazy images": [
            "core/crops/test_cut.py::test_a_box_of_a_large_lazy_image_is_read_without_the_rest",
            "core/images/test_tiff_pixels.py::test_only_the_tiles_under_a_box_are_read",
        ],
        "the cost is told before": [
            "widgets/main/steps/test_embed_step.py::test_the_cost_is_told_before_the_run",
            "core/embed/test_driver.py::test_the_estimate_is_near_what_it_takes",
        ],
        "batches fit by themselves": [
            "core/encoder/test_runtime.py::test_batches_are_halved_until_they_fit_and_stay_so",
            "core/encoder/test_runtime.py::test_batches_shrink_with_channels_and_pixels",
        ],
        "where the graphics card is full, the processor takes over and the result says so": [
            "core/encoder/test_full_device.py::test_the_processor_takes_over_and_the_result_says_so",
            "core/encoder/test_full_device.py::test_a_card_that_the_network_does_not_fit_on_is_left_at_once",
            "widgets/main/steps/test_map_step.py::test_what_was_noticed_while_embedding_is_told_under_the_button",
        ],
        "a run goes on where it was": [
            "core/embed/test_driver.py::test_stopped_after_every_step_and_taken_up_again",
            "core/embed/test_store.py::test_a_plate_stopped_half_way_goes_on_where_it_was",
        ],
    },
    "9. The graphics card stays full": {
        "one button gives it back": [
            "widgets/main/test_release.py::test_after_a_run_the_network_is_gone_for_good_and_comes_back_when_needed",
        ],
        "nothing is trained in the window": [
            "test_offline.py::test_nothing_is_trained_in_the_window",
        ],
    },
    "10. Values stand beside the wrong cell": {
        "one key, through gaps, missing values, filters and edits": [
            "widgets/viewer/test_linking.py::test_no_change_leads_to_a_wrong_row",
            "core/embed/test_embed_job.py::test_relabelling_moves_rows_and_changes_no_vector",
            "core/embed/test_edits.py::test_every_row_is_the_right_one_after_an_update",
            "core/cells/test_filters.py::test_hiding_and_showing_again_changes_nothing",
        ],
        "and through time": [
            "widgets/viewer/test_stacks.py::test_no_time_s_cells_are_another_s",
            "widgets/main/test_layer_edits_while_running.py::test_of_a_movie_the_time_on_show_is_embedded_and_no_other_time_is_linked",
        ],
        "napari itself tells the right value": [
            "widgets/main/steps/test_embed_step.py::test_the_cells_have_their_measurements_as_features",
            "widgets/main/test_layer_edits_while_running.py::test_measurements_are_never_told_of_other_cells_with_the_same_labels",
        ],
    },
    "11. The plot dies of a hundred thousand points": {
        "three times as many are all drawn, picked and found by the lasso": [
            "widgets/scatter/test_many_points.py::test_a_lasso_finds_exactly_the_points_inside_among_all",
            "widgets/scatter/test_many_points.py::test_a_single_point_apart_is_drawn_and_picked",
            "widgets/explorer/test_explorer.py::test_a_hundred_thousand_rows_do_not_hold_up_the_table",
        ],
        "density": [
            "widgets/scatter/test_many_points.py::test_density_of_all_points",
            "widgets/scatter/test_widget.py::test_density_button_and_legend_button",
        ],
        "drawn by OpenGL, or without it": [
            "widgets/scatter/test_widget.py::test_points_are_drawn_where_they_can_be_picked",
            "widgets/scatter/test_widget.py::test_without_opengl_the_raster_view_is_chosen",
        ],
        "the budget of the lasso on a million points is measured": [
            "test_user_requirements.py::test_the_budgets_of_the_map_are_measured",
        ],
    },
    "12. Links go one way only": {
        "from the map to image, table and pictures": [
            "widgets/explorer/test_explorer.py::test_a_click_on_a_point_shows_the_cell_everywhere",
            "widgets/explorer/test_explorer.py::test_a_lasso_is_seen_in_table_image_and_montage_and_goes_back_by_keys",
        ],
        "from the image to map and table": [
            "widgets/explorer/test_explorer.py::test_a_click_in_the_image_points_at_point_and_row",
            "widgets/explorer/test_explorer.py::test_real_clicks_in_napari_s_canvas",
        ],
        "from the table, and from the pictures": [
            "widgets/explorer/test_explorer.py::test_rows_taken_up_in_the_table_are_selected_everywhere",
            "widgets/explorer/test_explorer.py::test_a_click_on_a_thumbnail_centres_on_its_cell",
        ],
        "to a cell of another field": [
            "widgets/explorer/test_explorer.py::test_a_cell_of_another_field_turns_to_that_field",
        ],
    },
    "13. The cells behind a cluster cannot be seen": {
        "at random, typical, extreme, most moved, and those like one cell, by group": [
            "core/figures/test_montage.py::test_choices",
            "core/figures/test_cell_montage.py::test_every_choice_gives_cells_of_the_group",
            "widgets/explorer/test_montage_rows.py::test_rows_of_groups_and_back",
            "widgets/explorer/test_explorer.py::test_outliers_and_typical_cells_of_the_selection",
            "widgets/explorer/test_explorer.py::test_those_like_a_cell_are_shown_first_to_last_and_ringed",
        ],
        "in the viewer's colours": [
            "widgets/explorer/test_explorer.py::test_thumbnails_are_the_cells_in_the_viewer_s_colours",
        ],
        "channels keep their hue, for colour-blind readers too, and nothing saturates to white": [
            "core/figures/test_looks.py::test_any_sum_keeps_its_hue_and_is_not_clipped",
            "core/figures/test_looks.py::test_stains_that_are_shown_together_stay_apart",
        ],
        "saved as a figure or a stack, with the list of its cells": [
            "widgets/explorer/test_explorer.py::test_a_montage_is_saved_with_its_cells",
            "core/figures/test_cell_montage.py::test_files_list_their_cells",
        ],
    },
    "14. Results cannot be had again, and work is lost": {
        "seed, versions, weights, roles and settings are in every export": [
            "core/table/test_every_export.py::test_seed_versions_weights_roles_and_settings_are_in_it",
            "core/table/test_every_export.py::test_the_words_on_the_cells_find_them_again",
            "core/table/test_files.py::test_a_round_trip_keeps_every_number_name_and_role",
        ],
        "the same gives the same": [
            "core/reduce/test_maps.py::test_the_same_seed_gives_the_same_map",
            "cli/test_app.py::test_real_cell_painting_twice_gives_the_same_bytes",
        ],
        "a session is reopened as it was, or the one before is left": [
            "widgets/main/test_persistence.py::test_a_session_is_saved_and_reopened_in_another_window",
            "session/test_session_file.py::test_a_write_that_fails_leaves_the_session_before",
        ],
        "copied as Python": [
            "widgets/main/test_persistence.py::test_what_is_copied_makes_the_same_vectors",
        ],
        "names that were given stay": [
            "widgets/explorer/test_explorer.py::test_names_outlive_a_new_map",
            "core/table/test_annotate.py::test_names_come_back_from_files",
        ],
    },
    "15. Is this cluster real, or the plate, the size, the brightness?": {
        "the map is coloured by where cells come from, and by what was measured": [
            "widgets/diagnostics/test_doubt.py::test_the_map_is_coloured_by_where_cells_come_from",
            "widgets/diagnostics/test_doubt.py::test_the_map_is_coloured_by_size_and_intensity",
        ],
        "what explains a cluster is tested against chance": [
            "core/diagnose/test_confounds.py::test_size_and_border_are_found_in_the_cluster_that_they_make",
            "core/diagnose/test_confounds.py::test_a_plate_effect_is_found_and_differences_between_wells_are_not_taken_for_one",
            "core/diagnose/test_confounds.py::test_columns_that_are_dealt_out_at_random_explain_nothing",
        ],
        "groups are swapped, and what moves is shown": [
            "widgets/diagnostics/test_diagnostics.py::test_the_answer_is_that_of_a_flip_report",
            "widgets/diagnostics/test_diagnostics.py::test_the_cells_that_move_most_are_selected_everywhere",
        ],
        "the map can be seen against controls": [
            "core/reduce/test_controls.py::test_clusters_are_treatments_with_controls_and_plates_without",
            "widgets/main/steps/test_map_step.py::test_a_well_of_controls_is_chosen_and_the_script_knows_it",
        ],
        "the map says that distances on it are no evidence": [
            "widgets/diagnostics/test_doubt.py::test_the_map_says_that_distances_are_no_evidence_and_where_to_ask",
        ],
    },
}


@cache
def names_in(path: Path) -> frozenset[str]:
    """Names of the test functions of a file."""
    nodes = ast.parse(path.read_text("utf-8")).body
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef))


def test_all_fifteen_are_there():
    assert [pain.partition(".")[0] for pain in PAINS] == [str(n) for n in range(1, 16)]


@pytest.mark.parametrize("pain", PAINS)
def test_every_claim_has_tests_that_exist(pain):
    assert PAINS[pain]
    for claim, nodes in PAINS[pain].items():
        assert nodes, claim
        for node in nodes:
            file, _, name = node.partition("::")
            path = ROOT / "tests" / file
            assert path.is_file(), f"{claim}: no file {file}"
            assert name in names_in(path), f"{claim}: no test {name} in {file}"


def test_the_budgets_of_the_map_are_measured():
    """Not timed here, where other work runs beside it: ``make bench`` measures and says."""
    from benchmarks import linking, scatter
    from benchmarks.__main__ import PARTS

    assert scatter.POINTS == 1_000_000
    assert scatter.LASSO_BUDGET_S == linking._MAX_SECONDS == 0.1
    assert {"scatter", "linking", "memory"} <= set(PARTS)
