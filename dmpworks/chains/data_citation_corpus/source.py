"""What is copied: the corpus' zip, from an address or as the latest release on Zenodo."""

from dmpworks.datasets.download.zenodo import Record

# The record of all versions, which `latest` is looked up in: https://zenodo.org/records/11196858
RECORD = Record(11196858, "*-json.zip")
