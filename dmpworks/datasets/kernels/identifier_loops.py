"""The compiled loops of `identifiers.py`."""

import numpy as np

from dmpworks.datasets.kernels.compiled import compiled

DOI_URL = np.frombuffer(b"https://doi.org/", np.uint8)
ROR_URL = np.frombuffer(b"https://ror.org/0", np.uint8)
ORCID_URL = np.frombuffer(b"https://orcid.org/", np.uint8)
HTTP, HTTPS = np.frombuffer(b"http://", np.uint8), np.frombuffer(b"https://", np.uint8)
PMC = np.frombuffer(b"pmc/articles/", np.uint8)
UNUSUAL, NONE = -1, -2  # instead of the begin of an identifier
ENDS = np.frombuffer(b".,;:!?\"')]}>", np.uint8)  # punctuation that may not belong to the DOI before it


@compiled
def cut_doi(data, offsets, starts):  # type: ignore[no-untyped-def]
    """Find DOIs of printable ASCII characters, bare or in a URL of doi.org."""
    for place in range(len(starts)):
        start, end = np.int64(offsets[place]), np.int64(offsets[place + 1])
        if _begins(data, start, end, DOI_URL):
            start += len(DOI_URL)
        if _is_doi(data, start, end):
            starts[place] = start - offsets[place]
        else:
            starts[place] = NONE if _has_no_doi(data, start, end) else UNUSUAL


@compiled
def _has_no_doi(data, start, end):  # type: ignore[no-untyped-def]
    """Return whether a text is printable ASCII without percent signs and does not contain `10.`."""
    for at in range(start, end):
        begins = end - at > 2 and data[at] == 49 and data[at + 1] == 48 and data[at + 2] == 46
        if begins or data[at] == 37 or not 32 <= data[at] <= 126:
            return False
    return True


@compiled
def _is_doi(data, start, end):  # type: ignore[no-untyped-def]
    if end - start < 6 or data[start] != 49 or data[start + 1] != 48 or data[start + 2] != 46:
        return False
    at = start + 3
    while at < end and (48 <= data[at] <= 57 or (data[at] == 46 and at > start + 3)):
        at += 1
    if at == start + 3 or at + 1 >= end or data[at] != 47:
        return False
    for rest in range(at, end):
        if not 33 <= data[rest] <= 126 or data[rest] == 37:
            return False
    return not (data[end - 1] == ENDS).any()


@compiled
def cut_ror(data, offsets, starts):  # type: ignore[no-untyped-def]
    """Find the nine characters in URLs of ror.org."""
    for place in range(len(starts)):
        start, end = np.int64(offsets[place]), np.int64(offsets[place + 1])
        known = end - start == 25 and _begins(data, start, end, ROR_URL)
        for at in range(start + 17, end if known else start):
            known &= 48 <= data[at] <= 57 or 97 <= data[at] <= 122
        starts[place] = 16 if known else -1


@compiled
def cut_orcid(data, offsets, starts):  # type: ignore[no-untyped-def]
    """Find the four blocks, bare or in URLs of orcid.org."""
    for place in range(len(starts)):
        start, end = np.int64(offsets[place]), np.int64(offsets[place + 1])
        begin = len(ORCID_URL) if _begins(data, start, end, ORCID_URL) else 0
        known = end - start - begin == 19
        for at in range(19 if known else 0):
            byte = data[start + begin + at]
            if at == 4 or at == 9 or at == 14:
                known &= byte == 45
            else:
                known &= 48 <= byte <= 57 or (at == 18 and byte | 32 == 120)
        starts[place] = begin if known else -1


@compiled
def cut_bare(data, offsets, starts):  # type: ignore[no-untyped-def]
    """Find identifiers of ASCII letters and digits, bare or after the host and a known folder of a URL."""
    for place in range(len(starts)):
        start, end = np.int64(offsets[place]), np.int64(offsets[place + 1])
        at = _after_host(data, start, end)
        if at > start and _begins(data, at, end, PMC):
            at += len(PMC)
        known = at < end
        for rest in range(at, end):
            byte = data[rest] | 32
            known &= 48 <= data[rest] <= 57 or 97 <= byte <= 122
        starts[place] = at - start if known else -1


@compiled
def _after_host(data, start, end):  # type: ignore[no-untyped-def]
    at = start
    if _begins(data, start, end, HTTPS):
        at += len(HTTPS)
    elif _begins(data, start, end, HTTP):
        at += len(HTTP)
    if at in (start, end) or data[at] == 47:
        return start
    while at < end and 33 <= data[at] <= 126 and data[at] != 47:
        at += 1
    return at + 1 if at < end and data[at] == 47 else start


@compiled
def _begins(data, start, end, prefix):  # type: ignore[no-untyped-def]
    same = end - start >= len(prefix)
    for at in range(len(prefix) if same else 0):
        same &= data[start + at] == prefix[at]
    return same


@compiled
def lowered(data, offsets, starts):  # type: ignore[no-untyped-def]
    """Return bytes and offsets of the identifiers found, in lower case."""
    out = np.empty(offsets[-1] - offsets[0], np.uint8)
    bounds = np.empty(len(offsets), np.int32)
    to = bounds[0] = 0
    for place in range(len(starts)):
        if starts[place] >= 0:
            for at in range(np.int64(offsets[place]) + starts[place], offsets[place + 1]):
                byte = data[at]
                out[to] = byte | 32 if 65 <= byte <= 90 else byte
                to += 1
        bounds[place + 1] = to
    return out[:to], bounds
