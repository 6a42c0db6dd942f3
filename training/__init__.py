"""Training of the encoder: data, objectives, the training loop and the evaluation tables.

It imports `napari_c3r.core` and is never imported by it. `pretrain` is where to begin reading.
"""
