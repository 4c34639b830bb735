"""A photo's person as betas: read, found, cropped, measured, scored, estimated, and what that body is like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...body.kept import kept_body
from ...body.load import load_arrays
from ...body.measure import height, measure
from ...body.model import MorphableBody
from ...memory import on_release
from ...protocol import FitRequest, Incompatible, InvalidInput, to_params
from ...protocol.slider_map import read_sliders, shipped_file
from ...provenance import versions
from .crop import crop_of
from .dataset import embedded
from .finding import Box, Found, find_people
from .measuring import measures, mirrored
from .picture import Photo, read_photo
from .reading import SHIPPED, Estimate, PhotoMap, read_photo_map

MOST_BETA = 3.0
"""Standard deviations that a beta stays within."""
STEPS = 4
"""Of Newton, to a known height: it is all but linear in the betas."""
LEGS = (25, 26, 27, 28)
"""Landmarks of knees and ankles: a person is whole where they are seen."""
WHOLE = 0.6
"""Visibility from which they are."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Fitted:
    """What a photo says of a person's shape."""

    request: FitRequest
    photo: Photo
    found: Found
    people: int
    """How many were found."""
    crop: NDArray[np.uint8]
    """(s, s, 3)."""
    estimate: Estimate
    """Of the betas of `body`."""
    embedding: NDArray[Any]
    """(dim,) of the person alone, by the encoder `body`."""
    scores: dict[str, float]
    """How well each word fits, in deviations from the scores of other photos."""
    body: MorphableBody
    photo_map: PhotoMap

    @property
    def betas(self) -> NDArray[Any]:
        """(k,)."""
        return self.estimate.betas


def fit_photo(request: FitRequest, progress: Progress = lambda stage, i, n: None) -> Fitted:
    """The shape of a photo's person.

    Args:
        progress: may raise to end the work.

    Raises:
        InvalidInput: the picture cannot be used, or nobody is there. RuntimeMissing: the wanted finder is not here.
        AssetsMissing, Incompatible: the map of photos is missing, or fits other files than these.
    """
    progress("Finding the person", 0, 3)
    photo_map, body = kept_map(), kept_body(request.body)
    photo = read_photo(request.image)
    people = find_people(photo, request.finder, _scaled(request.crop, photo))
    if request.person > len(people):
        there = "1 person was" if len(people) == 1 else f"{len(people)} people were"
        raise InvalidInput(f"{there} found in {photo.name}, and number {request.person} is wanted.", "Give another.")
    found = people[request.person - 1]
    progress("Measuring", 1, 3)
    embedding = embedded([crop_of(photo.pixels, found, alone=True)])[0]
    scores = photo_map.scores(embedding)
    estimate = _of_template(estimated(photo_map, found, scores), request.body)
    progress("Fitting", 2, 3)
    if request.height:
        estimate = of_height(estimate, body, request.height)
    estimate = Estimate(estimate.betas.clip(-MOST_BETA, MOST_BETA), estimate.spread)
    standard = photo_map.standard(scores)
    named = dict(zip(photo_map.words, standard.tolist(), strict=True))
    crop = crop_of(photo.pixels, found)
    return Fitted(request, photo, found, len(people), crop, estimate, embedding, named, body, photo_map)


@lru_cache(maxsize=1)
def kept_map() -> PhotoMap:
    """The map that ships, for this version's body and encoder.

    Raises:
        AssetsMissing: it is not there. Incompatible: it was made for another body or encoder.
    """
    from ...encoders.factory import load_joint_encoder

    found = read_photo_map(SHIPPED)
    for name, present in (("body_sha256", kept_body("neutral").sha256),
                          ("encoder_digest", load_joint_encoder("body").digest)):  # fmt: skip
        if found.about.get(name) != present:
            raise Incompatible("The map of photos was made for other files.", "Run make train-photo-map.")
    return found


on_release(kept_map.cache_clear)


