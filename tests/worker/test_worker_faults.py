"""Whatever a job raises reaches a person as what, why and remedy, and a developer whole."""

from __future__ import annotations

import errno
import os

import pytest

from blender_see2sound.core.errors import See2SoundError
from blender_see2sound.worker import faults


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


def missing_module() -> BaseException:
    try:
        import no_such_package.inner  # noqa: F401
    except ImportError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "kind", "named"),
    [
        (MemoryError(), "no-memory", "memory"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/x/mix.wav"), "no-space", "/x/mix.wav"),
        (PermissionError(errno.EACCES, "denied", "/x"), "no-permission", "/x"),
        (FileNotFoundError(errno.ENOENT, "not there", "/x"), "missing-file", "/x"),
        (ImportError("libGL.so.1: cannot open shared object file"), "missing-part", "libGL.so.1"),
        (ZeroDivisionError("division by zero"), "internal", "ZeroDivisionError"),
        (SystemExit(1), "internal", "SystemExit"),
        (KeyboardInterrupt(), "internal", "KeyboardInterrupt"),
        (RecursionError("too deep"), "internal", "too deep"),
        (OSError("no number"), "internal", "no number"),
    ],
)
def test_every_error_has_its_kind_names_its_cause_and_reports_itself(error, kind, named):
    told = faults.told(raised(error), "mix")
    assert told.kind == kind
    assert named in str(told)
    assert told.remedy
    assert type(error).__name__ in told.report
    assert "test_worker_faults" in told.report


def test_a_missing_package_is_named():
    told = faults.told(missing_module(), "find")
    assert told.kind == "missing-part"
    assert "'no_such_package'" in told.what


def test_our_own_errors_stay_as_they_are_and_get_a_report():
    ours = raised(See2SoundError("what", "why", "remedy", kind="bad-media"))
    told = faults.told(ours, "find")
    assert told is ours
    assert "Traceback" in told.report


def test_a_cause_is_part_of_the_report():
    ours = See2SoundError("it failed")
    ours.__cause__ = raised(KeyError("deep down"))
    assert "deep down" in faults.told(raised(ours), "find").report
