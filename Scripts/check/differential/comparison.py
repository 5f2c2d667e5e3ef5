"""Compares the listings of PocketCLIP's reader and of the original library for the same file."""


def difference(ours, theirs):
    """None if both refuse or list the same; otherwise a few words, equal for equal kinds of difference."""
    if ours.outcome == "crashed":
        return "our reader crashed"
    if not ours.accepted:
        return None
    if not theirs.accepted:
        return f"only ours accepts; theirs {theirs.outcome}: {theirs.reason}"
    return contents(ours, theirs)


def contents(ours, theirs):
    if ours.repeated:
        return "ours lists a name twice"
    if theirs.links:
        return "a link that ours does not mention"
    for name, tensor in ours.tensors.items():
        if name not in theirs.tensors:
            return "ours lists a tensor that theirs " + ("calls something else" if name in theirs.ignored else "lacks")
        found = of_tensors(tensor, theirs.tensors[name])
        if found:
            return found
    for name in theirs.tensors.keys() - ours.tensors.keys():
        if not is_ignored(name, ours.ignored):
            return "theirs lists a tensor that ours lacks"
    return None


def of_tensors(ours, theirs):
    if ours.dtype != theirs.dtype:
        return f"type {ours.dtype} here, {theirs.dtype} there"
    if ours.shape != theirs.shape:
        return "shapes"
    for mine, other in ((ours.stored, theirs.stored), (ours.floats, theirs.floats)):
        if "-" not in (mine, other) and mine != other:
            return f"values of {ours.dtype}"
    return None


def is_ignored(name, ignored):
    """Whether the name, or a group or prefix of it, is among those that PocketCLIP does not pass on."""
    return any(name == other or name.startswith((other + "/", other + ".")) for other in ignored)
