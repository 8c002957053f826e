"""The embedded servers, and later the sample mails, that `annex-inbox demo` needs; no part of a real pass."""
