"""What administrators set up and the org enforces on save: rules, automation, locks."""
