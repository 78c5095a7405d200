"""Made-up company names."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from saasmetrics.sample.company import generator

_HEADS = (
    "Vel Quar Bram Tos Lun Fen Mar Kest Dov Hal Nor Pel Ruv Sarn Ter Ul Wex Yar Zim Obr "
    "Cald Drev Ekl Fjør Gös Håv Ibé Jask Krä Løv Ñan Ört Żel Çar Thal Ond Sib Vask Mür "
    "Est"
)
_MIDDLES = "a e i o u ora eni ari olo umi ane iva ostra enda ilo ava eru inta ogra essa ulta adri"
_TAILS = "nith mora vane rix lund tek dal bryn sko phis gard vex lia nor zen tria wick mund ský ló"
_KINDS = (
    "Systems Logistics Foods Labs Health Energy Retail Media Works Partners Textiles "
    "Freight Analytics Robotics Studios Group"
)
_PARTS = [words.split() for words in (_HEADS, _MIDDLES, _TAILS, _KINDS)]


def company_names(count: int, seed: int) -> pa.Array:
    """Give names that are all different for up to 260,000 companies, and repeat after that.

    Examples
    --------
    >>> company_names(2, seed=7) == company_names(2, seed=7)
    True
    """
    sizes = [len(part) for part in _PARTS]
    every = int(np.prod(sizes))
    rng = generator(seed, "names")
    # A multiplier without a common factor visits every combination once before any repeats.
    step = 7919 * 13
    numbers = (int(rng.integers(every)) + np.arange(count) * step) % every
    parts = []
    for part, size in zip(_PARTS, sizes, strict=True):
        parts.append(pa.array(part).take(pa.array(numbers % size)))
        numbers //= size
    stem = pc.binary_join_element_wise(*parts[:3], "")
    return pc.binary_join_element_wise(stem, parts[3], " ")
