"""High-throughput DNS lookups: a C core that cannot write past a caller's buffer."""
