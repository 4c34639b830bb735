"""Sliders named by words over a morphable model (Semantify, ICCV 2023): samples, scores, choice, sliders."""
