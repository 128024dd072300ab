"""What `doctor --here` says about the services that jobs need."""

import pytest

from dmpworks.errors import SettingsError
from dmpworks.services.reach import reach_database, reach_search
from dmpworks.services.storage import MEMORY, Bucket
from dmpworks.settings.shared import DmpTool, Search


def test_embedded_services_need_a_folder_as_bucket(bucket: Bucket) -> None:
    assert reach_database(DmpTool(), bucket) == "embedded: a folder of the bucket"
    assert reach_search(Search(), bucket, None) == "embedded: a folder of the bucket"
    assert not (bucket.root / "local").exists()  # type: ignore[operator]
    with pytest.raises(SettingsError, match="an embedded database needs a folder as bucket"):
        reach_database(DmpTool(), Bucket(MEMORY))
    with pytest.raises(SettingsError, match="OPENSEARCH_URL is not set"):
        reach_search(Search(), Bucket(MEMORY), None)


@pytest.mark.parametrize("auth", ["basic", "aws"])
def test_an_address_without_encryption_is_reported(bucket: Bucket, auth: str) -> None:
    options = Search("opensearch", "http://search.example.org", auth)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="OPENSEARCH_URL must begin with https://"):
        reach_search(options, bucket, "eu-west-1")
