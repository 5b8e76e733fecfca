"""The policies: TOML files in git, read strictly."""

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hotarea.domain.errors import SettingsError
from hotarea.domain.settings import Settings

T = TypeVar("T")

_WHERE = re.compile(r" - at `\$\.?([^`]*)`$")
_ENTRY = re.compile(r" - at `\$\.(\w+)\[\.\.\.\]`$")


def read(settings: Settings, name: str, kind: type[T]) -> T:
    """Return the policy `policy/NAME.toml` of the project as a `kind`.

    Raises `SettingsError` that names the file, the key, its value and what was expected.
    """
    file = settings.project / "policy" / f"{name}.toml"
    try:
        content = tomllib.loads(file.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        said = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"the policy {file} cannot be read: {said}. Restore it from git, or set HOTAREA_PROJECT to the folder "
            "that holds policy/."
        ) from error
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        raise SettingsError(_told(file, content, _named(content, kind, str(error)))) from error


def _named(content: dict[str, Any], kind: type, message: str) -> str:
    """Return a message of the library, which calls every entry of a table of limits `...`, with the entry's name."""
    found = _ENTRY.search(message)
    table = found.group(1) if found else ""
    for name, value in content.get(table, {}).items():
        try:
            msgspec.convert(content | {table: {name: value}}, kind)
        except msgspec.ValidationError as error:
            if str(error) == message:
                return _ENTRY.sub(f" - at `$.{table}.{name}`", message)
    return message


def _told(file: Path, content: dict[str, Any], message: str) -> str:
    """Say what is wrong where: the library's message ends with the key, and does not show its value."""
    found = _WHERE.search(message)
    key = found.group(1) if found else ""
    value: Any = content
    for part in filter(None, key.partition("[")[0].split(".")):
        value = value.get(part) if isinstance(value, dict) else None
    shown = f" is {value!r}" if key and not isinstance(value, dict) else ""
    return f"the policy {file} cannot be used: {key or 'the file'}{shown}: {_WHERE.sub('', message)}. Correct it."
