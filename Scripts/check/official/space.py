"""How much disk a run needs."""

import shutil

# Bundles of a checkpoint whose weights are FP16, in its own size; made one at a time unless they are kept.
LARGEST_BUNDLE, ALL_BUNDLES = 2.0, 4.0  # FP32; FP32 + FP16 + int8, and int8 again where the first was refused


def needed(sizes, missing, keeps):
    """`sizes` of all checkpoints, `missing` bytes still to be downloaded."""
    bundles = ALL_BUNDLES * sum(sizes) if keeps else LARGEST_BUNDLE * max(sizes, default=0)
    return missing, int(bundles)


def check(downloads, bundles, folder):
    """Prints the required space, or ends the run."""
    free = shutil.disk_usage(folder).free
    text = (f"needs {gigabytes(downloads + bundles)}: {gigabytes(downloads)} of downloads, "
            f"{gigabytes(bundles)} for bundles; {folder} has {gigabytes(free)} free")
    if downloads + bundles > free:
        raise SystemExit(f"official.sh: {text}; choose another disk with --folder, or fewer models with --only")
    return text


def gigabytes(count):
    return f"{count / 1e9:.1f} GB"
