"""Stand-ins for Google and GitHub: real servers that speak their wire, offline.

Runtime packages only: `make run` starts them too. `python -m tests.standins --help`.
"""
