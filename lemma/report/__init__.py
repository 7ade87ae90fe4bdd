"""Look at a run: what `lemma report` puts on its page, and what `lemma show` prints."""
