"""A Flink cluster and Beam's job server for it on this machine: fetched once, and stopped with whoever started it."""
