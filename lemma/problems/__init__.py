"""Read problems from files and data sets, and find similar ones."""
