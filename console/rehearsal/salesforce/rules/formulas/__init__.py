"""Formulas as validation rules are written in; what is not supported is refused when the rule is made.

https://help.salesforce.com/s/articleView?id=platform.customize_functions.htm
"""

from console.rehearsal.salesforce.rules.formulas.compiler import Formula, compile_formula
from console.rehearsal.salesforce.rules.formulas.words import FormulaError, Save

__all__ = ["Formula", "FormulaError", "Save", "compile_formula"]
