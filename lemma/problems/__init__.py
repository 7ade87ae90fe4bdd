"""Read what people bring: files and hub data sets."""
