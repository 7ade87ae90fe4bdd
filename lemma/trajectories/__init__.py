"""Join wrong, reflection and right: joining, phrases, rewriting."""
