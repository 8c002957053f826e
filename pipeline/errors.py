"""The few errors a person can act on, each with the exit code of contract §1 and a Chinese sentence with the remedy.

Everything else that is raised is a fault of ours and ends as exit code 70.
"""

from __future__ import annotations


class AnnexError(Exception):
    """An error whose text is shown to the operator as it stands."""

    exit_code = 70


class ConfigurationError(AnnexError):
    """A setting or rules.yaml is wrong; the text names the variable, or the file, line and reason."""

    exit_code = 2


class LoginRefused(AnnexError):
    """The server knows us and says no (wrong authorization code, service not switched on); never retried in a loop."""

    exit_code = 2


class ServerAway(AnnexError):
    """A server cannot be reached or broke off; nothing is lost, the next pass tries again."""

    exit_code = 75
