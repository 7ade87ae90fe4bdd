r"""A rule for fractions is broken: $\frac{2}{3} + \frac{1}{2} = \frac{3}{5}$.

It is made by `lemma.injectors.formulas`.
"""

from __future__ import annotations

from lemma.injectors.algebra import FormulaInjector

propose = FormulaInjector()
