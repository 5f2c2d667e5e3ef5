"""JPEG files to vectors with `pocketclip embed`, compared with decoding alone. See Benchmarks/README.md."""
