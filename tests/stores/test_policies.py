"""Policies are read strictly: whatever is wrong with one is told by file, key, value and what was expected."""

import itertools
import re
from pathlib import Path

import pytest

from hotarea.domain.errors import SettingsError
from hotarea.domain.gate_policy import Policy
from hotarea.domain.settings import Settings
from hotarea.stores import policies
from tests.conftest import PROJECT

GATE = (PROJECT / "policy" / "gate.toml").read_text()
REQUIRED = next(line for line in GATE.splitlines() if line.startswith("required = "))


def read(tmp_path: Path, text: str | bytes) -> Policy:
    file = tmp_path / "policy" / "gate.toml"
    file.parent.mkdir()
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return policies.read(Settings.load(project=tmp_path), "gate", Policy)


def test_the_projects_policy_is_whole(tmp_path):
    assert read(tmp_path, GATE).approval.wait_hours > 0


def test_every_threshold_has_its_reason_above_it():
    lines = GATE.splitlines()
    bare = [line for above, line in itertools.pairwise(lines) if " = " in line and not above.startswith("#")]
    # one reason may stand for two that go together
    assert [line.split(" = ")[0] for line in bare] == ["min_hot"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("min_hot = 50\n# Guards", "# Guards", r"evaluation.*missing required field `min_hot`"),
        ("min_roc_auc = 0.80", "min_roc_auc = 0.80\nmin_roc = 1.0", r"evaluation.*unknown field `min_roc`"),
        ("min_roc_auc = 0.80", 'min_roc_auc = "high"', r"evaluation\.min_roc_auc is 'high': Expected `float`"),
        ("min_roc_auc = 0.80", "min_roc_auc = 1.2", r"evaluation\.min_roc_auc is 1\.2: Expected `float` <= 1"),
        ("tolerance = 0.02", "tolerance = -0.02", r"champion\.tolerance is -0\.02: Expected `float` >= 0"),
        (
            '"rate_1y", ',
            '"rate_1d", ',
            r"baselines: required names rate_1d, .* expected one or more of rate, rate_1y, ",
        ),
        (REQUIRED, "required = []", r"baselines: required is empty; expected one or more of rate, rate_1y, "),
        (REQUIRED, "required = [1]", r"baselines\.required\[0\] is \[1\]: Expected `str`, got `int`"),
        (REQUIRED, "", r"baselines.*missing required field `required`"),
        ("wait_hours = 96.0", "wait_hours = 0.0", r"approval\.wait_hours is 0\.0: Expected `float` > 0"),
        ("[serving]", "[service]", r"the file.*(unknown field `service`|missing required field `serving`)"),
    ],
)
def test_what_is_wrong_is_told_by_file_key_value_and_what_was_expected(tmp_path, old, new, said):
    assert GATE.count(old) == 1

    with pytest.raises(SettingsError, match=re.escape(str(tmp_path / "policy" / "gate.toml"))) as raised:
        read(tmp_path, GATE.replace(old, new))
    assert re.search(said, str(raised.value)), raised.value


@pytest.mark.parametrize("text", ["[evaluation", b"\xff\xfe", "min_hot = "])
def test_a_file_that_is_no_toml_is_told(tmp_path, text):
    with pytest.raises(SettingsError, match=r"gate\.toml cannot be read: .*Restore it from git"):
        read(tmp_path, text)


def test_a_policy_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SettingsError, match="set HOTAREA_PROJECT to the folder that holds policy/"):
        policies.read(Settings.load(project=tmp_path), "gate", Policy)
