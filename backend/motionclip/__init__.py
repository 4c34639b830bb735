"""MotionCLIP (Tevet et al. 2022): a motion auto-encoder whose latent lies in the space of an encoder of texts."""
