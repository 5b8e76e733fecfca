"""What a person sees in the terminal: starting and watching the running system."""
