"""Words that several parts of the seam share."""

from __future__ import annotations

from typing import Literal

Environment = Literal["rehearsal", "sandbox", "production", "my_domain"]
Health = Literal["ok", "attention", "sign_in", "failed", "disconnected", "unknown"]
ImportChoice = Literal["none", "matching", "all"]
WizardStep = Literal["environment", "sign_in", "alguna", "name", "source", "import", "setup", "summary"]
Sort = Literal["name", "state", "differs", "changed"]
StepState = Literal["waiting", "doing", "done", "failed", "skipped"]

WIZARD_STEPS: tuple[WizardStep, ...] = (
    "environment",
    "sign_in",
    "alguna",
    "name",
    "source",
    "import",
    "setup",
    "summary",
)
