"""A hash may be given with its algorithm, or bare: then its length tells."""

import pytest

from dmpworks.datasets.download.checksums import Digest, parse_digest
from dmpworks.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        ("md5:" + "A" * 32, Digest("md5", "a" * 32)),
        ("sha256:" + "0" * 64, Digest("sha256", "0" * 64)),
        ("b" * 32, Digest("md5", "b" * 32)),
        (" " + "c" * 64 + "\n", Digest("sha256", "c" * 64)),
        ("d" * 40, Digest("sha1", "d" * 40)),
        (None, None),
        ("", None),
    ],
)
def test_hashes_are_understood(text: str | None, digest: Digest | None) -> None:
    assert parse_digest(text, "ROR_HASH") == digest


@pytest.mark.parametrize("text", ["md5:" + "0" * 64, "crc32:00000000", "x" * 32, "abc", "md5:"])
def test_what_is_no_hash_is_refused_with_its_setting(text: str) -> None:
    with pytest.raises(SettingsError) as failure:
        parse_digest(text, "ROR_HASH")
    assert failure.value.on == f"ROR_HASH={text}"
