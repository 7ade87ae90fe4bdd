"""Symbolic injectors: one file an error type, each with a function `propose(graph, rng)`.

A proposal is one change to a solution and the reason why it is wrong. It is carried through the rest of the solution
by `lemma.arithmetic.propagation` and proved by `lemma.injectors.proof`, so an injector never writes a later step.
"""
