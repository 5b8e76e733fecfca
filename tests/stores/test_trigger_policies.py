"""The policies of drift and triggers are read strictly: a wrong file, key or value is an error that says which."""

from pathlib import Path

import pytest

from hotarea.domain.drift_check import DriftPolicy
from hotarea.domain.errors import SettingsError
from hotarea.domain.settings import Settings
from hotarea.domain.triggers import TriggerPolicy
from hotarea.stores import policies
from tests.conftest import PROJECT


@pytest.fixture
def copied(settings: Settings, tmp_path: Path) -> Settings:
    (tmp_path / "policy").mkdir()
    for file in (PROJECT / "policy").glob("*.toml"):
        (tmp_path / "policy" / file.name).write_text(file.read_text())
    return settings.model_copy(update={"project": tmp_path})


@pytest.mark.parametrize(("name", "kind"), [("drift", DriftPolicy), ("triggers", TriggerPolicy)])
def test_the_policies_in_git_can_be_read(settings: Settings, name: str, kind: type) -> None:
    assert isinstance(policies.read(settings, name, kind), kind)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("budget_per_week = 5", "budget_per_week = 0", "budget_per_week is 0; expected at least 1"),
        ("budget_per_week = 5", 'budget_per_week = "five"', "budget_per_week is 'five': Expected `int`, got `str`"),
        ("budget_per_week = 5", "", "missing required field `budget_per_week`"),
        ("budget_per_week = 5", "budget_per_week = 5\nbudget = 5", "unknown field `budget`"),
        ("drift = 24", "drift = 24\nwhim = 1", "unknown field `whim`"),
        ("budget_per_week = 5", "budget_per_week 5", "triggers.toml"),
    ],
)
def test_what_cannot_be_used_is_named(copied: Settings, old: str, new: str, said: str) -> None:
    file = copied.project / "policy" / "triggers.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))

    with pytest.raises(SettingsError, match=said) as raised:
        policies.read(copied, "triggers", TriggerPolicy)

    assert str(file) in str(raised.value)


def test_a_policy_that_is_not_there_is_named(copied: Settings) -> None:
    with pytest.raises(SettingsError, match=r"absent.toml cannot be read: No such file"):
        policies.read(copied, "absent", TriggerPolicy)
