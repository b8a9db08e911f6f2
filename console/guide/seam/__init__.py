"""What the screens may ask of the core: protocols and the frozen values they return, nothing else.

    Desk ── connections(), open() ─▶ Connection   events, controls, grid, accounts, import
         ── wizard()             ─▶ Wizard        a draft that keeps its input until it is saved or abandoned
         ── sign_in_again()      ─▶ SignIn        the browser round trip, shared with the wizard
         ── disconnect()         ─▶ Disconnecting a guided procedure: check, do, verify
         ── rehearsal()          ─▶ Rehearsal     the practice org's switches, None on real systems

Every method says whether it *blocks*. What blocks is called from worker threads only; what does not block may
be called from the event loop. Blocking methods raise :class:`console.errors.ConsoleError` and nothing else
for what can be expected to go wrong. Instants are ``2026-01-02T03:04:05Z``. No value ever holds a secret,
except :class:`PracticeLogin`, which is worth nothing outside the rehearsal.
"""

from __future__ import annotations

from console.guide.seam.accounts import (
    AccountDetail,
    Cell,
    FieldRow,
    HistoryLine,
    LinkOut,
    ProblemLine,
    SubscriptionLine,
    SubscriptionNote,
)
from console.guide.seam.app_guide import GuideStep
from console.guide.seam.checking import Checking, OrgCheck
from console.guide.seam.connection import Connection
from console.guide.seam.connections import ConnectionCard, ConnectionFacts, Grid, GridRow
from console.guide.seam.desk import Desk
from console.guide.seam.disconnecting import Disconnecting, DisconnectStep, Inventory, Receipt
from console.guide.seam.health import SessionHealth
from console.guide.seam.importing import CountLine, ImportPreview
from console.guide.seam.past import (
    DifferenceLine,
    HistorySize,
    Past,
    PastAccount,
    PastField,
    RunLine,
    UndoPreview,
)
from console.guide.seam.planning import Braking, PlanHead, PlanLine, Plans
from console.guide.seam.rehearsal import Exercise, Rehearsal
from console.guide.seam.rules import FieldRules, RuleLine, RulesLook
from console.guide.seam.signing_in import Invitation, PracticeLogin, SignedIn, SignIn
from console.guide.seam.wizard import (
    AlgunaChecked,
    Draft,
    EnvironmentOffer,
    Finding,
    SetupItem,
    SetupPlan,
    SummaryLine,
    Wizard,
)
from console.guide.seam.words import (
    WIZARD_STEPS,
    Environment,
    Health,
    ImportChoice,
    Sort,
    StepState,
    WizardStep,
)

__all__ = [
    "WIZARD_STEPS",
    "AccountDetail",
    "AlgunaChecked",
    "Braking",
    "Cell",
    "Checking",
    "Connection",
    "ConnectionCard",
    "ConnectionFacts",
    "CountLine",
    "Desk",
    "DifferenceLine",
    "DisconnectStep",
    "Disconnecting",
    "Draft",
    "Environment",
    "EnvironmentOffer",
    "Exercise",
    "FieldRow",
    "FieldRules",
    "Finding",
    "Grid",
    "GridRow",
    "GuideStep",
    "Health",
    "HistoryLine",
    "HistorySize",
    "ImportChoice",
    "ImportPreview",
    "Inventory",
    "Invitation",
    "LinkOut",
    "OrgCheck",
    "Past",
    "PastAccount",
    "PastField",
    "PlanHead",
    "PlanLine",
    "Plans",
    "PracticeLogin",
    "ProblemLine",
    "Receipt",
    "Rehearsal",
    "RuleLine",
    "RulesLook",
    "RunLine",
    "SessionHealth",
    "SetupItem",
    "SetupPlan",
    "SignIn",
    "SignedIn",
    "Sort",
    "StepState",
    "SubscriptionLine",
    "SubscriptionNote",
    "SummaryLine",
    "UndoPreview",
    "Wizard",
    "WizardStep",
]
