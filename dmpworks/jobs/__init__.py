"""What a job is, for any chain: declaration, settings, commands, run, manifest, and the reference made from them."""
