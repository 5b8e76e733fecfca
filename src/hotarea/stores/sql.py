"""Values as they stand in SQL where no parameter may stand: in the definition of a view."""

from collections.abc import Iterable


def listed(texts: Iterable[object]) -> str:
    """Return texts, or paths, as a list of strings in SQL."""
    quoted = ("'" + str(text).replace("'", "''") + "'" for text in texts)
    return f"[{', '.join(quoted)}]"
