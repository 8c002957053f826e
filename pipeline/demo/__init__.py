"""What `annex-inbox demo` needs, servers on loopback and sample mails; no part of a real pass."""
