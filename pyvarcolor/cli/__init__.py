"""The command line: a file for each group of commands, and below them flags, terminal and installation."""