def estimated(photo_map: PhotoMap, found: Found, scores: NDArray[Any]) -> Estimate:
    """Betas of the neutral body, of somebody of whom nothing else is known.

    Args:
        scores: (w,) of the person alone.
    """
    if found.points is None or found.mask is None:
        return photo_map.from_scores(scores)
    both = np.stack((measures(found), measures(mirrored(found))))
    return photo_map.read(both, scores, float(found.points[list(LEGS), 2].min()) > WHOLE)


def mean_of(template: str) -> NDArray[Any]:
    """(k,) betas of the neutral body at which it is nearest to another mean: a least squares fit of its vertices."""
    neutral = load_arrays("neutral")
    axes = neutral.shapedirs.reshape(-1, neutral.shapedirs.shape[2]).astype(np.float64)
    apart = (load_arrays(template).v_template - neutral.v_template).ravel().astype(np.float64)
    return np.linalg.lstsq(axes, apart, rcond=None)[0]


def _of_template(estimate: Estimate, template: str) -> Estimate:
    """The same shape in the betas of another mean, now that the person is known to be of that gender."""
    if template == "neutral":
        return estimate
    mean = mean_of(template)
    known = estimate.about(mean)
    return Estimate(known.betas - mean, known.spread)


@torch.no_grad()
def of_height(estimate: Estimate, body: MorphableBody, metres: float) -> Estimate:
    """The estimate of somebody whose height is known."""

    def tall(rows: NDArray[Any]) -> NDArray[Any]:
        return height(body.shaped(torch.from_numpy(rows.astype(np.float32)))).double().numpy()

    first = estimate
    unit = np.eye(len(first.betas))
    for _ in range(STEPS):
        heights = tall(np.concatenate((estimate.betas[None], estimate.betas + unit)))
        # About the first estimate each time: what is known is known once.
        along = heights[1:] - heights[0]
        missing = metres - heights[0] + along @ (estimate.betas - first.betas)
        estimate = first.given(along, missing)
    return estimate


def _scaled(crop: tuple[int, ...], photo: Photo) -> Box | None:
    """A crop in pixels of the file, in those of the photo as it is worked on."""
    if not crop:
        return None
    ends = [crop[0], crop[1], crop[0] + crop[2], crop[1] + crop[3]]
    left, top, right, bottom = (round(v / photo.scale) for v in ends)
    return left, top, right - left, bottom - top


def facts_of(fitted: Fitted) -> dict[str, Any]:
    """What `result.json` and `--json` tell: betas, sliders, scores, who was found, where it all comes from."""
    body, estimate = fitted.body, fitted.estimate
    names = body.beta_names
    sliders = read_sliders(shipped_file("body", fitted.request.body))
    values = sliders.values(fitted.betas)
    box = [round(v * fitted.photo.scale) for v in fitted.found.box]
    told = measure(body, torch.from_numpy(fitted.betas.astype(np.float32)))
    about = fitted.photo_map.about
    return {
        "betas": dict(zip(names, (round(float(b), 4) for b in fitted.betas), strict=True)),
        "deviations": dict(zip(names, (round(float(d), 4) for d in estimate.deviation), strict=True)),
        "sliders": dict(zip(sliders.words, (round(float(v), 4) for v in values), strict=True)),
        "scores": {word: round(value, 3) for word, value in fitted.scores.items()},
        "measurements": told.to_json(),
        "found": {
            "by": fitted.found.by, "box": box, "people": fitted.people, "joints": fitted.found.points is not None,
            "person": fitted.request.person,
        },
        "body": {"spec": fitted.request.body, "name": body.name, "sha256": body.sha256, "licence": body.licence},
        "picture": {"name": fitted.photo.name, "sha256": fitted.photo.sha256},
        "map": {key: about.get(key) for key in ("seed", "photos", "encoder", "encoder_digest", "licence")},
        "options": {k: v for k, v in to_params(fitted.request).items() if k != "image"},
        "versions": versions(),
    }  # fmt: skip
