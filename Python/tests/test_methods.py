"""Tests the results of each method."""

import pathlib
import unittest

import numpy as np
import pocketclip
import support
from pocketclip import ArgumentError, Image, Model, Session

FAMILIES = ("vit", "resnet")


def image(height=50, width=40):
    return np.frombuffer(support.image_bytes(height, width), np.uint8).reshape(height, width, 3)


class ParityTests(unittest.TestCase):
    def assert_close(self, vectors, golden, precision):
        golden = np.array(golden)
        self.assertEqual(vectors.shape, golden.shape)
        if precision == "int8":
            self.assertGreaterEqual((vectors * golden).sum(axis=1).min(), support.INT8_COSINE)
        else:
            self.assertLessEqual(np.abs(vectors - golden).max(), support.FLOAT_TOLERANCE)

    def test_images_and_texts_equal_openais_float64_forward_pass(self):
        for family in FAMILIES:
            for precision in support.PRECISIONS:
                with self.subTest(family=family, precision=precision), support.model(f"{family}-{precision}") as model:
                    info = model.info
                    golden = support.golden(f"{family}-images", info.image_output)
                    pixels = support.generated_pixels(len(golden) * 3 * info.image_size**2)
                    self.assert_close(model.encode_pixels(pixels), golden, precision)
                    ids = support.generated_ids(info.context_length, info.vocabulary_size)
                    golden = support.golden(f"{family}-texts", info.text_output)
                    self.assert_close(model.encode_ids(ids), golden, precision)


