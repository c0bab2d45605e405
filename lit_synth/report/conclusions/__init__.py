"""From the files of runs to findings, and to sentences about them."""
