"""One training objective a file; each has `prepare_rows` and `make_trainer`."""
