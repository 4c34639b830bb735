import pytest
from impromptu.backend.body.words import read_body_words


@pytest.mark.parametrize(
    ("prompt", "template", "axes"),
    [
        ("a man walking backwards", "male", {}),
        ("an old man walking backwards wearing a red shirt", "male", {"age": 2.0}),
        ("a very tall, muscular woman jumps", "female", {"stature": 2.6, "muscle": 2.2}),
        ("someone in a short skirt runs", "neutral", {}),
        ("a person jumping over a small box", "neutral", {}),
        ("she sits down", "female", {}),
        ("walk a short distance", "neutral", {}),
        ("a person with a tall hat", "neutral", {}),
        ("a woman and a man dance", "female", {}),
        ("an old woman jumps", "female", {"age": 2.0}),
        ("a short person hops", "neutral", {"stature": -2.0}),
        ("a man takes short quick steps", "male", {}),
    ],
)
def test_words_decide_body(prompt, template, axes):
    found = read_body_words(prompt)
    assert found.template == template
    assert dict(found.betas) == pytest.approx(axes)


def test_human_is_not_a_man():
    assert read_body_words("a human walks").template == "neutral"
