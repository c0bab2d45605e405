"""What a command shows while it is at work: a panel at the foot of a terminal, plain lines everywhere else."""
