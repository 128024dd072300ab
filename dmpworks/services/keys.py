"""What the key of an object may be.

A bucket is not trusted: whoever may write one object of it must not make a job read, write or delete a file outside
the bucket. Every key that is read from an object (a manifest, an index, a record of a finished part) has the type
`Key`, so that decoding refuses others; `Bucket` checks again before it makes a path of a key.
"""

import re
from typing import Annotated

import msgspec

LONGEST = 1024  # bytes of a key in S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_SEGMENT = r"(?!\.{1,2}(?:/|\Z))[^/\\\x00-\x1f\x7f-\x9f]+"
PATTERN = rf"\A{_SEGMENT}(?:/{_SEGMENT})*\Z"
_KEY = re.compile(PATTERN)

Key = Annotated[str, msgspec.Meta(pattern=PATTERN, max_length=LONGEST)]


def is_key(text: str) -> bool:
    """Return whether a text is a relative path without `.`, `..`, empty segments, backslash and control characters."""
    return len(text) <= LONGEST and _KEY.search(text) is not None
