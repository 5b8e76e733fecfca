"""The groups of commands of the command line, and how all commands call the stages."""
