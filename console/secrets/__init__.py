"""Tokens and keys: where they are kept, and how they are asked for."""

from console.secrets.keyring import SERVICE, Keyring, system_keyring
from console.secrets.kinds import KINDS, Kind
from console.secrets.ladder import Secrets
from console.secrets.sealed import LOCKED

__all__ = ["KINDS", "LOCKED", "SERVICE", "Keyring", "Kind", "Secrets", "system_keyring"]
