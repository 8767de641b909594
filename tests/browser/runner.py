"""Runs pieces of Python on a site, one after the other, in one process: to start one takes a second of a processor.

A line of standard input is one, `[code, *arguments]` in JSON; the line that answers is what went wrong in it, or "".
"""

import json
import sys
import traceback

import django
from django.db import connection

django.setup()
for line in sys.stdin:
    code, *sys.argv[1:] = json.loads(line)
    fault = ""
    try:
        exec(code, {"__name__": "__main__"})  # noqa: S102  (of our own tests)
    except Exception:  # noqa: BLE001  (whoever sent the code is told)
        fault = traceback.format_exc()
    connection.close()
    sys.stdout.write(json.dumps(fault) + "\n")
    sys.stdout.flush()
