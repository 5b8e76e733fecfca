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


KINDS = {"drift": DriftPolicy, "triggers": TriggerPolicy}


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("triggers", "budget_per_week = 5", "budget_per_week = 0", "budget_per_week is 0: Expected `int` >= 1"),
        ("triggers", "budget_per_week = 5", 'budget_per_week = "five"', "budget_per_week is 'five': Expected `int`"),
        ("triggers", "budget_per_week = 5", "", "missing required field `budget_per_week`"),
        ("triggers", "budget_per_week = 5", "budget_per_week = 5\nbudget = 5", "unknown field `budget`"),
        ("triggers", "drift = 24", "drift = 24\nwhim = 1", "unknown field `whim`"),
        ("triggers", "budget_per_week = 5", "budget_per_week 5", "triggers.toml"),
        ("triggers", "joined_minutes = 60", "joined_minutes = 0", "joined_minutes is 0: Expected `float` > 0"),
        ("triggers", "waiting_days = 3", "waiting_days = -1", "waiting_days is -1: Expected `float` > 0"),
        ("triggers", "schedule_days = 30", "schedule_days = inf", "schedule_days is inf: Expected `float` <= 3650"),
        ("triggers", "drift = 24", "drift = -24", "cooldown_hours.drift is -24: Expected `float` >= 0"),
        ("triggers", "drift = 24", "drift = 1e9", "cooldown_hours.drift is 1000000000.0: Expected `float` <= 8760"),
        ("drift", "share = 0.10", "share = 10", "share is 10: Expected `float` < 1"),
        ("drift", "at_once = 2.5", "at_once = 0.5", "at_once is 0.5: Expected `float` >= 1"),
        ("drift", "growth = 2.5", "growth = 1000", "growth is 1000: Expected `float` <= 10"),
        ("drift", "fewest = 100", "fewest = 0", "fewest is 0: Expected `int` >= 1"),
        ("drift", "label_share = 0.01", "label_share = 1", "label_share is 1: Expected `float` < 1"),
        ("drift", "drop = 0.08", "drop = 8.0", "live.drop is 8.0: Expected `float` < 1"),
        ("drift", "rate_pct = 0.25", "rate_pct = 25.0", "features.rate_pct is 25.0: Expected `float` <= 10"),
        ("drift", "rate_pct = 0.25", 'rate_pct = "x"', "features.rate_pct is 'x': Expected `float`, got `str`"),
        ("drift", "rate_pct = 0.25", "rate_pc = 0.25", "features names rate_pc = 0.25, .* gives no limit for rate_pct"),
        ("drift", "rate_pct = 0.25", "rate_pct = 0.25\nfoo = 1.0", "features names foo = 1.0, which nothing is called"),
        ("drift", "references_inside = 0.40", "reference_inside = 0.4", "new_documents names reference_inside = 0.4"),
        (
            "drift",
            "references_inside = 0.40",
            "references_inside = 4",
            "new_documents.references_inside is 4: Expected",
        ),
        ("drift", "labels = { over = 1, of = 1 }", "labels = { over = 0, of = 1 }", "labels.over is 0: Expected `int`"),
        ("drift", "labels = { over = 1, of = 1 }", "labels = { over = 2, of = 1 }", "over 2 of 1 periods"),
    ],
)
def test_what_cannot_be_used_is_named(copied: Settings, name: str, old: str, new: str, said: str) -> None:
    file = copied.project / "policy" / f"{name}.toml"
    text = file.read_text()
    assert f"\n{old}" in text
    file.write_text(text.replace(f"\n{old}", f"\n{new}", 1))

    with pytest.raises(SettingsError, match=said) as raised:
        policies.read(copied, name, KINDS[name])

    assert str(file) in str(raised.value)


def test_a_column_that_an_earlier_champion_reads_may_have_a_limit(copied: Settings) -> None:
    file = copied.project / "policy" / "drift.toml"
    file.write_text(file.read_text().replace("[features]", "[features]\nsize_5y = 0.5", 1))

    assert policies.read(copied, "drift", DriftPolicy).features["size_5y"] == 0.5


def test_a_policy_that_is_not_there_is_named(copied: Settings) -> None:
    with pytest.raises(SettingsError, match=r"absent.toml cannot be read: No such file"):
        policies.read(copied, "absent", TriggerPolicy)
