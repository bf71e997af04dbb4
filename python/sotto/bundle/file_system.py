"""What Python's own functions can't ask a file system for, where it can do it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

_CURRENT_DIRECTORY = -100  # AT_FDCWD of Linux
_LINUX_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2
_MACOS_SWAP = 2  # RENAME_SWAP of renamex_np
_CAN_NOT = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)


def exchange(one: Path, other: Path) -> bool:
    """Swaps what two paths name, in one step that nothing can interrupt.

    Returns:
        Whether the system and both paths' file system can; if not, nothing has changed.

    Raises:
        OSError: it failed otherwise.
    """
    import ctypes  # here, as few need it and it takes as long as all of `import sotto`

    try:
        library: Any = ctypes.CDLL(None, use_errno=True)
        paths = (os.fsencode(one), os.fsencode(other))
        if hasattr(library, "renameat2"):
            here = _CURRENT_DIRECTORY
            failed = library.renameat2(here, paths[0], here, paths[1], _LINUX_EXCHANGE)
        elif hasattr(library, "renamex_np"):
            failed = library.renamex_np(*paths, _MACOS_SWAP)
        else:
            return False
    except (OSError, TypeError):  # Windows has no library of that name
        return False
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in _CAN_NOT:
        return False
    raise OSError(number, os.strerror(number), str(other))


def lock(path: Path) -> int | None:
    """Takes the lock of a file or directory, which ends with the process or ``os.close``.

    Returns:
        A descriptor that holds it; None if another has it, or the path is gone.

    Raises:
        OSError: the system or the file system has no such locks.
    """
    if fcntl is None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP), str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who had the lock until now may have removed what was opened.
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
