"""What counts as silence, and since when."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from hotarea.domain.records import ROLLED_BACK, Champion, Materialization, Release
from hotarea.domain.silence import Limits, Quiet, Seen, listen

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIMITS = Limits(timedelta(days=45), timedelta(weeks=60), timedelta(hours=24))
PREDICTIONS = "document_predictions"


def before(**age: float) -> datetime:
    return NOW - timedelta(**age)


def release(moment: datetime, name: str = "2026-10-31") -> Release:
    counts = {"documents": 1, "citations": 1, "removals": 0, "quarantined": {}, "files": [], "seconds": 0.0}
    day = date.fromisoformat(name)
    return Release(release_id=name, release_date=day, source="", run_id="r", ingested_at=moment, **counts)


def champion(moment: datetime, version: int = 3) -> Champion:
    given = {"model_name": "m", "feature_service": "s", "metrics": {}, "reason": "", "run_id": "r"}
    return Champion(sequence=version, model_version=version, promoted_at=moment, **given)


def write(moment: datetime, view: str = "document_citations") -> Materialization:
    return Materialization(
        view=view, cutoff=date(2026, 10, 31), rows=1, seconds=0.0, run_id="r", materialized_at=moment
    )


def heard(watched: datetime | None = None, **seen: list[object]) -> dict[str, Quiet]:
    given = {"releases": [], "champions": [], "writes": []} | seen
    found = listen(Seen(watched_since=watched or NOW, served_predictions=PREDICTIONS, **given), LIMITS, NOW)
    return {quiet.name: quiet for quiet in found}


def silent(**seen: list[object]) -> set[str]:
    return {name for name, quiet in heard(**seen).items() if quiet.is_silent}


def test_a_loop_that_runs_is_not_silent():
    writes = [write(before(days=19)), write(before(days=19), PREDICTIONS)]
    assert silent(releases=[release(before(days=20))], champions=[champion(before(days=90))], writes=writes) == set()


@pytest.mark.parametrize(("age", "expected"), [(44.9, set()), (45.1, {"releases"})])
def test_no_release_for_too_long(age, expected):
    releases = [release(before(days=200), "2026-01-31"), release(before(days=age))]
    writes = [write(before(days=age - 0.1))]
    assert silent(releases=releases, champions=[], writes=writes) == expected
    assert (
        heard(releases=releases)["releases"].last
        == f"release 2026-10-31, ingested {before(days=age):%Y-%m-%d %H:%M} UTC"
    )


def test_a_home_that_never_had_a_release_is_silent_since_it_is_watched():
    assert not heard(watched=before(days=44))["releases"].is_silent
    quiet = heard(watched=before(days=46))["releases"]
    assert quiet.is_silent
    assert quiet.last == "no release has come yet"


def test_without_data_nothing_is_missing_but_data():
    found = heard()
    assert [found[name].since for name in ("promotions", "online_store")] == [None, None]


@pytest.mark.parametrize(("age", "expected"), [(59, False), (61, True)])
def test_no_promotion_for_too_long(age, expected):
    found = heard(champions=[champion(before(weeks=100), 2), champion(before(weeks=age))])
    assert found["promotions"].is_silent is expected
    assert found["promotions"].last.startswith("version 3, promoted")


def test_a_rollback_is_no_promotion():
    back = replace(champion(before(days=1), 4), kind=ROLLED_BACK, model_version=2)
    found = heard(champions=[champion(before(weeks=100), 2), champion(before(weeks=61)), back])
    assert found["promotions"].is_silent
    assert found["promotions"].last.startswith("version 3, promoted")


def test_a_first_promotion_is_missed_since_the_first_release():
    releases = [release(before(weeks=61), "2025-09-30"), release(before(days=1))]
    assert heard(releases=releases)["promotions"].is_silent


@pytest.mark.parametrize(
    ("arrived", "features", "promoted", "predictions", "expected"),
    [
        (25, 24, None, None, False),  # served since, without a champion
        (25, 26, None, None, True),  # behind the release
        (23, 26, None, None, False),  # behind, but not for long
        (25, None, None, None, True),  # never served
        (25, 24, 200, 24, False),
        (25, 24, 200, 300, True),  # features are new, predictions are not
        (300, 299, 25, 299, True),  # a promotion whose predictions are not served
        (300, 299, 25, 24, False),
        (300, 299, 23, 299, False),
    ],
)
def test_an_online_store_behind_what_has_arrived(arrived, features, promoted, predictions, expected):
    writes = [write(before(hours=features))] if features else []
    writes += [write(before(hours=predictions), PREDICTIONS)] if predictions else []
    champions = [champion(before(hours=promoted))] if promoted else []
    found = heard(releases=[release(before(hours=arrived))], champions=champions, writes=writes)
    assert found["online_store"].is_silent is expected


def test_an_old_write_is_no_silence_where_nothing_new_has_arrived():
    quiet = heard(releases=[release(before(days=40))], writes=[write(before(days=40) + timedelta(hours=1))])
    assert quiet["online_store"].age == timedelta()
