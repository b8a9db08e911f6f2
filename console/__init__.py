"""The Alguna-Salesforce console: the core and the command line."""

__version__ = "0.1.0"
