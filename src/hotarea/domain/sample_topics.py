"""Topics of the synthetic sample corpus, and the fronts by which they boom and fade.

A topic is a row of fronts, one after another, on a small steady base. A front's activity (its share of new works) is
a bell: it smoulders, rises, peaks and falls. Fads rise and fall within months; lasting fronts take years. What is
rising steeply now is therefore not always what will be cited: that has to be learned from several features together.
"""

from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from hotarea.domain.columns import Floats

_SUBJECTS = (
    ("Materials (synthetic)", ("Perovskite", "Graphene", "Aerogel", "Metallic-glass", "Ferroelectric", "Hydrogel")),
    ("Computing (synthetic)", ("Graph", "Neuromorphic", "Federated", "Photonic", "Probabilistic", "Verified")),
    ("Life science (synthetic)", ("Microbiome", "Organoid", "Epigenetic", "Proteomic", "Synaptic", "Stem-cell")),
    ("Earth and climate (synthetic)", ("Permafrost", "Aerosol", "Ocean-current", "Monsoon", "Groundwater", "Peatland")),
)
_NOUNS = ("sensing", "modelling")
_THEMES = (
    "sparse sampling",
    "self-assembly",
    "delayed feedback",
    "pulsed excitation",
    "transfer learning",
    "interface control",
    "stochastic switching",
    "multiscale coupling",
    "isotope labelling",
    "adaptive grids",
    "surface doping",
    "causal inference",
)
_EVER = 1_000.0  # years


@dataclass(frozen=True)
class Topic:
    """One topic: the digits of its id, its name, and the name and number of its field."""

    number: int
    name: str
    field: str
    field_number: int


@dataclass(frozen=True)
class Front:
    """A burst of work on one theme of a topic; times in years since the corpus begins."""

    topic: int  # position in the list of topics
    theme: str
    born: float
    peak: float = _EVER
    rise: float = 1.0  # standard deviation of the bell before its peak
    fall: float = 1.0  # and after it
    height: float = 0.0
    smoulder: float = 0.0  # least activity from birth until two `fall`s after the peak
    is_fad: bool = False


@dataclass(frozen=True)
class Rhythm:
    """How fronts follow each other; times in years."""

    gap: float = 8.0  # mean time between two fronts of a topic
    incubation: tuple[float, float] = (0.0, 2.5)
    rise: tuple[float, float] = (1.0, 2.5)
    fall: tuple[float, float] = (1.0, 2.5)
    fad_share: float = 0.4
    fad_rise: tuple[float, float] = (0.2, 0.45)
    fad_fall: tuple[float, float] = (0.25, 0.5)
    fad_height: float = 1.5
    spread: float = 1.0  # of the logarithm of the height
    smoulder: float = 0.06
    steady: float = 0.05  # activity of a topic's foundations


def topics(count: int) -> list[Topic]:
    """Return up to 48 topics; their ids lie far above OpenAlex's."""
    named = [
        (f"{word} {noun}", field, number)
        for noun in _NOUNS
        for number, (field, words) in enumerate(_SUBJECTS)
        for word in words
    ]
    return [
        Topic(90_001 + i, f"{name} (synthetic)", field, 91 + at) for i, (name, field, at) in enumerate(named[:count])
    ]


def fronts(chance: np.random.Generator, topic_count: int, years: float, rhythm: Rhythm) -> list[Front]:
    """Draw the fronts of all topics over `years`, topic by topic; the first of each is steady, its foundations."""
    drawn = []
    for topic in range(topic_count):
        steady = rhythm.steady * chance.lognormal(0, 0.3)
        drawn.append(Front(topic, "foundations", -_EVER, smoulder=steady))
        themes = cycle(chance.permutation(_THEMES).tolist())
        born = chance.uniform(0, rhythm.gap) - 6
        while born < years:
            drawn.append(_front(chance, Front(topic, next(themes), born, smoulder=rhythm.smoulder), rhythm))
            born += chance.gamma(4, rhythm.gap / 4)
    return drawn


def _front(chance: np.random.Generator, started: Front, rhythm: Rhythm) -> Front:
    """Return a front that has just started with its peak, bell and height drawn."""
    is_fad = bool(chance.random() < rhythm.fad_share)
    rise = chance.uniform(*(rhythm.fad_rise if is_fad else rhythm.rise))
    fall = chance.uniform(*(rhythm.fad_fall if is_fad else rhythm.fall))
    height = chance.lognormal(0, rhythm.spread) * (rhythm.fad_height if is_fad else 1.0)
    peak = started.born + chance.uniform(*rhythm.incubation) + 2 * rise
    return replace(started, peak=peak, rise=rise, fall=fall, height=height, is_fad=is_fad)


def activity(fronts: list[Front], times: Floats) -> Floats:
    """Return each front's activity at each time (years), shape (fronts, times)."""
    born, peak, rise, fall, height, smoulder = (
        np.array([getattr(front, name) for front in fronts])[:, None]
        for name in ("born", "peak", "rise", "fall", "height", "smoulder")
    )
    after = times[None, :] - peak
    bell = height * np.exp(-0.5 * (after / np.where(after < 0, rise, fall)) ** 2)
    smouldering = np.where(after < 2 * fall, smoulder, 0.0)
    return np.where(times[None, :] < born, 0.0, bell + smouldering)
