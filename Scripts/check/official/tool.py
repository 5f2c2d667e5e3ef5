"""The commands of pocketclip, as JSON."""

import json
import pathlib
import subprocess


class Refusal(Exception):
    """A command that ended with an error of its own."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Tool:
    def __init__(self, path):
        self.path = pathlib.Path(path).resolve()

    def run(self, *arguments):
        """The output of the command, also if verification failed."""
        result = subprocess.run([self.path, *map(str, arguments), "--json"], capture_output=True, text=True)
        try:
            answer = json.loads(result.stdout)
        except ValueError:
            lines = result.stderr.strip().splitlines() or [f"no output, exit status {result.returncode}"]
            raise Refusal(result.returncode, lines[-1]) from None
        if answer["schema"] == "pocketclip.error":
            raise Refusal(result.returncode, answer["message"])
        # 1 means that verification failed; the output is still valid.
        if result.returncode not in (0, 1) or result.returncode == 1 and answer.get("verdict") == "pass":
            raise Refusal(result.returncode, f"exit status {result.returncode} in spite of its answer")
        return answer
