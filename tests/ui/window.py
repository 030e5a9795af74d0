"""A complete Blender in a window on a virtual screen, as a person has it: keys, clicks, pictures."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

SIZE = (1600, 900)


class Screen:
    """A virtual screen (Xvfb) on a display number of its own."""

    def __init__(self) -> None:
        read, write = os.pipe()
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "+extension", "GLX"],
            pass_fds=[write], stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(write)
        with os.fdopen(read) as pipe:
            self.display = f":{pipe.readline().strip()}"

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


class Window:
    """One running Blender.

    Parameters
    ----------
    blender : path of the program
    screen : Screen
    folder : a temporary folder; Blender's configuration and the messages lie below it
    environment : added to the process's environment
    """

    def __init__(
        self, blender: Path, screen: Screen, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.messages = folder / "messages"
        self.messages.mkdir()
        self.environment = {
            **os.environ,
            **environment,
            "DISPLAY": screen.display,
            "BLENDER_USER_RESOURCES": str(folder / "resources"),
        }
        self.blender = blender
        self.count = 0
        self.log = (folder / "blender.log").open("w")
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> str:
        """Run Blender without its window, with the same configuration; give its output."""
        done = subprocess.run(
            [self.blender, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        """Open the window; returns when it answers."""
        self.process = subprocess.Popen(
            [
                self.blender, "--window-geometry", "0", "0", *map(str, SIZE),
                "--python", Path(__file__).with_name("remote.py"), "--", self.messages,
            ],
            env=self.environment, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.run("answer = bpy.app.version_string", timeout=180)

    def run(self, code: str, timeout: float = 60) -> Any:
        """Execute Python in Blender's main thread; give what it puts into ``answer``."""
        assert self.process is not None
        part = self.messages / "part"
        part.write_text(textwrap.dedent(code), encoding="utf-8")
        os.replace(part, self.messages / f"{self.count}.py")
        reply = self.messages / f"{self.count}.json"
        self.count += 1
        end = time.monotonic() + timeout
        while not reply.exists():
            assert self.process.poll() is None, f"Blender ended: {self.tail()}"
            assert time.monotonic() < end, f"Blender gave no answer in {timeout} s: {self.tail()}"
            time.sleep(0.02)
        answer = json.loads(reply.read_text(encoding="utf-8"))
        assert "traceback" not in answer, answer.get("traceback")
        return answer["answer"]

    def wait_for(self, expression: str, timeout: float = 60) -> Any:
        """Ask until the expression is true in Blender; give its value."""
        end = time.monotonic() + timeout
        while True:
            value = self.run(f"answer = {expression}", timeout)
            if value:
                return value
            assert time.monotonic() < end, f"never came true in {timeout} s: {expression}"
            time.sleep(0.1)

    def tail(self) -> str:
        """The end of what Blender printed."""
        return Path(self.log.name).read_text(encoding="utf-8", errors="replace")[-3000:]

    def xdotool(self, *arguments: object) -> None:
        subprocess.run(["xdotool", *map(str, arguments)], env=self.environment, check=True)

    def click(self, x: float, y: float, button: int = 1) -> None:
        """Click at a pixel, (0, 0) top left."""
        self.xdotool("mousemove", round(x), round(y))
        time.sleep(0.25)
        self.xdotool("click", button)
        time.sleep(0.25)

    def keys(self, *names: str) -> None:
        """Press keys one after the other, by xdotool's names."""
        for name in names:
            self.xdotool("key", name)
            time.sleep(0.15)

    def picture(self, path: Path) -> np.ndarray:
        """Take a picture of the whole window into a PNG file; give it as (h, w, 3) BGR."""
        path.parent.mkdir(parents=True, exist_ok=True)
        time.sleep(0.4)
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=True)
        return cv2.imread(str(path))

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, 9)
                self.process.wait(10)
        self.log.close()


def program() -> Path | None:
    """The complete Blender that the tests use: the environment's BLENDER."""
    name = os.environ.get("BLENDER")
    if not name or not all(shutil.which(tool) for tool in ("Xvfb", "xdotool", "import")):
        return None
    found = shutil.which(name)
    return Path(found).resolve() if found else None
