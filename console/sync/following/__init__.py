"""Following changes: events as they come, polling at a pace, merges, nudges from webhooks."""
