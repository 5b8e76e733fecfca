"""What the ledger remembers: one frozen record per thing that happened."""

from hotarea.domain.records.champions import GATE, PROMOTED, ROLLED_BACK, Champion
from hotarea.domain.records.decisions import NOBODY, SERVING, Approval, Decision, last_by_training
from hotarea.domain.records.derived_sets import FeatureSet, LabelSet, PredictionSet
from hotarea.domain.records.identity import Identity
from hotarea.domain.records.jobs import DANGLING, QUARANTINED, JobRun
from hotarea.domain.records.moment import now
from hotarea.domain.records.monitoring import DriftCheck, LivePerformance, Watch
from hotarea.domain.records.notices import Notice, Problem
from hotarea.domain.records.online_writes import Audit, Materialization, OnlineChunk, OnlineWrite
from hotarea.domain.records.releases import RETRIED, Comparison, Release, Retry
from hotarea.domain.records.trainings import TrainingPickup, TrainingRun, TrainingStart, TriggerRequest
from hotarea.domain.records.validations import TRIAL, Validation

Record = (
    Release
    | FeatureSet
    | LabelSet
    | Validation
    | Comparison
    | TrainingRun
    | Decision
    | Approval
    | Champion
    | OnlineWrite
    | OnlineChunk
    | Materialization
    | Audit
    | PredictionSet
    | JobRun
    | Problem
    | Notice
    | Watch
    | Identity
    | Retry
    | DriftCheck
    | LivePerformance
    | TriggerRequest
    | TrainingStart
    | TrainingPickup
)
"""Any of them; the ledger has one table for each."""

__all__ = [
    "DANGLING",
    "GATE",
    "NOBODY",
    "PROMOTED",
    "QUARANTINED",
    "RETRIED",
    "ROLLED_BACK",
    "SERVING",
    "TRIAL",
    "Approval",
    "Audit",
    "Champion",
    "Comparison",
    "Decision",
    "DriftCheck",
    "FeatureSet",
    "Identity",
    "JobRun",
    "LabelSet",
    "LivePerformance",
    "Materialization",
    "Notice",
    "OnlineChunk",
    "OnlineWrite",
    "PredictionSet",
    "Problem",
    "Record",
    "Release",
    "Retry",
    "TrainingPickup",
    "TrainingRun",
    "TrainingStart",
    "TriggerRequest",
    "Validation",
    "Watch",
    "last_by_training",
    "now",
]
