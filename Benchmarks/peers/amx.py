"""AMX, which a process may use only after the system has permitted its tiles."""

import ctypes
import struct

# Linux on x86-64: the system call, its requests, and the feature (the data of tiles).
ARCH_PRCTL, ARCH_GET_XCOMP_PERM, ARCH_REQ_XCOMP_PERM, XTILE_DATA = 158, 0x1022, 0x1023, 18
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
# Instructions of a filter: load a word of struct seccomp_data, compare, return.
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, FIRST_ARGUMENT = 0, 16
ALLOW, FAIL_WITH_EPERM = 0x7FFF0000, 0x00050001
LIBC = ctypes.CDLL(None, use_errno=True)
refused = False


def permitted():
    """Whether this process has the permission: engines request it before they use tiles."""
    permissions = ctypes.c_uint64(0)
    if LIBC.syscall(ARCH_PRCTL, ARCH_GET_XCOMP_PERM, ctypes.byref(permissions)):
        return False
    return bool(permissions.value >> XTILE_DATA & 1)


def refuse():
    """Makes the system refuse the permission to this process, as some containers do, for its lifetime.

    ONNX Runtime has no switch of its own. A filter of system calls also reaches libraries that do not call libc.
    """
    global refused
    program = b"".join(struct.pack("<HBBI", *instruction) for instruction in (
        (LOAD, 0, 0, NUMBER), (EQUAL, 0, 3, ARCH_PRCTL),
        (LOAD, 0, 0, FIRST_ARGUMENT), (EQUAL, 0, 1, ARCH_REQ_XCOMP_PERM),
        (RETURN, 0, 0, FAIL_WITH_EPERM), (RETURN, 0, 0, ALLOW)))
    instructions = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(instructions)))
    zero, one = ctypes.c_ulong(0), ctypes.c_ulong(1)
    if (LIBC.prctl(PR_SET_NO_NEW_PRIVS, one, zero, zero, zero)
            or LIBC.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(header))):
        raise RuntimeError(f"the system allows no filter of system calls (errno {ctypes.get_errno()})")
    refused = True
