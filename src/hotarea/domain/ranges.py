"""Ranges of the numbers that policies may set: what is outside of one could silence a check for ever."""

from typing import Annotated

import msgspec

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Amount = Annotated[float, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]

Part = Annotated[float, msgspec.Meta(gt=0, lt=1)]
"""A limit for a share or a distance that reaches 1: a limit of 1 is never passed."""

Index = Annotated[float, msgspec.Meta(gt=0, le=10)]
"""A limit for a PSI: all rows in another bin than before give 10.5, since an empty bin counts as 0.005."""

Factor = Annotated[float, msgspec.Meta(ge=1, le=10)]
"""How many times a limit: below 1 it would be stricter than the limit, and beyond 10 it is none."""

Days = Annotated[float, msgspec.Meta(gt=0, le=3650)]
Minutes = Annotated[float, msgspec.Meta(gt=0, le=7 * 24 * 60)]
Hours = Annotated[float, msgspec.Meta(ge=0, le=365 * 24)]
