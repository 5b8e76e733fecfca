"""Feast without the checks of types that it would compile into itself at every start.

Feast 0.67 decorates its classes with `typeguard.typechecked`, which parses a module's source anew for each of their
methods: 4 of the 6 seconds that importing Feast takes, in every command and task that reads features. Typeguard means
these checks for development, and `python -O` leaves them out as well.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any, TypeVar, cast

T = TypeVar("T")


class BeforeFeast(MetaPathFinder):
    """Finds nothing; takes the checks out just before Feast is imported, so that typeguard is imported no sooner."""

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> None:
        """Say that somebody else knows where a module lies."""
        if name == "feast":
            sys.meta_path.remove(self)
            with suppress(ImportError):  # a Feast that has no need of it
                import typeguard

                typeguard.typechecked = cast("Any", _as_it_is)


def _as_it_is(decorated: T | None = None, **_: Any) -> T | Callable[[T], T]:
    """Stand in for `typeguard.typechecked`, with and without options."""
    return decorated if decorated is not None else lambda later: later


def before_feast() -> None:
    """Take the checks out of Feast if it is imported after this."""
    if not any(isinstance(finder, BeforeFeast) for finder in sys.meta_path):
        sys.meta_path.insert(0, BeforeFeast())
