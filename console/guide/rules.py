"""The field rules as a person reads and changes them: what each means, and what was asked for in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from console.domain.fields import FIELD, FIELDS, FieldSpec, Flow
from console.domain.plain import plain
from console.domain.records import Rule
from console.domain.whatif import Ruling
from console.errors import UsageError
from console.guide.seam.rules import RuleLine

DEFAULT = "default"
_WINNER = {Rule.ALGUNA_WINS: "Alguna's", Rule.SALESFORCE_WINS: "Salesforce's"}


def means(spec: FieldSpec, rule: Rule, flow: Flow) -> str:
    """What a rule and a way do with a field, in one or two sentences."""
    if rule is Rule.OFF:
        return "Neither compared nor written."
    if spec.direction is Flow.TO_SALESFORCE:
        return "Only Alguna fills it; an edit in Salesforce is put back, and kept in the history."
    if rule is Rule.FILL_BLANKS:
        return f"A value is only copied to where there is none{_filled(flow)}, never over another."
    if flow is Flow.BOTH:
        return f"A change on one side is copied to the other. Where both changed, {_both(rule)}"
    source, target = ("Alguna", "Salesforce") if flow is Flow.TO_SALESFORCE else ("Salesforce", "Alguna")
    copied = f"A change in {source} is copied to {target}, never back."
    if rule is Rule.MANUAL:
        return f"{copied} Where {target} changed, a person picks."
    if rule is Rule.LATEST_WINS:
        return f"{copied} Where {target} changed, it is put back if {source}'s record changed later, else let be."
    put_back = (rule is Rule.ALGUNA_WINS) == (source == "Alguna")
    return (
        f"{copied} A change in {target} is {'put back, and kept in the history' if put_back else 'let be'}."
    )


def _filled(flow: Flow) -> str:
    return "" if flow is Flow.BOTH else f" in {'Salesforce' if flow is Flow.TO_SALESFORCE else 'Alguna'}"


def _both(rule: Rule) -> str:
    if rule is Rule.MANUAL:
        return "both values stay until a person picks."
    if rule is Rule.LATEST_WINS:
        return "the side whose record changed last wins; the other value is kept in the history."
    return f"{_WINNER[rule]} value wins; the other is kept in the history."


def lines(
    ruling: Ruling, differs: Mapping[str, int] | None = None, spared: Mapping[str, int] | None = None
) -> tuple[RuleLine, ...]:
    """Every field with its rule.

    :param differs: accounts that differ now, by field key; None while that isn't counted.
    :param spared: differences that are left as they stand since the rules were changed, by field key.
    """
    return tuple(
        RuleLine(
            key=spec.key,
            label=spec.label,
            group=spec.group,
            rule=(rule := ruling.rules.get(spec.key, spec.default_rule)),
            default=spec.default_rule,
            flow=(flow := ruling.flows.get(spec.key, spec.direction)),
            rules=spec.rules,
            flows=spec.flows,
            means=means(spec, rule, flow),
            differs=None if differs is None else differs.get(spec.key, 0),
            spared=(spared or {}).get(spec.key, 0),
        )
        for spec in FIELDS
    )


def with_rule(ruling: Ruling, key: str, rule: Rule) -> Ruling:
    """The ruling with another rule for one field.

    :raises UsageError: there is no such field, or the rule makes no sense for it.
    """
    spec = _spec(key)
    if rule not in spec.rules:
        raise UsageError(
            f"{spec.label}: {rule} makes no sense for a field that only Alguna fills.",
            f"It can be: {', '.join(spec.rules)}.",
        )
    rules = {**ruling.rules, key: rule}
    if rule is spec.default_rule:
        del rules[key]
    return replace(ruling, rules=rules)


def with_flow(ruling: Ruling, key: str, flow: Flow) -> Ruling:
    """The ruling with another way for one field.

    :raises UsageError: there is no such field, or it can't go that way.
    """
    spec = _spec(key)
    if flow not in spec.flows:
        raise UsageError(f"{spec.label}: only Alguna fills this field.", "It goes to Salesforce, or is off.")
    flows = {**ruling.flows, key: flow}
    if flow is spec.direction:
        del flows[key]
    return replace(ruling, flows=flows)


def asked_for(ruling: Ruling, words: Iterable[str]) -> Ruling:
    """The ruling as changed by words such as ``Website=salesforce_wins,to_alguna`` or ``Name=default``.

    :raises UsageError: a word is none of that.
    """
    for word in words:
        key, _, values = word.partition("=")
        spec = _spec(key)
        for value in values.split(","):
            if value == DEFAULT:
                ruling = with_flow(with_rule(ruling, key, spec.default_rule), key, spec.direction)
            elif value in list(Rule):
                ruling = with_rule(ruling, key, Rule(value))
            elif value in list(Flow):
                ruling = with_flow(ruling, key, Flow(value))
            else:
                raise UsageError(
                    f"{plain(word, 80)}: {plain(value, 40) or 'nothing'} is neither a rule nor a way.",
                    f"Rules are: {', '.join(Rule)}. Ways are: {', '.join(Flow)}. Or: {DEFAULT}.",
                )
    return ruling


def _spec(key: str) -> FieldSpec:
    if key not in FIELD:
        raise UsageError(f"There is no field {plain(key, 60)!r}.", f"Fields are: {', '.join(FIELD)}.")
    return FIELD[key]
