"""Small ONNX graphs that do what the large ones do, built node by node."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from pliant.fill.base import FILLERS
from pliant.fill.onnx import OnnxFiller
from pliant.models.catalog import find


class Nodes:
    """Collects nodes and constants; every call of an operator gives the name of its output."""

    def __init__(self):
        self.onnx = pytest.importorskip("onnx")
        self.nodes = []
        self.constants = []

    def __getattr__(self, operator):
        def add(*inputs, **attributes):
            name = f"v{len(self.nodes)}"
            names = [i if isinstance(i, str) else self._constant(i) for i in inputs]
            self.nodes.append(self.onnx.helper.make_node(operator, names, [name], **attributes))
            return name

        return add

    def _constant(self, value):
        array = np.asarray(value)
        array = array.astype(np.float32) if array.dtype.kind == "f" else array
        name = f"c{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def named(self, name, output):
        self.nodes.append(self.onnx.helper.make_node("Identity", [name], [output]))

    def save(self, path, inputs, outputs, metadata=None):
        """`inputs` and `outputs`: {name: (numpy type, shape)}; a dimension that is a text is free."""
        helper = self.onnx.helper
        values = [
            [
                helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape)
                for name, (kind, shape) in group.items()
            ]
            for group in (inputs, outputs)
        ]
        graph = helper.make_graph(self.nodes, "tiny", *values, initializer=self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
        if metadata is not None:
            helper.set_model_props(model, {"pliant": json.dumps(metadata)})
        self.onnx.checker.check_model(model)
        self.onnx.save(model, str(path))
        return Path(path)


def painted(n, image, hole):
    """Known colours (of `image` where `hole` is not 1) spread into the hole by a wide box; known pixels stay."""
    known = n.Sub(1.0, hole)
    seen = n.Mul(image, known)
    box = {"kernel_shape": [31, 31], "pads": [15] * 4, "strides": [1, 1], "count_include_pad": 1}
    total = n.Add(n.AveragePool(seen, **box), n.Mul(n.GlobalAveragePool(seen), 1e-3))
    weight = n.Add(n.AveragePool(known, **box), n.Mul(n.GlobalAveragePool(known), 1e-3))
    return n.Add(seen, n.Mul(n.Div(total, weight), hole))


def float_inpainter(path, *, height="h", width="w", output_scale=1.0, names=("image", "mask"), metadata=None):
    """LaMa's kind: colours in [0, 1], a mask of 1 in the hole."""
    n = Nodes()
    n.named(n.Mul(painted(n, *names), output_scale), "result")
    shapes = {names[0]: ("float32", [1, 3, height, width]), names[1]: ("float32", [1, 1, height, width])}
    return n.save(path, shapes, {"result": ("float32", [1, 3, height, width])}, metadata)


def byte_inpainter(path, *, hole=255):
    """MI-GAN's pipeline: everything uint8."""
    n = Nodes()
    image, mask = n.Cast("image", to=1), n.Div(n.Cast("mask", to=1), 255.0)
    result = painted(n, image, mask if hole else n.Sub(1.0, mask))
    n.named(n.Cast(n.Round(result), to=2), "result")
    shapes = {"image": ("uint8", [1, 3, "h", "w"]), "mask": ("uint8", [1, 1, "h", "w"])}
    return n.save(path, shapes, {"result": ("uint8", [1, 3, "h", "w"])})


def joint_inpainter(path, *, mask_first=False, metadata=None):
    """One input of 4 channels; with `mask_first` MI-GAN's bare generator: [-1, 1], known - 0.5 first."""
    n = Nodes()
    first, last = (
        n.Slice("x", [0], [1 if mask_first else 3], [1]),
        n.Slice("x", [1 if mask_first else 3], [4], [1]),
    )
    image, mask = (last, n.Sub(0.5, first)) if mask_first else (first, last)
    n.named(painted(n, image, mask), "y")
    return n.save(path, {"x": ("float32", [1, 4, "h", "w"])}, {"y": ("float32", [1, 3, "h", "w"])}, metadata)


def identity(path, inputs, outputs=None):
    """A graph of any inputs whose output is its first input."""
    n = Nodes()
    n.named(next(iter(inputs)), "out")
    return n.save(path, inputs, outputs or {"out": next(iter(inputs.values()))})


def saliency(path, side=64):
    """IS-Net's kind: what is brighter than mid grey stands out."""
    n = Nodes()
    n.named(n.Sigmoid(n.Mul(n.ReduceMean("input", axes=[1], keepdims=1), 60.0)), "output")
    return n.save(path, {"input": ("float32", [1, 3, side, side])}, {"output": ("float32", [1, 1, side, side])})


