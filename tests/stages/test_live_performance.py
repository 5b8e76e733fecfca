"""What became of published predictions, once their labels have matured."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hotarea.domain.evaluation import MODEL, metrics, ranked
from hotarea.domain.live_performance import RIVAL
from hotarea.domain.records import LabelSet, LivePerformance, PredictionSet, TrainingRun
from hotarea.domain.settings import Settings
from hotarea.domain.tables import PREDICTIONS
from hotarea.domain.windows import Cutoff
from hotarea.stages import alert, drift_alert, live_performance
from hotarea.stores import definitions
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests.conftest import Published, _midnight
from tests.histories import History, end
from tests.servers import Webhook, webhook


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture
def history(settings: Settings, hook: Webhook) -> Settings:
    """A home whose cutoffs 2010 to 2013 have matured at a horizon of one year, and 2014 has not."""
    changed = {"horizon_years": 1, "alert_urls": hook.url, "alert_timeout_s": 8}
    settings = Settings.model_validate(settings.model_dump() | changed)
    History(settings).publish(range(2010, 2015))
    definitions.apply(settings)
    return settings


def trained(settings: Settings, version: int, expected: float, rival: float | None = None) -> None:
    metrics = {MODEL: {"average_precision": expected}}
    metrics |= {} if rival is None else {RIVAL: {"average_precision": rival}}
    with Ledger(settings.ledger) as ledger:
        ledger.add(
            TrainingRun(
                training_id=f"training-{version}", model_version=version, feature_service="hot_area_model_v1",
                training_cutoffs=[], evaluation_cutoff=end(2011), rows=1, run_id="t",
                metrics=metrics,
            )
        )  # fmt: skip


def truth(settings: Settings, year: int) -> tuple[np.ndarray, np.ndarray]:
    """The ids and labels of the eligible documents of a cutoff."""
    rows = pq.read_table(Layout(settings.home).label_set(Cutoff(end(year), end(year + 1))))
    rows = rows.filter(rows["eligible"])
    return rows["document_id"].to_numpy(), rows["hot_area"].to_numpy().astype(bool)


def rates(settings: Settings, year: int, ids: np.ndarray) -> np.ndarray:
    rows = pq.read_table(Layout(settings.home).feature_set(Cutoff(end(year), end(year))))
    rate = dict(zip(rows["document_id"].to_pylist(), rows[RIVAL].to_pylist(), strict=True))
    return np.array([rate[i] for i in ids.tolist()])


def predicted(settings: Settings, day: date, version: int, scores: dict[int, float]) -> None:
    base = {"event_timestamp": _midnight(day), "created_timestamp": _midnight(day), "model_name": "hot_area"}
    base |= {"model_version": version, "feature_service": "hot_area_model_v1"}
    rows = [base | {"document_id": i, "hot_area": s > 0.5, "hot_area_score": s} for i, s in scores.items()]
    folder = Layout(settings.home).prediction_set(Cutoff(day, day), version)
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=PREDICTIONS), folder / "part-0000.parquet")
    record = PredictionSet(
        cutoff=day, known=day, model_name="hot_area", model_version=version, rows=len(rows), hot=0, run_id="s"
    )
    Published(settings).remember(record)


def good(settings: Settings, year: int) -> dict[int, float]:
    """Scores that rank the hot areas first, save for noise."""
    ids, hot = truth(settings, year)
    noise = np.random.default_rng(year).random(len(ids))
    return dict(zip(ids.tolist(), (0.4 * hot + 0.5 * noise).tolist(), strict=True))


def guessed(settings: Settings, year: int) -> dict[int, float]:
    ids, _ = truth(settings, year)
    return dict(zip(ids.tolist(), np.random.default_rng(year).random(len(ids)).tolist(), strict=True))


def test_matured_predictions_are_scored_once_against_their_labels(history: Settings) -> None:
    trained(history, 1, 0.8)
    scores = good(history, 2013)
    predicted(history, end(2013), 1, scores)
    predicted(history, end(2014), 1, scores)  # has not matured

    (found,) = live_performance.run(history, "m1")

    ids, hot = truth(history, 2013)
    assert (found.cutoff, found.rows, found.hot) == (end(2013), 900, 90)
    assert found.metrics[MODEL] == metrics(hot, np.array([scores[i] for i in ids.tolist()]))
    assert found.metrics[MODEL]["average_precision"] > found.metrics[RIVAL]["average_precision"]
    assert found.metrics[RIVAL] == ranked(
        hot, rates(history, 2013, ids)
    )  # and no probabilities of what it is scored on
    assert live_performance.run(history, "m2") == []


def test_documents_that_were_not_predicted_or_have_no_label_are_left_out(history: Settings) -> None:
    trained(history, 1, 0.8)
    scores = good(history, 2013)
    known = dict(list(scores.items())[:700]) | {9: 0.9}  # document 9 was never cited
    predicted(history, end(2013), 1, known)

    (found,) = live_performance.run(history, "m")

    assert found.rows == 700


def test_a_drop_is_told_once_asks_for_training_and_recovers(history: Settings, hook: Webhook) -> None:
    trained(history, 1, 0.8)
    Published(history).champion(1)
    predicted(history, end(2012), 1, guessed(history, 2012))

    (fallen,) = live_performance.run(history, "m1")
    live_performance.run(history, "m2")

    assert fallen.dropped
    assert live_performance.dropped(history) == fallen
    assert hook.titles == ["hotarea: version 1 does worse than it promised"]
    assert "about 0.800, as at its evaluation" in hook.bodies[0]["message"]

    predicted(history, end(2013), 1, good(history, 2013))
    (risen,) = live_performance.run(history, "m3")
    assert not risen.dropped
    assert live_performance.dropped(history) is None
    assert hook.titles[1:] == ["hotarea: recovered: version 1 does worse than it promised"]


@pytest.mark.parametrize(("lost_by_rival", "dropped"), [(0.30, False), (0.25, False), (0.20, True), (-0.10, True)])
def test_what_the_rival_lost_as_well_is_a_hard_year_and_no_drop(
    history: Settings, hook: Webhook, lost_by_rival: float, dropped: bool
) -> None:
    """The model has lost 0.30; of its lead it may lose 0.08."""
    ids, hot = truth(history, 2013)
    scores = good(history, 2013)
    model = metrics(hot, np.array([scores[i] for i in ids.tolist()]))["average_precision"]
    rival = ranked(hot, rates(history, 2013, ids))["average_precision"]
    trained(history, 1, model + 0.30, rival + lost_by_rival)
    Published(history).champion(1)
    predicted(history, end(2013), 1, scores)

    (found,) = live_performance.run(history, "m")

    assert (found.dropped, found.expected_rival) == (dropped, pytest.approx(rival + lost_by_rival))
    assert (live_performance.dropped(history) is not None) is dropped
    told = [body["message"] for body in hook.bodies]
    assert bool(told) is dropped
    if dropped:
        assert f"rate_1y {rival:.3f} after {rival + lost_by_rival:.3f} on the same documents" in told[0]
        assert "which a hard year alone does not explain" in told[0]


def test_a_label_that_has_not_matured_scores_nothing(history: Settings) -> None:
    trained(history, 1, 0.8)
    predicted(history, end(2014), 1, good(history, 2013))
    early = LabelSet(
        cutoff=end(2014), known=end(2015), horizon_years=1, rows=1, eligible=1, hot=1, threshold=1.0, run_id="t"
    )
    Published(history).remember(early)

    assert live_performance.run(history, "m") == []


def test_a_model_that_was_replaced_says_nothing_of_the_one_in_service(history: Settings, hook: Webhook) -> None:
    for version in (1, 2):
        trained(history, version, 0.8)
        Published(history).champion(version)
    predicted(history, end(2013), 1, guessed(history, 2013))

    (found,) = live_performance.run(history, "m")

    assert found.dropped
    assert live_performance.dropped(history) is None
    assert hook.bodies == []


def test_what_was_told_of_a_champion_is_over_when_another_serves(history: Settings, hook: Webhook) -> None:
    trained(history, 1, 0.8)
    Published(history).champion(1)
    predicted(history, end(2013), 1, guessed(history, 2013))
    live_performance.run(history, "m")
    assert alert.is_open(history, drift_alert.PERFORMANCE)
    Published(history).champion(2)

    live_performance.run(history, "again")

    assert not alert.is_open(history, drift_alert.PERFORMANCE)
    assert "Version 2 is in service" in hook.bodies[-1]["message"]
    Published(history).champion(1)  # by a rollback

    live_performance.run(history, "back")

    assert alert.is_open(history, drift_alert.PERFORMANCE)


def test_too_few_hot_areas_tell_nothing(history: Settings) -> None:
    trained(history, 1, 0.8)
    scores = good(history, 2013)
    predicted(history, end(2013), 1, dict(list(scores.items())[:300]))

    assert live_performance.run(history, "m") == []
    with Ledger(history.ledger) as ledger:
        assert ledger.all(LivePerformance) == []
