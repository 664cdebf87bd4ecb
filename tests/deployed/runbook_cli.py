"""The AWS CLI in one process, which a command forks instead of loading it again: half a second each.

    python runbook_cli.py SOCKET                the process; it ends with its standard input
    python runbook_cli.py SOCKET aws ARGUMENTS  one command, with its own files and environment
"""

import json
import os
import signal
import socket
import sys
import threading

REQUEST_BYTES = 1 << 18
FILES = 0, 1, 2


def serve(path):
    from awscli.clidriver import create_clidriver

    # Loads what all commands need.
    create_clidriver()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    threading.Thread(target=end_with_input, daemon=True).start()
    # Nobody waits for the forks.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            answer(connection)
        connection.close()


def end_with_input():
    sys.stdin.read()
    os._exit(0)


def answer(connection):
    """Runs a command with the files of its caller, and answers with its exit status."""
    request, files, *_ = socket.recv_fds(connection, REQUEST_BYTES, len(FILES))
    for mine, its in zip(FILES, files):
        os.dup2(its, mine)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    given = json.loads(request)
    # The CLI sets where its data are when it is loaded.
    environment = given["environment"] | {"AWS_DATA_PATH": os.environ["AWS_DATA_PATH"]}
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(given["folder"])
    sys.argv = given["arguments"]
    try:
        status = run()
        sys.stdout.flush()
        sys.stderr.flush()
        connection.sendall(bytes([status]))
    finally:
        os._exit(0)


def run():
    from awscli.clidriver import main

    try:
        return main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def ask(path, arguments):
    """Has the command run; returns its exit status."""
    given = {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        socket.send_fds(connection, [json.dumps(given).encode()], FILES)
        status = connection.recv(1)
    return status[0] if status else 1


if __name__ == "__main__":
    path, *arguments = sys.argv[1:]
    sys.exit(ask(path, arguments) if arguments else serve(path))
