"""### Generate the features and labels that are missing

For every cutoff that the releases cover: the features as they were known then, and, once a horizon has passed, the
labels. Features are validated, published each by one rename, and the newest brought into the online store.

**Runs** on new `works`, and by hand. **Starts** `monitor_model` and `score_documents` through the asset
`document_features`. With nothing missing all but the audit is skipped.

**Hazards** If validation fails, none of the run's features are published and the old ones stay in service. If the audit
fails, what is served is wrong: the next run, or `hotarea materialize`, writes it again.

**Example** `{"cutoffs": ["2012-12-31", "2013-06-30@2014-12-31"]}`
"""

from pathlib import Path

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowSkipException

from hotarea_airflow.validation import validation
from hotarea_chains import beam_job
from hotarea_flow import DAG_DEFAULTS, DOCUMENT_FEATURES, WORKS, may_be_empty, optional, settings


@dag(
    schedule=WORKS,
    **DAG_DEFAULTS,
    doc_md=__doc__,
    tags=["hotarea", "data"],
    params={
        "cutoffs": may_be_empty(
            "array",
            "Cutoffs",
            "Dates as of which to build features, 2012-06-30, or with the release date from which they are "
            "known, 2012-06-30@2013-12-31. Empty: every year's end that the releases cover and the newest release's "
            "date, as far as they are missing.",
            items={"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}(@\d{4}-\d{2}-\d{2})?$"},
            minItems=1,
        ),
    },
)
def build_features():
    @task.short_circuit(ignore_downstream_trigger_rules=False)
    def plan(*, run_id, params):
        """Decide which cutoffs lack features or labels; skip what builds them if none does."""
        from hotarea.stages import features

        cutoffs = params["cutoffs"] and [features.cutoff_of(settings(), text) for text in params["cutoffs"]]
        return optional(str, features.plan(settings(), run_id, cutoffs))

    @validation("document_features")
    def validate(plan, *, run_id):
        """Judge the new features."""
        from hotarea.stages import features

        features.validate(settings(), Path(plan), run_id)

    @task
    def publish(plan, *, run_id):
        """Make features and labels visible."""
        from hotarea.stages import features

        return features.publish(settings(), Path(plan), run_id)

    @task(outlets=[DOCUMENT_FEATURES], trigger_rule="none_failed")
    def materialize(published, *, run_id, outlet_events):
        """Bring the newest features into the online store; skipped if nothing is new, there or on disk."""
        from hotarea.stages import materialize

        written = materialize.run(settings(), run_id)
        if not (published or written):
            raise AirflowSkipException("nothing is new: all features are published and served")
        outlet_events[DOCUMENT_FEATURES].extra = {"published": published or []}

    @task(trigger_rule="none_failed")
    def audit(*, run_id):
        """Compare what is served now with the offline store, also if nothing is new; fail if they differ."""
        from hotarea.stages import audit

        audit.run(settings(), run_id)

    planned = plan()
    features = beam_job(
        "document_features",
        "Count citations and areas as of each cutoff.",
        planned,
        stage="features",
        job="feature_job",
    )
    labels = beam_job(
        "document_labels",
        "Look a horizon ahead of each matured cutoff to see which areas were hot.",
        planned,
        stage="features",
        job="label_job",
    )
    published = publish(planned)
    features >> validate(planned) >> published
    labels >> published
    materialize(published) >> audit()


build_features()
