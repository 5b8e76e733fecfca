"""Published features and labels of a made-up corpus, written directly, in which a model can beat every baseline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain import records, tables
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

SHORT = {"horizon_years": 1, "training_cutoffs": 3}
"""With these a history of six years trains on three, evaluates one and scores the newest."""

TOPICS = ("T1", "T2", "T3", None)


def end(year: int) -> date:
    return date(year, 12, 31)


@dataclass(frozen=True)
class History:
    """Yearly releases, and what follows from them, of `documents` works; every tenth is never cited.

    An area gets hot by its one-year rate, but only if it is young: no single feature and no linear model says so.
    """

    settings: Settings
    documents: int = 1000
    lag: timedelta = timedelta()  # releases come so long after the end of the year that they cover

    def publish(self, years: Sequence[int], shift: float = 0.0) -> None:
        """Publish releases, features and (where matured) labels; `shift` moves the newest year's features away."""
        for year in years:
            moved = shift if year == years[-1] else 0.0
            self.publish_at(end(year) + self.lag, moved)
            if self.lag:
                with Ledger(self.settings.ledger) as ledger:
                    self._set(ledger, Cutoff(end(year), end(year) + self.lag), moved)
        with Ledger(self.settings.ledger) as ledger:
            covered = [r.release_date - self.lag for r in ledger.all(records.Release)]
            released = [day.year for day in covered if day == end(day.year)]
            labelled = {s.cutoff for s in ledger.all(records.LabelSet)}
            for year in sorted(year for year in set(released) if end(year) not in labelled):
                if year + self.settings.horizon_years <= max(released):
                    for day in {end(year), end(year) + self.lag}:
                        self._labels(ledger, year, day)

    def publish_at(self, day: date, shift: float = 0.0) -> None:
        """Publish the release of a day and its features, but no labels."""
        with Ledger(self.settings.ledger) as ledger:
            self._release(ledger, day)
            self._set(ledger, Cutoff(day, day), shift)

    def _set(self, ledger: Ledger, cutoff: Cutoff, shift: float) -> None:
        _write(Layout(self.settings.home).feature_set(cutoff), self._features(cutoff, shift))
        made = {"rows": self.documents, "seconds": 0, "run_id": "test"}
        ledger.add(records.FeatureSet(cutoff=cutoff.day, known=cutoff.known, **made))

    def correct(self, cutoff: Cutoff) -> None:
        """Publish features of a cutoff again as known later: each number is absurd."""
        first = pq.read_table(Layout(self.settings.home).feature_set(Cutoff(cutoff.day, cutoff.day)))
        for name in (f.name for f in tables.FEATURES if not f.name.endswith(("_id", "_timestamp"))):
            at = first.schema.get_field_index(name)
            field = first.schema.field(at)
            first = first.set_column(at, field, pa.repeat(pa.scalar(1, field.type), first.num_rows))
        moment = pa.scalar(_midnight(cutoff.known), tables.FEATURES.field("created_timestamp").type)
        at = first.schema.get_field_index("created_timestamp")
        first = first.set_column(at, first.schema.field(at), pa.repeat(moment, first.num_rows))
        _write(Layout(self.settings.home).feature_set(cutoff), first)
        with Ledger(self.settings.ledger) as ledger:
            ledger.add(
                records.FeatureSet(cutoff=cutoff.day, known=cutoff.known, rows=self.documents, seconds=0, run_id="test")
            )

    def _features(self, cutoff: Cutoff, shift: float) -> pa.Table:
        rng = np.random.default_rng(cutoff.day.toordinal())
        cited = np.arange(self.documents) % 10 != 9
        columns: dict[str, np.ndarray] = {name: rng.poisson(4, self.documents) + 1 for name in tables.COUNTS}
        columns |= {name: rng.lognormal(0, 1, self.documents) for name in tables.RATIOS}
        columns["citing_share_1y"] = np.clip(rng.random(self.documents) + shift, 0, 1)
        columns["age_years"] = rng.uniform(0, 20, self.documents)
        columns["cite_count"] = np.where(cited, columns["cite_count"], 0)
        found = {name: pa.array(values, mask=_unknown(name, cited)) for name, values in columns.items()}
        found |= {f"{name}_pct": _percentiles(found[name], shift) for name in tables.RANKED}
        return _table(tables.FEATURES, self.documents, cutoff.day, cutoff.known, found)

    def _labels(self, ledger: Ledger, year: int, day: date) -> None:
        cutoff = Cutoff(day, end(year + self.settings.horizon_years) + self.lag)
        features = pq.read_table(Layout(self.settings.home).feature_set(Cutoff(day, end(year) + self.lag)))
        rate, share = (features[name].to_numpy() for name in ("rate_1y", "citing_share_1y"))
        noise = np.random.default_rng(year + 5000).lognormal(0, 0.2, self.documents)
        future = noise * np.where(np.nan_to_num(share) > 0.6, rate, 0.3 + 0.1 * rate)
        eligible = features["cite_count"].to_numpy() >= 1
        threshold = float(np.quantile(future[eligible], self.settings.hot_quantile))
        hot = future > threshold
        columns = {
            "eligible": eligible,
            "future_size": np.zeros(self.documents, np.int64),
            "future_rate": future,
            "hot_area": pa.array(hot, mask=~eligible),
            "threshold": np.full(self.documents, threshold),
        }
        table = _table(tables.LABELS, self.documents, cutoff.day, cutoff.known, columns)
        _write(Layout(self.settings.home).label_set(cutoff), table)
        ledger.add(
            records.LabelSet(
                cutoff=cutoff.day,
                known=cutoff.known,
                horizon_years=self.settings.horizon_years,
                hot_quantile=self.settings.hot_quantile,
                rows=self.documents,
                eligible=int(eligible.sum()),
                hot=int((hot & eligible).sum()),
                threshold=threshold,
                run_id="test",
            )
        )

    def _release(self, ledger: Ledger, day: date) -> None:
        """Put a release into the lake and the ledger; the first one delivers all documents."""
        first = not ledger.all(records.Release)
        folder = Layout(self.settings.home).release(str(day))
        ids = np.arange(self.documents if first else 0)
        topics = [TOPICS[i % len(TOPICS)] for i in ids]
        rows = [
            {
                "document_id": int(i),
                "published": date(2000, 1, 1),
                "updated": _midnight(day),
                "topic_id": topic,
                "topic": topic and f"topic {topic}",
                "is_retracted": False,
                "reference_count": 0,
            }
            for i, topic in zip(ids, topics, strict=True)
        ]
        _write(folder / "documents", pa.Table.from_pylist(rows, schema=tables.DOCUMENTS))
        pq.write_table(tables.REMOVALS.empty_table(), folder / "removals.parquet")
        ledger.add(
            records.Release(
                release_id=str(day),
                release_date=day,
                source="test",
                files=[],
                documents=len(ids),
                citations=0,
                removals=0,
                quarantined={},
                seconds=0,
                run_id="test",
            )
        )


