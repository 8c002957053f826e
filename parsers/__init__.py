"""Document bytes to transcripts: `read(content, name)`. Knows nothing of mail, rules or storage and never judges."""

from parsers.catalogue import read

__all__ = ["read"]
