"""The documentation says what the code does."""

import re
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from hotarea.cli import app
from hotarea.domain.settings import Settings

PROJECT = Path(__file__).parents[1]


def test_every_setting_is_documented_with_its_default() -> None:
    listed = re.findall(
        r"^\| `HOTAREA_(\w+)` \| (.*?) \| (.*) \|$", (PROJECT / "docs/settings.md").read_text(), re.MULTILINE
    )
    expected = [
        (name.upper(), "unset" if field.default in {None, ()} else f"`{field.default}`", field.description)
        for name, field in Settings.model_fields.items()
    ]
    assert listed == expected


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    text = (PROJECT / "README.md").read_text()
    assert len(text.splitlines()) <= 150
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links
    assert [link for link in links if not (PROJECT / link).exists()] == []


def test_every_command_has_help() -> None:
    names = re.findall(
        r"`([a-z]+)(?: --json)?`", (PROJECT / "README.md").read_text().split("run each stage by hand:")[1].split("|")[0]
    )
    assert "rollback" in names
    commands = get_command(app).commands
    assert set(names) <= set(commands)
    for name in commands:
        shown = CliRunner().invoke(app, [name, "--help"])
        assert shown.exit_code == 0
        assert "Usage" in shown.output
