"""Builds the extension that Blender installs: `dist/blender_see2sound-VERSION[-PLATFORM].zip`.

Without ``--wheels`` the zip is small and works on every platform, with a Python of the
person's own as the worker's. With ``--wheels`` it brings the packages that the worker
needs beside what Blender ships, so that nobody needs pip or a console; one zip for each
platform. The versions are those of `constraints.txt`.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import platform
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "blender_see2sound"
MANIFEST = "blender_manifest.toml"

#: The Pythons of the supported Blenders: 4.5 and 5.0 bring 3.11, 5.1 and later bring 3.13.
PYTHONS = ("3.11", "3.13")

#: What Blender itself ships, and what is needed only to build a package from source.
NOT_BUNDLED = ("numpy", "cython")

#: Blender's name of a platform, and which of pip's wheels run on it. Linux: glibc 2.28, as
#: Blender itself asks for; macOS: 12; pip adds the older systems there by itself.
PLATFORMS = {
    "linux-x64": (
        *(f"manylinux_2_{minor}_x86_64" for minor in range(5, 29)),
        *(f"manylinux{name}_x86_64" for name in ("1", "2010", "2014")),
    ),
    "windows-x64": ("win_amd64",),
    "macos-arm64": ("macosx_12_0_arm64",),
    "macos-x64": ("macosx_12_0_x86_64",),
}

#: Every file bears this time, so that the same sources give the same zip.
TIME = (1980, 1, 1, 0, 0, 0)


class BuildError(Exception):
    """The zip cannot be built; says why in one line."""


def main(argv: Sequence[str] | None = None) -> int:
    """Build what the command line asks for and print the paths.

    Parameters
    ----------
    argv : sequence of str, optional
        The command line's arguments; those of this process when None.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder (dist)")
    parser.add_argument(
        "--wheels", action="store_true", help="download what the worker needs into the zip"
    )
    parser.add_argument(
        "--platform",
        action="append",
        choices=sorted(PLATFORMS),
        help="with --wheels: for which platform (this one); may be repeated",
    )
    parser.add_argument(
        "--python",
        action="append",
        metavar="X.Y",
        help=f"with --wheels: for which Pythons ({', '.join(PYTHONS)}); may be repeated",
    )
    given = parser.parse_args(argv)
    try:
        if not given.wheels:
            print(build(given.output))
        else:
            for name in given.platform or [this_platform()]:
                with tempfile.TemporaryDirectory() as folder:
                    wheels = download(Path(folder), name, given.python or PYTHONS)
                    print(build(given.output, name, wheels))
    except (BuildError, OSError) as error:
        print(f"build_extension: {error}", file=sys.stderr)
        return 2
    return 0


def build(output: Path, for_platform: str | None = None, wheels: Sequence[Path] = ()) -> Path:
    """Write the zip and give its path.

    Parameters
    ----------
    output : Path
        The folder to write to.
    for_platform : str, optional
        Blender's name of the one platform that the wheels are for.
    wheels : sequence of Path
        Go into the zip's ``wheels`` folder, and into its manifest.

    Raises
    ------
    BuildError, OSError
    """
    text = (PACKAGE / MANIFEST).read_text(encoding="utf-8")
    manifest = tomllib.loads(text)
    excluded = manifest.get("build", {}).get("paths_exclude_pattern", [])
    added = {}
    if for_platform is not None:
        added["platforms"] = [for_platform]
    if wheels:
        added["wheels"] = [f"./wheels/{path.name}" for path in sorted(wheels)]
    name = f"{manifest['id']}-{manifest['version']}"
    if for_platform is not None:
        name += "-" + for_platform.replace("-", "_")
    output.mkdir(parents=True, exist_ok=True)
    final = output / f"{name}.zip"
    part = output / f".{name}.part"
    try:
        with zipfile.ZipFile(part, "w") as packed:
            _add(packed, MANIFEST, with_fields(text, added).encode("utf-8"))
            _add(packed, "LICENSE", (ROOT / "LICENSE").read_bytes())
            for path in files(PACKAGE, excluded):
                if path.name != MANIFEST:
                    _add(packed, path.relative_to(PACKAGE).as_posix(), path.read_bytes())
            for path in sorted(wheels):
                _add(packed, f"wheels/{path.name}", path.read_bytes(), zipfile.ZIP_STORED)
        part.replace(final)
    finally:
        part.unlink(missing_ok=True)
    return final


