"""One module per stage of the flow; the command line and the DAGs call the same functions."""
