"""What holds for all tests."""

import os

from hypothesis import settings

# A busy machine is slow and not wrong. In CI every run tries the same examples; elsewhere each run tries others.
settings.register_profile("console", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("console")
