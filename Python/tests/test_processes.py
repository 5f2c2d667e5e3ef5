"""Tests threads, forks, pickles, lifetimes and imports."""

import copy
import gc
import multiprocessing
import os
import pathlib
import pickle
import signal
import threading
import unittest
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import support
from pocketclip import ArgumentError, Model, Session
from test_methods import image

# Pages of malloc's own and of threads' stacks; one leaked session of 24 MB or bundle of 0.2 MB per cycle is far more.
MAXIMUM_GROWTH_BYTES = 8 << 20


def resident_bytes():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def encode_with(encoder, count):
    """Runs in a worker process; returns the bits of the vectors."""
    return encoder.encode_images([image()] * count).tobytes()


class ThreadTests(unittest.TestCase):
    def test_eight_threads_on_one_model_get_the_same_bits(self):
        for encoder in (support.model(sessions=3), Session(support.model())):
            images = [image(30 + i, 40) for i in range(12)]
            expected = encoder.encode_images(images)
            with ThreadPoolExecutor(8) as pool:
                for vectors in pool.map(lambda _: encoder.encode_images(images), range(64)):
                    np.testing.assert_array_equal(vectors, expected)

    def test_no_more_sessions_are_made_than_calls_ran_at_once(self):
        model = support.model(sessions=2)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: model.encode_images([image()]), range(40)))
        self.assertLessEqual(model._pool._count, 2)
        with ThreadPoolExecutor(1) as pool:
            other = support.model(sessions=2)
            list(pool.map(lambda _: other.encode_images([image()]), range(10)))
        self.assertEqual(other._pool._count, 1)

    def test_a_model_closed_under_way_refuses_or_answers(self):
        expected = support.model().encode_images([image()] * 8)
        for _ in range(20):
            model, outcomes = support.model(sessions=2), []

            def work(model=model, outcomes=outcomes):
                try:
                    while True:
                        outcomes.append((model.encode_images([image()] * 8) == expected).all())
                except ArgumentError as error:
                    outcomes.append(str(error) == "the model is closed")

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            model.close()
            for thread in threads:
                thread.join()
            self.assertTrue(all(outcomes))

    def test_a_session_that_cannot_be_made_does_not_block_the_next(self):
        model = support.model(sessions=1, max_batch=-1)
        for _ in range(3):
            with self.assertRaises(ArgumentError):
                model.encode_images([image()])

    def test_other_threads_run_during_a_call(self):
        model, done, turns = support.model("resnet-fp32"), threading.Event(), []

        def count():
            while not done.wait(0.0005):
                turns.append(1)

        counter = threading.Thread(target=count)
        counter.start()
        try:
            # With the GIL held, the thread could run only before and after the call.
            for batch in (16, 64, 256, 1024):
                pixels = np.zeros((batch, 3, 64, 64), np.float32)
                before = len(turns)
                model.encode_pixels(pixels)
                if len(turns) - before > 10:
                    return
            self.fail("no turns during a call")
        finally:
            done.set()
            counter.join()


class ForkTests(unittest.TestCase):
    def in_child(self, check):
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            status = 1
            try:
                status = 0 if check() else 2
            finally:
                os._exit(status)
        self.assertEqual(os.waitpid(child, 0)[1], 0)

    def test_a_child_encodes_with_its_parents_handles(self):
        model = support.model()
        session = Session(model)
        expected = model.encode_images([image()] * 20)
        session.encode_images([image()])
        for encoder in (model, session):
            self.in_child(lambda encoder=encoder: (encoder.encode_images([image()] * 20) == expected).all())
            np.testing.assert_array_equal(encoder.encode_images([image()] * 20), expected)

    def test_a_fork_while_other_threads_encode_harms_neither_side(self):
        model = support.model(sessions=2)
        session = Session(model)
        expected = model.encode_images([image()] * 4)
        stop = threading.Event()
        wrong = []

        def work(encoder):
            while not stop.is_set():
                if not (encoder.encode_images([image()] * 4) == expected).all():
                    wrong.append(encoder)

        encoders = (model, model, model, session, session)
        threads = [threading.Thread(target=work, args=(encoder,)) for encoder in encoders]
        for thread in threads:
            thread.start()
        try:
            for _ in range(25):
                self.in_child(lambda: (model.encode_images([image()] * 4) == expected).all())
                self.in_child(lambda: (session.encode_images([image()] * 4) == expected).all())
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(wrong, [])

    def test_a_child_may_close_and_collect(self):
        model = support.model()
        session = Session(model)
        session.encode_images([image()])
        model.encode_images([image()])

        def check():
            model.close()
            session.close()
            gc.collect()
            return support.model().encode_images([image()]).shape == (1, 24)

        self.in_child(check)
        model.encode_images([image()])
        session.encode_images([image()])


