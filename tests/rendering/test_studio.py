"""Pictures of arrays: where the camera says, as bright as the light says, and the same whatever was taken before."""

import dataclasses

import bpy
import numpy as np
import pytest
from impromptu.backend.protocol import EngineOptions, InvalidInput, RuntimeMissing
from impromptu.rendering import engines
from impromptu.rendering.studio import Pictures, Studio

FAST = EngineOptions(samples=4)


def ball(centre=(0, 1, 0), radius=0.5, rings=12):
    """(V, 3), (F, 3) of a ball in SMPL's frame."""
    a, b = np.meshgrid(np.linspace(0, 2 * np.pi, 2 * rings, False), np.linspace(0, np.pi, rings), indexing="ij")
    points = np.stack([np.sin(b) * np.sin(a), np.cos(b), np.sin(b) * np.cos(a)], -1).reshape(-1, 3)
    faces = []
    for i in range(2 * rings):
        for j in range(rings - 1):
            p, q = i * rings + j, (i + 1) % (2 * rings) * rings + j
            faces += [(p, p + 1, q), (q, p + 1, q + 1)]
    return (np.array(centre) + radius * points).astype(np.float32), np.array(faces, np.int32)


def looking(azimuth, elevation):
    """Rows right, up and back."""
    a, e = np.radians([azimuth, elevation])
    back = np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)])
    right = np.cross([0, 1, 0], back)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back])


def pictures(n=1, height=48, width=48, **changes):
    """White matt balls in white light from in front; `changes` replace fields."""
    vertices, faces = ball()
    count = len(vertices)
    rotation = np.stack([looking(20.0 * i, 10.0) for i in range(n)])
    made = {
        "faces": faces,
        "vertices": np.repeat(vertices[None], n, 0),
        "colours": np.ones((n, count, 3), np.float32),
        "roughness": np.ones((n, count), np.float32),
        "metallic": np.zeros((n, count), np.float32),
        "camera_rotation": rotation,
        "camera_position": np.array([0, 1, 0]) + 4 * rotation[:, 2],
        "fov": np.full(n, 30.0),
        "height": height,
        "width": width,
        "light_direction": rotation[:, 2:],
        "light_colour": np.full((n, 1, 3), 0.5),
        "ambient": np.zeros((n, 3)),
        "backdrop": ("plain",) * n,
        "backdrop_colours": np.ones((n, 2, 3)),
        "seeds": np.arange(n),
    }
    return Pictures(**made | changes)


def varied():
    """Three pictures that differ in all that a picture can set."""
    rng = np.random.default_rng(0)
    given = pictures(3, backdrop=("ground", "noise", "ground"))
    return dataclasses.replace(
        given,
        vertices=given.vertices * np.array([1.0, 0.8, 1.1], np.float32)[:, None, None],
        colours=rng.random(given.colours.shape, np.float32),
        roughness=rng.random(given.roughness.shape, np.float32),
        metallic=rng.random(given.metallic.shape, np.float32),
        fov=np.array([30.0, 40.0, 35.0]),
        light_colour=np.array([[[0.5, 0.4, 0.3]], [[0.0, 0.0, 0.0]], [[0.2, 0.3, 0.9]]]),
        ambient=rng.random((3, 3)),
        backdrop_colours=rng.random((3, 2, 3)),
    )


def studio_for(given, options=FAST):
    studio = Studio(given.faces, given.vertices.shape[1], given.light_direction.shape[1])
    studio.set_up(options, given.height, given.width)
    return studio


def shoot(studio, given, i, folder):
    """(height, width, 4) of what was written, 0 to 1, top row first."""
    path = folder / "picture.tga"
    studio.arrange(given, i)
    studio.render()
    studio.write(path)
    data = path.read_bytes()
    width, height = data[12] | data[13] << 8, data[14] | data[15] << 8
    assert (data[2], data[16]) == (2, 32)
    rows = np.frombuffer(data, np.uint8, width * height * 4, 18 + data[0]).reshape(height, width, 4)
    return rows[:: 1 if data[17] & 0x20 else -1, :, [2, 1, 0, 3]] / 255


def projected(given, i, points):
    """(P, 2) pixels of (P, 3) points: x from the left, y from the top, the first pixel's middle at 0.5."""
    right, up, back = given.camera_rotation[i] @ (points - given.camera_position[i]).T
    scale = given.height / 2 / np.tan(np.radians(given.fov[i]) / 2)
    return np.stack([given.width / 2 - scale * right / back, given.height / 2 + scale * up / back], 1)


