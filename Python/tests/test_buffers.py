"""Input and output memory: used without a copy, converted, or refused."""

import array
import ctypes
import mmap
import unittest

import numpy as np
import pocketclip
import support
from pocketclip import ArgumentError, BufferTooSmallError, Image, ImageSizeError, _abi, _buffers
from test_methods import image


class LikePIL:
    """Like PIL images: no buffer, but an array interface with bytes."""

    def __init__(self, pixels):
        self.__array_interface__ = {
            "version": 3, "shape": pixels.shape, "typestr": "|u1", "data": pixels.tobytes(),
        }


class LikeTorch:
    """Like PyTorch's tensors."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return self.values


class ImageTests(unittest.TestCase):
    def setUp(self):
        self.model = support.model()
        self.expected = self.model.encode_images([image()])

    def assert_same(self, image):
        np.testing.assert_array_equal(self.model.encode_images([image]), self.expected)

    def test_every_kind_of_buffer_is_a_image(self):
        pixels = image()
        read_only = pixels.copy()
        read_only.flags.writeable = False
        self.assert_same(read_only)
        self.assert_same(memoryview(pixels.tobytes()).cast("B", (50, 40, 3)))
        self.assert_same((ctypes.c_uint8 * 3 * 40 * 50).from_buffer_copy(pixels))
        self.assert_same(LikePIL(pixels))
        self.assert_same(LikeTorch(pixels))
        mapped = mmap.mmap(-1, pixels.nbytes)
        mapped.write(pixels.tobytes())
        self.assert_same(Image(mapped, 40, 50))

    def test_a_crop_is_taken_where_it_lies(self):
        large = np.zeros((90, 80, 3), np.uint8)
        large[7:57, 11:51] = image()
        crop = large[7:57, 11:51]
        structure, _ = _buffers.image_structure(crop, "crop")
        self.assertEqual((structure.pixels, structure.stride), (crop.ctypes.data, 240))
        self.assert_same(crop)

    def test_rows_that_run_backwards_or_with_gaps_are_copied(self):
        pixels = image()
        self.assert_same(np.ascontiguousarray(pixels[..., ::-1])[..., ::-1])
        self.assert_same(np.ascontiguousarray(pixels[::-1])[::-1])
        self.assert_same(np.asfortranarray(pixels))
        self.assert_same(np.repeat(pixels, 2, axis=1)[:, ::2])
        grey = np.broadcast_to(image()[..., :1], (50, 40, 3))
        np.testing.assert_array_equal(self.model.encode_images([grey]), self.model.encode_images([grey.copy()]))

    def test_images_of_one_row_or_column_are_taken(self):
        for shape in ((1, 40, 3), (40, 1, 3), (1, 1, 3)):
            pixels = np.full(shape, 9, np.uint8)
            self.assertEqual(self.model.encode_images([pixels, pixels[::-1]]).shape, (2, 24))

    def test_a_numpy_array_of_images_is_a_list(self):
        batch = np.stack([image(), image()[::-1]])
        np.testing.assert_array_equal(self.model.encode_images(batch), self.model.encode_images(list(batch)))

    def test_what_is_no_rgb_image_is_refused(self):
        refused = [
            (ArgumentError, np.zeros((4, 4), np.uint8)),
            (ArgumentError, np.zeros((4, 4, 4), np.uint8)),
            (ArgumentError, np.zeros((3, 4, 5), np.uint8)),
            (ArgumentError, b"1234"),
            (ArgumentError, LikePIL(np.zeros((4, 4, 4), np.uint8))),
            (TypeError, np.zeros((4, 4, 3), np.int8)),
            (TypeError, np.zeros((4, 4, 3), np.float32)),
            (TypeError, None),
            (TypeError, "cat.jpg"),
            (ArgumentError, np.zeros((4, 4, 3), "datetime64[s]")),
            (ImageSizeError, np.zeros((0, 4, 3), np.uint8)),
            (ImageSizeError, np.zeros((4, 0, 3), np.uint8)),
            (ImageSizeError, np.broadcast_to(np.uint8(1), (2**40, 2**20, 3))),
            (ImageSizeError, np.zeros((1, 20_000, 3), np.uint8)),
        ]
        for kind, image in refused:
            with self.subTest(image=getattr(image, "shape", image)), self.assertRaises(kind):
                self.model.encode_images([image])

    def test_one_image_where_several_are_expected_is_named(self):
        for one in (image(), Image(bytes(3), 1, 1), b"...", 7):
            with self.assertRaisesRegex(TypeError, "pass a list"):
                self.model.encode_images(one)

    def test_an_images_size_must_fit_its_bytes(self):
        for arguments in ((b"12345", 1, 1), (b"12", 1, 1), (b"123", 0, 1), (b"123", -1, -1), (bytes(12), 2, 2, 5),
                          (b"123", 2**40, 1), (bytes(6), 1, 2, 4)):
            with self.subTest(arguments), self.assertRaises(ArgumentError):
                Image(*arguments)
        with self.assertRaises(TypeError):
            Image(b"123", 1.0, 1)


class NumberTests(unittest.TestCase):
    def setUp(self):
        self.model = support.model()
        self.pixels = np.frombuffer(support.generated_pixels(2 * 3 * 30 * 30), np.float32).reshape(2, 3, 30, 30)
        self.expected = self.model.encode_pixels(self.pixels)
        self.ids = np.array(support.generated_ids(13, 71), np.int32)

    def test_contiguous_floats_and_ids_are_taken_where_they_lie(self):
        for values, code, row in ((self.pixels, "f", (3, 30, 30)), (self.ids, "i", (13,))):
            rows = _buffers.matrix(values, "rows", code, row)
            self.assertEqual((rows.start, rows.count), (values.ctypes.data, len(values)))

    def test_pixels_in_any_form_give_the_same_vectors(self):
        unaligned = np.zeros(self.pixels.nbytes + 1, np.uint8)[1:].view(np.float32)
        unaligned[:] = self.pixels.reshape(-1)
        forms = [
            self.pixels.reshape(-1), self.pixels.reshape(2, -1), list(self.pixels), [row.tolist() for row in
            self.pixels.reshape(2, -1)], np.asfortranarray(self.pixels), unaligned, LikeTorch(self.pixels),
            array.array("f", self.pixels.reshape(-1)), (ctypes.c_float * 5400).from_buffer_copy(self.pixels),
            [(ctypes.c_float * 2700).from_buffer_copy(row) for row in self.pixels],
        ]
        for form in forms:
            with self.subTest(type(form)):
                np.testing.assert_array_equal(self.model.encode_pixels(form), self.expected)

    def test_ids_of_any_integer_type_give_the_same_vectors(self):
        expected = self.model.encode_ids(self.ids)
        forms = [self.ids.astype(np.int64), self.ids.astype(np.uint8), self.ids.tolist(), np.asfortranarray(self.ids),
                 list(self.ids.astype(np.uint16))]
        for form in forms:
            np.testing.assert_array_equal(self.model.encode_ids(form), expected)

    def test_wrong_types_and_shapes_are_refused(self):
        refused = [
            (TypeError, self.model.encode_pixels, self.pixels.astype(np.float64)),
            (TypeError, self.model.encode_pixels, self.pixels.astype(">f4")),
            (TypeError, self.model.encode_pixels, None),
            (ArgumentError, self.model.encode_pixels, self.pixels[0]),
            (ArgumentError, self.model.encode_pixels, self.pixels[:, :2]),
            (ArgumentError, self.model.encode_pixels, np.float32(1)),
            (ArgumentError, self.model.encode_pixels, [self.pixels[0], self.pixels[1, :2]]),
            (ArgumentError, self.model.encode_pixels, [self.pixels[0].transpose(1, 2, 0)]),
            (TypeError, self.model.encode_ids, self.ids.astype(np.float32)),
            (TypeError, self.model.encode_ids, [["a"] * 13]),
            (TypeError, self.model.encode_ids, [1, 2, 3]),
            (ArgumentError, self.model.encode_ids, self.ids[:, :12]),
            (ArgumentError, self.model.encode_ids, [[1, 2, 3]]),
            (ArgumentError, self.model.encode_ids, [[2**40] * 13]),
            (ArgumentError, self.model.encode_ids, np.full((1, 13), 2**31)),
        ]
        for kind, method, values in refused:
            with self.subTest(method=method.__name__, values=type(values)), self.assertRaises(kind):
                method(values)
        with self.assertRaisesRegex(ArgumentError, "vectors of 3 values, b of 2"):
            pocketclip.similarity(np.zeros((1, 3), np.float32), np.zeros((1, 2), np.float32))
        with self.assertRaises(ArgumentError):
            pocketclip.softmax(np.zeros((1, 1, 1), np.float32), 1)


class OutTests(unittest.TestCase):
    def setUp(self):
        self.model = support.model()
        self.images = [image(), image(33, 99)]
        self.expected = self.model.encode_images(self.images)

    def test_a_numpy_array_is_filled_and_returned(self):
        out = np.full((2, 24), np.nan, np.float32)
        self.assertIs(self.model.encode_images(self.images, out=out), out)
        np.testing.assert_array_equal(out, self.expected)
        rows = np.full((5, 24), np.nan, np.float32)
        self.model.encode_images(self.images, out=rows[1:3])
        np.testing.assert_array_equal(rows[1:3], self.expected)
        self.assertTrue(np.isnan(rows[[0, 3, 4]]).all())

    def test_any_writable_memory_is_filled_and_returned_as_an_array_of_it(self):
        size = self.expected.nbytes
        buffers = [bytearray(size), array.array("f", bytes(size)), (ctypes.c_float * 24 * 2)(), mmap.mmap(-1, size),
                   (ctypes.c_float * 48)()]
        for out in buffers:
            with self.subTest(type(out)):
                result = self.model.encode_images(self.images, out=out)
                np.testing.assert_array_equal(result, self.expected)
                self.assertEqual(bytes(memoryview(out)), self.expected.tobytes())
                self.assertTrue(np.shares_memory(result, np.frombuffer(out, np.uint8)))
                del result

    def test_memory_that_does_not_fit_is_refused(self):
        refused = [
            (BufferTooSmallError, np.zeros((2, 23), np.float32)),
            (BufferTooSmallError, bytearray(191)),
            (BufferTooSmallError, np.zeros((0, 24), np.float32)),
            (ArgumentError, np.zeros((3, 24), np.float32)),
            (ArgumentError, np.zeros((24, 2), np.float32)),
            (ArgumentError, np.zeros((2, 48), np.float32)[:, ::2]),
            (ArgumentError, np.zeros((24, 2), np.float32).T),
            (ArgumentError, bytes(192)),
            (ArgumentError, memoryview(bytearray(193))[1:]),
            (TypeError, np.zeros((2, 24))),
            (TypeError, np.zeros((2, 24), np.int32)),
            (TypeError, np.zeros((2, 24), ">f4")),
            (TypeError, [0.0] * 48),
            (TypeError, LikeTorch(np.zeros((2, 24), np.float32))),
            (TypeError, 7),
        ]
        for kind, out in refused:
            with self.subTest(out=type(out), shape=np.shape(out)), self.assertRaises(kind):
                self.model.encode_images(self.images, out=out)

    def test_memory_that_is_also_read_is_refused(self):
        pixels = np.frombuffer(support.generated_pixels(2700), np.float32).reshape(1, 3, 30, 30).copy()
        with self.assertRaisesRegex(ArgumentError, "out shares memory with pixels"):
            self.model.encode_pixels(pixels, out=pixels.reshape(-1)[2670:2694])
        raw = np.zeros(50 * 40 * 3 + 96, np.uint8)
        with self.assertRaisesRegex(ArgumentError, "images"):
            self.model.encode_images([raw[:6000].reshape(50, 40, 3)], out=raw[5904:6000])
        self.model.encode_images([raw[:6000].reshape(50, 40, 3)], out=raw[6000:])
        square = np.zeros((24, 24), np.float32)
        with self.assertRaises(ArgumentError):
            pocketclip.similarity(square, square[:1], out=square[23])

    def test_preprocessing_fills_memory_too(self):
        out = np.zeros((3, 30, 30), np.float32)
        self.assertIs(self.model.preprocess(image(), out=out), out)
        np.testing.assert_array_equal(out, self.model.preprocess(image()))

    def test_nothing_in_is_nothing_out(self):
        for method in (self.model.encode_images, self.model.encode_pixels, self.model.encode_ids):
            self.assertEqual(method([]).shape, (0, 24))
            self.assertEqual(method([], out=bytearray()).shape, (0, 24))
        self.assertEqual(self.model.encode_ids(np.zeros((0, 13), np.int32)).shape, (0, 24))
        self.assertEqual(self.model.encode_pixels(np.zeros((0, 3, 30, 30), np.float32)).shape, (0, 24))
        self.assertEqual(pocketclip.similarity([], np.zeros((3, 24), np.float32)).shape, (0, 3))
        self.assertEqual(pocketclip.softmax(np.zeros((0, 3), np.float32), 1).shape, (0, 3))
        self.assertEqual(_abi.library.pclip_encode_ids(None, None, 0, 0, None, 0, None, None), 1)


if __name__ == "__main__":
    unittest.main()
