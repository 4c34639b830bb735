"""The torch side: bodies, motions, encoders, retrieval. Never imports bpy."""
