"""Feast begins quickly, and no sooner than it is needed."""

import subprocess
import sys

import pytest

from hotarea.stores import unchecked

ANSWERED = """
import sys
import hotarea.stores
early = "typeguard" in sys.modules
from feast import Entity, FeatureView
functions = [f for c in (Entity, FeatureView) for f in vars(c).values() if hasattr(f, "__code__")]
print(early, [f.__name__ for f in functions if "typeguard" in f.__code__.co_names])
"""


def test_feast_is_imported_without_checks_of_types_and_typeguard_no_sooner_than_feast():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", ANSWERED], capture_output=True, text=True, check=True)

    assert done.stdout.split("\n")[0] == "False []"


def test_it_waits_once_however_often_it_is_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "meta_path", [])

    unchecked.before_feast()
    unchecked.before_feast()

    assert [type(finder) for finder in sys.meta_path] == [unchecked.BeforeFeast]


def test_a_class_decorated_with_or_without_options_stays_as_it_is():
    class Plain:
        pass

    assert unchecked._as_it_is(Plain) is Plain
    assert unchecked._as_it_is(debug_instrumentation=True)(Plain) is Plain
