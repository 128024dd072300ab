"""`doctor --deep`: a tiny job looks from a container."""

import pytest

from tests.containers.chain import WHOLE, Operator

pytestmark = pytest.mark.timeout(900)  # the first build of a machine makes the base image and fetches all wheels


def test_the_doctor_looks_from_a_container(operator: Operator, releases_url: str) -> None:
    (operator.home / ".env.aws-batch").write_text(f"ROR_RUN_ID=2026-10-01\nROR_DOWNLOAD_URL={releases_url}/{WHOLE}\n")
    checks = {check["name"]: check for check in operator.answer("doctor", "ror", "--deep")}
    assert {check["verdict"] for check in checks.values()} == {"ok"}, checks
    assert checks["bucket, from a container"]["said"].startswith(f"{operator.bucket} can be written and read")
    assert operator.keys() == []  # it tidies up