def files(folder: Path, excluded: Iterable[str]) -> Iterator[Path]:
    """The files below a folder, in a fixed order, without those that a pattern excludes.

    Parameters
    ----------
    folder : Path
    excluded : iterable of str
        Names as in the manifest: ``*.pyc`` for files and folders, ``name/`` for folders.

    Raises
    ------
    BuildError
        For a pattern that means more than a name.
    """
    patterns = list(excluded)
    for pattern in patterns:
        if "/" in pattern.rstrip("/") or pattern.startswith("!"):
            raise BuildError(f"{MANIFEST}: only names are understood here, not {pattern!r}")
    for path in sorted(folder.iterdir()):
        if any(
            fnmatch.fnmatchcase(path.name, pattern.rstrip("/"))
            for pattern in patterns
            if path.is_dir() or not pattern.endswith("/")
        ):
            continue
        if path.is_dir():
            yield from files(path, patterns)
        else:
            yield path


def with_fields(manifest: str, added: dict[str, list[str]]) -> str:
    """The manifest's text with lists of strings added to its top level, before the first table."""
    lines = "".join(f"{name} = {json.dumps(values, indent=2)}\n" for name, values in added.items())
    table = re.search(r"^\[", manifest, re.MULTILINE)
    at = table.start() if table else len(manifest)
    text = manifest[:at] + lines + ("\n" if lines else "") + manifest[at:]
    if tomllib.loads(text) != tomllib.loads(manifest) | added:
        raise BuildError(f"{MANIFEST}: {', '.join(added)} cannot be added")
    return text


def download(folder: Path, for_platform: str, pythons: Iterable[str]) -> list[Path]:
    """Download the wheels that the worker needs beside what Blender ships.

    Raises
    ------
    BuildError
        When pip finds no wheel for a package, a Python or the platform.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [name for name in project["dependencies"] if name not in NOT_BUNDLED]
    needed += project["optional-dependencies"]["sofa"]  # a field of the panel asks for it
    # Blender's numpy differs from Blender to Blender; the others are as they are tried.
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(p for p in pinned if not p.startswith("numpy==")) + "\n")
    for python in pythons:
        command = [sys.executable, "-m", "pip", "download", "--quiet"]
        command += ["--disable-pip-version-check", "--only-binary=:all:"]
        command += ["--implementation=cp", f"--python-version={python}"]
        command += [f"--platform={tag}" for tag in PLATFORMS[for_platform]]
        command += [f"--constraint={constraints}", f"--dest={folder}", *needed]
        if subprocess.run(command, check=False).returncode != 0:
            raise BuildError(f"pip found no wheels for Python {python} on {for_platform}")
    return [
        path
        for path in sorted(folder.glob("*.whl"))
        if path.name.partition("-")[0].lower() not in NOT_BUNDLED
    ]


def this_platform() -> str:
    """Blender's name of the platform that this runs on."""
    system = {"Linux": "linux", "Windows": "windows", "Darwin": "macos"}.get(platform.system(), "")
    machine = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64"}.get(
        platform.machine().lower(), ""
    )
    name = f"{system}-{machine}"
    if name not in PLATFORMS:
        raise BuildError(
            f"no wheels are known for this platform; choose one of {', '.join(PLATFORMS)}"
        )
    return name


def _add(
    packed: zipfile.ZipFile, name: str, data: bytes, compression: int = zipfile.ZIP_DEFLATED
) -> None:
    info = zipfile.ZipInfo(name, TIME)
    info.compress_type = compression
    info.external_attr = 0o644 << 16
    packed.writestr(info, data)


if __name__ == "__main__":
    sys.exit(main())
