"""Plans in, related works out: search the works index for every plan and merge the matches."""