class PickleTests(unittest.TestCase):
    def test_pickled_handles_encode_the_same_bits_in_spawned_workers(self):
        model = support.model(arithmetic="exact", max_batch=3)
        expected = encode_with(model, 5)
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
            for encoder in (model, Session(model, max_batch=2)):
                self.assertEqual(pool.submit(encode_with, encoder, 5).result(), expected)

    def test_pickling_keeps_options_and_path(self):
        model = Model(os.path.relpath(support.bundle("vit-int8")), arithmetic="exact", threads=1, sessions=2)
        for other in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
            self.assertEqual((other.info.arithmetic, other.info.threads), ("exact", 1))
            self.assertEqual(repr(other), repr(model))

    def test_a_model_from_bytes_is_not_pickled(self):
        model = Model.from_bytes(pathlib.Path(support.bundle("vit-int8")).read_bytes())
        with self.assertRaisesRegex(TypeError, "from bytes"):
            pickle.dumps(model)


class LifetimeTests(unittest.TestCase):
    def test_two_thousand_cycles_of_opening_do_not_grow(self):
        data = pathlib.Path(support.bundle("vit-int8")).read_bytes()

        def cycle():
            with support.model() as model, Session(model) as session:
                session.encode_ids([[1] * 12 + [70]])
                model.encode_ids([[1] * 12 + [70]])
            Model.from_bytes(data)

        for _ in range(50):
            cycle()
        before = resident_bytes()
        for _ in range(2000):
            cycle()
        self.assertLess(resident_bytes() - before, MAXIMUM_GROWTH_BYTES)

    def test_calls_do_not_grow(self):
        model = support.model()
        images, out = [image()] * 3, np.empty((3, 24), np.float32)
        for _ in range(50):
            model.encode_images(images, out=out)
        before = resident_bytes()
        for _ in range(2000):
            model.encode_images(images, out=out)
            model.encode_images(images, failures={})
        self.assertLess(resident_bytes() - before, MAXIMUM_GROWTH_BYTES)


class ImportTests(unittest.TestCase):
    def test_importing_starts_no_thread_and_brings_no_numpy(self):
        program = (
            "import os, sys, time\n"
            "start = time.perf_counter()\n"
            "import pocketclip\n"
            "print(1000 * (time.perf_counter() - start))\n"
            "print(len(os.listdir('/proc/self/task')), 'numpy' in sys.modules, 'typing' in sys.modules)"
        )
        runs = [support.run_python(program, PYTHONDONTWRITEBYTECODE="").splitlines() for _ in range(10)]
        self.assertEqual({run[1] for run in runs}, {"1 False False"})
        print(f"\nimport pocketclip: {min(float(run[0]) for run in runs):.1f} ms, the least of {len(runs)}")

    def test_a_library_that_cannot_be_loaded_is_named(self):
        with self.assertRaisesRegex(AssertionError, "ImportError: pocketclip: cannot load its library: /nowhere/x.so"):
            support.run_python("import pocketclip", POCKETCLIP_LIBRARY="/nowhere/x.so")

    def test_without_numpy_results_are_memoryviews_of_the_same_bits(self):
        program = (
            "import array, sys\n"
            "sys.modules['numpy'] = None\n"
            "import pocketclip, support\n"
            "model = support.model()\n"
            "image = pocketclip.Image(support.image_bytes(50, 40), 40, 50)\n"
            "vectors = model.encode_images([image, image])\n"
            "assert (type(vectors), vectors.format, vectors.shape) == (memoryview, 'f', (2, 24))\n"
            "ids = model.encode_ids([[1] * 12 + [70]])\n"
            "scores = pocketclip.softmax(pocketclip.similarity(vectors, ids), 2.0)\n"
            "assert scores.tolist() == [[1.0], [1.0]]\n"
            "assert model.encode_images([]).tolist() == []\n"
            "pixels = model.preprocess(image)\n"
            "assert model.encode_pixels([pixels]).tolist() == vectors.tolist()[:1]\n"
            "out = array.array('f', bytes(192))\n"
            "assert model.encode_images([image, image], out=out).tolist() == vectors.tolist()\n"
            "assert out.tolist() == sum(vectors.tolist(), [])\n"
            "tokens = support.words().tokenize('a cat')\n"
            "assert tokens.ids.tolist() == [49406, 320, 2368, 49407, 0, 0, 0, 0, 0], tokens\n"
            "print(bytes(vectors).hex())"
        )
        tests = str(pathlib.Path(__file__).parent)
        printed = support.run_python(program, PYTHONPATH=os.pathsep.join([os.environ["PYTHONPATH"], tests]))
        expected = support.model().encode_images([image()] * 2)
        self.assertEqual(printed.strip(), expected.tobytes().hex())


if __name__ == "__main__":
    unittest.main()