def sam(folder, *, side=64, cells=32, convention="authors"):
    """An encoder that averages colours and a decoder that selects what looks like the points on the object."""
    folder.mkdir(exist_ok=True)
    n = Nodes()
    step = side // cells
    n.named(n.AveragePool("x", kernel_shape=[step] * 2, strides=[step] * 2), "image_embeddings")
    embedding = ("float32", [1, 3, cells, cells])
    n.save(folder / "tiny_encoder.onnx", {"x": ("float32", [1, 3, side, side])}, {"image_embeddings": embedding})
    n = Nodes()
    authors = convention == "authors"
    points, labels = ("point_coords", "point_labels") if authors else ("input_points", "input_labels")
    places = n.Reshape(points, [-1, 2])
    kinds = n.Reshape(n.Cast(labels, to=1), [-1, 1])
    corner = n.Cast(n.Greater(kinds, 1.5), to=1)
    count = n.ReduceSum(corner, [0], keepdims=1)
    middle = n.Div(n.ReduceSum(n.Mul(places, corner), [0], keepdims=1), n.Max(count, 1.0))
    places = n.Concat(places, middle, axis=0)
    kinds = n.Concat(kinds, n.Sub(n.Min(count, [[1.0]]), n.Cast(n.Equal(count, 0.0), to=1)), axis=0)
    column_row = n.Clip(n.Floor(n.Div(n.Add(places, 0.5), float(step))), 0.0, float(cells - 1))
    row_column = n.Cast(n.Gather(column_row, [1, 0], axis=1), to=7)
    pixels = n.Transpose(n.Squeeze("image_embeddings", [0]), perm=[1, 2, 0])
    wanted = n.Unsqueeze(n.GatherND(pixels, row_column), [1])
    apart = n.ReduceSum(n.Pow(n.Sub(n.Reshape(pixels, [1, -1, 3]), wanted), 2.0), [2], keepdims=0)
    to_object, to_rest = (
        n.ReduceMin(n.Add(apart, n.Mul(n.Cast(n.Not(n.Equal(kinds, k)), to=1), 1e3)), axes=[0], keepdims=1)
        for k in (1.0, 0.0)
    )
    logits = n.Clip(n.Min(n.Sub(0.5, to_object), n.Sub(to_rest, to_object)), -0.5, 0.5)
    shaped = n.Reshape(n.Concat(n.Add(logits, 0.4), logits, n.Sub(logits, 0.4), axis=0), [1, 3, cells, cells])
    quality = n.Mul(n.Cast(n.Unsqueeze(n.Shape("image_embeddings", start=0, end=1), [0]), to=1), [[0.2, 0.9, 0.1]])
    inputs = {"image_embeddings": embedding}
    if authors:
        n.named(shaped, "low_res_masks")
        n.named(quality, "iou_predictions")
        inputs |= {points: ("float32", [1, "n", 2]), labels: ("float32", [1, "n"])}
        outputs = {"low_res_masks": ("float32", [1, 3, cells, cells]), "iou_predictions": ("float32", [1, 3])}
    else:
        n.named(n.Unsqueeze(shaped, [1]), "pred_masks")
        n.named(n.Unsqueeze(quality, [1]), "iou_scores")
        inputs |= {points: ("float32", [1, 1, "n", 2]), labels: ("int64", [1, 1, "n"])}
        outputs = {"pred_masks": ("float32", [1, 1, 3, cells, cells]), "iou_scores": ("float32", [1, 1, 3])}
    if authors:
        extra = {"mask_input": [1, 1, cells, cells], "has_mask_input": [1], "orig_im_size": [2]}
        inputs |= {name: ("float32", shape) for name, shape in extra.items()}
    n.save(folder / "tiny_decoder.onnx", inputs, outputs)
    return folder


@cache
def root():
    """One folder for all of a test run."""
    return Path(mkdtemp(prefix="pliant-tiny-onnx-"))


def tiny_filler(name):
    """The filler called `name` as the catalogue describes it, around a tiny graph of its kind."""
    path = root() / f"{name}.onnx"
    contract = find(name).contract
    if contract.side:
        contract = replace(contract, side=96)
    if not path.exists():
        if contract.dtype == "uint8":
            byte_inpainter(path, hole=contract.hole)
        else:
            float_inpainter(path, height=contract.side, width=contract.side, output_scale=contract.output_range[1])
    return OnnxFiller(path, info=FILLERS.get(name).info, contract=contract)


@cache
def tiny_segmenter(name):
    """The path of a tiny model for the segmenter called `name`."""
    return saliency(root() / "saliency.onnx") if name == "subject" else sam(root() / "sam")
