"""What the features describe."""

from feast import Entity, ValueType

OWNER = "hotarea"
_ONLINE = "online within 24 hours, or people are alerted"
FRESHNESS = {
    "features": f"new with each release and each correction; {_ONLINE}",
    "predictions": f"new with each release, each correction and each champion; {_ONLINE}",
    "offline": "new with each release and each correction; read offline only",
}

document = Entity(
    name="document",
    join_keys=["document_id"],
    value_type=ValueType.INT64,
    description="A work of the bibliographic corpus; in OpenAlex the digits of its id (W…).",
    tags={"source": "lake/documents", "unit": "id", "freshness": FRESHNESS["features"]},
    owner=OWNER,
)
