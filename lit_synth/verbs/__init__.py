"""The commands around a run, one a file, each for the terminal and for Python: run, init, label, export, doctor."""
