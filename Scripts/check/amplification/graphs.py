"""ONNX: graphs whose nodes of a few bytes request many numbers, axes or names."""

import struct

from cases_onnx import attribute, field, floats, longs, node, port, tensor, tower

from amplification import SIZE


def model(nodes, tensors=(), inputs=(), outputs=(), opset=17):
    graph = b"".join(field(1, x) for x in nodes) + b"".join(field(5, x) for x in tensors)
    graph += b"".join(field(11, x) for x in inputs) + b"".join(field(12, port(x, 1, ["n", 2])) for x in outputs)
    return field(1, 8) + field(2, "a") + field(8, field(2, opset)) + field(7, graph)


PIXELS = port("p", 1, ["n", 3, 32, 32])
MANY_IDS = port("i", 7, [65_536, 77])


def chain(operation, count, first="p", more=""):
    """Each node takes the output of the one before it."""
    names = [first] + ["%x" % i for i in range(count)]
    return [node(operation, [a, *more.split()], [b]) for a, b in zip(names, names[1:])]


def same(operation, inputs, count, **attributes):
    extra = b"".join(field(5, attribute(*item)) for item in attributes.items())
    return [node(operation, inputs.split(), ["%x" % i]) + extra for i in range(count)]


def packed(name, values):
    return tensor(name, [len(values)], 7, raw=struct.pack(f"<{len(values)}q", *values))


def many_axes():
    """A shape of twenty thousand axes, which each following node reads."""
    axes = packed("s", [1] * 20_000 + [2 * 3 * 32 * 32])
    return model([node("Reshape", ["p", "s"], ["a"])] + chain("Relu", 8000, "a"), [axes], [PIXELS])


def unsqueezed_again():
    return model(chain("Unsqueeze", 8000, "p", "s"), [packed("s", [0])], [PIXELS])


def gathered():
    """A thousand columns at a million indices: eight gigabytes from four nodes."""
    nodes = [node("ConstantOfShape", ["n"], ["z"]), node("Cast", ["z"], ["zi"]) + field(5, attribute("to", 7)),
             node("ConstantOfShape", ["m"], ["t"]), node("Gather", ["t", "zi"], ["g"])]
    return model(nodes, [packed("n", [1 << 20]), packed("m", [2, 1 << 12])], [PIXELS])


def expanded_constants(count):
    return model([node("ConstantOfShape", ["n"], ["z"])] + same("Add", "z z", count), [packed("n", [1 << 20])], [PIXELS])


def positions_of_many_texts(count):
    return model(same("ArgMax", "i", count, axis=1), [], [MANY_IDS])


def split(count):
    names = ["%x" % i for i in range(count)]
    nodes = [node("Split", ["c"], names)]
    return model(nodes, [longs("c", range(count))], [PIXELS])


def branches(depth):
    """If inside If; the constant is true."""
    graph = field(12, port("c", 1, [1]))
    for _ in range(depth):
        value = field(1, "then_branch") + field(6, graph) + field(20, 5)
        graph = field(1, node("If", ["c"], ["b"]) + field(5, value)) + field(12, port("b", 1, [1]))
    return graph


def with_branches():
    return field(1, 8) + field(2, "a") + field(8, field(2, 17)) + field(7, branches(7) * 2000 + field(5, longs("c", [1])))


def slices():
    many = packed("b", list(range(20_000)))
    return model([node("Slice", ["p", "b", "b"], ["%x" % i]) for i in range(6000)], [many], [PIXELS])


def concat_of_one(count):
    return model([node("Concat", ["c"] * count, ["o"]) + field(5, attribute("axis", 0))],
                 [packed("c", list(range(1000)))], [PIXELS])


def ranges(count):
    numbers = [longs("a", [0]), longs("b", [1 << 19]), longs("s", [1])]
    return model(same("Range", "a b s", count), numbers, [PIXELS])


def tower_with(more, count):
    """A valid text tower with more nodes in front."""
    content = tower()
    graph = b"".join(field(1, node(more, ["root"], ["%x" % i])) for i in range(count))
    return content + field(7, graph)


def nodes_that_say_nothing():
    return field(1, 8) + field(2, "a") + field(7, field(1, b"") * (SIZE // 2))


def initializers_that_say_nothing():
    return field(1, 8) + field(2, "a") + field(7, field(5, b"") * (SIZE // 2))


def attributes_of_one_node():
    one = field(5, field(1, "a") + field(3, 1))
    return field(1, 8) + field(2, "a") + field(7, field(1, node("Relu", ["p"], ["a"]) + one * (SIZE // 9)))


def packed_attribute():
    numbers = b"\1" * SIZE
    return field(1, 8) + field(2, "a") + field(7, field(1, node("Relu", ["p"], ["a"]) + field(
        5, field(1, "a") + field(8, numbers) + field(20, 7))))


def inputs_of_one_node():
    return model([node("Concat", ["p"] * (SIZE // 3), ["a"])], [], [PIXELS])


def outputs(count):
    return model([node("Relu", ["p"], ["a"])], [], [PIXELS], ["a"] * count)


ONNX = {
    "many-axes": many_axes,
    "unsqueezed-again": unsqueezed_again,
    "gathered": gathered,
    "expanded-constants": lambda: expanded_constants(SIZE // 17),
    "positions-of-many-texts": lambda: positions_of_many_texts(SIZE // 40),
    "curves": lambda: model(chain("Tanh", SIZE // 22), [], [PIXELS]),
    "curves-of-constants": lambda: model(chain("Pow", SIZE // 22, more="c"), [floats("c", [], [1.01])], [PIXELS]),
    "split": lambda: split(SIZE // 14),
    "branches": with_branches,
    "slices": slices,
    "concat-of-one": lambda: concat_of_one(SIZE // 3),
    "ranges": lambda: ranges(SIZE // 22),
    "sums": lambda: model(chain("Add", SIZE // 18, more="p"), [], [PIXELS]),
    "nodes-that-say-nothing": nodes_that_say_nothing,
    "initializers-that-say-nothing": initializers_that_say_nothing,
    "attributes": attributes_of_one_node,
    "packed-attribute": packed_attribute,
    "inputs": inputs_of_one_node,
    "outputs": lambda: outputs(SIZE // 30),
    "shapes": lambda: model(same("Shape", "p", SIZE // 17), [], [PIXELS]),
    "tower-with-constants": lambda: tower_with("Tanh", SIZE // 22),
    "casts": lambda: model(chain("Identity", SIZE // 22, "c"), [packed("c", [1] * 1000)], [PIXELS]),
    "transposes": lambda: model(chain("Transpose", SIZE // 26), [], [PIXELS]),
    "long-names": lambda: model([node("Relu", ["p"], ["%x" % i], name="n" * 2000) for i in range(140)], [], [PIXELS]),
}

CASES = {"onnx": ONNX}
