"""What the ledger remembers: one frozen record per thing that happened."""

from hotarea.domain.records.champions import PROMOTED, ROLLED_BACK, Approval, Champion, Decision, TrainingRun
from hotarea.domain.records.derived_sets import DANGLING, QUARANTINED, FeatureSet, JobRun, LabelSet, PredictionSet
from hotarea.domain.records.moment import now
from hotarea.domain.records.monitoring import DriftCheck, LivePerformance, TrainingStart, TriggerRequest
from hotarea.domain.records.notices import Notice, Problem, Watch
from hotarea.domain.records.online_writes import Identity, Materialization, OnlineChunk, OnlineWrite
from hotarea.domain.records.releases import RETRIED, Comparison, Release, Retry
from hotarea.domain.records.validations import TRIAL, Audit, Validation

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
)
"""Any of them; the ledger has one table for each."""

__all__ = [
    "DANGLING",
    "PROMOTED",
    "QUARANTINED",
    "RETRIED",
    "ROLLED_BACK",
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
    "TrainingRun",
    "TrainingStart",
    "TriggerRequest",
    "Validation",
    "Watch",
    "now",
]
