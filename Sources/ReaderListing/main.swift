internal import Archives
internal import Checkpoints

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

// Lists the contents of many files as PocketCLIP's readers find them. Scripts/check/differential compares the lines
// with those of the original library.
//
//   ReaderListing FORMAT PACK
//   ReaderListing tokenizer FILE PACK [rule=value]…
//
// A pack is a sequence of files, each after its length in four little-endian bytes.

let arguments = CommandLine.arguments
if arguments.count > 2, arguments[1] == "tokenizer" {
  do {
    try TokenListing.write(arguments.dropFirst(2))
    exit(EXIT_SUCCESS)
  } catch {
    print(error)
    exit(EXIT_FAILURE)
  }
}
guard arguments.count == 3, let reader = ListedReader(name: arguments[1]) else {
  print("usage: ReaderListing FORMAT PACK")
  exit(EX_USAGE)
}
do {
  for (index, file) in try Pack(path: arguments[2]).files.enumerated() {
    print("F", index, separator: "\t")
    // Flushed before each file, so that after a crash the last line identifies the file.
    fflush(nil)
    print(Listing.lines(of: file, reader).joined(separator: "\n"))
  }
} catch {
  print(error)
  exit(EXIT_FAILURE)
}
