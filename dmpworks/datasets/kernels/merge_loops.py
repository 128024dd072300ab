"""The compiled loop of `strings.replaced`."""

import numpy as np

from dmpworks.datasets.kernels.compiled import ONE, compiled, inlined


@compiled
def merge(data, offsets, places, others, bounds):  # type: ignore[no-untyped-def]
    """Return bytes and offsets of texts in which those at `places` are replaced by `others`, in order."""
    texts = len(offsets) - 1
    out = np.empty(offsets[-1] - offsets[0] + bounds[-1] - bounds[0], np.uint8)
    made = np.empty(len(offsets), np.int32)
    to, begin, made[0] = np.uint64(0), 0, 0
    for number in range(len(places) + 1):
        place = places[number] if number < len(places) else texts
        shift = np.int32(to) - offsets[begin]
        for at in range(begin, place):
            made[at + 1] = offsets[at + 1] + shift
        to = _copy(data, offsets[begin], offsets[place], out, to)
        if place < texts:
            to = _copy(others, bounds[number], bounds[number + 1], out, to)
            begin = place + 1
            made[begin] = np.int32(to)
    return out, made


@inlined
def _copy(data, begin, end, out, to):  # type: ignore[no-untyped-def]
    """Copy bytes and return their end; a loop, since slices take ten times as long here."""
    first, size, at = np.uint64(begin), np.uint64(end - begin), np.uint64(0)
    while at < size:
        out[to + at] = data[first + at]
        at += ONE
    return to + size
