"""Makes `python -m lit_synth` the command."""

import sys

from lit_synth.cli import main

sys.exit(main())
