"""The definition of hot by which labels are made: what a home's labels and its settings must agree on."""

from collections.abc import Iterable
from typing import Any

from hotarea.domain.errors import SettingsError
from hotarea.domain.records import LabelSet
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff


def asked(settings: Settings) -> dict[str, Any]:
    """Return the definition that the settings ask for, by the fields of a LabelSet that hold it."""
    return {name: getattr(settings, name) for name in ("horizon_years", "hot_quantile")}


def check(settings: Settings, labels: Iterable[LabelSet]) -> None:
    """Raise SettingsError if labels were made by another definition than the settings ask for."""
    for made in labels:
        for name, wanted in asked(settings).items():
            was = getattr(made, name)
            if was != wanted:
                raise SettingsError(
                    f"labels of cutoff {Cutoff(made.cutoff, made.known)} are published for {name} {was}, "
                    f"HOTAREA_{name.upper()}={wanted}; expected the same. Use a home of its own for another definition."
                )
