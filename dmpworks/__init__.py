"""Find the articles, datasets and software that came out of each Data Management Plan."""
