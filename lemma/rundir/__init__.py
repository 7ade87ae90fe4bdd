"""The run directory: journal, lines, locks, stored responses."""
