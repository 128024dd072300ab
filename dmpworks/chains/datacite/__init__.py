"""DataCite: datasets, software and whatever else has a DataCite DOI."""
