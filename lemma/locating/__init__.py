"""Find the first wrong step of a solution, one method per file."""
