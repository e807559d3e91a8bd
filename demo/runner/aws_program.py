"""Both ends of a job's `aws` as a program: `serve`, and what the job starts.

The server has imported the AWS command line and forks for each call. The fork is that program, with the
caller's arguments, environment, folder and streams; signals reach it, and it ends with its caller.
"""

from __future__ import annotations

import array
import gc
import json
import os
import signal
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

CALLS = "calls"
PASSED_ON = (signal.SIGINT, signal.SIGTERM)
STREAMS = (0, 1, 2)
LARGEST = 1 << 20  # bytes of a call's folder, environment and arguments
# Makes and reads what any call needs; nobody listens there.
FIRST_CALL = (
    *("s3", "cp", "/etc/hostname", "s3://nowhere/nothing", "--endpoint-url", "http://127.0.0.1:1"),
    *("--no-sign-request", "--region", "eu-central-1", "--only-show-errors"),
)


def _serve() -> NoReturn:  # pragma: no cover -- it never ends by itself
    """Answer calls from this folder, until this process is ended."""
    from awscli import clidriver

    clidriver.create_clidriver().main([*FIRST_CALL])
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(CALLS)
    listener.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()  # what is there now need not be looked at by every fork
    _write_program()
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # Whatever the server was started with: a shell's background job ignores it.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            listener.close()
            _be_the_program(connection)
        connection.close()


def _write_program() -> None:  # pragma: no cover
    """Write `bin/aws`, whole from the moment that it is there."""
    os.mkdir("bin")
    command = f'"{sys.executable}" -IS "{__file__}" "{os.getcwd()}/{CALLS}"'
    with open("bin/new", "w", encoding="utf-8") as program:
        program.write(f'#!/bin/sh\nexec {command} "$@"\n')
    os.chmod("bin/new", 0o700)
    os.rename("bin/new", "bin/aws")


def _be_the_program(connection: socket.socket) -> NoReturn:  # pragma: no cover
    """Do what the caller asks, and tell it how that ended."""
    import threading

    from awscli import clidriver

    message, ancillary, _, _ = connection.recvmsg(LARGEST, socket.CMSG_SPACE(3 * 4))
    _take_over(ancillary[0][2])
    folder, environment, arguments = json.loads(message)
    os.chdir(folder)
    # The program sets it as it is imported.
    environment.setdefault("AWS_DATA_PATH", os.environ["AWS_DATA_PATH"])
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["aws", *arguments]
    heeding = (connection, threading.get_ident())
    threading.Thread(target=_heed, args=heeding, daemon=True).start()
    code = 1
    try:
        code = clidriver.create_clidriver().main(arguments)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.send(bytes([code]))
        os._exit(code)


def _take_over(descriptors: bytes) -> None:  # pragma: no cover
    """Make the caller's streams this process's own."""
    given = array.array("i")
    given.frombytes(descriptors)
    for stream, descriptor in zip(STREAMS, given, strict=True):
        os.dup2(descriptor, stream)
        os.close(descriptor)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(stream, mode, encoding="utf-8")
        for stream, mode in zip(STREAMS, "rww", strict=True)
    )


def _heed(connection: socket.socket, main_thread: int) -> None:  # pragma: no cover
    """Get the signals that the caller gets, and end where it has ended."""
    while number := connection.recv(1):
        signal.pthread_kill(main_thread, number[0])  # where Python waits, and wakes
    os._exit(1)


def _call(place: str, arguments: list[str]) -> int:  # pragma: no cover -- without site-packages
    """Let the server do it, or the program itself where that is not there; its exit code."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.connect(place)
    except OSError:  # also where the folder's name is too long for a socket's
        program = os.path.join(os.path.dirname(sys.executable), "aws")
        os.execv(program, [program, *arguments])  # noqa: S606 -- the very program that is asked for
    for number in PASSED_ON:
        signal.signal(number, lambda got, _: connection.send(bytes([got])))
    message = json.dumps([os.getcwd(), dict(os.environ), arguments]).encode()
    streams = array.array("i", STREAMS)
    connection.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
    ended = connection.recv(1)
    return ended[0] if ended else 1


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        _serve()
    sys.exit(_call(sys.argv[1], sys.argv[2:]))
