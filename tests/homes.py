"""Homes of whole corpora, from raw files to published sets, made in this process: fast enough for several."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from hotarea.domain.labels import LabelRule
from hotarea.domain.records import FeatureSet, LabelSet, Release
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import features as stage
from hotarea.stages import ingest, jobs, staged_releases
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests.histories import _write
from tests.lakes import Delivery, record_releases, write_lake
from tests.shuffles import feature_tables, label_tables


def ingested(settings: Settings, raw: Path) -> list[str]:
    """Ingest all of a raw folder; its suites are proven elsewhere."""
    plan = ingest.plan(settings, "test", raw)
    assert plan
    jobs.run(ingest.job(settings, plan))
    return staged_releases.publish(settings, plan, "test")


def built(settings: Settings) -> None:
    """Build and publish what features and labels are missing; their suites are proven elsewhere."""
    plan = stage.plan(settings, "test")
    assert plan
    jobs.run(stage.feature_job(settings, plan))
    jobs.run(stage.label_job(settings, plan))
    stage.publish(settings, plan, "test")


def deliver(settings: Settings, deliveries: dict[date, Delivery]) -> None:
    """Put releases into the lake and the ledger."""
    with Ledger(settings.ledger) as ledger:
        record_releases(ledger, write_lake(settings.home, deliveries))


def releases(settings: Settings) -> list[str]:
    with Ledger(settings.ledger) as ledger:
        return [r.release_id for r in ledger.all(Release)]


def features(settings: Settings, cutoffs: Sequence[Cutoff]) -> dict[Cutoff, pa.Table]:
    """Make the features of cutoffs from the releases that they may know."""
    readable = [r for r in releases(settings) if r <= max(c.known for c in cutoffs).isoformat()]
    found: dict[Cutoff, pa.Table] = feature_tables(settings.home, readable, cutoffs, 1)
    return found


def publish(settings: Settings, cutoffs: Sequence[Cutoff], labels: Sequence[Cutoff]) -> None:
    """Publish features and labels of cutoffs."""
    rule, ledger = LabelRule(settings.horizon_years, settings.hot_quantile), Ledger(settings.ledger)
    for cutoff, table in features(settings, cutoffs).items():
        _write(Layout(settings.home).feature_set(cutoff), table)
        ledger.add(FeatureSet(cutoff=cutoff.day, known=cutoff.known, rows=table.num_rows, seconds=0, run_id="test"))
    for cutoff, table in label_tables(settings.home, releases(settings), labels, rule, 1).items():
        _write(Layout(settings.home).label_set(cutoff), table)
        ledger.add(
            LabelSet(
                cutoff=cutoff.day,
                known=cutoff.known,
                horizon_years=rule.horizon_years,
                hot_quantile=rule.hot_quantile,
                rows=table.num_rows,
                eligible=pc.sum(table["eligible"]).as_py(),
                hot=pc.sum(table["hot_area"]).as_py(),
                threshold=table["threshold"][0].as_py(),
                run_id="test",
            )
        )
    ledger.close()
