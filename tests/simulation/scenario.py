"""What happens in one simulated world: plain data made from a seed, so that it can be cut down, kept and played again.

Steps name records by their place among those that are there, modulo their number: each step still means something when others
before it are left out.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from console.domain.fields import FIELD, FIELDS, Flow, Kind
from console.domain.records import Rule

from .wires import FAULTS

Step = list
BOTH = [spec.key for spec in FIELDS if spec.direction is Flow.BOTH]
OURS = ["Alguna_Tax_Rate__c", "Alguna_Subscription_Name__c", "Alguna_Subscription_Status__c"]
"""Fields that only Alguna fills, and that somebody edits in Salesforce all the same."""
COUNTRIES = ("USA", "United States", "Germany", "DE", "France")


@dataclass(frozen=True)
class Scenario:
    """One world and what happens in it."""

    seed: int
    customers: int = 3
    accounts: int = 1
    sorts: bool = True
    page: int = 100
    skew: tuple[float, float] = (0.0, 0.0)
    """Seconds by which Salesforce's and Alguna's clocks are ahead of this computer's."""
    hidden: tuple[str, ...] = ()
    """Fields that the signed-in user doesn't see."""
    website: bool = True
    """Whether Alguna's answers hold a website and contacts' titles."""
    rules: dict[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    def as_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Scenario:
        """From `as_json`."""
        read = json.loads(text)
        return cls(**{**read, **{name: tuple(read[name]) for name in ("skew", "hidden", "steps")}})

    def without(self, places: range) -> Scenario:
        """The same without some of its steps."""
        return replace(self, steps=tuple(s for place, s in enumerate(self.steps) if place not in places))


def kept(path: Path) -> list[Scenario]:
    """Scenarios from a file, one a line."""
    return [
        Scenario.from_json(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
    ]


BRIEF = 1_000_000
"""Seeds from here on give short scenarios: most faults need few rounds of edits and trouble, and many can be played."""


def made(seed: int) -> Scenario:
    """The scenario of a seed."""
    chance = random.Random(seed)
    return Scenario(
        seed,
        customers=chance.randint(1, 5),
        accounts=chance.randint(0, 3),
        sorts=chance.random() < 0.7,
        page=chance.choice([2, 3, 100]),
        skew=(chance.choice([0.0, 0.0, -200.0, 200.0]), chance.choice([0.0, 0.0, -200.0, 200.0])),
        hidden=tuple(chance.sample(["Website", "BillingState", "Contact.Title"], chance.choice([0, 0, 1]))),
        website=chance.random() < 0.6,
        rules={
            key: str(chance.choice(list(Rule))) for key in chance.sample(BOTH, chance.choice([0, 0, 2, 5]))
        },
        steps=tuple(_steps(chance, (1, 4) if seed >= BRIEF else (8, 30))),
    )


def _steps(chance: random.Random, rounds: tuple[int, int]) -> Iterator[Step]:
    if chance.random() < 0.8:
        if chance.random() < 0.4:
            yield _trouble(chance, 0, ["alguna", 0, "Name", ""])
        yield ["pass"]
    last: Step = ["salesforce", 0, "Name", "", 0]
    for number in range(chance.randint(*rounds)):
        for _ in range(chance.choice([0, 1, 1, 2, 3])):
            step = _edit(chance, f"{number}{chance.choice('abc')}")
            last = step if step[0] in ("salesforce", "alguna") else last
            yield step
        for _ in range(chance.choice([0, 0, 1, 2])):
            yield _trouble(chance, number, last)
        yield _doing(chance)


def _doing(chance: random.Random) -> Step:
    """What the console does."""
    at = chance.randrange(8)
    return chance.choice(
        [
            ["pass"], ["pass"], ["pass"], ["pass"], ["some", at], ["events", "all"], ["events", "again"],
            ["events", "shuffled"], ["events", "half"], ["look", chance.choice(["salesforce", "alguna"])], ["dry"],
            ["freeze"], ["apply"], ["apply"], ["undo", chance.randrange(4), chance.random() < 0.3],
            ["audit", chance.random() < 0.5],
            ["decide", at, chance.randrange(4)], ["decide", at, chance.randrange(4)], ["retry"], ["restart"],
            ["tick", chance.choice([1, 40, 700, 90_000])], ["another org"],
        ]
    )  # fmt: skip


def _trouble(chance: random.Random, number: int, last: Step) -> Step:
    """What goes wrong with, or happens during, the next thing that the console does; often where the last edit was."""
    at, kind = int(chance.triangular(0, 30, 4)), chance.random()
    if chance.random() < 0.5:
        at = -chance.choice([1, 1, 2, 2, 3, 4, 5])  # among the writes
    if kind < 0.45:
        return ["fault", at, chance.choice(FAULTS)]
    if kind < 0.7:
        return ["crash", chance.randrange(40), chance.random() < 0.5]
    if chance.random() < 0.5:
        _, place, key, *_ = last
        edit = [chance.choice(["salesforce", "alguna"]), place, key, _value(chance, key, f"{number}m")]
        return ["meanwhile", at, [*edit, 0] if edit[0] == "salesforce" else edit]
    return ["meanwhile", at, _edit(chance, f"{number}m")]


def _edit(chance: random.Random, tag: str) -> Step:
    """What a person does."""
    at, other, kind = chance.randrange(8), chance.randrange(8), chance.random()
    if kind < 0.28:
        key = chance.choice(BOTH)
        return ["salesforce", at, key, _value(chance, key, tag), chance.choice([0, 0, 0, 0, 3, 60, 500])]
    if kind < 0.56:
        key = chance.choice(BOTH)
        return ["alguna", at, key, _value(chance, key, tag)]
    rest = [
        ["new customer", chance.random() < 0.8, chance.random() < 0.3],
        ["new customer", True, False],
        ["new account", at, chance.randrange(3)],
        ["new contact", at, tag],
        ["alias", at, f"cus_{tag}"],
        ["subscribe", at],
        ["resubscribe", at, chance.choice(["status", "price", "renews", "name"]), chance.randrange(9)],
        ["customer gone", at],
        ["customer back", at],
        ["delete account", at],
        ["undelete", at],
        ["delete contact", at],
        ["merge", at, other, chance.random() < 0.5],
        ["owned", at, chance.choice(OURS), f"edited {tag}"],
        ["both", at, (key := chance.choice(BOTH)), _value(chance, key, tag)],
    ]
    return chance.choice(rest)


def _value(chance: random.Random, key: str, tag: str) -> str | None:
    if chance.random() < 0.06:
        return None
    if chance.random() < 0.04:
        return f"refused {tag}"
    match FIELD[key].kind:
        case Kind.EMAIL:
            return f"{chance.choice(['P', 'p'])}{tag}@mail-{tag}.example"
        case Kind.WEBSITE:
            return f"https://{tag}.example{chance.choice(['', '/'])}"
        case Kind.CURRENCY:
            return chance.choice(["USD", "EUR", "GBP"])
        case Kind.COUNTRY:
            return chance.choice(COUNTRIES)
        case Kind.REGION:
            return chance.choice(["CA", "California", "NY", "Bayern"])
    return f"{key.rpartition('.')[2]} {tag}{chance.choice(['', '', ' '])}"
