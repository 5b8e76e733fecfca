"""How much of what a model reads was compared between the online and the offline store."""

from hotarea.domain.evidence import Evidence


def told(evidence: Evidence) -> str:
    """Say in a sentence which of the model's features are served online, and so compared; empty if that is unknown."""
    online, number = evidence.online_features, len(evidence.features)
    if online is None:
        return ""
    if not online:
        return f"None of the model's {number} features is served online: all are read offline only."
    share = sum(evidence.importance.get(name, 0.0) for name in online)
    return (
        f"Of the model's {number} features, {len(online)} with {share:.1%} of the gain ({', '.join(online)}) "
        f"{'is' if len(online) == 1 else 'are'} served online and therefore compared; the others are read offline only."
    )
