"""Copies of feature_repo that tests edit."""

import shutil
from pathlib import Path

from hotarea.domain.settings import Settings


class Repo:
    """A copy of feature_repo that a test edits."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        shutil.copytree(settings.project / "feature_repo", folder / "feature_repo")
        self._folder = folder / "feature_repo"
        self.settings = settings.model_copy(update={"project": folder})

    def edit(self, file: str, before: str, after: str) -> None:
        text = (self._folder / file).read_text()
        assert before in text
        (self._folder / file).write_text(text.replace(before, after))

    def without(self, service: str) -> None:
        """Take the last service away."""
        file = self._folder / "services.py"
        file.write_text(file.read_text().split(f"{service} =")[0])
