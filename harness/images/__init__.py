"""Builds the container images, offline where no registry can be reached, each tagged with the hash of what went in."""

from harness.images.build import Image, ImageSet, build, missing
from harness.images.recipes import APPLICATION

__all__ = ["APPLICATION", "Image", "ImageSet", "build", "missing"]
