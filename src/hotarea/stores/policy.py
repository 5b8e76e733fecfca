"""Reads policies: thresholds that live in git, in `policy/`, each with its reason beside it."""

from typing import TypeVar

import msgspec

from hotarea.domain.errors import SettingsError
from hotarea.domain.settings import Settings

T = TypeVar("T")


def read(settings: Settings, name: str, kind: type[T]) -> T:
    """Read `policy/<name>.toml` strictly; raise `SettingsError` that names the file, the key and what was expected."""
    file = settings.project / "policy" / f"{name}.toml"
    try:
        return msgspec.toml.decode(file.read_bytes(), type=kind)
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}. Take it from git again.") from error
    except msgspec.DecodeError as error:  # also of values that are of another kind, and of keys that nobody knows
        raise SettingsError(f"{file}: {error}. Correct it; the comments in it say what each value means.") from error
