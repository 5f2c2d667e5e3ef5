/// Names by which a pickle would run commands, load code or access files if Python opened it.
///
/// PocketCLIP never calls a name, so this list does not protect its users. It warns them of a file that would harm
/// other programs. Names that are neither here nor in `PickleGlobal`'s table are inert (`opaque`).
enum PickleRefusals {
  /// Whether `module.name` is always rejected. Protocol 4 reaches attributes through dots in a name
  /// (`torch.serialization`, `os.system`), so each part counts.
  static func contains(_ name: String, in module: String) -> Bool {
    let isBuiltin = module == "builtins" || module == "__builtin__"
    let parts = (isBuiltin ? [] : module.split(separator: ".")) + name.split(separator: ".")
    if let first = parts.first, modules.contains(first) { return true }
    if parts.contains(where: names.contains) { return true }
    if isBuiltin {
      let isException = ["Error", "Exception", "Warning"].contains { name.hasSuffix($0) }
      let owner = name.prefix { $0 != "." }
      return !(harmlessBuiltins.contains(String(owner)) || isException)
    }
    if module == "types" { return !harmlessTypes.contains(name) }
    return functions.contains("\(module).\(name)")
      || refusedPrefixes.contains { module == $0 || module.hasPrefix($0 + ".") }
  }

  /// Modules whose functions run commands, load code, or access files and networks.
  private static let modules: Set<Substring> = [
    "os", "posix", "nt", "ntpath", "posixpath", "sys", "subprocess", "_posixsubprocess", "pty", "popen2",
    "shutil",
    "socket", "ssl", "ctypes", "_ctypes", "cffi", "mmap", "fcntl", "io", "_io", "codecs", "tempfile", "runpy",
    "codeop",
    "importlib", "_frozen_importlib", "_frozen_importlib_external", "imp", "pkgutil", "zipimport", "pip",
    "setuptools",
    "distutils", "ensurepip", "venv", "pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib",
    "marshal", "shelve",
    "asyncio", "multiprocessing", "threading", "_thread", "atexit", "gc", "inspect", "ast", "dis", "bdb",
    "pdb", "doctest",
    "timeit", "cProfile", "operator", "_operator", "webbrowser", "antigravity", "urllib", "urllib2", "http",
    "httplib",
    "requests", "ftplib", "smtplib", "telnetlib", "xmlrpc", "wsgiref", "sqlite3", "idlelib", "lib2to3",
    "pydoc", "tkinter",
  ]

  /// Functions and attributes that are rejected in any module.
  private static let names: Set<Substring> = [
    "os", "sys", "subprocess", "builtins", "__builtin__", "__builtins__", "importlib", "system", "popen",
    "Popen", "eval",
    "exec", "execfile", "__import__", "import_module", "run_path", "run_module", "runcode", "runsource",
    "runstring",
    "interact", "getoutput", "getstatusoutput", "getattr", "setattr", "delattr", "globals", "locals",
    "load_library",
    "load_module", "exec_module", "load_url", "load_state_dict_from_url", "memmap", "fromfile", "__globals__",
    "__code__",
    "__class__", "__subclasses__", "__bases__", "__mro__", "__dict__", "__getattribute__", "__reduce__",
    "__reduce_ex__",
    "__loader__", "__spec__", "methodcaller", "attrgetter",
  ]

  /// Functions that open other files.
  private static let functions: Set<String> = [
    "torch.load", "torch.serialization.load", "torch.compile", "numpy.load", "numpy.lib.npyio.load",
    "numpy.lib._npyio_impl.load", "numpy.save", "numpy.loadtxt", "numpy.genfromtxt", "pandas.read_pickle",
    "pandas.io.pickle.read_pickle", "logging.config.listen",
  ]

  /// Parts of libraries that load code.
  private static let refusedPrefixes = [
    "torch.hub", "torch.jit", "torch.package", "torch.ops", "torch.classes", "torch.utils.cpp_extension",
    "torch.utils.bottleneck", "torch.distributed.elastic", "torch.distributed.run", "numpy.f2py",
    "numpy.distutils",
    "numpy.testing", "transformers.dynamic_module_utils",
  ]

  /// Classes and functions that only compute on their arguments. All other names in `builtins` are rejected.
  private static let harmlessBuiltins: Set<String> = [
    "abs", "all", "any", "bool", "bytearray", "bytes", "complex", "dict", "divmod", "Ellipsis", "enumerate",
    "filter",
    "float", "frozenset", "hash", "int", "len", "list", "long", "map", "max", "memoryview", "min",
    "NotImplemented",
    "object", "pow", "range", "reversed", "round", "set", "slice", "sorted", "str", "sum", "tuple", "type",
    "unicode",
    "xrange", "zip",
  ]

  /// The classes of `types` that hold values. The others create code.
  private static let harmlessTypes: Set<String> = [
    "SimpleNamespace", "MappingProxyType", "GenericAlias", "NoneType", "EllipsisType", "NotImplementedType",
    "UnionType",
  ]
}
