r"""An equation is solved with the wrong inverse operation: $3x = 12$, so $x = 9$.

It is made by `lemma.injectors.formulas`.
"""

from __future__ import annotations

from lemma.injectors.algebra import FormulaInjector

propose = FormulaInjector()
