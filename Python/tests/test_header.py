"""Compares _abi.py, _errors.py and ModelInfo with pocketclip.h."""

import ctypes
import re
import unittest

import support
from pocketclip import ModelInfo, _abi, _errors

HEADER = re.sub(
    r"/\*.*?\*/", "", (support.ROOT / "Sources/CPocketCLIP/include/pocketclip.h").read_text(), flags=re.DOTALL
)
SCALARS = {
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "float": ctypes.c_float,
    "pclip_text": _abi.Text,
}
STRUCTURES = {
    "pclip_error": _abi.Error,
    "pclip_open_options": _abi.OpenOptions,
    "pclip_model_info": _abi.ModelInfo,
    "pclip_session_limits": _abi.SessionLimits,
    "pclip_text": _abi.Text,
    "pclip_image": _abi.Image,
}


def constants(prefix):
    return {name: int(value) for name, value in re.findall(rf"({prefix}\w*)\s*=\s*(\d+)", HEADER)}


def matches(declared, found):
    """Whether a ctypes type matches a C type."""
    if declared == "const char *":
        return found is ctypes.c_char_p
    if declared.endswith("*"):
        pointed = declared.removesuffix("*").removeprefix("const ").strip()
        kinds = {ctypes.c_void_p}
        if pointed in STRUCTURES:
            kinds.add(ctypes.POINTER(STRUCTURES[pointed]))
        if pointed == "int32_t":
            kinds.add(ctypes.POINTER(ctypes.c_int32))
        if pointed.endswith("*"):
            kinds = {ctypes.POINTER(ctypes.c_void_p)}
        return found in kinds
    return found is SCALARS[declared]


def declaration(text):
    """("int32_t *", "count") of "int32_t *count"."""
    kind, name = re.fullmatch(r"\s*(.*?)(\w+)\s*", text, re.DOTALL).groups()
    return " ".join(kind.split()).replace("* *", "**"), name


class HeaderTests(unittest.TestCase):
    def test_every_error_code_has_its_exception(self):
        codes = constants("PCLIP_E_")
        self.assertEqual(set(codes.values()), set(_errors.BY_CODE))
        for name, code in codes.items():
            self.assertEqual(_abi.library.pclip_error_name(code).decode(), name)
            self.assertEqual(_errors.BY_CODE[code].code, code)
            words = name.removeprefix("PCLIP_E_").replace("_", "").lower()
            kind = _errors.BY_CODE[code].__name__.lower()
            same = {"buffer": "buffertoosmallerror", "memory": "outofmemoryerror"}
            self.assertEqual(kind, same.get(words, words + "error"))

    def test_constants_are_the_headers(self):
        arithmetics = {name.removeprefix("PCLIP_ARITHMETIC_").lower(): value
                       for name, value in constants("PCLIP_ARITHMETIC_").items()}
        self.assertEqual(_abi.ARITHMETICS, arithmetics)
        self.assertEqual({"PCLIP_RAW": _abi.RAW}, constants("PCLIP_RAW"))
        self.assertIn(f"#define PCLIP_ABI_VERSION {_abi.ABI_VERSION}\n", HEADER)

    def test_every_structure_has_the_headers_fields(self):
        found = {name: body for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (\w+);", HEADER, re.DOTALL)}
        self.assertEqual(set(found), set(STRUCTURES))
        for name, body in found.items():
            fields = []
            for line in filter(str.strip, body.split(";")):
                line, _, length = line.partition("[")
                kind, field = declaration(line)
                fields.append((field, kind, int(length.rstrip("] \n") or 0)))
            self.assertEqual([field for field, _, _ in fields], [field for field, _ in STRUCTURES[name]._fields_])
            for (field, kind, length), (_, type_found) in zip(fields, STRUCTURES[name]._fields_):
                if length:
                    self.assertEqual((kind, type_found), ("char", ctypes.c_char * length), f"{name}.{field}")
                else:
                    self.assertTrue(matches(kind, type_found), f"{name}.{field}: {kind}, {type_found}")

    def test_every_function_has_the_headers_parameters(self):
        functions = re.findall(r"^PCLIP_API (.*?)(pclip_\w+)\((.*?)\);", HEADER, re.DOTALL | re.MULTILINE)
        self.assertEqual({name for _, name, _ in functions}, set(_abi.PROTOTYPES))
        for result, name, parameters in functions:
            found_result, found = _abi.PROTOTYPES[name]
            result = result.strip()
            self.assertTrue(found_result is None if result == "void" else matches(result, found_result), name)
            declared = [] if parameters == "void" else [declaration(text) for text in parameters.split(",")]
            self.assertEqual(len(declared), len(found), name)
            for (kind, parameter), type_found in zip(declared, found):
                self.assertTrue(matches(kind, type_found), f"{name}: {kind}{parameter}, {type_found}")

    def test_every_function_is_called_from_python_and_from_swift(self):
        python = "".join(path.read_text() for path in (support.ROOT / "Python/src/pocketclip").glob("*.py"))
        swift = "".join(path.read_text() for path in (support.ROOT / "Sources/PocketCLIP").glob("*.swift"))
        # Swift is compiled with the header; Python names codes by their exceptions.
        compiled_in, named = {"pclip_abi_version"}, {"pclip_error_name"}
        in_python = set(re.findall(r"library\.(pclip_\w+)", python))
        in_swift = set(re.findall(r"\b(pclip_\w+)\(", swift))
        self.assertEqual(set(_abi.PROTOTYPES) - in_python, named)
        self.assertEqual(set(_abi.PROTOTYPES) - in_swift, compiled_in)

    def test_model_info_has_the_headers_fields(self):
        fields = {name for name, _ in _abi.ModelInfo._fields_} - {"size"}
        self.assertEqual(set(ModelInfo.__slots__), fields)


if __name__ == "__main__":
    unittest.main()
