"""Makes tests/golden/data/*.json: small arrays as MONAI transforms them, which our own transforms
must give again.

    python3 -m venv <somewhere> && <somewhere>/bin/pip install -r tests/golden/requirements.txt
    <somewhere>/bin/python tests/golden/make_golden.py [spatial intensity inferers chains postprocessing]
"""

import importlib
import sys

FAMILIES = ("spatial", "intensity", "inferers", "chains", "postprocessing")

if __name__ == "__main__":
    for family in sys.argv[1:] or FAMILIES:
        importlib.import_module(family).make()
