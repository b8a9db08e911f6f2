"""What holds for all tests."""

import os

from hypothesis import Phase, settings

# A busy machine is slow and not wrong. In CI every run tries the same examples; elsewhere each run tries others.
settings.register_profile("console", deadline=None, derandomize=bool(os.environ.get("CI")))
# While mutants are tried, that a property fails is all that matters: no example is made smaller.
settings.register_profile("mutants", deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
settings.load_profile("mutants" if os.environ.get("MUTANT_UNDER_TEST") else "console")