@pytest.mark.parametrize("denoiser", ["none", "oidn"])
def test_camera_agrees_with_the_rasterisers_to_a_pixel(tmp_path, denoiser):
    small, faces = ball((0, 0, 0), 0.08, 8)
    places = np.array([[-0.6, 1.5, 0.2], [0.7, 1.4, -0.5], [0.2, 0.6, 0.6], [-0.5, 0.7, -0.2]])
    for place in places:
        given = pictures(1, height=60, width=100)
        given = dataclasses.replace(
            given,
            faces=faces,
            vertices=(small + place)[None].astype(np.float32),
            colours=np.ones((1, len(small), 3)),
            roughness=np.ones((1, len(small))),
            metallic=np.zeros((1, len(small))),
            camera_rotation=looking(33.0, 21.0)[None],
            camera_position=np.array([[2.0, 2.4, 3.1]]),
            fov=np.array([41.0]),
        )
        studio = studio_for(given, EngineOptions(samples=64, denoiser=denoiser))
        margin = engines.film_for(EngineOptions(denoiser=denoiser)).margin
        alpha = shoot(studio, given, 0, tmp_path)[..., 3]
        y, x = np.mgrid[: alpha.shape[0], : alpha.shape[1]] + 0.5 - margin
        assert alpha.shape == (60 + 2 * margin, 100 + 2 * margin)
        seen = np.array([(alpha * x).sum(), (alpha * y).sum()]) / alpha.sum()
        np.testing.assert_allclose(seen, projected(given, 0, place[None])[0], atol=0.1)


def test_what_a_picture_shows_does_not_depend_on_those_before_it(tmp_path):
    given = varied()
    alone = []
    for i in range(3):
        alone.append(shoot(studio_for(given), given, i, tmp_path))
    studio = studio_for(given)
    for i in (2, 0, 1, 1, 0):
        assert np.array_equal(shoot(studio, given, i, tmp_path), alone[i]), i
    studio.set_up(EngineOptions(samples=2, denoiser="oidn"), 32, 64)
    shoot(studio, dataclasses.replace(given, height=32, width=64), 1, tmp_path)
    studio.set_up(FAST, given.height, given.width)
    assert np.array_equal(shoot(studio, given, 2, tmp_path), alone[2])


@pytest.mark.parametrize("denoiser", ["none", "oidn"])
def test_threads_change_nothing(tmp_path, denoiser):
    given = varied()
    options = EngineOptions(samples=4, denoiser=denoiser)
    one, many = (
        shoot(studio_for(given, dataclasses.replace(options, threads=n)), given, 0, tmp_path) for n in (1, 5)
    )
    assert np.array_equal(one, many)


def test_the_seed_decides_the_noise(tmp_path):
    given = dataclasses.replace(varied(), seeds=np.array([7, 7, 7 + 2**31 + 5]))
    studio = studio_for(given)
    first = shoot(studio, given, 0, tmp_path)
    other = shoot(studio, dataclasses.replace(given, seeds=np.array([8, 7, 7])), 0, tmp_path)
    assert not np.array_equal(first, other)
    assert shoot(studio, given, 2, tmp_path).shape == first.shape


@pytest.mark.parametrize(("sun", "ambient"), [(0.5, 0.0), (0.0, 0.5), (0.2, 0.3)])
def test_a_white_matt_surface_that_faces_the_light_gives_back_what_the_light_says(tmp_path, sun, ambient):
    given = pictures(light_colour=np.full((1, 1, 3), sun), ambient=np.full((1, 3), ambient))
    picture = shoot(studio_for(given, EngineOptions(samples=64)), given, 0, tmp_path)
    middle = picture[20:28, 20:28, :3].mean()
    assert ((middle + 0.055) / 1.055) ** 2.4 == pytest.approx(sun + ambient, abs=0.06)


def test_every_vertex_has_its_own_colour(tmp_path):
    given = pictures(ambient=np.full((1, 3), 0.8))
    red_left = given.vertices[0, :, 0] > 0
    colours = np.where(red_left[:, None], [0.8, 0.0, 0.0], [0.0, 0.0, 0.8])[None]
    picture = shoot(studio_for(given), dataclasses.replace(given, colours=colours), 0, tmp_path)
    left, right = picture[24, 14], picture[24, 33]
    # Seen from in front, the left hand is at the right.
    assert right[0] > 0.5 > 0.2 > right[2]
    assert left[2] > 0.5 > 0.2 > left[0]


