"""What grading is made of. `lemma.verify` is the only door to it."""
