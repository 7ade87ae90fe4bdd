"""One training objective per file; each has `prepare_rows` and `make_trainer`."""
