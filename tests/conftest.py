"""Fixtures that all tests share: a home of their own, and the real data where it is present."""

from pathlib import Path

import pytest

from hotarea.domain.settings import Settings

PROJECT = Path(__file__).parents[1]
SHARED_DATA = PROJECT.parent / "shared" / "data"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a fresh home."""
    return Settings.load(home=tmp_path / "home", project=PROJECT)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real bibliographic data; skips where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data is absent: {SHARED_DATA}")
    return SHARED_DATA