def test_the_floor_takes_shadows_and_fades_into_the_backdrop(tmp_path):
    above = np.array([[[0.0, 1.0, 0.0]]])
    backdrop = np.array([[[0.1, 0.5, 0.1], [0.8, 0.8, 0.8]]])
    given = pictures(
        height=96, width=96, backdrop=("ground",), light_direction=above, light_colour=np.full((1, 1, 3), 0.9),
        ambient=np.full((1, 3), 0.1), fov=np.array([50.0]), backdrop_colours=backdrop,
    )  # fmt: skip
    vertices = given.vertices - np.array([0, 0.4, 0], np.float32)
    given = dataclasses.replace(given, vertices=vertices)
    picture = shoot(studio_for(given, EngineOptions(samples=16)), given, 0, tmp_path)
    assert (picture[..., 3] == 1).all()
    np.testing.assert_allclose(picture[1, 48, :3], [0.349, 0.735, 0.349], atol=0.02)
    (x, y), (besides_x, besides_y) = projected(given, 0, np.array([[0.0, 0.0, 0.3], [1.2, 0.0, 0.3]])).astype(int)
    assert picture[y, x, :3].mean() < 0.6 * picture[besides_y, besides_x, :3].mean()


def test_only_what_has_a_ground_has_a_floor(tmp_path):
    given = pictures(2, backdrop=("ground", "chess"))
    studio = studio_for(given)
    assert (shoot(studio, given, 0, tmp_path)[..., 3] == 1).all()
    bare = shoot(studio, given, 1, tmp_path)
    assert bare[0, 0, 3] == 0
    assert bare[24, 24, 3] == 1


def test_a_studio_knows_what_it_was_built_for():
    given = pictures()
    studio = studio_for(given)
    assert studio.fits(given)
    assert not studio.fits(dataclasses.replace(given, faces=given.faces[::-1]))
    assert not studio.fits(dataclasses.replace(given, light_direction=np.ones((1, 2, 3))))


def save(given, path, **changes):
    np.savez(path, **{k: np.asarray(v) for k, v in (dataclasses.asdict(given) | changes).items()})
    return path


def test_pictures_are_read_as_they_were_written(tmp_path):
    given = varied()
    read = Pictures.load(save(given, tmp_path / "scenes.npz"))
    assert read.backdrop == given.backdrop
    assert np.array_equal(read.colours, given.colours)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vertices": np.full((1, 3, 3), np.nan)}, "vertices hold numbers that are not finite"),
        ({"seeds": np.array([{}], dtype=object)}, "cannot be read"),
    ],
)
def test_broken_pictures_are_refused(tmp_path, changes, words):
    with pytest.raises(InvalidInput, match=words):
        Pictures.load(save(pictures(), tmp_path / "scenes.npz", **changes))


def test_a_file_without_lights_is_refused(tmp_path):
    np.savez(tmp_path / "scenes.npz", faces=np.zeros((1, 3), int))
    with pytest.raises(InvalidInput, match="cannot be read"):
        Pictures.load(tmp_path / "scenes.npz")


def test_a_device_that_is_not_here_is_named(scene, monkeypatch):
    monkeypatch.setattr(engines, "found_devices", dict)
    with pytest.raises(RuntimeMissing, match="no device for cuda") as caught:
        engines.apply_options(scene, EngineOptions(device="cuda"))
    assert "cpu" in caught.value.hint
    engines.apply_options(scene, EngineOptions(device="auto"))
    assert scene.cycles.device == "CPU"


def test_devices_are_looked_for():
    assert all(kind in engines.FASTEST and names for kind, names in engines.found_devices().items())


def test_a_denoiser_that_is_not_here_is_named(scene):
    items = bpy.types.Scene.bl_rna.properties["cycles"].fixed_type.properties["denoiser"]
    if "OPTIX" in {item.identifier for item in items.enum_items}:
        pytest.skip("this machine has OptiX")
    with pytest.raises(RuntimeMissing, match="optix"):
        engines.apply_options(scene, EngineOptions(denoiser="optix"))
