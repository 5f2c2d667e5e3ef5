"""Tests callers' mistakes and bad files: each raises the right exception with a clear message, and none crashes."""

import pathlib
import pickle
import tempfile
import unittest

import numpy as np
import support
from pocketclip import (
    ArgumentError,
    FormatError,
    ImageSizeError,
    Model,
    NotFiniteError,
    NoTowerError,
    OpenError,
    PocketCLIPError,
    Session,
    TokensError,
    UnsupportedError,
    VersionError,
    _errors,
)
from test_methods import image


class OpeningTests(unittest.TestCase):
    def test_a_path_that_is_no_bundle_says_so(self):
        with self.assertRaises(OpenError) as raised:
            Model("/nowhere/b32.pclip")
        self.assertEqual(str(raised.exception), "no such file: /nowhere/b32.pclip")
        self.assertIsInstance(raised.exception, OSError)
        with self.assertRaises(OpenError):
            Model(pathlib.Path(__file__).parent)
        with self.assertRaises(FormatError):
            Model(__file__)
        with self.assertRaises(ArgumentError):
            Model("a\0b")
        with self.assertRaises(TypeError):
            Model(None)

    def test_options_out_of_range_are_refused(self):
        for options in ({"threads": -1}, {"threads": 2**40}, {"sessions": -1}, {"arithmetic": "int4"}, {"isa": "a\0b"},
                        {"max_batch": -1}, {"max_batch": 10**6}):
            with self.subTest(options), self.assertRaises(ArgumentError):
                support.model(**options).encode_images([image()])
        for options in ({"threads": 1.5}, {"threads": None}, {"max_batch": "16"}):
            with self.subTest(options), self.assertRaises(TypeError):
                support.model(**options)
        for options in ({"isa": "avx1024"}, {"arithmetic": "bf16"}):
            with self.subTest(options), self.assertRaises(UnsupportedError):
                support.model(**options)

    def test_more_threads_than_there_are_is_no_mistake(self):
        expected = support.model(threads=0).encode_images([image()])
        np.testing.assert_array_equal(support.model(threads=1000).encode_images([image()]), expected)

    def test_bundles_cut_anywhere_are_refused_and_tell_where(self):
        data = pathlib.Path(support.bundle("vit-fp16")).read_bytes()
        for count in [0, 1, 7, 8, 9, 63, 64, 1000, len(data) // 2, len(data) - 1]:
            with self.subTest(count), self.assertRaises(FormatError):
                Model.from_bytes(data[:count])
        damaged = bytearray(data)
        damaged[20] ^= 0xFF
        with self.assertRaises(FormatError) as raised:
            Model.from_bytes(damaged)
        self.assertEqual(raised.exception.code, 11)

    def test_memory_is_a_source_of_any_alignment(self):
        data = pathlib.Path(support.bundle("vit-int8")).read_bytes()
        expected = support.model().encode_images([image()])
        for offset in (0, 1, 2):
            shifted = memoryview(bytes(offset) + data)[offset:]
            np.testing.assert_array_equal(Model.from_bytes(shifted).encode_images([image()]), expected)
        np.testing.assert_array_equal(support.model(copy=True).encode_images([image()]), expected)
        with self.assertRaises(TypeError):
            Model.from_bytes(None)
        with self.assertRaises(ArgumentError):
            Model.from_bytes(memoryview(data)[::2])


class ItemTests(unittest.TestCase):
    def test_an_item_that_fails_is_named_by_its_exception(self):
        model = support.model()
        with self.assertRaises(ImageSizeError) as raised:
            model.encode_images([image(), np.zeros((1, 20_000, 3), np.uint8)])
        self.assertEqual(str(raised.exception), "item 1: 20000 x 1 pixels, the session's limits are 16384 x 16384")
        ids = support.generated_ids(13, 71)
        ids[3][1] = 71
        with self.assertRaisesRegex(TokensError, "item 3: id 71 at position 1, expected 0 to 70"):
            model.encode_ids(ids)
        pixels = np.full((1, 3, 30, 30), np.nan, np.float32)
        with self.assertRaises(NotFiniteError):
            model.encode_pixels(pixels)

    def test_items_that_fail_leave_the_others_their_bits(self):
        model = support.model()
        expected = model.encode_images([image()])[0]
        failures = {}
        images = [image(), None, np.zeros((1, 20_000, 3), np.uint8), np.zeros((4, 4), np.uint8), image()]
        vectors = model.encode_images(images, failures=failures)
        self.assertEqual({index: type(error) for index, error in failures.items()},
                         {1: TypeError, 2: ImageSizeError, 3: ArgumentError})
        for index, vector in enumerate(vectors):
            np.testing.assert_array_equal(vector, np.zeros(24) if index in failures else expected)
        texts, failures = support.words(), {}
        vectors = texts.encode_texts(["a cat", None, "\ud800", b"a cat", "a dog"], failures=failures)
        self.assertEqual(sorted(failures), [1, 2, 3])
        np.testing.assert_array_equal(vectors[[0, 4]], texts.encode_texts(["a cat", "a dog"]))
        self.assertFalse(vectors[1:4].any())

    def test_batches_of_any_length_are_taken(self):
        model = support.model()
        vectors = model.encode_images([image()] * 10_000)
        self.assertEqual(vectors.shape, (10_000, 24))
        self.assertTrue((vectors == vectors[0]).all())

    def test_texts_that_are_no_list_of_str_are_refused(self):
        model = support.words()
        for texts in ("a cat", b"a cat", None, 7, [b"a cat"], [None], [["a cat"]]):
            with self.subTest(texts), self.assertRaises(TypeError):
                model.encode_texts(texts)
        with self.assertRaises(ArgumentError):
            model.encode_texts(["\ud800"])
        with self.assertRaises(TypeError):
            model.tokenize(None)

    def test_a_path_is_answered_with_how_to_open_it(self):
        model = support.model()
        for path in ("cat.jpg", pathlib.Path("cat.jpg")):
            for mistake in (
                lambda: model.encode_images(path),
                lambda: model.encode_images([path]),
                lambda: model.preprocess(path),
            ):
                with self.assertRaisesRegex(TypeError, r"PIL\.Image\.open\('cat\.jpg'\)"):
                    mistake()

    def test_another_file_than_a_bundle_is_answered_with_the_command_that_converts(self):
        for name in ("minis/mini-vit.pt", "minis/images/crab-11.png"):
            with self.assertRaisesRegex(FormatError, "^not a bundle: .*pocketclip convert"):
                Model(support.ROOT / "Fixtures" / name)
        with self.assertRaisesRegex(VersionError, "version 2; this library reads up to version 1"):
            Model(support.ROOT / "Fixtures/malformed/bundle/B-011.pclip")

    def test_towers_that_are_not_there_are_named(self):
        with self.assertRaises(NoTowerError):
            support.model("hidden-text-fp32").encode_images([image()])
        with self.assertRaises(NoTowerError):
            support.model("hidden-text-fp32").preprocess(image())
        with self.assertRaises(NoTowerError):
            support.model("vit-int8").encode_texts(["a cat"])
        with self.assertRaises(NoTowerError):
            support.model("vit-int8").tokenize("a cat")
        with self.assertRaisesRegex(ArgumentError, "no logit scale"):
            support.model("hidden-fp32").classify([image()], ["a cat"])


class ClosedTests(unittest.TestCase):
    def test_closed_handles_refuse_every_method(self):
        model = support.model()
        session = Session(model)
        with model, session:
            session.encode_images([image()])
        for closed in (model, session):
            self.assertTrue(closed.closed)
            closed.close()
            for method in (
                lambda closed=closed: closed.encode_images([image()]),
                lambda closed=closed: closed.encode_ids([[1] * 13]),
                lambda closed=closed: closed.preprocess(image()),
                lambda closed=closed: closed.self_test(),
                lambda closed=closed: closed.__enter__(),
                lambda closed=closed: pickle.dumps(closed),
            ):
                with self.assertRaisesRegex(ArgumentError, "closed"):
                    method()
            self.assertIn("closed", repr(closed))
        for method in (model.check_content, lambda: Session(model), lambda: Session.byte_count(model)):
            with self.assertRaisesRegex(ArgumentError, "the model is closed"):
                method()

    def test_a_session_outlives_its_model(self):
        model = support.model()
        expected = model.encode_images([image()])
        session = Session(model)
        model.close()
        np.testing.assert_array_equal(session.encode_images([image()]), expected)

    def test_sessions_with_limits_out_of_range_are_refused(self):
        model = support.model()
        for limits in ({"max_batch": -1}, {"max_width": 10**6}, {"max_height": 2**40}):
            with self.subTest(limits), self.assertRaises(ArgumentError):
                Session(model, **limits)
            with self.subTest(limits), self.assertRaises(ArgumentError):
                Session.byte_count(model, **limits)
        with self.assertRaises(ImageSizeError):
            Session(model, max_width=30, max_height=30).encode_images([image()])


class ExceptionTests(unittest.TestCase):
    def test_exceptions_survive_pickling(self):
        for kind in _errors.BY_CODE.values():
            error = kind("what, where, expected and found")
            error.offset = 12
            copy = pickle.loads(pickle.dumps(error))
            self.assertIsInstance(copy, PocketCLIPError)
            self.assertEqual((type(copy), str(copy), copy.code, copy.offset), (kind, str(error), kind.code, 12))

    def test_a_rewritten_file_differs_from_the_one_that_was_pickled(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "b.pclip")
            path.write_bytes(pathlib.Path(support.bundle("vit-int8")).read_bytes())
            pickled = pickle.dumps(Model(path))
            self.assertEqual(pickle.loads(pickled).info.bundle_id, support.model().info.bundle_id)
            path.unlink()
            path.write_bytes(pathlib.Path(support.bundle("vit-fp16")).read_bytes())
            with self.assertRaisesRegex(ArgumentError, "not the bundle that was pickled"):
                pickle.loads(pickled)
            path.unlink()
            with self.assertRaises(OpenError):
                pickle.loads(pickled)


if __name__ == "__main__":
    unittest.main()
