"""Forms made from option types, so that a new setting is in the dock as soon as it is declared."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, LineEdit
from magicgui.widgets.bases import ValueWidget
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QWidget

from napari_c3r.core.options import OptionInfo, described
from napari_c3r.session.settings import Edit
from napari_c3r.widgets.common.form import shrinkable

T = TypeVar("T")
Choices = Sequence[tuple[str, Any]]

# Where a number has no bound of its own.
_MAX_NUMBER = 100_000
# Stands for None; what that means is in the tooltip, which has room for it.
_UNSET = "auto"
# A list is never narrower than so many letters, and a dock can be 300 px wide.
_LETTERS = 6
_DECIMALS = 2


class OptionForm(QWidget, Generic[T]):
    """The settings of an option type as rows of a title and a control.

    Parameters
    ----------
    kind
        A frozen dataclass whose fields were declared by :func:`napari_c3r.core.options.option`;
        an object without arguments holds the defaults.
    names
        The settings to show, in this order; by default all of them. The others keep their
        defaults, or what `set_value` gave them.
    choices
        What may be chosen for a setting, as pairs of a text and a value, in place of its own;
        empty for what `set_choices` will say.

    Signals
    -------
    changed
        A user, or `set_value`, changed a setting.
    edited
        With an `Edit`: a user did.
    """

    changed = Signal()
    edited = Signal(object)

    def __init__(
        self,
        kind: Callable[[], T],
        names: Iterable[str] | None = None,
        *,
        choices: Mapping[str, Choices] | None = None,
    ) -> None:
        super().__init__()
        self._default = kind()
        self._base = self._default
        infos = dict(described(self._default))
        self._infos = {name: infos[name] for name in (infos if names is None else names)}
        self._types = {
            field.name: str(field.type)
            for field in dataclasses.fields(self._default)  # type: ignore[arg-type]
        }
        self.widgets: dict[str, ValueWidget[Any]] = {}
        self._rows = QFormLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setVerticalSpacing(4)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, info in self._infos.items():
            widget = self._make(name, info, (choices or {}).get(name))
            self.widgets[name] = widget
            widget.changed.connect(partial(self._on_changed, name))
            self._rows.addRow(info.label, widget.native)
        self._shown, self._by_hand = self.value(), True

    def value(self) -> T:
        """The settings, as they stand here."""
        chosen = {name: self._read(name) for name in self.widgets}
        return dataclasses.replace(self._base, **chosen)  # type: ignore[type-var]

    def set_value(self, options: T) -> None:
        """Show other settings; a choice that is not offered stands at its default."""
        self._base = options
        for name, widget in self.widgets.items():
            # One signal for all of them.
            with widget.changed.blocked():
                self._write(name, getattr(options, name))
        self._tell()

    def reset(self) -> None:
        """Put the defaults back, as a user asked for."""
        before = self.value()
        self.set_value(self._default)
        if self._shown != before:
            self.edited.emit(Edit("put the defaults back", before, self._shown))

    def set(self, name: str, value: Any) -> None:
        """Change one setting."""
        if self._read(name) != value:
            self._by_hand = False
            self._write(name, value)
            self._by_hand = True

    def _on_changed(self, name: str, _: object) -> None:
        """A control has another value; whoever used it shall be able to undo that."""
        before = self._shown
        self._tell()
        if self._by_hand and self._shown != before:
            info, widget = self._infos[name], self.widgets[name]
            text = widget.native.currentText() if isinstance(widget, ComboBox) else ""
            told = " ".join(filter(None, (text or self._text(name), info.unit)))
            typed = name if isinstance(widget, FloatSpinBox | LineEdit) else ""
            sentence = f"set {info.label.lower()} to {told}"
            self.edited.emit(Edit(sentence, before, self._shown, typed))

    def _tell(self) -> None:
        self._shown = self.value()
        self.changed.emit()

    def set_choices(self, name: str, choices: Choices) -> None:
        """Offer other choices for a setting; what was chosen stays while it is offered."""
        widget = self.widgets[name]
        assert isinstance(widget, ComboBox)
        offered = tuple(choices)
        native: QComboBox = widget.native
        now = [(native.itemText(i), native.itemData(i)) for i in range(native.count())]
        # An open list must not lose its place where nothing is other than before.
        if now == list(offered):
            return
        before = widget.value
        with widget.changed.blocked():
            widget.choices = offered
            values = [value for _, value in offered]
            default = getattr(self._default, name)
            for wanted in (before, default):
                if wanted in values:
                    widget.value = wanted
                    break
        if widget.value != before:
            self._tell()

    def set_visible(self, name: str, visible: bool) -> None:
        """Show or hide the row of a setting."""
        self._rows.setRowVisible(self.widgets[name].native, visible)

    def changes(self) -> list[str]:
        """The settings that differ from their defaults, each as ``"label value unit"``."""
        return [
            " ".join(filter(None, (info.label.lower(), self._text(name), info.unit)))
            for name, info in self._infos.items()
            if self._read(name) != getattr(self._default, name)
        ]

    def _text(self, name: str) -> str:
        value = self._read(name)
        return f"{value:g}" if isinstance(value, float) else str(value)

    def _make(self, name: str, info: OptionInfo, choices: Choices | None) -> ValueWidget[Any]:
        default = getattr(self._default, name)
        if choices is None and info.choices:
            choices = _choices_of(info)
        widget: ValueWidget[Any]
        if choices is not None:
            widget = ComboBox(choices=tuple(choices))
            shrinkable(widget.native).setMinimumContentsLength(_LETTERS)
        elif isinstance(default, bool):
            widget = CheckBox(text="")
        elif "float" in self._types[name]:
            widget = _number(info, default, decimals=_DECIMALS)
        elif "int" in self._types[name]:
            widget = _number(info, default, decimals=0)
        else:
            widget = LineEdit()
        widget.native.setToolTip(_tip(info))
        widget.native.setAccessibleName(info.label)
        self.widgets[name] = widget
        self._write(name, default)
        return widget

    def _read(self, name: str) -> Any:
        default = getattr(self._default, name)
        widget = self.widgets[name]
        if not isinstance(widget, FloatSpinBox):
            return widget.value
        if _is_special(default) and widget.value == widget.min:
            return default
        return widget.value if "float" in self._types[name] else round(widget.value)

    def _write(self, name: str, value: Any) -> None:
        widget = self.widgets[name]
        if isinstance(widget, FloatSpinBox) and _is_special(value):
            widget.value = widget.min
        elif isinstance(widget, ComboBox):
            offered = _values(widget)
            wanted = value if value in offered else getattr(self._default, name)
            if wanted in offered:
                widget.value = wanted
        else:
            widget.value = value


def _number(info: OptionInfo, default: Any, decimals: int) -> FloatSpinBox:
    """A spin box whose lowest value stands for a default that is no number.

    One class for whole numbers too: that for integers knows neither units nor such a text.
    """
    special = _is_special(default)
    low = info.minimum if info.minimum is not None else 0.0
    low = min(0.0, low) if special else low
    high = info.maximum if info.maximum is not None else _MAX_NUMBER
    widget = FloatSpinBox(min=low, max=high, value=low, step=1.0 if high > 1 else 0.05)
    native: QDoubleSpinBox = widget.native
    native.setDecimals(decimals)
    native.setMinimumWidth(60)
    if special:
        native.setSpecialValueText(_UNSET if default is None else str(default))
    if info.unit:
        native.setSuffix(f" {info.unit}")
    return widget


def _tip(info: OptionInfo) -> str:
    return f"{info.help}; auto: {info.unset}" if info.unset else info.help


def _is_special(value: Any) -> bool:
    """Whether a value of a number's setting is none, such as ``"auto"``."""
    return value is None or isinstance(value, str)


def _values(widget: ComboBox) -> list[Any]:
    native: QComboBox = widget.native
    return [native.itemData(index) for index in range(native.count())]


def _choices_of(info: OptionInfo) -> Choices:
    head = [(_UNSET, None)] if info.unset else []
    return [*head, *((choice, choice) for choice in info.choices)]
