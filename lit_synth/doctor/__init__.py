"""What a run will need on other machines, told on this one."""
