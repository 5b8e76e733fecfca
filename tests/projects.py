"""Projects with another policy than the one in git."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import PROJECT


def with_policies(folder: Path, **policies: Mapping[str, str]) -> Path:
    """Make the project with other values in its policies: by the file's name, and by their keys."""
    folder.mkdir()
    for name in ("dags", "plugins", "feature_repo"):
        (folder / name).symlink_to(PROJECT / name)
    shutil.copytree(PROJECT / "policy", folder / "policy")
    for name, changes in policies.items():
        file = folder / "policy" / f"{name}.toml"
        policy = file.read_text()
        for key, value in changes.items():
            (line,) = (line for line in policy.splitlines() if line.startswith(f"{key} ="))
            policy = policy.replace(line, f"{key} = {value}")
        file.write_text(policy)
    return folder


def with_gate(folder: Path, **changes: str) -> Path:
    """Make the project with other thresholds of the gate, by their keys."""
    return with_policies(folder, gate=changes)


def that_holds(folder: Path, **changes: str) -> Path:
    """Make the project in which the gate holds every candidate that could serve: no model is fast enough for it."""
    return with_gate(folder, max_p99_ms="1e-9", **changes)
