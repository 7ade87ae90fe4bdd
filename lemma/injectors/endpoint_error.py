r"""An end of an interval counts in or not: $(3, \infty)$ for $[3, \infty)$.

It is made by `lemma.injectors.formulas`.
"""

from __future__ import annotations

from lemma.injectors.algebra import FormulaInjector

propose = FormulaInjector()
