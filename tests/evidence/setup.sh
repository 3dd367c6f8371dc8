#!/bin/sh
# Makes the Python environment in which tests/integration/evidence-outside.test.ts reads our
# evidence with pydicom and highdicom: .cache/evidence-venv, or the folder given.
set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
venv=${1:-"$root/.cache/evidence-venv"}
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$root/tests/evidence/requirements.txt"
"$venv/bin/python" -c 'import highdicom, pydicom; print("highdicom", highdicom.__version__, "pydicom", pydicom.__version__)'
