"""What is copied: ROR's zip, from an address or as the latest release on Zenodo."""

from dmpworks.datasets.download.zenodo import Record

# The record of all versions, which `latest` is looked up in: https://zenodo.org/records/6347574
RECORD = Record(6347574)