def _unknown(name: str, cited: np.ndarray) -> np.ndarray:
    """Where a feature is null: ratios to citations, without any."""
    return ~cited if name in {"rate", "citing_age_mean", "citing_share_1y", "citing_rate_1y"} else ~cited & False


def _percentiles(values: pa.Array, shift: float) -> pa.Array:
    known = values.to_numpy(zero_copy_only=False)
    ordered = np.sort(known[~np.isnan(known)])
    ranks = (np.searchsorted(ordered, known) + np.searchsorted(ordered, known, side="right")) / (2 * len(ordered))
    return pa.array(np.clip(ranks + shift, 0, 1), mask=values.is_null().to_numpy(zero_copy_only=False))


def _table(schema: pa.Schema, count: int, day: date, known: date, columns: dict[str, object]) -> pa.Table:
    keys = {
        "document_id": np.arange(count),
        "event_timestamp": [_midnight(day)] * count,
        "created_timestamp": [_midnight(known)] * count,
    }
    found = {**keys, **columns}
    return pa.table(
        [
            pa.array(found[f.name], f.type) if not isinstance(found[f.name], pa.Array) else found[f.name].cast(f.type)
            for f in schema
        ],
        schema=schema,
    )


def _write(folder: Path, table: pa.Table) -> None:
    folder.mkdir(parents=True)
    half = table.num_rows // 2
    for number, part in enumerate((table.slice(0, half), table.slice(half))):
        pq.write_table(part, folder / f"part-{number:04d}.parquet")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
