"""What build-sft selects, mixes in, counts and publishes."""
