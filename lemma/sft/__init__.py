"""What `lemma build-sft` needs besides the record kinds: its sources, what it leaves out, what it mixes, the card."""
