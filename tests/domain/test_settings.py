"""Settings that contradict each other, or name what cannot be, are refused by the variable's name."""

from datetime import date

import pytest

from hotarea.domain.errors import SettingsError
from hotarea.domain.settings import Settings


def test_releases_to_exclude_are_dates_separated_by_blanks(monkeypatch):
    monkeypatch.setenv("HOTAREA_EXCLUDED_RELEASES", "2012-12-31  2015-06-30")

    assert Settings.load().excluded_releases == (date(2012, 12, 31), date(2015, 6, 30))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("HOTAREA_EXCLUDED_RELEASES", "june", r"HOTAREA_EXCLUDED_RELEASES_0='june'"),
        ("HOTAREA_TRAINING_CUTOFFS_MIN", "6", r"MIN='6': .*expected at most HOTAREA_TRAINING_CUTOFFS, which is 5"),
        ("HOTAREA_DEVICE", "tpu", r"HOTAREA_DEVICE='tpu'"),
        ("HOTAREA_SEARCH_TRIALS", "1000", r"HOTAREA_SEARCH_TRIALS='1000'"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name_and_tells_no_other_setting(monkeypatch, name, value, message):
    monkeypatch.setenv("HOTAREA_ALERT_URLS", "json://user:secret@host")
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=message) as raised:
        Settings.load()
    assert "secret" not in str(raised.value)
