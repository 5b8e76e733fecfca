"""A newest release that lost most of its citations is noticed by the gate, on the sample corpus."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain.settings import Settings
from hotarea.stages import gate, materialize, sample, train
from hotarea.stores.layout import Layout
from tests.homes import built, ingested

LOST = 0.95


def test_a_newest_release_that_lost_its_citations_is_held_for_drift_alone(with_registry: Settings) -> None:
    raw = with_registry.home / "raw" / "sample"
    settings = with_registry.model_copy(update={"horizon_years": 2, "raw": raw})
    sample.run(settings, works=3000)
    ingested(settings, raw)
    rng = np.random.default_rng(1)
    for part in (Layout(settings.home).release("2024-12-31") / "citations").glob("part-*.parquet"):
        citations = pq.read_table(part)
        pq.write_table(citations.filter(pa.array(rng.random(citations.num_rows) >= LOST)), part)
    built(settings)
    materialize.run(settings, "test", views=["document_citations"])

    decision = gate.run(settings, train.run(settings, "test"), "test")

    against = {check["name"]: check["value"] for check in decision.checks if check["verdict"] != "passed"}
    assert decision.verdict == "hold"
    assert all(name.startswith("drift: ") for name in against), decision.reasons
    assert {"drift: weighted", "drift: predictions"} & set(against)
    assert max(value for name, value in against.items() if name.endswith("_pct")) > 1.5
