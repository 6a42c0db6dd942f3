"""Channels: their names, stains and roles."""

from __future__ import annotations

from napari_c3r.core.channels.assignment import ChannelAssignment
from napari_c3r.core.channels.roles import Role, check_channel_names
from napari_c3r.core.channels.suggestions import suggest_cell, suggest_nucleus

__all__ = ["ChannelAssignment", "Role", "check_channel_names", "suggest_cell", "suggest_nucleus"]
