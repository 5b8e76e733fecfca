"""### Try rejected records again

Records in quarantine are tried again, as they are after the rules changed, or as a person corrected them in a file
of `hotarea quarantine show --export`. What can be used becomes known today, as a release of its own, and changes
nothing that was known before; what can't stays in quarantine with its new reason. Each record is ingested once: a
second run finds nothing to do and is skipped.

**Runs** by hand only. **Starts** `build_features` through the asset `works`.

**Hazards** Of one day there is one release: if something was ingested under today's date (UTC), retry on a later day.

**Example** `{"file": "/data/corrected.txt", "reason": "no_references"}`
"""

from pathlib import Path

from airflow.sdk import dag, task

from hotarea_chains import into_the_lake
from hotarea_flow import DAG_DEFAULTS, may_be_empty, optional, settings


@dag(
    schedule=None,
    **DAG_DEFAULTS,
    doc_md=__doc__,
    tags=["hotarea", "data", "by hand"],
    params={
        "file": may_be_empty(
            "string",
            "File",
            "Records as written out by `hotarea quarantine show --export` and corrected. "
            "Empty: all open records as they are.",
            minLength=1,
        ),
        "release": may_be_empty("string", "Release", "Only records of this release.", format="date"),
        "reason": may_be_empty(
            "string", "Reason", "Only records that were rejected for this reason, such as no_references.", minLength=1
        ),
    },
)
def retry_quarantine():
    @task.short_circuit
    def plan(*, run_id, params):
        """Try the records; skip the rest of the run if none can be used."""
        from hotarea.stages import quarantine

        file = optional(Path, params["file"])
        found = quarantine.plan(settings(), run_id, file, params["release"], params["reason"])
        return optional(str, found.plan)

    into_the_lake(plan())


retry_quarantine()
