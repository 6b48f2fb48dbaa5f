"""What the system itself forbids to a kernel: other files than its cube, the network, other processes.

Nobody runs code through a page; should that ever fail, this is the next wall. Linux only, no privilege needed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
import subprocess
import sys
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
RULE_PATH_BENEATH, VERSION_FLAG = 1, 1
NEWEST_NEEDED = 4  # Landlock 4 is the first to close the network as well
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
READ = EXECUTE | READ_FILE | READ_DIR
FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | (1 << 14)  # what may be granted on a file: 14 is truncate
FILES_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
NETWORK = 3  # bind and connect over TCP
SCOPES = 3  # abstract sockets of others, signals to others
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_FILTER = 4, 38, 22, 2
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
# A page answers its server and calls nobody: connect, sendmsg, sendmmsg, io_uring_setup; then sendto. By machine, with
# the mark of its calls. Landlock does not know the sockets that have a name in a folder: a database, another page.
CALLS = {
    "x86_64": (0xC000003E, (42, 46, 307, 425), 44),
    "aarch64": (0xC00000B7, (203, 211, 269, 425), 206),
}
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # the four instructions of the filter
ALLOW, OTHER_CALLS = 0x7FFF0000, 0x40000000  # OTHER_CALLS: those of 32-bit programs
REFUSE = 0x00050000 | errno.EOPNOTSUPP  # the one refusal after which ZeroMQ goes on without the list of networks
NUMBER, MACHINE, ADDRESS = 0, 4, 48  # where the filter finds them; ADDRESS: what sendto is given to send to
SYSTEM_FOLDERS = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/usr/share", "/etc/fonts")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/dev/urandom", "/dev/random", "/dev/zero")
MEMORY, FILE_SIZE, OPEN_FILES = 3 * 1024**3, 64 * 1024**2, 512

ALONE, FILES, NONE = "files and network", "files", "none"  # how far a kernel can be shut in here

_libc = ctypes.CDLL(None, use_errno=True)


def landlock_version() -> int:
    """Return the version of Landlock that this system has, 0 without it."""
    return max(0, _libc.syscall(CREATE_RULESET, None, 0, VERSION_FLAG)) if sys.platform == "linux" else 0


def confine(cube: Path, scratch: Path) -> bool:
    """Leave this process its Python, its cube to read and its own folder; raise OSError if that fails.

    To be called before any thread starts: a thread that already runs would stay free. Returns whether the whole
    network is closed: some systems keep private networks for the administrator, and then only TCP is.
    """
    readable = python_folders()
    if any(cube.parent.is_relative_to(folder) for folder in readable):
        raise OSError("the published results stand among the program's own files")
    alone = _leave_network()
    for limit, value in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, FILE_SIZE), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (value, value))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    _checked(_libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
    _restrict_files([*readable, cube], scratch)
    return _call_nobody() and alone


def walls_here(scratch: Path) -> str:
    """Try the confinement once, in a process made for that, and return how far it goes."""
    if landlock_version() < NEWEST_NEEDED:
        return NONE
    trial = "import sys, pathlib; from impact.serving.confinement import confine; here = pathlib.Path(sys.argv[1]); "
    command = [sys.executable, "-c", trial + "sys.exit(0 if confine(here, here) else 3)", str(scratch)]
    code = subprocess.run(command, cwd=scratch, capture_output=True).returncode
    return {0: ALONE, 3: FILES}.get(code, NONE)


def python_folders() -> list[Path]:
    """Return what Python reads: the interpreter, its packages, and this project's code, but not its data."""
    roots = {Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[1]}
    roots |= {Path(entry) for entry in sys.path if "site-packages" in entry or "dist-packages" in entry}
    roots |= {Path(entry) for entry in (*SYSTEM_FOLDERS, *SYSTEM_FILES)}
    if Path("/usr") in roots:  # a system Python: its own folders suffice
        roots.discard(Path("/usr"))
    return sorted({root.resolve() for root in roots if root.exists()})


def _leave_network() -> bool:
    """Move to a network of one's own, without any interface; say whether the system allows it."""
    uid, gid = os.getuid(), os.getgid()
    if _libc.unshare(NEW_USER | NEW_NETWORK) < 0:
        return False
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    return True


def _call_nobody() -> bool:
    """Refuse to this process whatever reaches a socket that it was not given; say whether this machine is known."""
    if platform.machine() not in CALLS:
        return False
    machine, calls, send_to = CALLS[platform.machine()]
    refused = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, machine), (RETURN, 0, 0, REFUSE), (LOAD, 0, 0, NUMBER)]
    for test, call in ((AT_LEAST, OTHER_CALLS), *((EQUAL, call) for call in calls)):
        refused += [(test, 0, 1, call), (RETURN, 0, 0, REFUSE)]
    refused += [(EQUAL, 1, 0, send_to), (RETURN, 0, 0, ALLOW)]
    for half in (ADDRESS, ADDRESS + 4):
        refused += [(LOAD, 0, 0, half), (EQUAL, 1, 0, 0), (RETURN, 0, 0, REFUSE)]
    lines = [struct.pack("=HBBI", *line) for line in (*refused, (RETURN, 0, 0, ALLOW))]
    code = ctypes.create_string_buffer(b"".join(lines))
    _checked(_libc.prctl(PR_SET_SECCOMP, SECCOMP_FILTER, struct.pack("@HP", len(lines), ctypes.addressof(code)), 0, 0))
    return True


def _restrict_files(readable: list[Path], scratch: Path) -> None:
    version = landlock_version()
    if version < NEWEST_NEEDED:
        raise OSError(f"Landlock {version} is too old")
    files = FILES_BY_VERSION[max(known for known in FILES_BY_VERSION if known <= version)]
    wanted = struct.pack("=QQQ", files, NETWORK, SCOPES if version >= 6 else 0)
    size = len(wanted) if version >= 6 else 16
    ruleset = _checked(_libc.syscall(CREATE_RULESET, wanted, size, 0))
    for folder in readable:
        _allow(ruleset, folder, READ)
    _allow(ruleset, Path("/dev/null"), READ_FILE | WRITE_FILE)
    _allow(ruleset, scratch, files)
    _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(_libc.syscall(RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    rights = rights if path.is_dir() else rights & FILE_RIGHTS
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, descriptor)
        _checked(_libc.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, rule, 0))
    finally:
        os.close(descriptor)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
