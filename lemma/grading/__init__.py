"""Is an answer right? `from lemma import verdict`."""
