"""### Generate the features and labels that are missing

For every cutoff that the releases cover: the features as they were known then, and, once a horizon has passed, the
labels. Features are validated, published each by one rename, and the newest brought into the online store.

**Runs** on new `works`, and by hand. **Starts** `train_model` and `score_documents` through the asset
`document_features`. With nothing missing the run is skipped.

**Hazards** If validation fails, none of the run's features are published and the old ones stay in service.

**Example** `{"cutoffs": ["2012-12-31", "2013-06-30@2013-12-31"]}`
"""

from pathlib import Path

from airflow.sdk import Param, dag, task

from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea_airflow.beam import BeamJobOperator
from hotarea_flow import BEAM_TIMEOUT, DEFAULT_ARGS, DOCUMENT_FEATURES, WORKS, optional


@dag(
    schedule=WORKS,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    doc_md=__doc__,
    tags=["hotarea", "data"],
    params={
        "cutoffs": Param(
            None,
            type=["null", "array"],
            items={"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}(@\d{4}-\d{2}-\d{2})?$"},
            minItems=1,
            title="Cutoffs",
            description="Dates as of which to build features, each with the release date from which they are known if "
            "that is another: 2012-06-30@2012-12-31. Empty: every year's end that the releases cover and the newest "
            "release's date, as far as they are missing.",
        ),
    },
)
def build_features():
    @task.short_circuit
    def plan(*, run_id, params):
        """Decide which cutoffs lack features or labels; skip the rest of the run if none does."""
        from hotarea.stages import features

        cutoffs = params["cutoffs"] and [Cutoff.parse(text) for text in params["cutoffs"]]
        return optional(str, features.plan(Settings.load(), run_id, cutoffs))

    @task
    def validate(plan, *, run_id):
        """Judge the new features."""
        from hotarea.stages import features

        features.validate(Settings.load(), Path(plan), run_id)

    @task
    def publish(plan, *, run_id):
        """Make features and labels visible."""
        from hotarea.stages import features

        return features.publish(Settings.load(), Path(plan), run_id)

    @task(outlets=[DOCUMENT_FEATURES])
    def materialize(published, *, run_id, outlet_events):
        """Bring the newest features into the online store."""
        from hotarea.stages import materialize

        materialize.run(Settings.load(), run_id)
        outlet_events[DOCUMENT_FEATURES].extra = {"published": published}

    planned = plan()
    features = BeamJobOperator(
        task_id="document_features",
        stage="features",
        job="feature_job",
        plan=planned,
        execution_timeout=BEAM_TIMEOUT,
    )
    labels = BeamJobOperator(
        task_id="document_labels",
        stage="features",
        job="label_job",
        plan=planned,
        execution_timeout=BEAM_TIMEOUT,
    )
    published = publish(planned)
    features >> validate(planned) >> published
    labels >> published
    materialize(published)


build_features()
