"""The arithmetic of a solution's text: numbers, equations, the computation graph, and what a change does to it."""
