"""What the server runs. It does not lie beside `pages/`, so a cold deep link meets the frame and the gate."""

import runpy

from readout import paths

runpy.run_path(str(paths.APP), run_name="__main__")
