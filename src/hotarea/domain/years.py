"""Whether years of publication were shifted: of works known before, of new works, or ahead of their delivery."""

from collections.abc import Iterator, Mapping

from hotarea.domain import limits
from hotarea.domain.finding import Finding


def moved(moves: Mapping[int, int], works: int) -> Iterator[Finding]:
    """Yield a finding if most of the works that come again moved by the same number of years; 0 is none."""
    away = {years: count for years, count in moves.items() if years}
    if not away or works < limits.AT_LEAST:
        return
    years = max(away, key=lambda number: (away[number], number))
    if away[years] > limits.SHIFTED_SHARE * works:
        yield Finding(
            "years_shifted",
            "critical",
            "published",
            f"At most {limits.SHIFTED_SHARE:.0%} of the works that come again moved by as many years.",
            f"{away[years]:,} of {works:,} are dated {_apart(years)} than before: the years were shifted",
        )


def lagging(now: Mapping[int, int], usual: Mapping[int, int]) -> Iterator[Finding]:
    """Yield a finding if new works, usually of one age when they are delivered, are all of another at once."""
    works, before = sum(now.values()), sum(usual.values())
    if min(works, before) < limits.AT_LEAST:
        return
    age = max(usual, key=lambda years: (usual[years], years))
    then = max(now, key=lambda years: (now[years], years))
    common = min(usual[age] / before, now[then] / works) >= limits.LAG_USUAL_SHARE
    if then != age and common and now.get(age, 0) <= limits.LAG_LEFT_SHARE * works:
        yield Finding(
            "years_shifted",
            "critical",
            "published",
            f"New works are as many years old as usual: {usual[age] / before:.0%} were {age} in the deliveries before.",
            f"{now[then]:,} of {works:,} are {then}, so they are dated {_apart(age - then)} than others were: the "
            "years were shifted",
        )


def ahead(works_ahead: int, works: int) -> Iterator[Finding]:
    """Yield a finding if too many works are dated after their delivery."""
    if works >= limits.AT_LEAST and works_ahead > limits.AHEAD_SHARE * works:
        yield Finding(
            "years_ahead",
            "critical",
            "published",
            f"At most {limits.AHEAD_SHARE:.0%} of new works are dated after the release that delivers them.",
            f"{works_ahead:,} of {works:,} are: the years were shifted ahead, or the release's date is wrong",
        )


def _apart(years: int) -> str:
    number = abs(years)
    return f"{number} year{'s' if number > 1 else ''} {'later' if years > 0 else 'earlier'}"
