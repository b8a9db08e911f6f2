"""When a pass stops before it writes anything, because what it is about to do is more than happens by itself.

Whether it stops is a function of what would be done, of limits, and of what a person let go; nothing here reads or writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from console.domain.fields import ALIASES, CONTACT_EMAIL, CUSTOMER_ID, FIELD, NAME, SUBSCRIPTION_RENEWAL
from console.domain.normal import shown
from console.domain.plain import plain
from console.domain.policy import Policy
from console.domain.records import Change, Subject

Brake = Literal["changed", "created", "blanked", "dropped"]
KEY_FIELDS: Final = (NAME, CUSTOMER_ID, CONTACT_EMAIL)
"""What a record is known by: none of them is emptied in passing."""
BY_ITSELF: Final = frozenset({SUBSCRIPTION_RENEWAL, ALIASES})
"""What moves for everybody as time goes by, without anybody having changed anything."""
SAMPLE: Final = 20
"""Changes that are shown of what was stopped."""
LEEWAY: Final = 1.1
"""What a person let go may have grown by this much since it was shown."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a brake stops."""

    share: float = 0.2
    """Of the linked accounts, so many may be changed in one run; 1 switches this brake off."""
    least: int = 50
    """Whatever the share is: so many accounts may always be changed."""
    creates: int = 100
    """Accounts that one run may create for customers that nobody decided to import; 0 switches this brake off."""
    drop: float = 0.2
    """Of the records that a side listed, so many may be missing all at once, and always half of `least`; 1 switches it off."""

    def changed(self, linked: int) -> int:
        """How many of so many linked accounts may be changed."""
        return linked if self.share >= 1 else max(self.least, int(linked * self.share))

    def created(self) -> float:
        """How many accounts may be created unasked."""
        return self.creates or float("inf")


@dataclass(frozen=True, slots=True)
class Stop:
    """One brake that stops a run."""

    brake: Brake
    count: int
    sentence: str
    sample: tuple[tuple[str, str], ...] = ()
    """(customer's id, what would be done to it, in words); in the order of the plan."""

    def as_json(self) -> dict[str, object]:
        """As it is kept, and printed by ``brakes --json``."""
        return {
            "brake": self.brake,
            "count": self.count,
            "sentence": self.sentence,
            "sample": [{"customer_id": id_, "what": what} for id_, what in self.sample],
        }


@dataclass(slots=True)
class Effect:
    """What a run is about to do, as far as brakes are concerned; takes a few numbers, however much that is.

    :param linked: accounts that are linked.
    """

    linked: int
    changed: int = 0
    created: int = 0
    blanked: int = 0
    _samples: dict[Brake, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, subject: Subject, changes: Iterable[Change], policy: Policy) -> None:
        """One customer's changes."""
        changes = list(changes)
        agreed = subject.link.base if subject.link is not None else {}
        moved = [each for each in changes if each.key in agreed and each.key not in BY_ITSELF]
        if moved:
            self.changed += 1
            self._show("changed", subject, moved[0])
        choice = subject.decided.choice
        asked_for = choice is not None and choice.what != "leave"
        for change in changes:
            if change.creates and change.entity == "Account":
                if policy.is_new(subject.customer) and not asked_for:
                    self.created += 1
                    self._show("created", subject, change)
            elif _blanks(change) and change.key not in subject.decided.answers:
                self.blanked += 1
                self._show("blanked", subject, change)

    def _show(self, brake: Brake, subject: Subject, change: Change) -> None:
        sample = self._samples.setdefault(brake, [])
        if len(sample) < SAMPLE:
            sample.append((subject.customer.id, _words(subject, change)))

    def stops(self, limits: Limits, released: Mapping[str, int], *, first: bool = False) -> tuple[Stop, ...]:
        """The brakes that stop it; none where it may go on.

        :param released: by brake, how many a person let go.
        :param first: nothing was brought in step before: who connected has just been shown what that creates.
        """
        found: list[Stop] = []
        if self.changed > max(limits.changed(self.linked), _let_go(released, "changed")):
            share = f"{self.changed / self.linked:.0%}" if self.linked else "all"
            found.append(
                Stop(
                    "changed",
                    self.changed,
                    f"{self.changed:,} of {self.linked:,} linked accounts would be changed ({share}); "
                    f"{limits.changed(self.linked):,} may be in one run.",
                    self.sample("changed"),
                )
            )
        if not first and self.created > max(limits.created(), _let_go(released, "created")):
            found.append(
                Stop(
                    "created",
                    self.created,
                    f"{self.created:,} accounts would be created that nobody decided to import; "
                    f"{limits.creates:,} may be in one run.",
                    self.sample("created"),
                )
            )
        if self.blanked > _let_go(released, "blanked"):
            what = "1 field" if self.blanked == 1 else f"{self.blanked:,} fields"
            sentence = f"{what} that records are known by would be emptied."
            found.append(Stop("blanked", self.blanked, sentence, self.sample("blanked")))
        return tuple(found)

    def sample(self, brake: Brake) -> tuple[tuple[str, str], ...]:
        """The first of what a brake is about."""
        return tuple(self._samples.get(brake, ()))


def dropped(what: str, known: int, missing: int, limits: Limits, released: Mapping[str, int]) -> Stop | None:
    """Whether so many records, missing at once from a complete reading, stop a run before they count as gone.

    :param what: what they are, as in ``customers in Alguna``.
    """
    if limits.drop >= 1 or missing <= max(
        limits.least // 2, known * limits.drop, _let_go(released, "dropped")
    ):
        return None
    sentence = f"{missing:,} of {known:,} {what} are missing all at once ({missing / known:.0%}): nobody removes so many in a day."
    return Stop("dropped", missing, sentence)


def _blanks(change: Change) -> bool:
    return change.key in KEY_FIELDS and bool(change.before) and not change.after


def _let_go(released: Mapping[str, int], brake: Brake) -> float:
    return released.get(brake, 0) * LEEWAY


def _words(subject: Subject, change: Change) -> str:
    name = plain(subject.customer.name, 60)
    if change.key is None:
        return f"{name}: a new account"
    side = "Salesforce" if change.side == "salesforce" else "Alguna"
    before = change.before if isinstance(change.before, str) else None
    after = change.after if isinstance(change.after, str) else None
    return f"{name}: {FIELD[change.key].label} in {side} from {shown(before, 40)} to {shown(after, 40)}"
