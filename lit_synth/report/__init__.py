"""From a run folder to what a person reads: honest statistics, a terminal table, one self-contained page."""
