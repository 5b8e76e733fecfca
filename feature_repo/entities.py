"""What the features describe."""

from feast import Entity, ValueType

OWNER = "hotarea"
FRESHNESS = "new with each release and each champion; online within 24 hours, or people are alerted"

document = Entity(
    name="document",
    join_keys=["document_id"],
    value_type=ValueType.INT64,
    description="A work of the bibliographic corpus; in OpenAlex the digits of its id (W…).",
    tags={"source": "lake/documents", "unit": "id", "freshness": FRESHNESS},
    owner=OWNER,
)
