"""The outside world: storage, search engines, the DMP Tool database, HTTP; foreign exceptions stop here."""
