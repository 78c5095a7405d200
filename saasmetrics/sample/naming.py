"""Made-up company names."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from saasmetrics.sample.company import generator

_HEADS = (
    "Vel Quar Bram Tos Lun Fen Mar Kest Dov Hal Nor Pel Ruv Sarn Ter Ul Wex Yar Zim Obr "
    "Cald Drev Ekl Fjør Gös Håv Ibé Jask Krä Løv Ñan Ört Żel Çar Thal Ond Sib Vask Mür Est"
).split()
_MIDDLES = (
    "a e i o u ora eni ari olo umi ane iva ostra enda ilo ava eru inta ogra essa ulta adri"
).split()
_TAILS = (
    "nith mora vane rix lund tek dal bryn sko phis gard vex lia nor zen tria wick mund ský ló"
).split()
_KINDS = (
    "Systems,Logistics,Foods,Labs,Health,Energy,Retail,Media,Works,Partners,Textiles,Freight,"
    "Analytics,Robotics,Studios,Group"
).split(",")


def company_names(count: int, seed: int) -> pa.Array:
    """Give names that are all different for up to 280,000 companies, and repeat after that.

    Examples
    --------
    >>> company_names(2, seed=7) == company_names(2, seed=7)
    True
    """
    sizes = [len(part) for part in (_HEADS, _MIDDLES, _TAILS, _KINDS)]
    every = int(np.prod(sizes))
    rng = generator(seed, "names")
    # A multiplier without a common factor visits every combination once before any repeats.
    step = 7919 * 13
    numbers = (int(rng.integers(every)) + np.arange(count) * step) % every
    parts = []
    for part, size in zip((_HEADS, _MIDDLES, _TAILS, _KINDS), sizes, strict=True):
        parts.append(pa.array(part).take(pa.array(numbers % size)))
        numbers //= size
    stem = pa.compute.binary_join_element_wise(*parts[:3], "")
    return pa.compute.binary_join_element_wise(stem, parts[3], " ")
