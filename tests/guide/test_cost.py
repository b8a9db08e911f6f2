"""Forecast against actual: reckoned before anything is written, kept with the run, told afterwards."""

from console.guide.cost import cost_words, forecast_words
from console.sync.session import open_session
from tests.practising import Bench


def test_a_run_is_told_with_its_forecast() -> None:
    summary = {
        "calls": {"salesforce": 12, "alguna": 80},
        "bytes": 15_400,
        "seconds": 3.2,
        "forecast": {"calls": {"salesforce": 14, "alguna": 82}, "bytes": 15_400, "minutes": 0.5},
    }
    assert cost_words(summary) == (
        "Forecast: 14 Salesforce and 82 Alguna calls, 15 kB, 30 s. "
        "Took: 12 Salesforce and 80 Alguna calls, 15 kB, 3 s."
    )
    assert cost_words({"calls": {"salesforce": 3, "alguna": 1}, "forecast": {}}) == ""


def test_a_plan_is_told_with_its_share_of_what_is_left() -> None:
    forecast = {
        "calls": {"salesforce": 14, "alguna": 2},
        "bytes": 900,
        "minutes": 4.0,
        "share": 0.28,
        "left": 50,
        "allocation": 60,
    }
    assert forecast_words(forecast) == (
        "It takes 14 Salesforce and 2 Alguna calls, 900 bytes, 4 min; 50 of the console's allocation are left (28% of them)."
    )


def test_what_was_forecast_is_what_a_pass_then_takes(bench: Bench) -> None:
    name = bench.connected()
    with open_session(bench.connections.load(name), bench.connections, bench.secrets) as session:
        plan = session.engine.freeze()
        summary = session.engine.run()
        kept = session.cache.runs.last(1)[0].summary
    forecast = kept["forecast"]
    assert isinstance(forecast, dict)
    assert kept["bytes"] == summary.bytes > 1_000
    assert abs(forecast["bytes"] - summary.bytes) <= 0.1 * summary.bytes
    assert abs(forecast["calls"]["salesforce"] - summary.salesforce_calls) <= 5
    assert abs(forecast["calls"]["alguna"] - summary.alguna_calls) <= 5
    assert abs(plan.forecast["calls"]["alguna"] - summary.alguna_calls) <= 5
    assert abs(plan.forecast["bytes"] - summary.bytes) <= 0.1 * summary.bytes
    assert plan.forecast["minutes"] > 0
    assert 0 < plan.forecast["share"] < 1
    assert cost_words(kept)
