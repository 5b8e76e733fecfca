"""Works' lists of references, from the JSON of `referenced_works` to numbers, a whole batch of works at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hotarea.domain import identifiers, raw_kinds
from hotarea.domain.columns import Ints
from hotarea.domain.rejects import Reason, Wrong

_decode = msgspec.json.Decoder(list[str] | None).decode

_OPENING = b'"https://openalex.org/W'
_QUOTE, _BRACKET = b'"['

_ZEROS = np.uint64(0x3030303030303030)  # eight times "0"
_HIGH, _SIX = np.uint64(0xF0F0F0F0F0F0F0F0), np.uint64(0x0606060606060606)
_LAST = np.array([0, *(((1 << 64) - 1) & ~((1 << 64 - 8 * digits) - 1) for digits in range(1, 9))], np.uint64)
"""By a number of digits: which bytes of a little-endian word are the last so many of its text."""

_Words = NDArray[np.uint64]


@dataclass(frozen=True)
class ReferenceLists:
    """The lists of a batch of works, one after another, as they stand there."""

    lengths: Ints  # of each work's list
    cited: pa.Int64Array  # null where a text is no id
    wrong: dict[int, Wrong]  # what is wrong with a work's list, by its row
    unusual: Sequence[msgspec.Raw]  # the lists as they stand there; none if all have the usual form

    @classmethod
    def of(cls, lists: Sequence[msgspec.Raw]) -> "ReferenceLists":
        """Read lists that are JSON values of any kind: at once if all have the usual form, else one by one."""
        found = _at_once(lists)
        return cls(*found, {}, ()) if found else cls._one_by_one(lists)

    def kinds(self) -> dict[str, raw_kinds.Column]:
        """Return the kinds of `referenced_works` and of the first `referenced_work` in it."""
        if not self.unusual:
            firsts = np.where(self.lengths > 0, "url", "absent").tolist()
            return {"referenced_works": "list", "referenced_work": raw_kinds.folded(firsts)}
        texts = [bytes(memoryview(value)[:64]) for value in self.unusual]
        return {
            "referenced_works": raw_kinds.folded([*map(raw_kinds.of_json, texts)]),
            "referenced_work": raw_kinds.folded([*map(raw_kinds.of_first, texts)]),
        }

    @classmethod
    def _one_by_one(cls, lists: Sequence[msgspec.Raw]) -> "ReferenceLists":
        texts = [_texts(value) for value in lists]
        wrong = {row: found for row, found in enumerate(texts) if isinstance(found, Wrong)}
        usable = [() if isinstance(found, Wrong) else found for found in texts]
        lengths = np.fromiter(map(len, usable), np.int64, len(usable))
        cited = identifiers.works(list(chain.from_iterable(usable)))
        bad = np.flatnonzero(cited.is_null().to_numpy(zero_copy_only=False))
        ends = np.cumsum(lengths)
        for row, at in zip(np.searchsorted(ends, bad, side="right").tolist(), bad.tolist(), strict=True):
            text = usable[row][at - int(ends[row])]
            wrong.setdefault(row, Wrong(Reason.BAD_REFERENCE, f"reference {text!r}; {identifiers.EXPECTED}"))
        return cls(lengths, cited, wrong, lists)


def _texts(value: msgspec.Raw) -> list[str] | Wrong:
    try:
        found: list[str] | None = _decode(value)
    except msgspec.ValidationError as error:
        said = str(error) if "`$" in str(error) else f"{error} - at `$`"
        return Wrong(Reason.WRONG_TYPE, said.replace("`$", "`$.referenced_works"))
    except msgspec.DecodeError as error:
        return Wrong(Reason.BROKEN_JSON, f"referenced_works: {error}; expected a list of texts")
    if found is None:
        return Wrong(Reason.NO_REFERENCES, "referenced_works is null or missing; expected a list, empty if none")
    return found


def _at_once(lists: Sequence[msgspec.Raw]) -> tuple[Ints, pa.Int64Array] | None:
    """Return lengths and numbers if every list is `["https://openalex.org/W…",…]` without blanks; None if not.

    The values are valid JSON, so it is enough that all are lists, that there are as many openings as texts, that digits
    follow up to the closing quotes, and that the bytes of all this are as many as there are.
    """
    joined = b"".join(lists)
    sizes = np.fromiter((memoryview(value).nbytes for value in lists), np.int64, len(lists))
    starts = np.cumsum(sizes) - sizes
    characters = np.frombuffer(joined, np.uint8)
    if (characters[starts] != _BRACKET).any():
        return None
    quotes = np.flatnonzero(characters == _QUOTE)
    begins, ends = quotes[0::2], quotes[1::2]
    if len(begins) != len(ends) or joined.count(_OPENING) != len(begins):
        return None
    commas = len(begins) - np.count_nonzero(sizes > 2)
    if len(joined) != 2 * len(lists) + (ends - begins + 1).sum() + commas:
        return None
    numbers = _numbers(joined, begins + len(_OPENING), ends)
    if numbers is None:
        return None
    return np.diff(np.searchsorted(begins, starts), append=len(begins)), pa.array(numbers)


def _numbers(text: bytes, begins: Ints, ends: Ints) -> Ints | None:
    """Return the numbers above 0 that stand in the text at [begin, end), 16 digits at most; None if others do.

    At least 15 bytes must stand before the shortest one.
    """
    if not len(begins):
        return np.empty(0, np.int64)
    digits = ends - begins
    if digits.min() < 1 or digits.max() > 16:
        return None
    words = np.ndarray((len(text) - 7,), "<u8", text, 0, (1,))  # the one that begins at each byte
    low = _eight_digits(words[ends - 8], np.minimum(digits, 8))
    high = _eight_digits(words[ends - 16], np.maximum(digits - 8, 0))
    if low is None or high is None:
        return None
    numbers = (high * np.uint64(10**8) + low).astype(np.int64)
    return numbers if numbers.min() > 0 else None


def _eight_digits(words: _Words, digits: Ints) -> _Words | None:
    """Return the numbers that the last so many characters of each word's eight are; None if one is no digit.

    Neighbours are added pairwise: digits to pairs, pairs to fours, all eight words' bytes at once. After D. Lemire,
    "Quickly parsing eight digits" (2018).
    """
    last = _LAST[digits]
    words = (words & last) | (_ZEROS & ~last)
    if ((words & _HIGH) != _ZEROS).any() or (((words + _SIX) & _HIGH) != _ZEROS).any():
        return None
    words = words - _ZEROS
    pairs = words * np.uint64(10) + (words >> np.uint64(8))
    every_other = np.uint64(0x000000FF000000FF)
    first = (pairs & every_other) * np.uint64((1_000_000 << 32) + 100)
    second = ((pairs >> np.uint64(16)) & every_other) * np.uint64((10_000 << 32) + 1)
    found: _Words = (first + second) >> np.uint64(32)
    return found
