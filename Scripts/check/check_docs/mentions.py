"""Commands and options that the prose names in `code`: do they exist?"""

import re

from stand_ins import ROOT

OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")


class Mentions:
    def __init__(self, helps):
        """helps: {command of pocketclip: its help text}, and the tool's own under ""."""
        self.options = {command: set(OPTION.findall(_options(text))) for command, text in helps.items()}
        makefile = (ROOT / "Makefile").read_text()
        self.targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
        self.variables = set(re.findall(r"\$\((\w+)\)", makefile))
        self.scripts = "\n".join(path.read_text() for path in _scripts())

    def problems(self, page, prose):
        for number, span in _spans(prose):
            for problem in self._span_problems(span):
                yield f"{page}:{number}: `{span}`: {problem}"

    def _span_problems(self, span):
        words = span.split()
        if words[:1] == ["make"]:
            return self._make_problems(words[1:])
        if words[:1] == ["pocketclip"]:
            return self._command_problems(words[1:])
        if len(words) > 1 and words[0] in self.options and OPTION.search(span):
            return self._command_problems(words)
        if words and re.fullmatch(r"Scripts/[\w./-]+", words[0]) and not (ROOT / words[0]).exists():
            return [f"there is no {words[0]}"]
        return self._option_problems(span)

    def _make_problems(self, words):
        targets = [word for word in words[:1] if word not in self.targets]
        names = [word.partition("=")[0] for word in words if re.match(r"[A-Z_]+=", word)]
        return [f"the Makefile has no target {word}" for word in targets] + [
            f"the Makefile has no variable {name}" for name in names if name not in self.variables]

    def _command_problems(self, words):
        if words[:1] == ["help"]:
            words = words[1:]
        command = words[0] if words and not words[0].startswith("-") else ""
        if command.isupper():
            return []
        if command not in self.options:
            return [f"pocketclip has no command {command}"]
        return [f"{command} has no option {option}" for option in OPTION.findall(" ".join(words))
                if option not in self.options[command]]

    def _option_problems(self, span):
        """An option alone belongs to some command, or to a script."""
        if not span.startswith("--"):
            return []
        known = set().union(*self.options.values())
        return [f"nothing has the option {option}" for option in OPTION.findall(span)
                if option not in known and option not in self.scripts]


def _spans(prose):
    """(line, text) of text between backticks; a span may continue in the next line."""
    text = "\n".join(prose)
    for found in re.finditer(r"`([^`]+)`", text):
        yield text[:found.start()].count("\n") + 1, " ".join(found[1].split())


def _options(text):
    """The lines of a help text that declare options."""
    return "\n".join(line[:26] for line in text.splitlines() if re.match(r"  -", line))


def _scripts():
    folders = ["Scripts", "Benchmarks", "Fixtures/golden", "Fixtures/minis", "Fixtures/valid"]
    return [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".sh"}]
