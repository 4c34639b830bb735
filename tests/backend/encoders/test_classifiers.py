"""Classifiers of photographs as encoders: which class a text names, and what their towers see."""

import numpy as np
import pytest
import torch
from impromptu.backend.encoders import load_joint_encoder
from impromptu.backend.encoders.base import EncoderOptions
from impromptu.backend.encoders.classifiers import animals
from impromptu.backend.encoders.classifiers.classes import Classes, NoSuchClass
from impromptu.backend.encoders.classifiers.convert_faces import convert
from impromptu.backend.encoders.classifiers.faces import FILE, MiniXception
from impromptu.backend.protocol import AssetsMissing
from torch.nn import functional

DOGS = Classes(
    ("Pembroke Welsh Corgi", "Cardigan Welsh Corgi", "lion", "sea lion", "Great Dane", "African wild dog"),
    {"dog": (0, 1, 4)},
)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a photo of a corgi dog", (0, 1)),
        ("a lion", (2,)),
        ("a Great Dane with long legs", (4,)),
        ("a fat dog", (0, 1, 4)),
        ("a welsh rabbit", ()),
        ("the of with", ()),
    ],
)
def test_longest_run_of_words_names_the_class(text, numbers):
    assert DOGS.named(text) == numbers


def test_expressions_are_seen_on_rendered_faces():
    """What the published weights say of the default head: a smile is happy, a gape surprised."""
    from impromptu.backend.semantify.families import load_family
    from impromptu.backend.semantify.studio import Studio

    studio, encoder = Studio(load_family("head_expression"), "head"), load_joint_encoder("faces")

    def seen(**shown):
        coefficients = np.zeros(studio.count)
        for name, value in shown.items():
            coefficients[studio.names.index(name)] = value
        pictures = torch.from_numpy(studio.pictures(coefficients, 64)[:1]).permute(0, 3, 1, 2) / 255
        with torch.inference_mode():
            return encoder.encode_images(pictures)[0]

    happy, surprised, serious = encoder.encode_texts([f"a {w} person" for w in ("smiling", "surprised", "serious")])
    calm, smile, gape = seen(), seen(smile=2.0), seen(mouth_open=2.0, brows_raise=2.0, eyes_wide=2.0)
    assert (smile - calm) @ happy > 0.02
    assert (gape - calm) @ (surprised - serious) > 0.02
    assert (smile - calm) @ happy > (gape - calm) @ happy


def test_text_that_names_no_class_is_refused():
    encoder = load_joint_encoder("faces")
    with pytest.raises(NoSuchClass, match="no class"):
        encoder.encode_texts(["a bicycle"])
    assert encoder.encode_texts(["a person"]).abs().max() == 0


def test_weights_are_converted_axis_by_axis():
    net, lots = MiniXception(), np.random.default_rng(3)
    arrays = {"conv2d_7.bias": lots.normal(size=7).astype(np.float32)}
    shapes = {1: (3, 3, 1, 8), 2: (3, 3, 8, 8), 3: (1, 1, 8, 16), 4: (1, 1, 16, 32), 5: (1, 1, 32, 64),
              6: (1, 1, 64, 128), 7: (3, 3, 128, 7)}  # fmt: skip
    for i, shape in shapes.items():
        arrays[f"conv2d_{i}.kernel"] = lots.normal(size=shape).astype(np.float32)
    widths = [(8, 16), (16, 16), (16, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128)]
    for i, (inside, outside) in enumerate(widths, 1):
        arrays[f"separable_conv2d_{i}.depthwise_kernel"] = lots.normal(size=(3, 3, inside, 1)).astype(np.float32)
        arrays[f"separable_conv2d_{i}.pointwise_kernel"] = lots.normal(size=(1, 1, inside, outside)).astype(
            np.float32
        )
    norms = [8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64, 128, 128, 128]
    for i, width in enumerate(norms, 1):
        for name in ("gamma", "beta", "moving_mean", "moving_variance"):
            arrays[f"batch_normalization_{i}.{name}"] = lots.uniform(0.5, 1.5, width).astype(np.float32)
    state = convert(arrays)
    assert set(state) == {name for name in net.state_dict() if "num_batches" not in name}
    # Keras keeps (height, width, in, out).
    assert state["last.weight"][4, 9, 2, 1].item() == pytest.approx(arrays["conv2d_7.kernel"][2, 1, 9, 4], rel=1e-3)
    deep = state["modules_.1.second.0.weight"]
    assert deep[5, 0, 1, 2].item() == pytest.approx(
        arrays["separable_conv2d_4.depthwise_kernel"][1, 2, 5, 0], rel=1e-3
    )
    assert state["modules_.3.short.1.running_mean"][7].item() == pytest.approx(
        arrays["batch_normalization_12.moving_mean"][7], rel=1e-3
    )
    assert FILE.stat().st_size < 200_000


def test_dogs_need_their_package(monkeypatch, tmp_path):
    monkeypatch.setattr("impromptu.backend.encoders.training.pretrained.package_folder", lambda name: None)
    with pytest.raises(AssetsMissing, match="pip install"):
        animals.AnimalsEncoder(EncoderOptions())


@pytest.mark.parametrize("kernel", [3, 5])
def test_padding_of_strides_is_tensorflows(kernel):
    conv = animals.SameConv2d(1, 1, kernel, 2, bias=False)
    picture = torch.rand(1, 1, 12, 12)
    # TensorFlow's "same": as many cells as ceil(side / stride), what lacks is shared, the odd one behind.
    lacks = (6 - 1) * 2 + kernel - 12
    padded = functional.pad(picture, (lacks // 2, lacks - lacks // 2) * 2)
    assert torch.equal(conv(picture), functional.conv2d(padded, conv.weight, stride=2))
    assert conv(picture).shape == (1, 1, 6, 6)