class MethodTests(unittest.TestCase):
    def test_info_describes_what_the_bundle_is(self):
        info = support.model().info
        self.assertTrue(info.has_image and info.has_text and not info.has_tokenizer)
        self.assertEqual((info.embedding_dim, info.image_size, info.context_length), (24, 30, 13))
        self.assertEqual((info.arithmetic, info.space_id, len(info.bundle_id)), ("fast", "-.-", 64))
        self.assertAlmostEqual(info.logit_scale, 100, places=4)
        self.assertEqual(support.model(arithmetic="exact").info.arithmetic, "exact")
        self.assertEqual(support.model(isa="scalar").info.isa, "scalar")
        self.assertIsNone(support.model("hidden-fp32").info.logit_scale)

    def test_a_image_encoded_is_the_image_preprocessed_then_encoded(self):
        model = support.model("resnet-fp32")
        pixels = model.preprocess(image())
        self.assertEqual((pixels.shape, pixels.dtype), ((3, 64, 64), np.float32))
        np.testing.assert_array_equal(model.encode_pixels([pixels]), model.encode_images([image()]))

    def test_raw_vectors_point_where_unit_vectors_point(self):
        model = support.model("vit-fp32")
        unit, raw = model.encode_images([image()]), model.encode_images([image()], unit=False)
        length = np.linalg.norm(raw)
        self.assertAlmostEqual(np.linalg.norm(unit), 1, places=6)
        self.assertGreater(abs(length - 1), 0.01)
        np.testing.assert_allclose(raw / length, unit, atol=support.FLOAT_TOLERANCE)

    def test_a_vectors_bits_depend_on_the_item_alone(self):
        images = [image(30 + i, 70 - i) for i in range(20)]
        model = support.model(threads=1)
        alone = np.concatenate([model.encode_images([one]) for one in images])
        for sessions in (model, support.model(threads=2), Session(model, max_batch=3)):
            np.testing.assert_array_equal(sessions.encode_images(reversed(images)), alone[::-1])

    def test_texts_are_tokenized_as_openais_tokenizer_does(self):
        model = support.words()
        tokens = model.tokenize("a photo of a cat")
        self.assertEqual(tokens.ids.tolist(), [49406, 320, 1125, 539, 320, 2368, 49407, 0, 0])
        self.assertEqual((tokens.count, tokens.is_truncated), (7, False))
        cut = model.tokenize("a " * 10_000)
        self.assertEqual((cut.ids.tolist(), cut.count, cut.is_truncated), ([49406] + [320] * 7 + [49407], 9, True))
        texts = ["a photo of a cat", "a " * 100, "", "naïve 文字 \0 zero"]
        ids = [model.tokenize(text).ids for text in texts]
        np.testing.assert_array_equal(model.encode_texts(texts), model.encode_ids(ids))
        self.assertEqual(len(set(map(bytes, model.encode_texts(texts)))), 4)

    def test_similarity_and_softmax_are_those_of_the_formulas(self):
        generator = np.random.default_rng(1)
        a, b = (generator.standard_normal((n, 24)).astype(np.float32) for n in (3, 5))
        scores = pocketclip.similarity(a, b)
        np.testing.assert_allclose(scores, a.astype(float) @ b.astype(float).T, atol=1e-5)
        np.testing.assert_array_equal(pocketclip.similarity(a[0], list(b)), scores[:1])
        exponents = np.exp(2.5 * scores.astype(float))
        np.testing.assert_allclose(
            pocketclip.softmax(scores, 2.5), exponents / exponents.sum(axis=1, keepdims=True), atol=1e-6
        )
        self.assertIs(pocketclip.softmax(scores, 1, out=scores), scores)
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)

    def test_a_sigmoid_gives_open_clips_probabilities(self):
        model = support.model("sigmoid-fp32")
        info = model.info
        self.assertEqual((info.score_kind, info.logit_bias, info.pad_id, info.attends_pads), ("sigmoid", -1.5, None, False))
        images = model.encode_pixels(support.generated_pixels(3 * 3 * info.image_size**2))
        texts = model.encode_ids(support.generated_ids(info.context_length, info.vocabulary_size))
        scores = pocketclip.similarity(images, texts)
        golden = support.golden("sigmoid-probabilities", len(texts))
        np.testing.assert_allclose(model.probabilities(scores), golden, rtol=0, atol=1e-6)
        np.testing.assert_array_equal(Session(model).probabilities(scores), model.probabilities(scores))
        logits = 2.5 * scores.astype(float) - 1.5
        np.testing.assert_allclose(model.probabilities(scores, scale=2.5), 1 / (1 + np.exp(-logits)), atol=1e-6)
        self.assertIs(model.probabilities(scores, out=scores), scores)

    def test_a_softmax_is_that_of_the_models_scale(self):
        model = support.model("vit-fp32")
        self.assertEqual((model.info.score_kind, model.info.logit_bias), ("softmax", None))
        scores = np.array([[0.2, 0.25, 0.1]], np.float32)
        expected = pocketclip.softmax(scores, model.info.logit_scale)
        np.testing.assert_array_equal(model.probabilities(scores), expected)
        with self.assertRaisesRegex(pocketclip.ArgumentError, "no logit scale"):
            support.model("hidden-fp32").probabilities(scores)
        self.assertEqual(support.words().info.pad_id, 0)

    def test_classifying_is_encoding_comparing_and_scoring(self):
        class Labelled(Model):
            """Has ids for texts, as the tiny bundles have no vocabulary."""

            def encode_texts(self, texts, **options):
                ids = support.generated_ids(self.info.context_length, self.info.vocabulary_size)
                return self.encode_ids([ids[int(text)] for text in texts], **options)

        model = Labelled(support.bundle("vit-int8"))
        labels = ["1", "4", "9"]
        scores = model.encode_images([image()]) @ model.encode_texts(labels).T
        found = model.classify([image()], labels)
        np.testing.assert_allclose(found, pocketclip.softmax(scores, model.info.logit_scale), atol=1e-4)
        failures = {}
        both = model.classify([None, image()], labels, failures=failures)
        np.testing.assert_array_equal(both, np.concatenate([np.zeros((1, 3)), found]))
        self.assertEqual(list(failures), [0])
        flat = model.classify([image()], labels, scale=0)
        np.testing.assert_allclose(flat, 1 / 3, atol=1e-6)

    def test_classifying_needs_a_text(self):
        with support.words() as model:
            for images in ([], [image()]):
                with self.assertRaisesRegex(ArgumentError, "texts: expected at least one"):
                    model.classify(images, [], scale=1)

    def test_checks_pass_on_intact_bundles_and_name_the_damaged_tensor(self):
        with support.model("resnet-int8") as model:
            model.self_test()
            model.check_content()
        damaged = bytearray(pathlib.Path(support.bundle("vit-fp32")).read_bytes())
        damaged[-100] ^= 1
        model = Model.from_bytes(damaged)
        with self.assertRaises(pocketclip.ContentError):
            model.check_content()

    def test_spaces_are_compared_by_the_ids_known_on_both_sides(self):
        self.assertIs(pocketclip.compare_spaces("a.b", "a.b"), True)
        self.assertIs(pocketclip.compare_spaces("a.-", "a.b"), True)
        self.assertIs(pocketclip.compare_spaces("a.b", "c.b"), False)
        self.assertIsNone(pocketclip.compare_spaces("a.-", "-.b"))

    def test_a_sessions_size_is_known_before_it_is_made(self):
        model = support.model()
        small = Session.byte_count(model, max_batch=1, max_width=64, max_height=64)
        self.assertLess(0, small)
        self.assertLess(small, Session.byte_count(model))

    def test_versions_agree(self):
        self.assertEqual(pocketclip.runtime_version(), pocketclip.__version__)
        found = support.model().info.isa
        # The system may refuse AMX to a process.
        self.assertIn(found, {pocketclip.isa_name(), "avx512vnni" if pocketclip.isa_name() == "amx" else pocketclip.isa_name()})

    def test_a_flat_buffer_of_known_size_is_a_image(self):
        model = support.model()
        expected = model.encode_images([image()])
        data = support.image_bytes(50, 40)
        np.testing.assert_array_equal(model.encode_images([Image(data, 40, 50)]), expected)
        padded = b"".join(data[120 * row : 120 * row + 120] + b"????" for row in range(50))
        np.testing.assert_array_equal(model.encode_images([Image(padded, 40, 50, stride=124)]), expected)


if __name__ == "__main__":
    unittest.main()
