"""The Textual app: screens and widgets. Compose and handlers, nothing else."""
