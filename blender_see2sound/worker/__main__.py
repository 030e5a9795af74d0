"""``python -m blender_see2sound.worker``: serve jobs over standard input and output."""

import sys

from .server import main

if __name__ == "__main__":
    sys.exit(main())
