"""Projects with another policy than the one in git."""

import shutil
from pathlib import Path

from tests.conftest import PROJECT


def with_gate(folder: Path, **changes: str) -> Path:
    """Make the project with other thresholds of the gate, by their keys."""
    folder.mkdir()
    for name in ("dags", "plugins", "feature_repo"):
        (folder / name).symlink_to(PROJECT / name)
    policy = (PROJECT / "policy" / "gate.toml").read_text()
    for key, value in changes.items():
        (line,) = (line for line in policy.splitlines() if line.startswith(f"{key} ="))
        policy = policy.replace(line, f"{key} = {value}")
    shutil.copytree(PROJECT / "policy", folder / "policy")
    (folder / "policy" / "gate.toml").write_text(policy)
    return folder


def that_holds(folder: Path, **changes: str) -> Path:
    """Make the project in which the gate holds every candidate that could serve: no model is fast enough for it."""
    return with_gate(folder, max_p99_ms="1e-9", **changes)
