"""Starts the local AWS, with less waiting. What is set here is private to it: the version is pinned.

A warm call takes 100 ms otherwise: it waits 50 ms for a line of the function's log, and its Runtime
API answers in two packets of which the second waits for the first one's acknowledgement. Schedules
are looked at every ten seconds, and queues every second: a message whose visibility timeout has ended
wakes nobody.
"""

import socketserver
import threading

from ministack import app
from ministack.core import concurrency, lambda_runtime
from ministack.services import scheduler

socketserver.StreamRequestHandler.disable_nagle_algorithm = True
lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.002, 0.001, 0.05)
scheduler._SCHEDULE_TICK_INTERVAL = 0.2
wake = concurrency.esm_wake
wake.wait = lambda _: threading.Event.wait(wake, 0.05)
app.main()
