"""The watch over what does not happen, on a real ledger and a real webhook."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from hotarea.domain.records import Release, Watch, now
from hotarea.domain.settings import Settings
from hotarea.stages import silence
from hotarea.stores.ledger import Ledger
from tests.servers import Webhook, webhook
from tests.stages.pasts import rewrite


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture
def watched(settings: Settings, hook: Webhook) -> Settings:
    return Settings.load(home=settings.home, project=settings.project, alert_urls=hook.url, alert_timeout_s=8)


def release(settings: Settings, name: str, days_ago: float) -> None:
    counts = {"documents": 1, "citations": 1, "removals": 0, "quarantined": {}, "files": [], "seconds": 0.0}
    moment, day = now() - timedelta(days=days_ago), date.fromisoformat(name)
    with Ledger(settings.ledger) as ledger:
        ledger.add(Release(release_id=name, release_date=day, source="", run_id="r", ingested_at=moment, **counts))


def test_a_new_home_is_not_silent_and_remembers_since_when_it_is_watched(watched, hook):
    assert [quiet.is_silent for quiet in silence.watch(watched, "w1")] == [False, False, False]
    silence.watch(watched, "w2")
    with Ledger(watched.ledger) as ledger:
        (watch,) = ledger.all(Watch)
        rewrite(ledger, watch, replace(watch, since=watch.since - timedelta(days=46)))
    assert hook.bodies == []
    silence.watch(watched, "w3")
    assert hook.titles == ["hotarea: silence of the releases"]


def test_silence_is_told_once_and_so_is_its_end(watched, hook):
    release(watched, "2026-01-31", days_ago=50)
    for run_id in ("w1", "w2", "w3"):
        silence.watch(watched, run_id)
    assert hook.titles == ["hotarea: silence of the releases", "hotarea: silence of the online store"]
    lines = hook.bodies[0]["message"].splitlines()
    assert "Expected: at most 45 days (HOTAREA_SILENCE_RELEASE_DAYS)" in lines
    assert any(line.startswith("Observed: 50 days; release 2026-01-31, ingested ") for line in lines)
    assert f"Where: home {watched.home}" in lines
    assert "Look closer: hotarea status" in lines
    release(watched, "2026-02-28", days_ago=0)
    silence.watch(watched, "w4")
    silence.watch(watched, "w5")
    assert hook.titles[2:] == [
        "hotarea: recovered: silence of the releases",
        "hotarea: recovered: silence of the online store",
    ]
    assert "The silence of the releases is broken: release 2026-02-28" in hook.bodies[2]["message"]


def test_the_limits_are_settings(settings, hook):
    release(settings, "2026-01-31", days_ago=50)
    patient = {"silence_release_days": 400, "silence_promotion_weeks": 7, "silence_online_h": 2000}
    loose = Settings.load(home=settings.home, project=settings.project, alert_urls=hook.url, **patient)
    silence.watch(loose, "w1")
    assert hook.titles == ["hotarea: silence of the promotions"]


def test_the_watch_delivers_what_waited(watched, hook):
    release(watched, "2026-01-31", days_ago=50)
    hook.status = 500
    silence.watch(watched, "w1")
    hook.status, hook.bodies[:] = 200, []
    silence.watch(watched, "w2")
    assert hook.titles == ["hotarea: silence of the releases", "hotarea: silence of the online store"]
