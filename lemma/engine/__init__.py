"""Run a pure function over inputs: process pool, model calls, stages side by side."""
