"""A binary as a function's archive, the same bytes whenever it is made: zip.py BOOTSTRAP ARCHIVE.

Its one time is that of the commit, in SOURCE_DATE_EPOCH.
"""

import os
import sys
import time
import zipfile
from pathlib import Path

binary, archive = sys.argv[1:]
committed = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))
entry = zipfile.ZipInfo("bootstrap", committed[:6])
entry.compress_type = zipfile.ZIP_DEFLATED
entry.create_system = 3
entry.external_attr = 0o100755 << 16
with zipfile.ZipFile(archive, "w") as written:
    written.writestr(entry, Path(binary).read_bytes(), compresslevel=9)
