from impromptu.backend.body.outfit_words import COLOURS, DENIM, GREY_HAIR, read_outfit, shaded


def test_garments_take_their_own_colour():
    found = read_outfit("an old man walking backwards wearing a red shirt and blue jeans")
    assert found == {"shirt": COLOURS["red"], "trousers": DENIM, "hair": GREY_HAIR}


def test_shades_materials_and_whole_suits():
    found = read_outfit("a blond-haired woman in a dark green velvet suit and white shoes")
    assert found["shirt"] == found["trousers"] == shaded(COLOURS["green"], 0.55)
    assert found["hair"] == COLOURS["blond"]
    assert found["shoes"] == COLOURS["white"]


def test_a_named_hair_colour_wins_over_age():
    assert read_outfit("an old man with black hair")["hair"] == COLOURS["black"]
    assert read_outfit("a tall woman with red hair dances") == {"hair": COLOURS["ginger"]}
    assert read_outfit("black jeans")["trousers"] == COLOURS["black"]


def test_colours_of_other_things_change_nothing():
    assert read_outfit("a man kicks a red ball over the green lawn") == {}
    assert shaded("#ffffff", 2.0) == "#ffffff"
