"""The sync engine: observe, match, plan, apply, confirm."""
